// A reorder buffer as simple as it can be, for tests: maps and sets, everything by search.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "cluster/reorder_options.hpp"
#include "cluster/reorder_policy.hpp"

namespace mpsec::cluster {

class ReorderModel {
 public:
  using Log = std::vector<std::pair<std::uint64_t, int>>;  // numbers and packets in the order they left

  ReorderModel(const ReorderOptions& options, ReorderPolicy& policy) : options_(options), policy_(policy) {
    if (options.first) next_ = options.first->value;
  }

  void arrive(std::uint64_t number, std::uint32_t path, std::uint64_t flow, std::uint32_t octets, int packet,
              Instant now) {
    if (!note(number, path, now)) return release(now);
    const bool apart = options_.flows.buckets != 0;
    Flow& known = flows_[apart ? flow % options_.flows.buckets : 0];
    if (apart) learn(known, path, now);
    if (apart ? number < known.highest_delivered : number < *next_) {
      const bool drop = options_.late == LatePackets::drop && policy_.keeps_order();
      ++(drop ? counters.late_dropped : counters.late_delivered);
      if (!drop) log.emplace_back(number, packet);
    } else if (number <= *next_ || (apart && lowest_held(known) == held_.end() && may_pass(known, number))) {
      ++(number == *next_ ? counters.in_order : counters.passed);
      known.highest_delivered = std::max(known.highest_delivered, number);
      log.emplace_back(number, packet);
    } else {
      ++counters.held;
      held_[number] = {now, octets, packet, &known};
    }
    run(ReleaseCause::filled, now);
    if (apart) release_flow(known, now);
    release(now);
  }

  void resolve(std::uint64_t number, std::uint32_t path, Instant now) {
    const ReorderCounters before = counters;
    if (note(number, path, now)) {
      ++counters.resolved;
    } else {
      counters.duplicates = before.duplicates;
      counters.beyond_reach = before.beyond_reach;
    }
    release(now);
  }

  void on_time(Instant now) { release(now); }
  void flush(Instant now) {
    flushing_ = true;
    release(now);
    flushing_ = false;
  }
  void on_paths(const std::vector<std::uint32_t>& live) {
    std::map<std::uint32_t, std::uint64_t> tops;
    for (const std::uint32_t path : live)
      tops[path] = tops_.contains(path) ? tops_[path] : 0;
    tops_ = tops;
  }

  std::optional<Instant> deadline() const {
    if (held_.empty()) return std::nullopt;
    return oldest() + hold_;
  }
  std::uint64_t next() const { return next_.value_or(0); }
  std::size_t packets() const { return held_.size(); }
  std::uint64_t octets() const {
    std::uint64_t sum = 0;
    for (const auto& [number, packet] : held_)
      sum += packet.octets;
    return sum;
  }

  Log log;
  ReorderCounters counters;

 private:
  struct Flow {
    std::map<std::uint32_t, std::int64_t> paths;  // and the period in which each was used last
    std::int64_t period = 0;
    std::uint32_t packets = 0;
    std::uint64_t highest_delivered = 0;
  };
  struct Held {
    Instant arrival;
    std::uint32_t octets;
    int packet;
    Flow* flow;
  };

  Instant oldest() const {
    return std::ranges::min_element(held_, {}, [](const auto& held) { return held.second.arrival; })
        ->second.arrival;
  }

  bool note(std::uint64_t number, std::uint32_t path, Instant now) {
    if (!next_) next_ = number;
    if (number == UINT64_MAX || (number < *next_ && *next_ - number > options_.limits.span)) {
      ++counters.beyond_reach;
      return false;
    }
    if (number >= *next_ && number - *next_ >= options_.limits.span) {
      while (number - *next_ >= options_.limits.span)
        pass(std::min(first_known(), number - options_.limits.span + 1), ReleaseCause::span, now);
      release(now);
    }
    if (tops_.contains(path)) tops_[path] = std::max(tops_[path], number);
    if (known_.insert(number).second) return true;
    ++counters.duplicates;
    return false;
  }

