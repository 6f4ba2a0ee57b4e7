// Against RFC 3948 and RFC 7296 2.23: NATs.
#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {
namespace {

// Of IKE_SA_INIT messages that it sends, as initiator or as responder.
Bent in_init(bool response, std::function<void(Message&)> bend) {
  return outgoing([=](Message& message) {
    if (message.header.exchange_type == ExchangeType::ike_sa_init && message.header.response == response)
      bend(message);
  });
}
bool is_nat_detection(const Payload& payload) {
  const auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
  return notify != nullptr && (notify->type == NotifyType::nat_detection_source_ip ||
                               notify->type == NotifyType::nat_detection_destination_ip);
}
void spoil_hash(Message& message) {
  for (Payload& payload : message.payloads)
    if (is_nat_detection(payload)) std::get<wire::ike::Notify>(payload.body).data.at(3) ^= 1;
}

// ESP goes where `chosen` says, given the address of each packet that arrived and whether it counts.
Bent following(std::function<bool(EspKeys&, const EspPacket&)> counts) {
  const auto address = std::make_shared<std::optional<IpAddress>>();
  return esp_with_keys(
      [=](EspKeys& keys, EspPacket packet) {
        if (packet.in_udp() && counts(keys, packet)) *address = packet.path.local.address;
        return std::vector{std::move(packet)};
      },
      [=](EspKeys&, EspPacket packet) {
        if (packet.in_udp() && *address) packet.path.local.address = **address;
        return std::vector{std::move(packet)};
      });
}
bool authentic(EspKeys& keys, const EspPacket& packet) {
  EspKeys::Sa* const sa = keys.of(packet);
  return sa != nullptr && EspKeys::text_of(*sa, packet, number_on_wire(packet)).has_value();
}

std::vector<Datagram> none_or(bool drop, Datagram datagram) {
  std::vector<Datagram> on;
  if (!drop) on.push_back(std::move(datagram));
  return on;
}

}  // namespace

MPSEC_DEFECT(
        .id = "sends-bare-esp-through-a-nat", .rule = "rfc7296/2.23/udp-encapsulation-where-a-nat-is",
        .does = "Sends ESP without UDP though there is a NAT.", .make = [] {
          return esp_leaving([](EspPacket packet) {
            packet.path.local.port = packet.path.remote.port = 0;
            return std::vector{std::move(packet)};
          });
        });
MPSEC_DEFECT(
        .id = "sends-esp-in-udp-from-port-500", .rule = "rfc7296/2.23/no-esp-in-udp-on-port-500",
        .does = "Sends ESP in UDP from port 500.", .make = [] {
          return esp_leaving([](EspPacket packet) {
            if (packet.in_udp()) packet.path.remote.port = 500;
            return std::vector{std::move(packet)};
          });
        });
MPSEC_DEFECT(
        .id = "takes-no-esp-in-udp-without-a-nat", .rule = "rfc7296/2.23/esp-in-udp-is-taken-without-a-nat",
        .does = "Discards ESP in UDP where it has found no NAT.", .make = [] {
          return esp_with_keys(
              [](EspKeys& keys, EspPacket packet) {
                const EspKeys::Sa* const sa = keys.of(packet);
                std::vector<EspPacket> on;
                if (sa == nullptr || sa->in_udp || !packet.in_udp()) on.push_back(std::move(packet));
                return on;
              },
              {});
        });
MPSEC_DEFECT(
        .id = "takes-no-bare-esp-despite-a-nat",
        .rule = "rfc7296/2.23/encapsulated-or-not-both-are-processed",
        .does = "Discards ESP without UDP where it has found a NAT.", .make = [] {
          return esp_with_keys(
              [](EspKeys& keys, EspPacket packet) {
                const EspKeys::Sa* const sa = keys.of(packet);
                std::vector<EspPacket> on;
                if (sa == nullptr || !sa->in_udp || packet.in_udp()) on.push_back(std::move(packet));
                return on;
              },
              {});
        });
MPSEC_DEFECT(
        .id = "fills-in-udp-checksums", .rule = "rfc3948/2.1/udp-checksum-is-sent-as-zero",
        .does = "Sends ESP in UDP with a checksum.", .make = [] {
          return esp_leaving([](EspPacket packet) {
            if (packet.in_udp()) packet.udp_checksum = std::uint16_t{0x1234};
            return std::vector{std::move(packet)};
          });
        });
MPSEC_DEFECT(
        .id = "sends-no-marker", .rule = "rfc7296/2.23/non-esp-marker",
        .does = "Sends IKE on port 4500 without the marker.", .make = [] {
          return datagrams({}, [](Datagram one) {
            if (one.remote.port == 4500 && one.octets.size() > 4)
              one.octets.erase(one.octets.begin(), one.octets.begin() + 4);
            return none_or(false, std::move(one));
          });
        });
MPSEC_DEFECT(
        .id = "takes-ike-without-the-marker", .rule = "rfc3948/2.2/non-esp-marker-tells-ike-from-esp",
        .does = "Takes IKE on port 4500 without the marker.", .make = [] {
          return datagrams(
              [](Datagram one) {
                if (one.remote.port == 4500 && one.octets.size() > 4 && one.octets[0] != 0)
                  one.octets.insert(one.octets.begin(), 4, std::uint8_t{0});
                return none_or(false, std::move(one));
              },
              {});
        });
