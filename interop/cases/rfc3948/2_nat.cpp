// RFC 3948 and RFC 7296 2.23: ESP in UDP, and ends behind NATs.
#include "ike/nat_detection.hpp"
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using namespace std::chrono_literals;

// The tester seems to be behind a NAT: the hash of its address does not fit.
Opening behind_a_nat() {
  Opening opening;
  opening.pretend_nat = true;
  return opening;
}
// The target seems to be: the hash of its address does not fit. The tester's is `also_tester` or made right.
Opening target_behind_a_nat(Tester& t, bool also_tester) {
  Opening opening = behind_a_nat();
  opening.init = [&t, also_tester](Message& message) {
    const ike::IkeSpis spis{message.header.initiator_spi, message.header.responder_spi};
    const auto right = ike::nat_hash(t.providers().ike, spis, t.link().paths().at(0).local);
    for (wire::ike::Payload& payload : message.payloads) {
      auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
      if (notify == nullptr) continue;
      if (notify->type == NotifyType::nat_detection_destination_ip) notify->data.at(0) ^= 0xff;
      if (notify->type == NotifyType::nat_detection_source_ip && !also_tester)
        notify->data.assign(right.begin(), right.end());
    }
  };
  return opening;
}
// Another address of the tester, as its NAT would give it anew.
IpAddress other_address(Tester& t) {
  return t.link().paths().at(1).local.address;
}
void send_from(Tester& t, EspPacket packet, const IpAddress& address) {
  packet.path.local.address = address;
  t.send(packet);
}
// What the target sends of its own accord goes there.
void expect_traffic_to(Tester& t, const IpAddress& address) {
  while (t.receive_esp(Duration{})) {
  }
  t.call(Hook::send_traffic, t.fresh_mark());
  const auto sent = t.receive_esp(t.link().patience());
  if (!sent) t.fail("a packet after the hook 'send-traffic'", "none came");
  t.check(sent->packet.path.local.address == address, "a packet to " + to_string(address),
          "one to " + to_string(sent->packet.path.local.address));
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.23/esp-goes-in-udp-where-a-nat-is",
        .rules = {"rfc7296/2.23/udp-encapsulation-where-a-nat-is",
                  "rfc7296/2.23/differing-hash-switches-nat-traversal-on",
                  "rfc7296/2.23/no-source-matches-peer-is-behind"},
        .side = Side::responder, .features = {Feature::nat_traversal},
        .does = "The tester's NAT detection says that it is behind a NAT; it pings in UDP.",
        .lawful = "The target's ESP comes in UDP too.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          t.check(t.ping(child_of(sa)).packet.in_udp(), "ESP in UDP", "bare ESP");
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/esp-in-udp-leaves-from-port-4500",
        .rules = {"rfc7296/2.23/no-esp-in-udp-on-port-500",
                  "rfc7296/2.23/behind-a-nat-all-comes-from-port-4500"},
        .side = Side::responder, .features = {Feature::nat_traversal},
        .does = "With the tester behind a NAT, the target answers a ping.",
        .lawful = "Its ESP in UDP comes from port 4500.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          const auto pong = t.ping(child_of(sa));
          t.check(!pong.packet.in_udp() || pong.packet.path.remote.port == 4500, "UDP port 4500",
                  std::to_string(pong.packet.path.remote.port));
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/esp-in-udp-is-taken-without-a-nat",
        .rules = {"rfc7296/2.23/esp-in-udp-is-taken-without-a-nat",
                  "rfc7296/2.23/encapsulated-or-not-both-are-processed"},
        .features = {Feature::nat_traversal}, .does = "Without a NAT, the tester sends a ping in UDP.",
        .lawful = "It is taken.", .run = [](Tester& t) {
          Opening opening;
          opening.pretend_nat = false;
          IkeSession& sa = t.establish(opening);
          EspChild& child = child_of(sa);
          child.terms().path.local.port = child.terms().path.remote.port = 4500;
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/bare-esp-is-taken-despite-a-nat",
        .rules = {"rfc7296/2.23/encapsulated-or-not-both-are-processed"},
        .features = {Feature::nat_traversal},
        .does = "With a NAT detected, the tester sends a ping without UDP.", .lawful = "It is taken.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          EspChild& child = child_of(sa);
          child.terms().path.local.port = child.terms().path.remote.port = 0;
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc3948/2.1/udp-checksum-of-esp-is-zero",
        .rules = {"rfc3948/2.1/udp-checksum-is-sent-as-zero"}, .features = {Feature::nat_traversal},
        .does = "With a NAT detected, the target answers a ping over IPv4.",
        .lawful = "The UDP checksum of its ESP should be zero.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          const EspPacket packet = t.ping(child_of(sa)).packet;
          if (!packet.udp_checksum || !packet.path.local.address.is_v4())
            t.unsupported("the UDP checksum of what arrives is not known");
          t.check(*packet.udp_checksum == 0, "a UDP checksum of zero", std::to_string(*packet.udp_checksum));
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/ike-on-port-4500-has-the-marker",
        .rules = {"rfc7296/2.23/non-esp-marker", "rfc3948/2.2/non-esp-marker-is-four-zero-octets"},
        .side = Side::responder, .features = {Feature::nat_traversal},
        .does = "After IKE_SA_INIT on port 500 the tester goes on over port 4500, behind the non-ESP marker.",
        .lawful = "The answer to IKE_AUTH has the marker too.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open(behind_a_nat());
          const Message response = t.ask(sa, sa.auth_request());
          t.expect_no_error(response);
          const ike::Path path = last_arrival(t);
          t.check(path.remote.port == 4500, "an answer from port 4500", std::to_string(path.remote.port));
        });

