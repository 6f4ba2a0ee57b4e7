#include "cluster/reorder_queue.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <fmt/format.h>
#include <utility>

namespace mpsec::cluster {
namespace {

std::unexpected<Error> unfit(const char* field, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = fmt::format("reordering/{}", field),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = ""});
}

Result<> check_flows(const ReorderOptions& options) {
  const auto& [buckets, learning, memory] = options.flows;
  constexpr std::uint32_t most_buckets = 1u << 20;
  if (buckets == 0) return {};
  if (!std::has_single_bit(buckets) || buckets > most_buckets)
    return unfit("flows/buckets",
                 fmt::format("expected 0 or a power of two up to {}, found {}", most_buckets, buckets));
  if (memory <= Duration::zero())
    return unfit("flows/memory", fmt::format("expected more than 0, found {} ns", memory.count()));
  if (!options.fifo_paths)
    return unfit("flows/buckets", "expected fifo_paths with it: without, nothing tells whose gap it is");
  return {};
}

}  // namespace

Result<> ReorderOptions::check(const ReorderOptions& options) {
  const auto& [packets, octets, time, span] = options.limits;
  constexpr Duration longest = std::chrono::minutes(1);
  constexpr std::uint32_t most_packets = 1u << 20, largest_span = 1u << 24;
  if (packets == 0 || packets > most_packets)
    return unfit("packets", fmt::format("expected 1 to {}, found {}", most_packets, packets));
  if (octets == 0) return unfit("octets", "expected at least 1, found 0");
  if (time <= Duration::zero() || time > longest)
    return unfit("time", fmt::format("expected 1 to {} ns, found {} ns", longest.count(), time.count()));
  if (!std::has_single_bit(span) || span < RecentNumbers::smallest || span > largest_span)
    return unfit("span", fmt::format("expected a power of two from {} to {}, found {}",
                                     RecentNumbers::smallest, largest_span, span));
  return check_flows(options);
}

ReorderQueue::ReorderQueue(const ReorderOptions& options, std::unique_ptr<ReorderPolicy> policy)
    : next_(options.first.value_or(SequenceNumber(0)).value),
      started_(options.first.has_value()),
      seen_(options.limits.span),
      flows_(options.flows),
      ring_(options.limits.span, none),
      slots_(std::size_t{options.limits.packets} + 1),  // one is over the limit until the lowest has left
      options_(options),
      policy_(std::move(policy)) {
  assert(ReorderOptions::check(options));
  for (std::uint32_t slot = static_cast<std::uint32_t>(slots_.size()); slot-- != 0;)
    slots_[slot].older = std::exchange(free_, slot);
}

Result<> ReorderQueue::on_paths(std::span<const std::uint32_t> live) {
  flows_.on_paths(live);
  return paths_.on_paths(live);
}

ReorderQueue::Placed ReorderQueue::arrive_otherwise(const Arrival& arrival, Instant now) noexcept {
  const std::uint64_t number = arrival.number;
  if (!new_number(number, arrival.path, now)) return {Verdict::drop, none};
  if (flows_.apart()) return arrive_in_flow(arrival, now);
  if (number < next_) return late();
  if (number == next_) return expected();
  note_ahead(number);
  return hold(arrival, 0, now);
}

//= profile/7/per-flow
ReorderQueue::Placed ReorderQueue::arrive_in_flow(const Arrival& arrival, Instant now) noexcept {
  const std::uint64_t number = arrival.number;
  const std::uint32_t bucket = flows_.bucket_of(arrival.flow);
  flows_.arrived(bucket, arrival.path, now);
  flow_due_ = bucket;
  if (number >= next_) note_ahead(number);
  if (flows_.overtaken(bucket, number)) return late();
  const bool others_wait = flows_.ends(bucket).lowest != none;
  if (number > next_ && (others_wait || !may_pass(number, bucket))) return hold(arrival, bucket, now);
  ++(number == next_ ? counters_.in_order : counters_.passed);
  flows_.delivered(bucket, number);
  return {Verdict::deliver, none};
}

void ReorderQueue::learn(const Arrival& arrival, Instant now) noexcept {
  const std::uint32_t bucket = flows_.bucket_of(arrival.flow);
  flows_.arrived(bucket, arrival.path, now);
  flows_.delivered(bucket, arrival.number);
}

