// A reorder buffer and its model, given the same steps. For tests and fuzzing.
#pragma once

#include <memory>
#include <ostream>

#include "cluster/reorder_buffer.hpp"
#include "cluster/test_reorder_model.hpp"

namespace mpsec::cluster {

struct ReorderStep {
  enum What : std::uint8_t { arrive, resolve, wait, wait_for_deadline, flush, paths };
  What what = arrive;
  std::int64_t distance = 0;  // of the number from the next one expected
  std::uint32_t path = 0;
  std::uint64_t flow = 0;
  std::uint32_t octets = 0;  // of what arrives; or the live paths, a bit each
  Duration pause{0};         // before the step
};

inline std::ostream& operator<<(std::ostream& out, const ReorderStep& step) {
  static constexpr const char* names[] = {"arrive", "resolve", "wait", "deadline", "flush", "paths"};
  return out << "\n{" << names[step.what] << " next" << std::showpos << step.distance << std::noshowpos
             << " path " << step.path << " flow " << step.flow << " octets " << step.octets << " after "
             << step.pause.count() << " ns}";
}

class ReorderTrial {
 public:
  static constexpr std::uint32_t paths = 5;
  static constexpr Duration hold = std::chrono::milliseconds(4);
  enum class Policy : std::uint8_t { none, time, gap };

  ReorderTrial(const ReorderOptions& options, Policy policy)
      : options_(options), policy_(make(policy)), model_(options, *policy_), buffer_(options, make(policy)) {}

  void take(const ReorderStep& step) {
    now_ += step.pause;
    const auto next = static_cast<std::int64_t>(buffer_.next().value == 0 ? 1000 : buffer_.next().value);
    const SequenceNumber number(static_cast<std::uint64_t>(std::max<std::int64_t>(next + step.distance, 0)));
    const auto deliver = [this](int&& packet, SequenceNumber left) { log_.emplace_back(left.value, packet); };
    switch (step.what) {
      case ReorderStep::arrive:
        model_.arrive(number.value, step.path, step.flow, step.octets, ++arrived_, now_);
        buffer_.arrive(number, step.path, step.flow, step.octets, int{arrived_}, now_, deliver);
        break;
      case ReorderStep::resolve:
        model_.resolve(number.value, step.path, now_);
        buffer_.resolve(number, step.path, now_, deliver);
        break;
      case ReorderStep::wait_for_deadline:
        now_ = std::max(now_, buffer_.next_deadline().value_or(now_));
        [[fallthrough]];
      case ReorderStep::wait:
        model_.on_time(now_);
        buffer_.on_time(now_, deliver);
        break;
      case ReorderStep::flush:
        model_.flush(now_);
        buffer_.flush(now_, deliver);
        break;
      case ReorderStep::paths:
        set_paths(step.octets);
        break;
    }
  }

  // What buffer and model differ in, or the law that does not hold; empty if all is well.
  const char* fault() const {
    const ReorderCounters& counters = buffer_.counters();
    if (log_ != model_.log) return "what left, and in which order";
    if (buffer_.next().value != model_.next()) return "the number expected next";
    if (buffer_.packets() != model_.packets() || buffer_.octets() != model_.octets()) return "what is held";
    if (buffer_.next_deadline() != model_.deadline()) return "the deadline";
    if (counters != model_.counters) return "the counters";
    if (static_cast<std::uint64_t>(arrived_) != log_.size() + counters.dropped() + buffer_.packets())
      return "arrived = delivered + dropped + held";
    if (counters.delivered() != log_.size()) return "each delivery has one cause";
    if (counters.most_packets > options_.limits.packets || counters.most_octets > options_.limits.octets)
      return "the limits hold";
    return "";
  }

  const ReorderModel::Log& log() const { return log_; }
  const ReorderBuffer<int>& buffer() const { return buffer_; }
  Instant now() const { return now_; }

 private:
  static std::unique_ptr<ReorderPolicy> make(Policy policy) {
    if (policy == Policy::time) return std::make_unique<ReleaseByTime>(hold);
    if (policy == Policy::gap) return std::make_unique<ReleaseByGap>(6);
    return std::make_unique<NoReordering>();
  }

  void set_paths(std::uint32_t bits) {
    std::vector<std::uint32_t> live;
    for (std::uint32_t path = 0; path < paths; ++path)
      if ((bits >> path & 1) != 0) live.push_back(path == paths - 1 ? FlowPaths::most_paths : path);
    model_.on_paths(live);
    static_cast<void>(buffer_.on_paths(live));
  }

  ReorderOptions options_;
  std::unique_ptr<ReorderPolicy> policy_;
  Instant now_{};
  ReorderModel model_;
  ReorderBuffer<int> buffer_;
  ReorderModel::Log log_;
  int arrived_ = 0;
};

}  // namespace mpsec::cluster