MPSEC_CASE(
        .id = "rfc3948/2.2/without-the-marker-it-is-no-ike",
        .rules = {"rfc3948/2.2/non-esp-marker-tells-ike-from-esp"}, .features = {Feature::nat_traversal},
        .does = "On port 4500 a liveness check arrives without the non-ESP marker.",
        .lawful = "It looks like ESP of an unknown SPI, and is not answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          const Message request = sa.informational();
          t.link().send(Datagram{sa.path().local, sa.path().remote, sa.seal(request)});
          t.expect_no_response(sa, request);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc3948/2.3/keepalive-is-ignored", .rules = {"rfc3948/2.3/receiver-ignores-keepalives"},
        .features = {Feature::nat_traversal}, .does = "The tester sends three NAT-keepalives.",
        .lawful = "Nothing comes of them: child and IKE SA work on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          for (int i = 0; i < 3; ++i)
            t.link().send(Datagram{sa.path().local, sa.path().remote, Octets{0xff}});
          EspChild& child = child_of(sa);
          expect_taken(t, child, child.next_number);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/keepalives-come-from-behind-a-nat",
        .rules = {"rfc7296/2.23/keepalives-from-behind-a-nat", "rfc3948/2.3/keepalive-is-one-octet-0xff",
                  "rfc7296/2.23/destination-differs-we-are-behind"},
        .side = Side::responder, .features = {Feature::nat_traversal},
        .does = "The tester's NAT detection says that the target is behind a NAT; then it is silent.",
        .lawful = "The target sends keepalives of one octet, 0xFF.", .run = [](Tester& t) {
          t.establish(target_behind_a_nat(t, false));
          t.wait(70s);
          t.check(!t.keepalives().empty(), "a NAT-keepalive within 70 seconds", "none");
        });