MPSEC_DEFECT(
        .id = "takes-keepalives-for-the-end", .rule = "rfc3948/2.3/receiver-ignores-keepalives",
        .does = "Hears no more of a peer that has sent a NAT-keepalive.", .make = [] {
          const auto deaf = std::make_shared<bool>(false);
          return datagrams(
              [=](Datagram one) {
                *deaf |= one.octets.size() == 1;
                return none_or(*deaf, std::move(one));
              },
              {});
        });
MPSEC_DEFECT(
        .id = "sends-no-keepalives", .rule = "rfc7296/2.23/keepalives-from-behind-a-nat",
        .does = "Sends no keepalives.", .make = [] {
          return datagrams({}, [](Datagram one) { return none_or(one.octets.size() == 1, one); });
        });
MPSEC_DEFECT(
        .id = "sends-keepalives-of-zero", .rule = "rfc3948/2.3/keepalive-is-one-octet-0xff",
        .does = "Sends keepalives of an octet of zero.", .make = [] {
          return datagrams({}, [](Datagram one) {
            if (one.octets.size() == 1) one.octets[0] = 0;
            return none_or(false, std::move(one));
          });
        });
MPSEC_DEFECT(
        .id = "sends-keepalives-beside-traffic", .rule = "rfc3948/4/keepalive-only-if-nothing-else-was-sent",
        .does = "Sends keepalives every second, so that they come beside traffic.", .make = [] {
          return settings([](gateway::Settings& all) {
            for (auto& peer : all.ike.peers)
              peer.keepalive_every = std::chrono::seconds(1);
          });
        });
MPSEC_DEFECT(
        .id = "does-not-follow-its-peer", .rule = "rfc7296/2.23/peer-behind-a-nat-may-move",
        .does = "Sends for ever to the address that it knew first.", .make = [] {
          const auto first = std::make_shared<bool>(true);
          return following([=](EspKeys&, const EspPacket&) { return std::exchange(*first, false); });
        });
MPSEC_DEFECT(
        .id = "follows-replayed-packets", .rule = "rfc7296/2.23/address-update-only-by-a-new-packet",
        .does = "Sends to where the last authentic packet came from, be it a replayed or a late one.",
        .make = [] { return following(authentic); });
MPSEC_DEFECT(
        .id = "follows-forged-packets", .rule = "rfc7296/2.23/peer-behind-a-nat-may-move",
        .does = "Sends to where a packet came from whose ICV is wrong.", .make = [] {
          return following([](EspKeys& keys, const EspPacket& packet) { return !authentic(keys, packet); });
        });
MPSEC_DEFECT(
        .id = "follows-from-behind-a-nat", .rule = "rfc7296/2.23/no-address-update-behind-a-nat",
        .does = "Follows its peer's newest packet, though it is behind a NAT itself.", .make = [] {
          const auto top = std::make_shared<std::uint32_t>(0);
          return following([=](EspKeys& keys, const EspPacket& packet) {
            const std::uint32_t number = number_on_wire(packet);
            if (number <= *top || !authentic(keys, packet)) return false;
            *top = number;
            return true;
          });
        });
MPSEC_DEFECT(
        .id = "stays-on-port-500", .rule = "rfc7296/2.23/float-to-4500",
        .does = "As an initiator does not look at the NAT detection of the answer.", .make = [] {
          return incoming([](Message& message) {
            if (message.header.exchange_type != ExchangeType::ike_sa_init || !message.header.response) return;
            remove_notify(message, NotifyType::nat_detection_source_ip);
            remove_notify(message, NotifyType::nat_detection_destination_ip);
          });
        });
MPSEC_DEFECT(
        .id = "answers-without-nat-detection",
        .rule = "rfc7296/2.23/nat-detection-in-both-messages-of-ike-sa-init",
        .does = "Leaves NAT_DETECTION_DESTINATION_IP out of the response.", .make = [] {
          return in_init(true, [](Message& message) {
            remove_notify(message, NotifyType::nat_detection_destination_ip);
          });
        });
MPSEC_DEFECT(
        .id = "asks-without-nat-detection",
        .rule = "rfc7296/2.23/nat-detection-in-both-messages-of-ike-sa-init",
        .does = "Leaves NAT_DETECTION_SOURCE_IP out of the request.", .make = [] {
          return in_init(
              false, [](Message& message) { remove_notify(message, NotifyType::nat_detection_source_ip); });
        });
MPSEC_DEFECT(
        .id = "nat-detection-comes-first", .rule = "rfc7296/2.23/nat-detection-after-the-nonce",
        .does = "Puts NAT detection in front of the nonce.", .make = [] {
          return in_init(true, [](Message& message) {
            std::ranges::stable_partition(message.payloads, [](const Payload& one) {
              return std::holds_alternative<wire::ike::SecurityAssociation>(one.body) ||
                     is_nat_detection(one);
            });
            static_cast<void>(wire::ike::complete(message));
          });
        });
MPSEC_DEFECT(
        .id = "answers-with-wrong-nat-hashes", .rule = "rfc7296/2.23/hash-of-spis-address-and-port",
        .does = "Sends NAT detection hashes of something else in the response.",
        .make = [] { return in_init(true, spoil_hash); });
MPSEC_DEFECT(
        .id = "asks-with-wrong-nat-hashes", .rule = "rfc7296/2.23/hash-of-spis-address-and-port",
        .does = "Sends NAT detection hashes of something else in the request.",
        .make = [] { return in_init(false, spoil_hash); });

}  // namespace mpsec::conformance
