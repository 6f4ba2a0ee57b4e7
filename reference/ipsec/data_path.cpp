// Configuration and time of the data path; packets are in data_path_outbound.cpp and data_path_inbound.cpp.
#include "ipsec/data_path.hpp"

#include <fmt/format.h>

namespace mpsec::ipsec {
namespace {

PathMtu::Limits limits_for(PathMtu::Limits limits, std::uint32_t link) {
  limits.link = link;
  return limits;
}

SadKey key_for(const InboundParameters& parameters, SadKeyShape shape) {
  switch (shape) {
    case SadKeyShape::spi:
      break;
    case SadKeyShape::spi_destination:
      return SadKey::of(parameters.spi, parameters.destination);
    case SadKeyShape::spi_destination_source:
      return SadKey::of(parameters.spi, parameters.destination, parameters.source);
  }
  return SadKey::of(parameters.spi, static_cast<std::uint8_t>(parameters.protocol));
}

}  // namespace

// For the SAD's refusals: who is there already.
std::string describe(const InboundSa& sa) {
  const InboundParameters& parameters = sa.parameters();
  return fmt::format("{} SA 0x{:08x} from {} to {}", parameters.protocol == Protocol::esp ? "ESP" : "AH",
                     parameters.spi.value, to_string(parameters.source), to_string(parameters.destination));
}

DataPath::DataPath(const Options& options, const Seams& seams)
    : options_(options),
      seams_(seams),
      policies_(std::make_shared<const SpdSnapshot>(PolicyList{})),
      sad_(options.seed, options.spi_space),
      reassembler_(options.reassembly),
      icmp_errors_(options.icmp_errors) {}

Result<InboundSa*> DataPath::add(std::unique_ptr<InboundSa> sa, SadKeyShape shape) {
  InboundSa* const added = sa.get();
  const SadKey key = key_for(added->parameters(), shape);
  if (auto inserted = sad_.insert(key, *added); !inserted) return std::unexpected(inserted.error());
  if (shape != SadKeyShape::spi) ++by_address_;
  schedule(added->parameters().lifetime, static_cast<const InboundSa*>(added));
  inbound_.emplace(added, InboundEntry{std::move(sa), key});
  return added;
}

OutboundSa* DataPath::add(PolicyId policy, std::unique_ptr<OutboundSa> sa) {
  OutboundSa* const added = add(std::move(sa), policy);
  choices_[policy].add(*added);
  return added;
}

OutboundSa* DataPath::add(std::unique_ptr<OutboundSa> sa) {
  return add(std::move(sa), std::nullopt);
}

void DataPath::use(ClusterId cluster, OutboundGroup* group) {
  if (group == nullptr)
    groups_.erase(cluster);
  else
    groups_[cluster] = group;
}

void DataPath::take_back(ClusterId cluster, const OutboundGroup* group) {
  const auto found = groups_.find(cluster);
  if (found != groups_.end() && found->second == group) groups_.erase(found);
}

OutboundSa* DataPath::add(std::unique_ptr<OutboundSa> sa, std::optional<PolicyId> policy) {
  OutboundSa* const added = sa.get();
  const OutboundParameters& parameters = added->parameters();
  const PathMtu estimate(parameters.source.version(), limits_for(options_.path_mtu, parameters.path_mtu));
  auto [entry, _] = outbound_.emplace(added, OutboundEntry{std::move(sa), policy, estimate, {}});
  outbound_by_spi_.emplace(parameters.spi, &entry->second);
  schedule(parameters.lifetime, static_cast<const OutboundSa*>(added));
  return added;
}

bool DataPath::remove(const InboundSa* sa) {
  const auto found = inbound_.find(sa);
  if (found == inbound_.end()) return false;
  sad_.erase(found->second.key);
  if (found->second.key.shape != SadKeyShape::spi) --by_address_;
  inbound_.erase(found);
  return true;
}

bool DataPath::remove(const OutboundSa* sa) {
  const auto found = outbound_.find(sa);
  if (found == outbound_.end()) return false;
  if (found->second.policy) choices_[*found->second.policy].remove(*sa);
  const auto [first, last] = outbound_by_spi_.equal_range(sa->parameters().spi);
  for (auto at = first; at != last; ++at) {
    if (at->second != &found->second) continue;
    outbound_by_spi_.erase(at);
    break;
  }
  schedule_raise(found->second, std::nullopt);
  outbound_.erase(found);
  return true;
}

void DataPath::schedule(const Lifetime& lifetime, Timers::mapped_type sa) {
  if (lifetime.soft.until != Instant::max()) timers_.emplace(lifetime.soft.until, sa);
  if (lifetime.hard.until != Instant::max()) timers_.emplace(lifetime.hard.until, sa);
}

std::optional<Instant> DataPath::next_deadline() const {
  std::optional<Instant> next;
  auto consider = [&](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!timers_.empty()) consider(timers_.begin()->first);
  consider(reassembler_.next_deadline());
  if (!raises_.empty()) consider(raises_.begin()->first);
  return next;
}

void DataPath::on_time(Instant now, Actions& actions) {
  // A timer may be left of an SA that was removed; it is told apart by not being found.
  for (; !timers_.empty() && timers_.begin()->first <= now; timers_.erase(timers_.begin())) {
    const auto sa = timers_.begin()->second;
    if (const auto* in = std::get_if<const InboundSa*>(&sa); in && inbound_.contains(*in)) {
      inbound_.at(*in).sa->on_time(now);
      note_lifetime(*inbound_.at(*in).sa, actions);
    }
    if (const auto* out = std::get_if<const OutboundSa*>(&sa); out && outbound_.contains(*out)) {
      outbound_.at(*out).sa->on_time(now);
      note_lifetime(*outbound_.at(*out).sa, actions);
    }
  }
  give_up_fragments(now, actions);
  raise_path_mtus(now, actions);
}

void DataPath::give_up_fragments(Instant now, Actions& actions) {
  const Reassembler::TimedOut overdue = reassembler_.expire(now);
  for (std::size_t i = 0; i < overdue.datagrams; ++i)
    discards_.count(Discard::reassembly_timeout);
  for (const Octets& first : overdue.first_fragments) {
    const bool tell = (first[0] >> 4 == 4 ? options_.own_v4 : options_.own_v6).has_value();
    if (!tell || !icmp_errors_.allow(now)) continue;
    auto message = reassembly_time_exceeded(first);
    if (message) actions.emissions.push_back({Emission::Side::unprotected, *std::move(message)});
  }
}

void DataPath::raise_path_mtus(Instant now, Actions& actions) {
  while (!raises_.empty() && raises_.begin()->first <= now) {
    OutboundEntry& entry = *raises_.begin()->second;
    const bool raised = entry.path_mtu.on_time(now);
    schedule_raise(entry, entry.path_mtu.next_deadline());
    if (!raised) continue;
    entry.sa->set_path_mtu(entry.path_mtu.current());
    actions.events.emplace_back(PathMtuChanged{entry.sa->parameters().spi, entry.path_mtu.current()});
  }
}

void DataPath::schedule_raise(OutboundEntry& entry, std::optional<Instant> at) {
  if (entry.raise_at) raises_.erase({*entry.raise_at, &entry});
  entry.raise_at = at;
  if (at) raises_.emplace(*at, &entry);
}

std::string to_string(const Audit& audit) {
  std::string text = fmt::format("{} {}", audit.outbound ? "outbound" : "inbound", to_string(audit.cause));
  if (audit.spi.value != 0) text += fmt::format(" spi 0x{:08x}", audit.spi.value);
  text += fmt::format(" {} -> {}", to_string(audit.source), to_string(audit.destination));
  if (audit.sequence_number != 0) text += fmt::format(" sequence {}", audit.sequence_number);
  if (audit.flow_label != 0) text += fmt::format(" flow 0x{:05x}", audit.flow_label);
  if (!clause_of(audit.cause).empty()) text += fmt::format(" ({})", clause_of(audit.cause));
  return text;
}

}  // namespace mpsec::ipsec
