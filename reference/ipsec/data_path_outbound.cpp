// From the protected side to the unprotected one (RFC 4301 5.1).
#include <algorithm>

#include "ipsec/data_path.hpp"
#include "ipsec/fragment.hpp"

namespace mpsec::ipsec {
namespace {

Discard why_unreadable(OctetView packet) {
  const auto read = selectors_of(packet, Direction::outbound);
  const bool version = !read && read.error() == MalformedPacket::unknown_version;
  return version ? Discard::unsupported_ip_version : Discard::malformed_packet;
}

}  // namespace

void DataPath::send(std::span<Outgoing> packets, Instant now, std::span<Fate> fates, Actions& actions) {
  for (std::size_t start = 0; start < packets.size(); start += largest_run) {
    const std::size_t count = std::min(largest_run, packets.size() - start);
    send_chunk(packets.subspan(start, count), now, fates.subspan(start, count), actions);
  }
}

// What policy says of a packet. The first of a flow in a chunk is classified; those behind it are like it.
struct DataPath::Classified {
  OutboundSa* sa = nullptr;  // that protects it; without one, the rest says what becomes of it
  Fate fate = Fate::discarded;
  Discard discard = Discard::none;
  PolicyId policy;
  OutboundGroup* group = nullptr;  // that has chosen the SA
  OutboundSa* copy = nullptr;
  std::uint32_t left = ~0u;  // packets that the choice is good for
};

// Packets in a row that go by one SA; without SA, the fate of each is settled already.
struct DataPath::Run {
  OutboundSa* sa;
  std::uint32_t first;
  OutboundGroup* group;
  OutboundSa* copy;
};

void DataPath::send_chunk(std::span<Outgoing> packets, Instant now, std::span<Fate> fates, Actions& actions) {
  Runs runs;
  classify_all(packets, runs, now, fates, actions);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t first = runs[i].first;
    const std::size_t count = (i + 1 < runs.size() ? runs[i + 1].first : packets.size()) - first;
    const auto run = packets.subspan(first, count);
    if (runs[i].sa != nullptr) {
      if (runs[i].group == nullptr)
        protect_run(*runs[i].sa, run, now, fates.subspan(first, count), actions);
      else
        protect_in_group(runs[i], run, now, fates.subspan(first, count), actions);
      continue;
    }
    for (std::size_t at = 0; at < count; ++at)
      if (fates[first + at] == Fate::discarded) audit_outbound(run[at], {}, now, actions);
  }
}

void DataPath::classify_all(std::span<Outgoing> packets, Runs& runs, Instant now, std::span<Fate> fates,
                            Actions& actions) {
  std::array<PacketSelectors, 2> selectors;  // of this packet and the one before
  Classified classified;
  bool known = false;  // whether `classified` is of the packet before
  for (std::size_t i = 0; i < packets.size(); ++i) {
    PacketSelectors& own = selectors[i & 1];
    if (!read_selectors(packets[i].packet.view(), Direction::outbound, own)) {
      classified = {};
      classified.discard = why_unreadable(packets[i].packet.view());
      known = false;
    } else {
      const auto rest = static_cast<std::uint32_t>(packets.size() - i);
      if (!known || own != selectors[(i & 1) ^ 1])
        classify(own, rest, now, classified);
      else if (classified.left == 0)
        choose(own, rest, now, classified);
      known = true;
      --classified.left;
    }
    packets[i].discard = classified.discard;
    fates[i] = classified.fate;
    if (runs.empty() || runs[runs.size() - 1].sa != classified.sa ||
        runs[runs.size() - 1].copy != classified.copy)
      runs.emplace_back(Run{classified.sa, static_cast<std::uint32_t>(i), classified.group, classified.copy});
    if (classified.discard == Discard::no_sa) actions.events.emplace_back(Acquire{classified.policy, own});
  }
}

// `rest`: the packets from this one on, which may be of its flow.
//= profile/5/policy-names-the-cluster
//= profile/5/never-clear-text
//= draft-zhang/3.2/sender-splits-traffic
void DataPath::classify(const PacketSelectors& packet, std::uint32_t rest, Instant now, Classified& result) {
  result = {};
  const Policy* policy = policies_->find(packet);
  if (policy == nullptr || policy->action == Action::discard) {
    result.discard = policy == nullptr ? Discard::no_policy : Discard::policy_discard;
    return;
  }
  if (policy->action == Action::bypass) {
    result.fate = Fate::bypassed;
    return;
  }
  result.policy = policy->id;
  if (const auto* cluster = policy->protect ? std::get_if<ClusterId>(&policy->protect->by) : nullptr) {
    const auto found = groups_.find(*cluster);
    result.group = found == groups_.end() ? nullptr : found->second;
    if (result.group != nullptr) return choose(packet, rest, now, result);
  }
  // Also of a policy that names a cluster: a peer that knows none has made ordinary SAs.
  if (OutboundChoice* choice = choice_for(policy->id)) result.sa = choice->find(packet);
  //= rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear
  if (result.sa == nullptr) result.discard = Discard::no_sa;
}

