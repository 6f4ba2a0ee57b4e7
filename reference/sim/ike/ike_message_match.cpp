#include "sim/ike/ike_message_match.hpp"

#include "wire/ike/message.hpp"

namespace mpsec::sim {

std::optional<wire::ike::IkeHeader> ike_header(const Packet& packet) {
  if (!packet.is_udp()) return std::nullopt;
  OctetView message = packet.udp_payload();
  // An initiator's SPI is random: on port 500 it starts with four zeros once in 2^32 times.
  constexpr std::size_t marker_octets = 4;
  if (message.size() >= marker_octets && load_be<std::uint32_t>(message.data()) == 0)
    message = message.subspan(marker_octets);
  auto header = wire::ike::decode_header(message);
  if (!header) return std::nullopt;
  return *header;
}

bool IkeMessageMatch::operator()(const Packet& packet) const {
  const auto header = ike_header(packet);
  return header && (!source || packet.source() == *source) &&
         (!destination || packet.destination() == *destination) &&
         (!exchange || header->exchange_type == *exchange) && (!response || header->response == *response) &&
         (!message_id || header->message_id.value == *message_id);
}

}  // namespace mpsec::sim
