#include "ipsec/reassembly.hpp"

#include <utility>

namespace mpsec::ipsec {

Reassembler::Outcome Reassembler::offer(OctetView packet, Instant now) {
  drop_overdue(now);
  const auto walk = wire::walk_headers(packet);
  if (!walk) {
    const bool version = walk.error() == wire::WalkError::wrong_version;
    return {.discard = version ? Discard::unsupported_ip_version : Discard::malformed_packet};
  }
  const OctetView stated = packet.first(walk->total_length);
  const bool has_fragment_header = walk->fragment_header_at != 0;
  if (!walk->is_fragment() && !has_fragment_header) return {.datagram{HeldPacket(stated)}};
  const auto part = read_fragment(stated, *walk);
  if (!part) return {.discard = part.error()};
  //= rfc8200/4.5/whole-datagram-in-a-fragment-is-processed-alone
  if (!walk->is_fragment()) {
    FragmentBuffer alone;
    alone.add(*part);
    return {.datagram = alone.join()};
  }
  return offer_part(key_of(stated, *walk), *part, now);
}

Reassembler::Key Reassembler::key_of(OctetView packet, const wire::HeaderWalk& walk) {
  const std::uint8_t* at = packet.data();
  //= rfc791/3.2/fragments-belong-together-by-four-fields
  if (walk.version == IpVersion::v4)
    return {IpAddress::v4(at + wire::offset_of<&wire::Ipv4Header::source>),
            IpAddress::v4(at + wire::offset_of<&wire::Ipv4Header::destination>), walk.identification,
            walk.protocol};
  //= rfc8200/4.5/fragments-belong-together-by-three-fields
  return {IpAddress::v6(at + wire::offset_of<&wire::Ipv6Header::source>),
          IpAddress::v6(at + wire::offset_of<&wire::Ipv6Header::destination>), walk.identification, 0};
}

Reassembler::Outcome Reassembler::offer_part(const Key& key, const FragmentPart& part, Instant now) {
  Outcome outcome;
  if (const auto known = entries_.find(key); known != entries_.end() && known->second.abandoned)
    return {.discard = Discard::reassembly_failed};
  outcome.evicted = make_room(key, FragmentBuffer::cost_of(part));
  Entry& entry = entry_for(key, now)->second;
  const std::size_t before = entry.pieces.cost();
  const bool room =
      entry.pieces.pieces() < limits_.pieces && within_limits(key, FragmentBuffer::cost_of(part));
  const auto added = room ? entry.pieces.add(part) : FragmentBuffer::Added::conflict;
  octets_ += entry.pieces.cost() - before;
  if (added == FragmentBuffer::Added::conflict) {
    //= rfc8200/4.5/overlap-abandons-the-packet
    abandon(entry);
    outcome.discard = Discard::reassembly_failed;
  } else if (added == FragmentBuffer::Added::complete) {
    octets_ -= entry.pieces.cost();
    outcome.datagram = entry.pieces.join();
    if (!outcome.datagram) outcome.discard = Discard::reassembly_failed;
    erase(entries_.find(key));
  }
  return outcome;
}

Reassembler::Entries::iterator Reassembler::entry_for(const Key& key, Instant now) {
  const auto [entry, begun] = entries_.try_emplace(key);
  if (begun) {
    entry->second.deadline = now + limits_.timeout;
    entry->second.serial = next_serial_++;
    by_age_.emplace(entry->second.serial, entry);
  }
  return entry;
}

bool Reassembler::within_limits(const Key& key, std::size_t octets) const {
  const std::size_t begun = entries_.contains(key) ? 0 : 1;
  return entries_.size() + begun <= limits_.datagrams && octets_ + octets <= limits_.octets;
}

// Gives up the oldest datagrams, but not the one of `key`, until another piece of it can be kept. How many.
std::size_t Reassembler::make_room(const Key& key, std::size_t octets) {
  std::size_t evicted = 0;
  for (auto oldest = by_age_.begin(); oldest != by_age_.end() && !within_limits(key, octets);) {
    const auto entry = (oldest++)->second;
    if (entry->first == key) continue;
    evicted += entry->second.abandoned ? 0 : 1;
    erase(entry);
  }
  return evicted;
}

void Reassembler::abandon(Entry& entry) {
  octets_ -= entry.pieces.cost();
  entry.pieces = {};
  entry.abandoned = true;
}

void Reassembler::erase(Entries::iterator entry) {
  octets_ -= entry->second.pieces.cost();
  by_age_.erase(entry->second.serial);
  entries_.erase(entry);
}

std::optional<Instant> Reassembler::next_deadline() const {
  if (by_age_.empty()) return std::nullopt;
  return by_age_.begin()->second->second.deadline;
}

//= rfc8200/4.5/given-up-after-sixty-seconds
void Reassembler::drop_overdue(Instant now) {
  while (!by_age_.empty() && by_age_.begin()->second->second.deadline <= now) {
    const auto& [key, entry] = *by_age_.begin()->second;
    timed_out_.datagrams += entry.abandoned ? 0 : 1;
    Octets first = entry.pieces.first_fragment(key.identification);
    if (!first.empty() && timed_out_.first_fragments.size() < most_told)
      timed_out_.first_fragments.push_back(std::move(first));
    erase(by_age_.begin()->second);
  }
}

Reassembler::TimedOut Reassembler::expire(Instant now) {
  drop_overdue(now);
  return std::exchange(timed_out_, {});
}

}  // namespace mpsec::ipsec
