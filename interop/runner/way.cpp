#include "interop/runner/way.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace mpsec::conformance {
namespace {

constexpr unsigned first_tries = 8, fewest = 20, most = 100;
constexpr Duration enough = std::chrono::seconds(5);
constexpr double exchanges_of_a_case = 10, by_chance = 1e-4;
constexpr unsigned most_confirmations = 20;

class Samples {
 public:
  // Sends the request, until it is answered or was sent so often. What is never answered is no loss on the
  // way: the target does not answer this.
  bool take(Tester& t, IkeSession& sa, const Message& request, unsigned tries) {
    std::vector<Instant> sent, answered;
    while (answered.empty() && sent.size() < tries) {
      sent.push_back(t.now());
      sent.size() == 1 ? sa.send(request) : sa.send_again();
      if (t.response_to(sa, request, t.link().patience())) answered.push_back(t.now());
    }
    if (answered.empty()) return false;
    // Each sending that arrives is answered: as many answers as still come were not lost, but late.
    while (answered.size() < sent.size() && t.response_to(sa, request, t.link().patience()))
      answered.push_back(t.now());
    const std::size_t lost = sent.size() - answered.size();
    for (std::size_t i = 0; i < answered.size(); ++i)
      round_trips_.push_back(answered[i] - sent[i + lost]);
    lost_ += static_cast<unsigned>(lost);
    return true;
  }
  // What one target alone makes slow, and drops as it is at work, is not the way's loss.
  void forget_losses() { lost_ = 0; }
  unsigned taken() const { return static_cast<unsigned>(round_trips_.size()) + lost_; }
  WayReport report() {
    std::ranges::sort(round_trips_);
    return {taken(), lost_, round_trips_.front(), round_trips_[round_trips_.size() / 2], round_trips_.back()};
  }

 private:
  std::vector<Duration> round_trips_;
  unsigned lost_ = 0;
};

}  // namespace

Result<WayReport> measure_way(Target& target, const Tester::Providers& providers, std::uint64_t seed) {
  static_cast<void>(target.prepare({}));
  Samples samples;
  const auto reach = [&](Tester& t) {
    IkeSession& sa = t.begin();
    if (!samples.take(t, sa, sa.init_request(), first_tries))
      t.fail(
          fmt::format("a response to IKE_SA_INIT from {}", to_string(t.link().paths().front().remote)),
          fmt::format("none after {} sendings; 'mpsec-conformance check' looks for the cause", first_tries));
  };
  const Outcome reached = run_steps(reach, target, providers, seed);
  if (reached.verdict != Verdict::pass)
    return std::unexpected(Error{Blame::peer_misbehaved, "target", std::nullopt,
                                 fmt::format("expected {}, found {}", reached.expected, reached.actual), ""});
  samples.forget_losses();
  static_cast<void>(target.prepare({}));
  const auto check = [&](Tester& t) {
    IkeSession& sa = t.establish();
    const Instant began = t.now();
    while (samples.taken() < fewest || (samples.taken() < most && t.now() - began < enough))
      if (!samples.take(t, sa, sa.informational(), first_tries)) return;
  };
  static_cast<void>(run_steps(check, target, providers, seed + 1));
  return samples.report();
}

unsigned confirmations(unsigned wanted, const WayReport& way) {
  if (way.lost == 0 || wanted <= 1) return wanted;
  const double arrives = 1 - static_cast<double>(way.lost) / way.exchanges;
  const double case_fails = 1 - std::pow(arrives, exchanges_of_a_case);
  const double needed = std::ceil(std::log(by_chance) / std::log(case_fails));
  return needed < most_confirmations ? std::max(wanted, static_cast<unsigned>(needed)) : most_confirmations;
}

}  // namespace mpsec::conformance