// True if no number missing below `number` can be of the same flow.
bool ReorderQueue::may_pass(std::uint64_t number, std::uint32_t bucket) const noexcept {
  const std::uint64_t begin = std::max(next_, flows_.complete_below(bucket, paths_));
  return seen_.first_missing_from(begin, number) >= number;
}

//= profile/7/what-resolves-a-number
void ReorderQueue::resolve(std::uint64_t number, std::uint32_t path, Instant now) noexcept {
  const std::uint64_t copies = counters_.duplicates, beyond = counters_.beyond_reach;
  if (!new_number(number, path, now)) {  // no packet, so none was dropped
    counters_.duplicates = copies;
    counters_.beyond_reach = beyond;
    return;
  }
  ++counters_.resolved;
  if (number >= next_) note_ahead(number);
}

// Notes the number and what it tells of its path. False if it was noted before, or nobody can say.
//= profile/7/nothing-twice
bool ReorderQueue::new_number(std::uint64_t number, std::uint32_t path, Instant now) noexcept {
  cause_ = ReleaseCause::filled;
  flushing_ = false;
  if (!started_) {
    started_ = true;
    next_ = number;
  }
  if ((number < next_ && next_ - number > span()) || number == unusable) {
    ++counters_.beyond_reach;
    return false;
  }
  paths_.arrived(path, number);
  if (seen_.has(number)) {
    ++counters_.duplicates;
    return false;
  }
  seen_.insert(number);
  measure(number, path, now);
  return true;
}

//= profile/7/late-packets
ReorderQueue::Placed ReorderQueue::late() noexcept {
  if (options_.late == LatePackets::drop && policy_->keeps_order()) {
    ++counters_.late_dropped;
    return {Verdict::drop, none};
  }
  ++counters_.late_delivered;
  return {Verdict::deliver, none};
}

ReorderQueue::Placed ReorderQueue::hold(const Arrival& arrival, std::uint32_t bucket, Instant now) noexcept {
  const std::uint32_t slot = free_;
  Slot& held = slots_[slot];
  free_ = held.older;
  held = {.number = arrival.number,
          .arrival = now,
          .octets = arrival.octets,
          .older = newest_,
          .newer = none,
          .bucket = bucket,
          .lower = none,
          .higher = none};
  if (flows_.apart()) link_in_flow(slot);
  (newest_ == none ? oldest_ : slots_[newest_].newer) = slot;
  newest_ = slot;
  slot_of(arrival.number) = slot;
  octets_ += arrival.octets;
  ++held_;
  ++counters_.held;
  return {Verdict::hold, slot};
}

// The packets of a path come in order, so its place is nearly always at the end.
void ReorderQueue::link_in_flow(std::uint32_t slot) noexcept {
  Slot& held = slots_[slot];
  FlowPaths::Ends& ends = flows_.ends(held.bucket);
  held.lower = ends.highest;
  while (held.lower != none && slots_[held.lower].number > held.number) {
    held.higher = held.lower;
    held.lower = slots_[held.higher].lower;
  }
  (held.lower == none ? ends.lowest : slots_[held.lower].higher) = slot;
  (held.higher == none ? ends.highest : slots_[held.higher].lower) = slot;
}

void ReorderQueue::unlink_in_flow(std::uint32_t slot) noexcept {
  const Slot& held = slots_[slot];
  FlowPaths::Ends& ends = flows_.ends(held.bucket);
  (held.lower == none ? ends.lowest : slots_[held.lower].higher) = held.higher;
  (held.higher == none ? ends.highest : slots_[held.higher].lower) = held.lower;
  flows_.delivered(held.bucket, held.number);
}

void ReorderQueue::measure(std::uint64_t number, std::uint32_t path, Instant now) noexcept {
  if (const auto known = first_above(number)) policy_->on_late(path, now - *known, now);
}

