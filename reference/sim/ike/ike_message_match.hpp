// Which packets a script means, by what every IKE header shows.
#pragma once

#include <functional>
#include <optional>

#include "sim/packet.hpp"
#include "wire/ike/header.hpp"

namespace mpsec::sim {

// The IKE header at the front of the packet's UDP payload, behind the non-ESP marker if that is there.
std::optional<wire::ike::IkeHeader> ike_header(const Packet& packet);

// What is not said may be anything.
struct IkeMessageMatch {
  std::optional<IpAddress> source, destination;
  std::optional<wire::ike::ExchangeType> exchange;
  std::optional<bool> response;
  std::optional<std::uint32_t> message_id;
  bool operator()(const Packet& packet) const;
};

}  // namespace mpsec::sim
