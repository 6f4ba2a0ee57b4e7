// What the data path and the network report: traffic, limits, hints, packets that no SA is there for.
#include "ike/engine.hpp"
#include "ike/informational.hpp"
#include "ike/protocols.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike {

using namespace wire::ike;

void Engine::on_traffic(const AcceptedTraffic& traffic, Instant now, Actions& actions) {
  Turn turn{now, seams_.rng, actions};
  if (const auto found = find_inbound(traffic.protocol, traffic.inbound); found.child != nullptr) {
    found.sa->heard_from_peer(turn);
    found.sa->children().start_sending(*found.child, turn);
    //= rfc7296/2.23/address-update-only-by-a-new-packet
    // What is left in the network of an SA that has a successor may have come by the path of before.
    const bool current =
        found.child->state == ChildState::installed || found.child->state == ChildState::rekeying;
    if (traffic.udp && traffic.newest && current) found.sa->follow_peer(*traffic.udp, turn);
  }
  settle_all(actions);
}

Engine::FoundChild Engine::find_inbound(ipsec::Protocol protocol, Spi inbound) {
  const auto spi = child_spis_.find(inbound);
  if (spi == child_spis_.end()) return {};
  const FoundChild found = find_child(spi->second);
  return found.child != nullptr && found.child->agreement.protocol == protocol ? found : FoundChild{};
}

Engine::FoundChild Engine::find_child(ChildId id) {
  const auto owner = owners_.find(id);
  if (owner == owners_.end()) return {};
  IkeSa* sa = find(owner->second);
  ChildSa* child = sa == nullptr ? nullptr : sa->children().find(id);
  return child == nullptr ? FoundChild{} : FoundChild{sa, child};
}

void Engine::on_lifetime(ChildId child, bool hard, Instant now, Actions& actions) {
  const auto found = find_child(child);
  if (found.child == nullptr) return;
  // What is asked for already is not asked for again, however often the limit is met.
  auto& asked = hard ? found.child->end_at : found.child->rekey_at;
  if (!asked) return;
  asked.reset();
  if (!hard) return static_cast<void>(rekey_child(child, now, actions));
  Turn turn{now, seams_.rng, actions};
  static_cast<void>(found.sa->end_child(child, turn));
  settle_all(actions);
}

// --- hints

void Engine::on_hint(const IpAddress& remote, Instant now, Actions& actions) {
  Turn turn{now, seams_.rng, actions};
  hint(remote, turn);
  settle_all(actions);
}

//= rfc7296/2.4/hint-causes-a-liveness-check
void Engine::hint(const IpAddress& remote, Turn& turn) {
  for (auto at = by_address_.lower_bound({remote, IkeSaId{0}});
       at != by_address_.end() && at->first == remote; ++at) {
    if (IkeSa* sa = find(at->second)) sa->check_liveness(turn);
  }
}

// --- packets that the data path could not use

void Engine::on_stray_packet(const StrayPacket& packet, Instant now, Actions& actions) {
  //= rfc7296/2.21.4/replies-to-unprotected-messages-are-limited
  if (!stray_packets_.allow(now)) return;
  Turn turn{now, seams_.rng, actions};
  if (IkeSa* sa = find_for(packet.path)) {
    //= rfc7296/1.5/invalid-spi-over-the-ike-sa
    sa->notify_peer(make_notify(NotifyType::invalid_spi, spi_octets(packet.spi)), turn);
  } else {
    send_invalid_spi(packet, turn);
  }
  settle_all(actions);
}

//= rfc7296/2.21.4/suspicious-packet-is-told-over-the-ike-sa
// An IKE SA with whoever sends from there; behind a NAT the port tells one from the other.
IkeSa* Engine::find_for(const Path& path) {
  const IpAddress& remote = path.remote.address;
  for (auto at = by_address_.lower_bound({remote, IkeSaId{0}});
       at != by_address_.end() && at->first == remote; ++at) {
    IkeSa* sa = find(at->second);
    if (sa == nullptr || sa->state() != IkeState::established) continue;
    if (sa->nat_state().any() && sa->path().remote.port != path.remote.port) continue;
    return sa;
  }
  return nullptr;
}

//= rfc7296/1.5/invalid-spi-without-an-ike-sa
void Engine::send_invalid_spi(const StrayPacket& packet, Turn& turn) {
  Message message;
  message.header.exchange_type = ExchangeType::informational;
  message.header.initiator = true;
  message.payloads.push_back(make_payload(make_notify(NotifyType::invalid_spi, spi_octets(packet.spi))));
  if (!complete(message)) return;
  if (seams_.tap != nullptr) seams_.tap->outgoing(message);
  Path path = packet.path;
  if (path.remote.port == 0) path.local.port = path.remote.port = ike_port;
  turn.actions.datagrams.push_back(to_datagram(path, encode(message)));
}

//= rfc7296/3.10.1/invalid-selectors-holds-the-packets-start
//= rfc4301/5.2/invalid-selectors-can-be-sent
void Engine::on_wrong_selectors(ipsec::Protocol protocol, Spi inbound, OctetView packet, Instant now,
                                Actions& actions) {
  // As much as ICMP errors of IPv4 hold at least: the header, and the ports behind it.
  static constexpr std::size_t most = 128;
  if (!configuration_->tell_invalid_selectors) return;
  Turn turn{now, seams_.rng, actions};
  if (IkeSa* sa = find_inbound(protocol, inbound).sa) {
    const OctetView start = packet.first(std::min(packet.size(), most));
    sa->notify_peer(make_notify(NotifyType::invalid_selectors, Octets(start.begin(), start.end()),
                                to_wire(protocol), spi_octets(inbound)),
                    turn);
  }
  settle_all(actions);
}

}  // namespace mpsec::ike
