// The numbers of a reorder buffer: who waits, for how long, and who is next. The packets are elsewhere.
#pragma once

#include <memory>
#include <vector>

#include "cluster/path_progress.hpp"
#include "cluster/recent_numbers.hpp"
#include "cluster/reorder_options.hpp"
#include "cluster/reorder_policy.hpp"

namespace mpsec::cluster {

// Each held packet has a slot, by which its owner finds it. After every call but the const ones,
// next_release() is called until it gives nothing.
class ReorderQueue {
 public:
  enum class Verdict : std::uint8_t { deliver, hold, drop };
  struct Placed {
    Verdict verdict;
    std::uint32_t slot;  // where it is to be held
  };
  struct Released {
    std::uint32_t slot;
    SequenceNumber number;
  };
  struct Arrival {
    std::uint64_t number;
    std::uint32_t path;
    std::uint64_t flow;
    std::uint32_t octets;
  };

  // `options` pass their check.
  ReorderQueue(const ReorderOptions& options, std::unique_ptr<ReorderPolicy> policy);

  std::size_t slots() const { return slots_.size(); }

  // False: the number is beyond the span, and make_room() has to come first.
  bool within_span(std::uint64_t number) const noexcept {
    return number < next_ || number - next_ < span() || !started_ || number == unusable;
  }
  void make_room(std::uint64_t number) noexcept { forced_ = number - span() + 1; }

  // `number` is within the span.
  Placed arrive(const Arrival& arrival, Instant now) noexcept {
    if (arrival.number != next_ || ahead_ != 0 || !started_ || arrival.number == unusable) [[unlikely]]
      return arrive_otherwise(arrival, now);
    paths_.arrived(arrival.path, arrival.number);
    if (flows_.apart()) learn(arrival, now);
    return expected();
  }
  void resolve(std::uint64_t number, std::uint32_t path, Instant now) noexcept;
  void flush() noexcept { flushing_ = true; }  // until the next number
  Result<> on_paths(std::span<const std::uint32_t> live);

  // The next packet that leaves; its slot is free for the next arrival.
  std::optional<Released> next_release(Instant now) noexcept {
    if (ahead_ == 0 && forced_ <= next_) return std::nullopt;
    return next_release_otherwise(now);
  }

  std::optional<Instant> next_deadline() const noexcept {
    if (held_ == 0) return std::nullopt;
    return slots_[oldest_].arrival + hold_;
  }

  SequenceNumber next() const noexcept { return SequenceNumber(next_); }
  std::uint32_t packets() const noexcept { return held_; }
  std::uint64_t octets() const noexcept { return octets_; }
  const ReorderCounters& counters() const noexcept { return counters_; }
  std::size_t memory_octets() const;

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  static constexpr std::uint64_t unusable = 0xffffffffffffffff;  // nothing comes after it

  struct Slot {
    std::uint64_t number = 0;
    Instant arrival{};
    std::uint32_t octets = 0;
    std::uint32_t older = none;  // by arrival; the next free one where nothing is held
    std::uint32_t newer = none;
    std::uint32_t bucket = 0;  // of its flow, whose held packets are linked by number
    std::uint32_t lower = none;
    std::uint32_t higher = none;
  };
  // Numbers below `end` were given up, and the first above them had come at `known`.
  struct PassedGap {
    std::uint64_t end = 0;
    Instant known{};
  };
  static constexpr std::size_t passed_gaps = 64;

  std::uint64_t span() const noexcept { return ring_.size(); }
  std::uint32_t& slot_of(std::uint64_t number) noexcept { return ring_[number & (ring_.size() - 1)]; }

  Placed expected() noexcept {
    seen_.insert(next_);
    seen_.advance(next_, next_ + 1);
    ++next_;
    ++counters_.in_order;
    return {Verdict::deliver, none};
  }
  Placed arrive_otherwise(const Arrival& arrival, Instant now) noexcept;
  Placed arrive_in_flow(const Arrival& arrival, Instant now) noexcept;
  // It need not be above next_: next_release() passes it there.
  void note_ahead(std::uint64_t number) noexcept {
    ++ahead_;
    highest_ = highest_ > number ? highest_ : number;
  }
  bool new_number(std::uint64_t number, std::uint32_t path, Instant now) noexcept;
  Placed late() noexcept;
  void learn(const Arrival& arrival, Instant now) noexcept;
  bool may_pass(std::uint64_t number, std::uint32_t bucket) const noexcept;
  Placed hold(const Arrival& arrival, std::uint32_t bucket, Instant now) noexcept;
  void measure(std::uint64_t number, std::uint32_t path, Instant now) noexcept;
  std::optional<Instant> first_above(std::uint64_t number) const noexcept;

  void link_in_flow(std::uint32_t slot) noexcept;
  void unlink_in_flow(std::uint32_t slot) noexcept;

  std::optional<Released> next_release_otherwise(Instant now) noexcept;
  std::optional<Released> next_of_flow(Instant now) noexcept;
  Released take(std::uint32_t slot, Instant now) noexcept;
  bool give_up(Instant now) noexcept;
  std::optional<ReleaseCause> due(Instant now) noexcept;
  void pass_to(std::uint64_t number, Instant now) noexcept;

  // What an arrival in order touches.
  std::uint64_t next_ = 0;
  std::uint64_t ahead_ = 0;   // numbers from next_ on that are accounted for
  std::uint64_t forced_ = 0;  // numbers below are not waited for: the span
  bool started_ = false;      // next_ is known
  bool flushing_ = false;
  PathProgress paths_;
  RecentNumbers seen_;
  ReorderCounters counters_;

  FlowPaths flows_;
  std::uint32_t flow_due_ = none;  // the bucket that has just got a packet
  std::uint64_t highest_ = 0;      // number accounted for, if ahead_ is not 0
  ReleaseCause cause_ = ReleaseCause::filled;
  Duration hold_{0};
  std::uint32_t held_ = 0;
  std::uint64_t octets_ = 0;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  std::uint32_t free_ = none;
  std::vector<std::uint32_t> ring_;  // slots by number, modulo the span
  std::vector<Slot> slots_;
  std::array<PassedGap, passed_gaps> passed_{};
  std::uint64_t passed_count_ = 0;
  ReorderOptions options_;
  std::unique_ptr<ReorderPolicy> policy_;
};

}  // namespace mpsec::cluster