bool DataPath::has_group_for(const PacketSelectors& packet) const {
  const Policy* policy = policies_->find(packet);
  if (policy == nullptr || policy->action != Action::protect || !policy->protect) return false;
  const auto* cluster = std::get_if<ClusterId>(&policy->protect->by);
  return cluster != nullptr && groups_.contains(*cluster);
}

// The next SA of the group that serves the packet's policy.
void DataPath::choose(const PacketSelectors& packet, std::uint32_t rest, Instant now, Classified& result) {
  const OutboundGroup::Choice choice = result.group->choose(packet, rest, now);
  result.sa = choice.sa;
  result.copy = choice.copy;
  result.left = choice.sa == nullptr ? 1 : choice.packets;
  result.discard = choice.sa == nullptr ? Discard::no_sa : Discard::none;
}

OutboundChoice* DataPath::choice_for(PolicyId policy) {
  const auto found = choices_.find(policy);
  return found == choices_.end() ? nullptr : &found->second;
}

void DataPath::protect_run(OutboundSa& sa, std::span<Outgoing> run, Instant now, std::span<Fate> fates,
                           Actions& actions) {
  sa.protect(run, now, outbound_seams());
  for (std::size_t i = 0; i < run.size(); ++i)
    settle(sa, nullptr, run[i], now, fates[i], actions);
  note_lifetime(sa, actions);
}

namespace {

// Whether a packet may go by another SA of the group. An SA that has ended says of what is too large only
// that, for sizes are looked at first; it may fit another's path.
bool kept_by_an_end(const OutboundSa& sa, Discard discard) {
  return !sa.usable() && (discard == Discard::lifetime_expired || discard == Discard::packet_too_big);
}

}  // namespace

// The same within a group: copies are made, and what an SA's limit has kept from it goes by another one.
void DataPath::protect_in_group(const Run& chosen, std::span<Outgoing> run, Instant now,
                                std::span<Fate> fates, Actions& actions) {
  protect_copied(chosen.sa, chosen.copy, run, now, actions);
  for (std::size_t i = 0; i < run.size(); ++i) {
    OutboundSa* sa = chosen.sa;
    // As often as there are SAs that end just now: whoever is tried has not ended yet.
    while (kept_by_an_end(*sa, run[i].discard)) {
      note_lifetime(*sa, actions);
      PacketSelectors flow;
      if (!read_selectors(run[i].packet.view(), Direction::outbound, flow)) break;
      const OutboundGroup::Choice next = chosen.group->choose(flow, 1, now);
      if (next.sa == nullptr || !next.sa->usable()) break;
      sa = next.sa;
      protect_copied(sa, next.copy, run.subspan(i, 1), now, actions);
    }
    settle(*sa, chosen.group, run[i], now, fates[i], actions);
    if (sa != chosen.sa) note_lifetime(*sa, actions);
  }
  note_lifetime(*chosen.sa, actions);
}

// Protects, and sends the same packets under the same numbers by `copy` too, where there is one.
void DataPath::protect_copied(OutboundSa* sa, OutboundSa* copy, std::span<Outgoing> run, Instant now,
                              Actions& actions) {
  std::vector<HeldPacket> copies;
  if (copy != nullptr) {
    for (const Outgoing& packet : run)
      copies.emplace_back(packet.packet.view(), default_headroom,
                          default_tailroom + copy->parameters().tfc_multiple);
  }
  sa->protect(run, now, outbound_seams());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (run[i].discard != Discard::none) continue;
    Outgoing again{.packet = copies[i].buffer(), .number = run[i].number};
    copy->protect_again({&again, 1}, now, outbound_seams());
    if (again.discard != Discard::none) {
      audit_outbound(again, copy->parameters().spi, now, actions);
      continue;
    }
    copies[i].buffer() = again.packet;
    actions.emissions.push_back({Emission::Side::unprotected, std::move(copies[i])});
  }
  if (copy != nullptr) note_lifetime(*copy, actions);
}

// What became of a packet that an SA was to protect.
void DataPath::settle(OutboundSa& sa, const OutboundGroup* group, Outgoing& packet, Instant now, Fate& fate,
                      Actions& actions) {
  fate = packet.discard == Discard::none ? Fate::protected_ : Fate::discarded;
  if (packet.discard == Discard::packet_too_big) on_too_big(sa, group, packet, now, fate, actions);
  if (fate == Fate::discarded) audit_outbound(packet, sa.parameters().spi, now, actions);
}