MPSEC_CASE(
        .id = "rfc3948/4/no-keepalive-while-there-is-traffic",
        .rules = {"rfc3948/4/keepalive-only-if-nothing-else-was-sent"}, .side = Side::responder,
        .features = {Feature::nat_traversal},
        .does = "With the target behind a NAT, the tester pings every five seconds for a minute.",
        .lawful = "The answers keep the mapping alive: the target should send no keepalives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(target_behind_a_nat(t, false));
          for (int i = 0; i < 12; ++i) {
            t.wait(5s);
            t.ping_control(child_of(sa));
          }
          t.check(t.keepalives().empty(), "no NAT-keepalive beside the traffic", "one");
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/peer-behind-a-nat-is-followed",
        .rules = {"rfc7296/2.23/peer-behind-a-nat-may-move"},
        .features = {Feature::nat_traversal, Feature::several_paths},
        .does = "The tester is behind a NAT, which gives it another address: it pings from there.",
        .lawful = "The target should send to where the newest authenticated packet came from.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          EspChild& child = child_of(sa);
          child.terms().path.local.address = other_address(t);
          t.ping_control(child);
          const auto pong = t.ping(child);
          t.check(pong.packet.path.local.address == other_address(t), "ESP to the tester's new address",
                  "ESP to " + to_string(pong.packet.path.local.address));
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/replayed-packet-does-not-move-the-peer",
        .rules = {"rfc7296/2.23/address-update-only-by-a-new-packet"},
        .features = {Feature::nat_traversal, Feature::several_paths}, .hooks = {Hook::send_traffic},
        .does = "With the tester behind a NAT, a copy of an old packet arrives from another address.",
        .lawful = "The target goes on sending to the tester's own address.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          EspChild& child = child_of(sa);
          const IpAddress own = child.terms().path.local.address;
          const auto mark = t.fresh_mark();
          const EspPacket packet = child.seal(ping_text(t, mark));
          t.send(packet);
          t.control([&] { t.expect_pong(mark); });
          send_from(t, packet, other_address(t));
          t.wait(t.link().silence());
          expect_traffic_to(t, own);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/late-packet-does-not-move-the-peer",
        .rules = {"rfc7296/2.23/address-update-only-by-a-new-packet"},
        .features = {Feature::nat_traversal, Feature::several_paths}, .hooks = {Hook::send_traffic},
        .does =
            "With the tester behind a NAT, a packet that is new but older than the newest arrives from "
            "another "
            "address.",
        .lawful = "The target goes on sending to the address that the newest packet came from.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          EspChild& child = child_of(sa);
          const IpAddress own = child.terms().path.local.address;
          reach(t, child, 20);
          send_from(t, child.seal(ping_text(t, t.fresh_mark()), 12), other_address(t));
          t.wait(t.link().silence());
          expect_traffic_to(t, own);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/forged-packet-does-not-move-the-peer",
        .rules = {"rfc7296/2.23/peer-behind-a-nat-may-move",
                  "rfc7296/2.23/address-update-only-by-a-new-packet"},
        .features = {Feature::nat_traversal, Feature::several_paths}, .hooks = {Hook::send_traffic},
        .does =
            "With the tester behind a NAT, a packet with a new number and a wrong ICV arrives from another "
            "address.",
        .lawful = "Only authenticated packets say where the peer is: the target goes on as it was.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(behind_a_nat());
          EspChild& child = child_of(sa);
          const IpAddress own = child.terms().path.local.address;
          send_from(t, damaged(child.seal(ping_text(t, t.fresh_mark()), 30), -1), other_address(t));
          t.wait(t.link().silence());
          expect_traffic_to(t, own);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/who-is-behind-a-nat-does-not-follow",
        .rules = {"rfc7296/2.23/no-address-update-behind-a-nat"}, .side = Side::responder,
        .features = {Feature::nat_traversal, Feature::several_paths}, .hooks = {Hook::send_traffic},
        .does = "With both ends behind NATs, the tester pings from another address.",
        .lawful = "The target should stay with the address that it knows, for its own NAT lets no other in.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(target_behind_a_nat(t, true));
          EspChild& child = child_of(sa);
          const IpAddress own = child.terms().path.local.address;
          child.terms().path.local.address = other_address(t);
          t.send_ping(child);
          t.wait(t.link().silence());
          expect_traffic_to(t, own);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/initiator-goes-on-over-port-4500",
        .rules = {"rfc7296/2.23/float-to-4500", "rfc7296/2.23/initiator-looks-at-nat-detection"},
        .side = Side::initiator, .features = {Feature::nat_traversal}, .hooks = {Hook::initiate},
        .does = "The target begins on port 500, and the tester's answer says that it is behind a NAT.",
        .lawful = "IKE_AUTH comes from port 4500 to port 4500.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request(behind_a_nat());
          const Message init = sa.waiting.front();
          sa.waiting.pop_front();
          if (sa.path().remote.port != 500) t.unsupported("the target does not begin on port 500");
          sa.take_init_request(init);
          sa.send(sa.init_response(init));
          sa.keep_own_init();
          t.expect_request(sa, ExchangeType::ike_auth);
          const ike::Path path = last_arrival(t);
          t.check(path.local.port == 4500 && path.remote.port == 4500, "IKE_AUTH from port 4500 to port 4500",
                  std::to_string(path.remote.port) + " to " + std::to_string(path.local.port));
        });

}  // namespace mpsec::conformance
