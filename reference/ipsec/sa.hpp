// What an SA is: its parameters as configuration or IKE gives them (cold), checked before anything is built.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ip_address.hpp"
#include "base/secret.hpp"
#include "base/strong.hpp"
#include "crypto/provider.hpp"
#include "ipsec/ecn.hpp"
#include "ipsec/lifetime.hpp"
#include "ipsec/nat_checksum.hpp"
#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

enum class Protocol : std::uint8_t { esp = 50, ah = 51 };
enum class Mode : std::uint8_t { transport, tunnel };

// RFC 4301 8.1: the Don't Fragment bit of an IPv4 outer header.
enum class DontFragment : std::uint8_t { copy, set, clear };

struct UdpEncapsulation {
  std::uint16_t source_port = 4500;
  std::uint16_t destination_port = 4500;
  // Inbound, transport mode: what to do with the checksum of what comes out, and the addresses under which
  // its sender computed it, where they are known (RFC 3948 3.1.2).
  ChecksumRepair repair = ChecksumRepair::none;
  OriginalAddresses original;
};

// From the six bits of DSCP inside to those outside.
using DscpMap = std::array<std::uint8_t, 64>;

// How a tunnel's outer header is made from the inner one, and read back (RFC 4301 5.1.2, RFC 6040).
struct TunnelOptions {
  EcnMode ecn = EcnMode::normal;
  //= rfc4301/4.4.2.1/dscp-bypassed-or-mapped
  // At most one of these two; without them it is copied ("bypass DSCP").
  std::optional<std::uint8_t> dscp{};  // a fixed value
  std::optional<DscpMap> dscp_map{};
  DontFragment dont_fragment = DontFragment::copy;
  std::uint8_t hop_limit = 64;
};

struct SaParameters {
  Protocol protocol = Protocol::esp;
  Mode mode = Mode::tunnel;
  Spi spi;
  IpAddress source, destination;  // as the protected packets carry them
  std::optional<UdpEncapsulation> udp;

  crypto::EncryptionId encryption = crypto::EncryptionId::null;  // ESP only
  crypto::IntegrityId integrity = crypto::IntegrityId::none;     // none with a combined-mode algorithm
  SecretOctets encryption_key;  // with the salt behind it, as KEYMAT gives it
  SecretOctets integrity_key;   // a GMAC's with the salt behind it

  bool extended_sequence_numbers = false;
  bool anti_replay = true;
  Lifetime lifetime;
  std::uint8_t ah_ipv4_alignment = 4;  // or 8, for a peer that pads AH in IPv4 as in IPv6
  std::vector<Selector> selectors;     // what may pass: a packet satisfies any one; empty: anything passes
  TunnelOptions tunnel;

  // Off the path of lawful use; each must be asked for.
  bool allow_esn_without_anti_replay = false;
  bool allow_no_integrity = false;  // ESP without authentication, against RFC 8221 4: for reading captures
  bool allow_reserved_spi = false;  // 1 to 255: published vectors and captures of static keys have them
  std::uint8_t unverified_icv_octets =
      0;  // with it: so many octets stand where an ICV would, and are not looked at

  SaParameters clone() const;
};

struct OutboundParameters : SaParameters {
  //= rfc4301/4.4.2.1/dscp-values-choose-an-outbound-sa
  // The DSCPs of packets that go by this SA where several match; none: any. Not looked at inbound.
  std::bitset<64> dscp_values;
  std::uint32_t path_mtu = 1500;  // of the whole protected packet
  std::uint32_t tfc_multiple =
      0;  // tunnel mode: inner packets are padded to a multiple of this (RFC 4303 2.7)
  std::uint64_t last_sequence_number = 0;  // the first packet carries the next one
};

struct InboundParameters : SaParameters {
  std::uint32_t replay_window = 64;
  std::uint32_t resynchronise_after = 64;  // consecutive failures that start RFC 4303 A3; 0: never. ESN only
  std::uint32_t resynchronise_tries = 4;   // how many high halves are tried
};

// Refuses, naming the field, what was found and what is allowed: a reserved SPI, unknown or impossible
// algorithms, wrong key sizes, missing integrity, mixed address families, AH with UDP encapsulation, ESN
// without anti-replay unless asked for, a window out of range.
Result<> check(const OutboundParameters& parameters);
Result<> check(const InboundParameters& parameters);

// True where the number space may wrap around instead of ending: 32-bit numbers, no anti-replay, and no IV or
// nonce that comes from the number (RFC 4303 3.3.3, RFC 8750 7).
bool may_roll_over(const SaParameters& parameters);

}  // namespace mpsec::ipsec