//= rfc4301/8.2.1/source-told-or-packet-cut
void DataPath::on_too_big(OutboundSa& sa, const OutboundGroup* group, Outgoing& packet, Instant now,
                          Fate& fate, Actions& actions) {
  const OctetView clear = packet.packet.view();
  const TooBigAction action = action_on_too_big(clear);
  if (action == TooBigAction::tell_the_source) {
    tell_source(clear, sa, group, now, actions);
    return;
  }
  // Transport mode protects whole datagrams only (RFC 4303 3.1.1), so there what is cut is the result.
  const bool after = action == TooBigAction::fragment_after_protection ||
                     options_.fragment_after_protection || sa.parameters().mode == Mode::transport;
  const bool done = after ? cut_after(sa, packet, now, actions) : cut_before(sa, clear, now, actions);
  if (done) fate = Fate::replaced;
}

bool DataPath::cut_before(OutboundSa& sa, OctetView packet, Instant now, Actions& actions) {
  auto pieces = fragment(packet, sa.largest_packet(), static_cast<std::uint32_t>(seams_.rng.next_u64()));
  if (!pieces) return false;
  for (HeldPacket& cut : *pieces) {
    HeldPacket piece(cut.buffer().view(), default_headroom, default_tailroom + sa.parameters().tfc_multiple);
    Outgoing outgoing{.packet = piece.buffer()};
    sa.protect({&outgoing, 1}, now, outbound_seams());
    if (outgoing.discard != Discard::none) {
      audit_outbound(outgoing, sa.parameters().spi, now, actions);
      continue;
    }
    piece.buffer() = outgoing.packet;
    actions.emissions.push_back({Emission::Side::unprotected, std::move(piece)});
  }
  return true;
}

bool DataPath::cut_after(OutboundSa& sa, Outgoing& packet, Instant now, Actions& actions) {
  HeldPacket whole(packet.packet.view(), default_headroom, default_tailroom + sa.parameters().tfc_multiple);
  Outgoing outgoing{.packet = whole.buffer()};
  const std::uint32_t path_mtu = sa.path_mtu();
  sa.set_path_mtu(0xffff);
  sa.protect({&outgoing, 1}, now, outbound_seams());
  sa.set_path_mtu(path_mtu);
  if (outgoing.discard != Discard::none) {
    packet.discard = outgoing.discard;
    return false;
  }
  auto pieces = fragment(outgoing.packet.view(), path_mtu, static_cast<std::uint32_t>(seams_.rng.next_u64()));
  if (!pieces) return false;
  for (HeldPacket& piece : *pieces)
    actions.emissions.push_back({Emission::Side::unprotected, std::move(piece)});
  return true;
}

// Only once a message may be sent a group is asked what fits, for it looks at all its SAs. Where nothing
// does, no size helps the source.
void DataPath::tell_source(OctetView packet, const OutboundSa& sa, const OutboundGroup* group, Instant now,
                           Actions& actions) {
  const auto& own = packet[0] >> 4 == 4 ? options_.own_v4 : options_.own_v6;
  if (!own || !icmp_errors_.allow(now)) return;
  const std::uint32_t largest = group == nullptr ? sa.largest_packet() : group->largest_packet();
  if (largest == 0) return;
  auto message = packet_too_big(packet, *own, largest);
  if (message) actions.emissions.push_back({Emission::Side::to_source, *std::move(message)});
}

void DataPath::note_lifetime(OutboundSa& sa, Actions& actions) {
  auto tell = [&](bool hard) {
    actions.events.emplace_back(LifetimeReached{sa.parameters().spi, true, hard});
  };
  if (sa.take_soft_notice()) tell(false);
  if (sa.take_hard_notice()) tell(true);
  if (sa.take_exhaustion_notice()) actions.events.emplace_back(SequenceExhausted{sa.parameters().spi});
}

void DataPath::audit_outbound(const Outgoing& packet, Spi spi, Instant now, Actions& actions) {
  discards_.count(packet.discard);
  Audit audit{
      .cause = packet.discard, .outbound = true, .spi = spi, .source = {}, .destination = {}, .at = now};
  const OctetView octets = packet.packet.view();
  if (const auto selectors = selectors_of(octets, Direction::outbound)) {
    audit.source = address_of(selectors->local, selectors->version);
    audit.destination = address_of(selectors->remote, selectors->version);
    if (selectors->version == IpVersion::v6)
      audit.flow_label = load_be<std::uint32_t>(octets.data()) & 0xfffff;
  }
  actions.events.emplace_back(audit);
}

}  // namespace mpsec::ipsec