// When the first number above `number` came, as far as that is known.
std::optional<Instant> ReorderQueue::first_above(std::uint64_t number) const noexcept {
  if (number >= next_) {
    constexpr int most_steps = 8;  // the oldest are nearly always above it
    std::uint32_t slot = oldest_;
    for (int step = 0; slot != none && step < most_steps; ++step, slot = slots_[slot].newer)
      if (slots_[slot].number > number) return slots_[slot].arrival;
    return std::nullopt;
  }
  std::optional<Instant> known;
  for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(passed_count_, passed_gaps); ++back) {
    const PassedGap& gap = passed_[(passed_count_ - back) % passed_gaps];
    if (gap.end <= number) break;
    known = gap.known;
  }
  return known;
}

std::optional<ReorderQueue::Released> ReorderQueue::next_release_otherwise(Instant now) noexcept {
  for (;;) {
    while (ahead_ != 0 && seen_.has(next_)) {
      const std::uint32_t slot = std::exchange(slot_of(next_), none);
      seen_.advance(next_, next_ + 1);
      ++next_;
      --ahead_;
      if (slot != none) return take(slot, now);
    }
    if (flow_due_ != none) {
      if (const auto released = next_of_flow(now)) return released;
    }
    if (!give_up(now)) return std::nullopt;
  }
}

// What waited of the flow that has just got a packet, as far as nothing missing can be of it.
std::optional<ReorderQueue::Released> ReorderQueue::next_of_flow(Instant now) noexcept {
  const std::uint32_t slot = flows_.ends(flow_due_).lowest;
  if (slot == none || !may_pass(slots_[slot].number, flow_due_)) {
    flow_due_ = none;
    return std::nullopt;
  }
  slot_of(slots_[slot].number) = none;
  cause_ = ReleaseCause::flow;
  return take(slot, now);
}

ReorderQueue::Released ReorderQueue::take(std::uint32_t slot, Instant now) noexcept {
  Slot& held = slots_[slot];
  (held.older == none ? oldest_ : slots_[held.older].newer) = held.newer;
  (held.newer == none ? newest_ : slots_[held.newer].older) = held.older;
  octets_ -= held.octets;
  if (flows_.apart()) unlink_in_flow(slot);
  --held_;
  ++counters_.released[static_cast<std::size_t>(cause_)];
  counters_.longest_hold = std::max(counters_.longest_hold, now - held.arrival);
  held.older = std::exchange(free_, slot);
  return {slot, SequenceNumber(held.number)};
}

// Passes the first missing numbers, if they are not to be waited for.
bool ReorderQueue::give_up(Instant now) noexcept {
  if (forced_ > next_) {
    cause_ = ReleaseCause::span;
    pass_to(ahead_ == 0 ? forced_ : std::min(forced_, seen_.first_from(next_, highest_ + 1)), now);
    return true;
  }
  if (held_ == 0) return false;
  const auto cause = due(now);
  if (!cause) {
    counters_.most_packets = std::max(counters_.most_packets, held_);
    counters_.most_octets = std::max(counters_.most_octets, octets_);
    return false;
  }
  cause_ = *cause;
  pass_to(seen_.first_from(next_, highest_ + 1), now);
  return true;
}

//= profile/7/bounded
std::optional<ReleaseCause> ReorderQueue::due(Instant now) noexcept {
  const ReorderPolicy::Patience patience = policy_->patience(now);
  hold_ = std::min(patience.time, options_.limits.time);
  if (flushing_) return ReleaseCause::flush;
  if (held_ > options_.limits.packets) return ReleaseCause::packets;
  if (octets_ > options_.limits.octets) return ReleaseCause::octets;
  if (highest_ - next_ >= patience.numbers) return ReleaseCause::gap;
  if (options_.fifo_paths && paths_.all_above(next_)) return ReleaseCause::fifo;
  if (now - slots_[oldest_].arrival >= hold_) return ReleaseCause::time;
  return std::nullopt;
}

void ReorderQueue::pass_to(std::uint64_t number, Instant now) noexcept {
  passed_[passed_count_++ % passed_gaps] = {number, held_ == 0 ? now : slots_[oldest_].arrival};
  counters_.given_up += number - next_;
  seen_.advance(next_, number);
  next_ = number;
}

std::size_t ReorderQueue::memory_octets() const {
  return seen_.memory_octets() + ring_.capacity() * sizeof(std::uint32_t) + slots_.capacity() * sizeof(Slot) +
         flows_.memory_octets();
}

}  // namespace mpsec::cluster
