// From the unprotected side to the protected one (RFC 4301 5.2).
#include <algorithm>
#include <tuple>

#include "base/scratch.hpp"
#include "ipsec/data_path.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {

// The sealed packets of a chunk, side by side. Those in a row that offer the same key are looked up as one.
struct DataPath::Chunk {
  Scratch<SealedPacket, largest_run> sealed;
  Scratch<InboundKey, largest_run> keys;
  std::array<std::size_t, largest_run> starts;  // of keys[i]: the first packet that offers it
  std::array<InboundSa*, largest_run> sas;      // of keys[i]

  std::size_t end_of(std::size_t key) { return key + 1 < keys.size() ? starts[key + 1] : sealed.size(); }
  std::span<const SealedPacket> packets_of(std::size_t first, std::size_t last) {
    return sealed.span().subspan(starts[first], end_of(last) - starts[first]);
  }
};

void DataPath::receive(std::span<PacketBuffer> packets, Instant now, Actions& actions) {
  for (std::size_t start = 0; start < packets.size(); start += largest_run) {
    const std::size_t count = std::min(largest_run, packets.size() - start);
    receive_chunk(packets.subspan(start, count), now, actions);
  }
}

void DataPath::receive_chunk(std::span<PacketBuffer> packets, Instant now, Actions& actions) {
  Chunk chunk;
  look_at_all(chunk, packets, now, actions);
  find_sas(chunk, now, actions);
  for (std::size_t i = 0, last = 0; i < chunk.keys.size(); i = ++last) {
    while (last + 1 < chunk.keys.size() && chunk.sas[last + 1] == chunk.sas[i])
      ++last;
    if (chunk.sas[i] != nullptr) open_run(*chunk.sas[i], chunk.packets_of(i, last), now, actions);
  }
}

void DataPath::look_at_all(Chunk& chunk, std::span<PacketBuffer> packets, Instant now, Actions& actions) {
  auto add_key = [&](const SealedPacket& sealed, Spi spi) {
    const auto protocol = static_cast<std::uint8_t>(sealed.protocol);
    // Addresses cost more to read than the whole rest, and mostly the SPI is all that is needed.
    const bool by_address = by_address_ != 0;
    if (!by_address && !chunk.keys.empty()) {
      const InboundKey& last = chunk.keys[chunk.keys.size() - 1];
      if (last.spi == spi && last.protocol == protocol) return;
    }
    chunk.starts[chunk.keys.size()] = chunk.sealed.size() - 1;
    chunk.keys.make_back(
        [&] { return by_address ? key_of(sealed, spi) : InboundKey{spi, protocol, {}, {}}; });
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    const wire::PlainHead head = wire::plain_head(packets[i].view());
    if (is_plain_esp(packets[i], head)) [[likely]] {
      const auto& sealed = chunk.sealed.make_back([&] { return plain_esp(packets[i], head, index); });
      add_key(sealed, wire::load<&wire::Esp::spi>(packets[i].data() + head.octets));
      continue;
    }
    SealedPacket& sealed = chunk.sealed.emplace_back();
    const Arrival arrival = look_at(packets[i], sealed, options_.encapsulation_port);
    if (arrival.kind == Arrival::Kind::sealed) {
      sealed.index = index;
      add_key(sealed, arrival.spi);
    } else {
      chunk.sealed.pop_back();
      on_unsealed(arrival, packets[i], now, actions);
    }
  }
}

// What is not for an SA.
void DataPath::on_unsealed(const Arrival& arrival, PacketBuffer packet, Instant now, Actions& actions) {
  switch (arrival.kind) {
    case Arrival::Kind::ike:
      actions.ike.push_back(packet);
      break;
    case Arrival::Kind::clear:
      on_clear(packet, now, actions);
      break;
    case Arrival::Kind::fragment:
      on_fragment(packet, now, actions);
      break;
    default:
      audit_inbound(arrival.discard, packet.view(), nullptr, {}, now, actions);
  }
}

//= profile/6/sub-sa-by-spi-and-address
//= draft-zhang/3.3/member-found-by-spi-and-address
void DataPath::find_sas(Chunk& chunk, Instant now, Actions& actions) {
  sad_.find_batch(chunk.keys.span(), std::span(chunk.sas).first(chunk.keys.size()));
  for (std::size_t i = 0; i < chunk.keys.size(); ++i) {
    if (chunk.sas[i] != nullptr) continue;
    //= rfc4303/3.4.2/no-sa-found-is-discarded-and-audited
    for (const SealedPacket& sealed : chunk.packets_of(i, i))
      audit_inbound(Discard::unknown_spi, sealed.packet.view(), &sealed, chunk.keys[i].spi, now, actions);
  }
}