  void learn(Flow& flow, std::uint32_t path, Instant now) {
    const std::int64_t period = now.time_since_epoch() / options_.flows.memory;
    if (period > flow.period + 1) flow.packets = 0;
    flow.period = period;
    flow.paths[path] = period;
    ++flow.packets;
    if (path >= FlowPaths::most_paths) flow.packets = 0;
  }

  // No number missing below `number` can come on a path that the flow uses, and none of the flow waits.
  bool may_pass(const Flow& flow, std::uint64_t number) const {
    if (flow.packets <= options_.flows.learning) return false;
    bool any = false;
    std::uint64_t complete = UINT64_MAX;
    for (const auto& [path, period] : flow.paths) {
      if (period + 1 < flow.period || !tops_.contains(path) || path >= FlowPaths::most_paths) continue;
      any = true;
      complete = std::min(complete, tops_.at(path));
    }
    if (!any) return false;
    for (std::uint64_t missing = *next_; missing < number; ++missing)
      if (!known_.contains(missing) && missing > complete) return false;
    return true;
  }

  std::map<std::uint64_t, Held>::iterator lowest_held(const Flow& flow) {
    return std::ranges::find_if(held_, [&flow](const auto& held) { return held.second.flow == &flow; });
  }

  void release_flow(const Flow& flow, Instant now) {
    for (auto held = lowest_held(flow); held != held_.end() && may_pass(flow, held->first);
         held = lowest_held(flow))
      leave(held, ReleaseCause::flow, now);
  }

  std::uint64_t first_known() const {
    const auto known = known_.lower_bound(*next_);
    return known == known_.end() ? UINT64_MAX : *known;
  }

  // Gives up what is missing before `number`, and delivers from there on without a gap.
  void pass(std::uint64_t number, ReleaseCause cause, Instant now) {
    counters.given_up += number - *next_;
    next_ = number;
    run(cause, now);
  }

  void run(ReleaseCause cause, Instant now) {
    for (; known_.contains(*next_); ++*next_) {
      const auto held = held_.find(*next_);
      if (held == held_.end()) continue;
      leave(held, cause, now);
    }
  }

  void leave(std::map<std::uint64_t, Held>::iterator held, ReleaseCause cause, Instant now) {
    ++counters.released[static_cast<std::size_t>(cause)];
    counters.longest_hold = std::max(counters.longest_hold, now - held->second.arrival);
    log.emplace_back(held->first, held->second.packet);
    Flow& flow = *held->second.flow;
    flow.highest_delivered = std::max(flow.highest_delivered, held->first);
    held_.erase(held);
  }

  void release(Instant now) {
    if (next_) run(ReleaseCause::filled, now);
    while (const auto cause = due(now))
      pass(first_known(), *cause, now);
    counters.most_packets = std::max(counters.most_packets, static_cast<std::uint32_t>(held_.size()));
    counters.most_octets = std::max(counters.most_octets, octets());
  }

  std::optional<ReleaseCause> due(Instant now) {
    if (held_.empty()) return std::nullopt;
    const auto patience = policy_.patience(now);
    hold_ = std::min(patience.time, options_.limits.time);
    if (flushing_) return ReleaseCause::flush;
    if (held_.size() > options_.limits.packets) return ReleaseCause::packets;
    if (octets() > options_.limits.octets) return ReleaseCause::octets;
    if (*known_.rbegin() - *next_ >= patience.numbers) return ReleaseCause::gap;
    const bool lost = std::ranges::all_of(tops_, [this](const auto& top) { return top.second > *next_; });
    if (options_.fifo_paths && !tops_.empty() && lost) return ReleaseCause::fifo;
    if (now - oldest() >= hold_) return ReleaseCause::time;
    return std::nullopt;
  }

  ReorderOptions options_;
  ReorderPolicy& policy_;
  std::optional<std::uint64_t> next_;
  std::map<std::uint64_t, Held> held_;
  std::set<std::uint64_t> known_;
  std::map<std::uint32_t, std::uint64_t> tops_;
  std::map<std::uint64_t, Flow> flows_;
  Duration hold_{0};
  bool flushing_ = false;
};

}  // namespace mpsec::cluster
