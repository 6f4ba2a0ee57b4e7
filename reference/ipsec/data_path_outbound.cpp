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
};

void DataPath::send_chunk(std::span<Outgoing> packets, Instant now, std::span<Fate> fates, Actions& actions) {
  std::array<OutboundSa*, largest_run> sas;
  classify_all(packets, sas, fates, actions);
  for (std::size_t i = 0; i < packets.size();) {
    std::size_t end = i + 1;
    if (sas[i] == nullptr) {
      if (fates[i] == Fate::discarded) audit_outbound(packets[i], {}, now, actions);
    } else {
      while (end < packets.size() && sas[end] == sas[i])
        ++end;
      protect_run(*sas[i], packets.subspan(i, end - i), now, fates.subspan(i, end - i), actions);
    }
    i = end;
  }
}

void DataPath::classify_all(std::span<Outgoing> packets, std::span<OutboundSa*> sas, std::span<Fate> fates,
                            Actions& actions) {
  std::array<PacketSelectors, 2> selectors;  // of this packet and the one before
  Classified classified;
  bool known = false;  // whether `classified` is of the packet before
  for (std::size_t i = 0; i < packets.size(); ++i) {
    PacketSelectors& own = selectors[i & 1];
    if (!read_selectors(packets[i].packet.view(), Direction::outbound, own)) {
      packets[i].discard = why_unreadable(packets[i].packet.view());
      fates[i] = Fate::discarded;
      sas[i] = nullptr;
      known = false;
      continue;
    }
    if (!known || own != selectors[(i & 1) ^ 1]) classify(own, classified);
    known = true;
    packets[i].discard = classified.discard;
    fates[i] = classified.fate;
    sas[i] = classified.sa;
    if (classified.discard == Discard::no_sa) actions.events.emplace_back(Acquire{classified.policy, own});
  }
}

void DataPath::classify(const PacketSelectors& packet, Classified& result) {
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
  OutboundChoice* choice = choice_for(policy->id);
  result.sa = choice == nullptr ? nullptr : choice->find(packet);
  result.policy = policy->id;
  //= rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear
  if (result.sa == nullptr) result.discard = Discard::no_sa;
}

OutboundChoice* DataPath::choice_for(PolicyId policy) {
  const auto found = choices_.find(policy);
  return found == choices_.end() ? nullptr : &found->second;
}

void DataPath::protect_run(OutboundSa& sa, std::span<Outgoing> run, Instant now, std::span<Fate> fates,
                           Actions& actions) {
  sa.protect(run, now, outbound_seams());
  for (std::size_t i = 0; i < run.size(); ++i) {
    fates[i] = run[i].discard == Discard::none ? Fate::protected_ : Fate::discarded;
    if (run[i].discard == Discard::packet_too_big) on_too_big(sa, run[i], now, fates[i], actions);
    if (fates[i] == Fate::discarded) audit_outbound(run[i], sa.parameters().spi, now, actions);
  }
  note_lifetime(sa, actions);
}

//= rfc4301/8.2.1/source-told-or-packet-cut
void DataPath::on_too_big(OutboundSa& sa, Outgoing& packet, Instant now, Fate& fate, Actions& actions) {
  const OctetView clear = packet.packet.view();
  const TooBigAction action = action_on_too_big(clear);
  if (action == TooBigAction::tell_the_source) {
    tell_source(sa, clear, now, actions);
    return;
  }
  // Transport mode protects whole datagrams only (RFC 4303 3.1.1), so there what is cut is the result.
  const bool after = action == TooBigAction::fragment_after_protection ||
                     options_.fragment_after_protection || sa.parameters().mode == Mode::transport;
  const bool done = after ? cut_after(sa, clear, now, actions) : cut_before(sa, clear, now, actions);
  if (done) fate = Fate::replaced;
}

bool DataPath::cut_before(OutboundSa& sa, OctetView packet, Instant now, Actions& actions) {
  auto pieces = fragment(packet, sa.largest_packet(), static_cast<std::uint32_t>(seams_.rng.next_u64()));
  if (!pieces) return false;
  for (HeldPacket& piece : *pieces) {
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

bool DataPath::cut_after(OutboundSa& sa, OctetView packet, Instant now, Actions& actions) {
  HeldPacket whole(packet, default_headroom, default_tailroom + sa.parameters().tfc_multiple);
  Outgoing outgoing{.packet = whole.buffer()};
  const std::uint32_t path_mtu = sa.path_mtu();
  sa.set_path_mtu(0xffff);
  sa.protect({&outgoing, 1}, now, outbound_seams());
  sa.set_path_mtu(path_mtu);
  if (outgoing.discard != Discard::none) return false;
  auto pieces = fragment(outgoing.packet.view(), path_mtu, static_cast<std::uint32_t>(seams_.rng.next_u64()));
  if (!pieces) return false;
  for (HeldPacket& piece : *pieces)
    actions.emissions.push_back({Emission::Side::unprotected, std::move(piece)});
  return true;
}

void DataPath::tell_source(OutboundSa& sa, OctetView packet, Instant now, Actions& actions) {
  const auto& own = packet[0] >> 4 == 4 ? options_.own_v4 : options_.own_v6;
  if (!own || !icmp_errors_.allow(now)) return;
  auto message = packet_too_big(packet, *own, sa.largest_packet());
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