void DataPath::open_run(InboundSa& sa, std::span<const SealedPacket> run, Instant now, Actions& actions) {
  InboundSa::Accepted accepted;
  std::array<Discard, largest_run> discards;
  InboundSeams seams{seams_.lifetime, seams_.inbound, authenticator_, seams_.tap};
  std::array<std::uint64_t, largest_run> taken;
  if (sa.shares_window()) {
    seams.taken = std::span(taken).first(run.size());
    std::ranges::fill(seams.taken, 0);
  }
  sa.receive(run, now, seams, accepted, discards);
  for (const AcceptedPacket& packet : accepted.span())
    actions.deliveries.push_back({packet.packet(), &packet.sa(), packet.number()});
  if (accepted.size() != run.size()) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (discards[i] == Discard::none) continue;
      if (!seams.taken.empty() && seams.taken[i] != 0)
        actions.settled.push_back({&sa, seams.taken[i], discards[i]});
      audit_inbound(discards[i], run[i].packet.view(), &run[i], sa.parameters().spi, now, actions);
    }
  }
  if (sa.wants_resynchronisation()) actions.events.emplace_back(ResynchronisationWanted{&sa});
  note_lifetime(sa, actions);
}

// RFC 4301 5.2: clear text passes where an entry says BYPASS, and nowhere else.
void DataPath::on_clear(PacketBuffer packet, Instant now, Actions& actions) {
  if (on_icmp(packet.view(), now, actions)) return;
  const auto selectors = selectors_of(packet.view(), Direction::inbound);
  Discard cause = Discard::none;
  if (!selectors) {
    cause = Discard::malformed_packet;
  } else if (const Policy* policy = policies_->find(*selectors); policy == nullptr) {
    cause = Discard::no_policy;
  } else if (policy->action != Action::bypass) {
    //= rfc4301/5.2/clear-text-for-a-protected-policy-is-refused
    cause = policy->action == Action::protect ? Discard::clear_text_refused : Discard::policy_discard;
  }
  if (cause != Discard::none) return audit_inbound(cause, packet.view(), nullptr, {}, now, actions);
  actions.deliveries.push_back({packet, nullptr, 0});
}

//= rfc4301/8.2.1/path-mtu-reports-are-kept-with-the-sa
// True if the packet was a report about a packet of ours, and has done its work.
bool DataPath::on_icmp(OctetView packet, Instant now, Actions& actions) {
  const auto report = read_too_big(packet);
  if (!report || !report->spi) return false;
  const auto [first, last] = outbound_by_spi_.equal_range(*report->spi);
  for (auto at = first; at != last; ++at) {
    OutboundEntry& entry = *at->second;
    if (entry.sa->parameters().destination != report->destination) continue;
    const auto verdict = entry.path_mtu.on_report(report->mtu, report->size, now);
    schedule_raise(entry, entry.path_mtu.next_deadline());
    if (verdict == PathMtu::Verdict::lowered || verdict == PathMtu::Verdict::clamped) {
      entry.sa->set_path_mtu(entry.path_mtu.current());
      actions.events.emplace_back(PathMtuChanged{*report->spi, entry.path_mtu.current()});
    }
    return true;
  }
  return false;
}

//= rfc4303/3.4.1/reassembly-before-esp
void DataPath::on_fragment(const PacketBuffer& packet, Instant now, Actions& actions) {
  if (!options_.reassemble)
    return audit_inbound(Discard::fragment_for_ipsec, packet.view(), nullptr, {}, now, actions);
  Reassembler::Outcome outcome = reassembler_.offer(packet.view(), now);
  for (; outcome.evicted > 0; --outcome.evicted)
    discards_.count(Discard::reassembly_failed);
  if (outcome.discard != Discard::none)
    audit_inbound(outcome.discard, packet.view(), nullptr, {}, now, actions);
  if (!outcome.datagram) return;
  HeldPacket& whole = actions.held.emplace_back(*std::move(outcome.datagram));
  receive_chunk({&whole.buffer(), 1}, now, actions);
}

void DataPath::note_lifetime(InboundSa& sa, Actions& actions) {
  auto tell = [&](bool hard) {
    actions.events.emplace_back(LifetimeReached{sa.parameters().spi, false, hard});
  };
  if (sa.take_soft_notice()) tell(false);
  if (sa.take_hard_notice()) tell(true);
}

//= rfc4303/3.4.3/audit-entry-names-spi-time-addresses-and-number
void DataPath::audit_inbound(Discard cause, OctetView packet, const SealedPacket* sealed, Spi spi,
                             Instant now, Actions& actions) {
  discards_.count(cause);
  if (cause == Discard::keepalive || cause == Discard::dummy || cause == Discard::redundant)
    return;  // as it should be: nothing to audit
  Audit audit{.cause = cause, .outbound = false, .spi = spi, .source = {}, .destination = {}, .at = now};
  if (const auto addresses = addresses_of(packet)) std::tie(audit.source, audit.destination) = *addresses;
  if (!packet.empty() && packet[0] >> 4 == 6 && packet.size() >= 4)
    audit.flow_label = load_be<std::uint32_t>(packet.data()) & 0xfffff;
  if (sealed != nullptr) {
    const std::uint32_t number_at = sealed->protected_at + (sealed->protocol == Protocol::esp ? 4 : 8);
    audit.sequence_number = load_be<std::uint32_t>(packet.data() + number_at);
  }
  actions.events.emplace_back(audit);
}

}  // namespace mpsec::ipsec
