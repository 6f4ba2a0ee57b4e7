#include "ike/child_sa.hpp"

namespace mpsec::ike {
namespace {

void set_algorithms(ipsec::SaParameters& sa, const ChosenSuite& chosen, ChildKeys keys) {
  if (chosen.encryption) sa.encryption = chosen.encryption->id;
  sa.integrity = chosen.integrity;
  sa.encryption_key = std::move(keys.encryption);
  sa.integrity_key = std::move(keys.integrity);
  sa.extended_sequence_numbers = chosen.extended_sequence_numbers;
}

void set_common(ipsec::SaParameters& sa, const ChildSa& child, const Path& path, bool nat) {
  const ChildAgreement& agreement = child.agreement;
  sa.protocol = agreement.protocol;
  sa.mode = agreement.mode;
  sa.selectors = agreement.selectors;
  sa.tunnel = child.configuration->tunnel;
  sa.lifetime.soft.octets = child.configuration->rekey_after_octets;
  if (child.cluster) sa.anti_replay = child.cluster->anti_replay;
  sa.lifetime.soft.packets = child.configuration->rekey_after_packets;
  //= rfc7296/2.23/udp-encapsulation-where-a-nat-is
  if (nat && agreement.protocol == ipsec::Protocol::esp)
    sa.udp = ipsec::UdpEncapsulation{path.local.port, path.remote.port, ipsec::ChecksumRepair::none, {}};
}

}  // namespace

ChildHalves make_halves(const ChildSa& child, ChildKeyPair keys, bool initiated, const Path& path, bool nat) {
  ChildKeys& ours = initiated ? keys.initiator_to_responder : keys.responder_to_initiator;
  ChildKeys& theirs = initiated ? keys.responder_to_initiator : keys.initiator_to_responder;
  ChildHalves halves;

  set_common(halves.outbound, child, path, nat);
  set_algorithms(halves.outbound, child.agreement.chosen, std::move(ours));
  //= rfc7296/1.3.1/tfc-padding-not-supported
  if (child.agreement.peer_takes_tfc && child.agreement.mode == ipsec::Mode::tunnel)
    halves.outbound.tfc_multiple = child.configuration->pad_to_multiple_of;
  halves.outbound.spi = child.agreement.outbound;
  halves.outbound.source = path.local.address;
  halves.outbound.destination = path.remote.address;

  set_common(halves.inbound, child, path, nat);
  set_algorithms(halves.inbound, child.agreement.chosen, std::move(theirs));
  halves.inbound.spi = child.agreement.inbound;
  halves.inbound.source = path.remote.address;
  halves.inbound.destination = path.local.address;
  halves.inbound.replay_window = child.configuration->replay_window;
  if (child.cluster && child.cluster->anti_replay) halves.inbound.replay_window = child.cluster->own_window;
  if (halves.inbound.udp) {
    std::swap(halves.inbound.udp->source_port, halves.inbound.udp->destination_port);
    if (child.agreement.original) {
      halves.inbound.udp->repair = ipsec::ChecksumRepair::by_difference;
      halves.inbound.udp->original = *child.agreement.original;
    }
  }
  return halves;
}

}  // namespace mpsec::ike
