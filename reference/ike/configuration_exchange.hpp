// The Configuration payload's exchange (RFC 7296 2.19, 3.15): what a client asks for, what a gateway gives.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ike/address_pool.hpp"
#include "ike/refusal.hpp"
#include "wire/ike/configuration.hpp"

namespace mpsec::ike {

// What to ask for with CFG_REQUEST.
struct ConfigurationWanted {
  std::vector<std::optional<IpAddress>> ip4_addresses{};  // one each; with a value: the one we had
  std::vector<std::optional<IpAddress>> ip6_addresses{};
  bool netmask = false;
  bool dns = false;      // of the families that addresses are asked of
  bool subnets = false;  // likewise
  bool application_version = false;
  bool supported_attributes = false;

  bool operator==(const ConfigurationWanted&) const = default;
};

// What came with CFG_REPLY, or was given with it.
struct AssignedConfiguration {
  std::vector<IpAddress> addresses{};
  std::optional<std::uint8_t> ip6_prefix_length{};  // of the last IPv6 address
  std::optional<IpAddress> netmask{};
  std::vector<IpAddress> dns{};
  std::vector<ipsec::AddressRange> subnets{};
  std::string application_version{};
  std::vector<wire::ike::ConfigurationAttributeType> supported_attributes{};

  bool operator==(const AssignedConfiguration&) const = default;
};

// What a gateway has to give, besides the addresses of its pool.
struct ConfigurationOffer {
  std::optional<IpAddress> netmask{};
  std::uint8_t ip6_prefix_length = 128;
  std::vector<IpAddress> dns{};
  std::vector<ipsec::AddressRange> subnets{};  // prefixes
  std::string application_version{};           // empty: not told
  bool required = false;                       // no Child SA for who does not ask: FAILED_CP_REQUIRED
  std::size_t most_addresses = 4;              // of either family for one request
};

// The CFG_REQUEST; nothing if nothing is wanted.
std::optional<wire::ike::Configuration> request_configuration(const ConfigurationWanted& wanted);

// The client's reading of a CFG_REPLY. Unknown attributes are passed over. Fails (malformed, peer misbehaved)
// on another CFG Type, a wrong length, and a subnet that is none.
Result<AssignedConfiguration> read_configuration(const wire::ike::Configuration& reply);

struct ConfigurationAnswer {
  std::optional<wire::ike::Configuration> reply{};
  AssignedConfiguration given{};  // give_back() when the IKE SA ends
};

// The gateway's answer to the request's Configuration payload (null: it had none) for `holder`; without pool
// there are no addresses. Leases what it gives; nothing stays leased if it refuses: with
// INTERNAL_ADDRESS_FAILURE if addresses were asked for and none could be given, FAILED_CP_REQUIRED, or
// INVALID_SYNTAX.
Granted<ConfigurationAnswer> answer_configuration(const wire::ike::Configuration* request,
                                                  const ConfigurationOffer& offer, AddressPool* pool,
                                                  std::string_view holder);
// The same outside of IKE_AUTH (RFC 7296 2.20): what we know is told, addresses are not given. A CFG_SET is
// answered too: nothing of it is accepted. Nothing where there is nothing to answer.
Granted<std::optional<wire::ike::Configuration>> answer_later_configuration(
    const wire::ike::Configuration& request, const ConfigurationOffer& offer);
void give_back(AddressPool& pool, const AssignedConfiguration& given);

// The CFG_ACK: those attributes of a CFG_SET that are of an accepted type, without their values.
wire::ike::Configuration acknowledge(const wire::ike::Configuration& set,
                                     std::span<const wire::ike::ConfigurationAttributeType> accepted = {});

}  // namespace mpsec::ike
