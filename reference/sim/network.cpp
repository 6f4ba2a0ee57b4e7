#include "sim/network.hpp"

#include <fmt/format.h>

namespace mpsec::sim {
namespace {

std::string name_of(const Place& place) {
  return place ? to_string(*place) : "gateway";
}

}  // namespace

// Links and NATs get a seed each in the order of their making.
std::uint64_t Network::next_seed() {
  SeededRng mixed(seed_ ^ (++seeds_given_ * 0x9e3779b97f4a7c15));
  return mixed.next_u64();
}

void Network::attach(RealmId realm, const IpAddress& address, Receiver receiver) {
  realms_[realm.value].owners.insert_or_assign(address, Owner(std::move(receiver)));
}

void Network::detach(RealmId realm, const IpAddress& address) {
  realms_[realm.value].owners.erase(address);
}

Network::Inside Network::add_nat(RealmId outside, const IpAddress& outer, const NatProfile& profile) {
  const NatId id{nats_.size()};
  const RealmId inside{realms_.size()};
  realms_.emplace_back().gateway = id;
  realms_[outside.value].owners.insert_or_assign(outer, Owner(id));
  nats_.push_back(std::make_unique<NatBox>(Nat(outer, profile, next_seed()), outside, inside));
  return {id, inside};
}

void Network::readdress(NatId id, const IpAddress& outer) {
  NatBox& box = *nats_[id.value];
  detach(box.outside, box.nat.outer());
  box.nat.readdress(outer);
  realms_[box.outside.value].owners.insert_or_assign(outer, Owner(id));
}

LinkId Network::add_link(std::string name, const LinkProfile& profile) {
  links_.emplace_back(std::move(name), profile, next_seed());
  return LinkId{links_.size() - 1};
}

void Network::connect(RealmId realm, const Place& from, const Place& to, LinkId link) {
  realms_[realm.value].links.insert_or_assign({from, to}, link);
}

void Network::connect_rest(RealmId realm, LinkId link) {
  realms_[realm.value].rest = link;
}

Network::Pair Network::connect_both(RealmId realm, const Place& a, const Place& b,
                                    const LinkProfile& profile) {
  const Pair pair{add_link(fmt::format("{} > {}", name_of(a), name_of(b)), profile),
                  add_link(fmt::format("{} > {}", name_of(b), name_of(a)), profile)};
  connect(realm, a, b, pair.there);
  connect(realm, b, a, pair.back);
  return pair;
}

void Network::change_at(Instant when, LinkId id, const LinkProfile& profile) {
  time_.at(when, [this, id, profile] { change(id, profile); });
}

void Network::send(RealmId realm, Packet packet) {
  ++counters_.sent;
  ++counters_.in_flight;
  show({Sighting::What::sent, time_.now(), {}, {}}, packet);
  const Script::Fate fate = script_.judge(packet);
  if (fate.discarded) return drop(Drop::script, {}, packet);
  const auto go = [this, realm](Duration delay, Packet one) {
    if (delay == Duration{0}) return forward(realm, one.source(), std::move(one));
    time_.after(delay, [this, realm, held = std::move(one)]() mutable {
      forward(realm, held.source(), std::move(held));
    });
  };
  for (const Duration after : fate.copies) {
    ++counters_.duplicated;
    ++counters_.in_flight;
    // The copy takes its turn behind the packet itself even where it follows at once.
    time_.after(fate.delay + after, [go, copy = packet]() mutable { go(Duration{0}, std::move(copy)); });
  }
  go(fate.delay, std::move(packet));
}

void Network::forward(RealmId realm, const Place& from, Packet packet) {
  Realm& here = realms_[realm.value];
  Place to = packet.destination();
  if (!here.owners.contains(*to)) {
    if (!here.gateway || from == gateway) return drop(Drop::no_route, {}, packet);
    to = gateway;
  }
  const auto known = here.links.find({from, to});
  if (known != here.links.end()) return pass(realm, to, known->second, std::move(packet));
  if (!here.rest) {
    const LinkId ideal = add_link(realm.value == 0 ? "network" : fmt::format("inside {}", realm.value));
    realms_[realm.value].rest = ideal;
  }
  pass(realm, to, *realms_[realm.value].rest, std::move(packet));
}

void Network::pass(RealmId realm, const Place& to, LinkId link, Packet packet) {
  show({Sighting::What::entered, time_.now(), link, {}}, packet);
  const auto fate = links_[link.value].enter(packet.size(), time_.now());
  if (const Drop* cause = std::get_if<Drop>(&fate)) return drop(*cause, link, packet);
  const Link::Passage& passage = std::get<Link::Passage>(fate);
  if (passage.copy) {
    ++counters_.duplicated;
    ++counters_.in_flight;
    arrive_later(*passage.copy, realm, to, link, packet);
  }
  const std::size_t octets = packet.is_udp() ? packet.udp_payload().size() : packet.upper().size();
  if (passage.corrupt_bit && octets > 0) {
    const std::uint64_t bit = *passage.corrupt_bit % (octets * 8);
    packet.flip(bit / 8, static_cast<std::uint8_t>(1u << bit % 8));
  }
  arrive_later(passage.arrival, realm, to, link, std::move(packet));
}

void Network::arrive_later(Instant when, RealmId realm, const Place& to, LinkId link, Packet packet) {
  time_.at(when, [this, realm, to, link, one = std::move(packet)]() mutable {
    links_[link.value].left();
    show({Sighting::What::left, time_.now(), link, {}}, one);
    arrive(realm, to, std::move(one));
  });
}

void Network::arrive(RealmId realm, const Place& to, Packet packet) {
  Realm& here = realms_[realm.value];
  if (to == gateway) return go_out(*nats_[here.gateway->value], std::move(packet));
  const auto owner = here.owners.find(*to);
  if (owner == here.owners.end()) return drop(Drop::no_route, {}, packet);
  if (const NatId* id = std::get_if<NatId>(&owner->second))
    return come_in(*nats_[id->value], std::move(packet));
  --counters_.in_flight;
  ++counters_.delivered;
  show({Sighting::What::delivered, time_.now(), {}, {}}, packet);
  // A copy: the host may detach itself while it works on the packet.
  const Receiver receiver = std::get<Receiver>(owner->second);
  receiver(packet);
}

void Network::go_out(NatBox& box, Packet packet) {
  if (const auto cause = box.nat.outwards(packet, time_.now())) return drop(*cause, {}, packet);
  if (packet.destination() == box.nat.outer()) {
    if (!box.nat.profile().hairpinning) return drop(Drop::no_route, {}, packet);
    return come_in(box, std::move(packet));
  }
  forward(box.outside, box.nat.outer(), std::move(packet));
}

void Network::come_in(NatBox& box, Packet packet) {
  if (const auto cause = box.nat.inwards(packet, time_.now())) return drop(*cause, {}, packet);
  forward(box.inside, gateway, std::move(packet));
}

void Network::drop(Drop cause, std::optional<LinkId> link, const Packet& packet) {
  --counters_.in_flight;
  ++counters_.dropped_by[static_cast<std::size_t>(cause)];
  show({Sighting::What::dropped, time_.now(), link, cause}, packet);
}

void Network::show(const Sighting& sighting, const Packet& packet) const {
  for (const Tap& tap : taps_)
    tap(sighting, packet);
}

Network::Tap recorder(std::vector<Recorded>& into, std::function<bool(const Sighting&)> wanted) {
  return [&into, wanted = std::move(wanted)](const Sighting& sighting, const Packet& packet) {
    if (!wanted || wanted(sighting)) into.push_back({sighting, packet});
  };
}

}  // namespace mpsec::sim
