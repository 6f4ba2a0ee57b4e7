#include "interop/runner/side_by_side.hpp"

#include <algorithm>
#include <deque>
#include <semaphore>
#include <set>
#include <thread>

#include "wire/ike/message.hpp"

namespace mpsec::conformance {
namespace {

// A case that waits longer than this many times the link's patience, and for a request once more, waits for a
// timer.
constexpr int long_wait = 2;
constexpr std::size_t marker_octets = 4;  // RFC 3948 2.2

Result<wire::ike::IkeHeader> header_of(const Datagram& datagram) {
  const OctetView octets = datagram.octets;
  const bool marked = ike::has_marker({datagram.local, datagram.remote}) && octets.size() >= marker_octets;
  return wire::ike::decode_header(marked ? octets.subspan(marker_octets) : octets);
}

// What a case has for a target: the real one, and of what arrives its own share. Cases and whoever shares it
// out take turns, so nothing is touched by two threads at once.
class Lane final : public Target, public Link {
 public:
  explicit Lane(Target& target) : target_(target) {}
  ~Lane() override {
    if (thread_.joinable()) thread_.join();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // --- for the case
  const Description& description() const override { return target_.description(); }
  Link& link() override { return *this; }
  Result<> prepare(const Wishes&) override { return {}; }
  Result<> call(Hook hook, std::uint64_t argument) override {
    expects_initiation_ |= hook == Hook::initiate;
    return target_.call(hook, argument);
  }
  Result<ReplayCounters> replay_counters() override { return target_.replay_counters(); }
  bool remembers() const override { return true; }
  Result<std::vector<AuditEntry>> audit() override { return target_.audit(); }
  Instant now() const override { return target_.link().now(); }
  const std::vector<ike::Path>& paths() const override { return target_.link().paths(); }
  void send(const Datagram& datagram) override {
    if (const auto header = header_of(datagram)) own_.insert(header->initiator_spi);
    target_.link().send(datagram);
  }
  void send(const EspPacket& packet) override { target_.link().send(packet); }
  void send(const ClearPacket& packet) override { target_.link().send(packet); }
  bool handles_clear() const override { return target_.link().handles_clear(); }
  std::optional<Arrival> receive(Instant until) override {
    until_ = until;
    while (arrived_.empty()) {
      if (now() >= until) return std::nullopt;
      theirs_.release();
      ours_.acquire();
    }
    Arrival first = std::move(arrived_.front());
    arrived_.pop_front();
    return first;
  }
  Duration patience() const override { return target_.link().patience(); }
  Duration silence() const override { return target_.link().silence(); }
  unsigned sendings() const override { return target_.link().sendings(); }

  // --- for whoever shares out
  void start(std::function<void()> run) {
    thread_ = std::thread([this, run = std::move(run)] {
      ours_.acquire();
      run();
      ended_ = true;
      theirs_.release();
    });
    take_turn();
  }
  // Returns when it waits or has ended.
  void take_turn() {
    ours_.release();
    theirs_.acquire();
  }
  bool ended() const { return ended_; }
  Instant waits_until() const { return until_; }
  bool waits_long() const {
    return ended_ || until_ - now() > long_wait * patience() + description().first_retransmission;
  }
  bool owns(IkeSpi spi) const { return own_.contains(spi); }
  // Whether the target begins this IKE SA because the case asked for it.
  bool claims(const wire::ike::IkeHeader& header) {
    const bool begins = header.exchange_type == wire::ike::ExchangeType::ike_sa_init && !header.response;
    if (!expects_initiation_ || !begins) return false;
    expects_initiation_ = false;
    own_.insert(header.initiator_spi);
    return true;
  }
  void take(const Arrival& arrival) { arrived_.push_back(arrival); }

 private:
  Target& target_;
  std::set<IkeSpi> own_;  // of IKE SAs, their initiators'
  bool expects_initiation_ = false;
  std::deque<Arrival> arrived_;
  Instant until_{};
  bool ended_ = false;
  std::binary_semaphore ours_{0}, theirs_{0};
  std::thread thread_;
};

using Lanes = std::deque<Lane>;

// An IKE message of a known SA goes to the case that has it; anything else to all, who know what is theirs.
void share_out(const Arrival& arrival, Lanes& lanes) {
  if (const auto* datagram = std::get_if<Datagram>(&arrival.what)) {
    if (const auto header = header_of(*datagram)) {
      auto owner =
          std::ranges::find_if(lanes, [&](const Lane& one) { return one.owns(header->initiator_spi); });
      if (owner == lanes.end())
        owner = std::ranges::find_if(lanes, [&](Lane& one) { return one.claims(*header); });
      if (owner != lanes.end()) return owner->take(arrival);
    }
  }
  for (Lane& one : lanes)
    one.take(arrival);
}

// Until `done` holds of those that have begun.
template <class Done>
void run_until(Lanes& lanes, Link& link, Done done) {
  while (!done()) {
    Instant until = Instant::max();
    for (const Lane& one : lanes)
      if (!one.ended()) until = std::min(until, one.waits_until());
    if (const auto arrival = link.receive(until)) share_out(*arrival, lanes);
    for (Lane& one : lanes)
      if (!one.ended()) one.take_turn();
  }
}

}  // namespace

std::vector<const Case*> side_by_side(std::span<const Case* const> cases) {
  std::vector<const Case*> found;
  std::ranges::copy_if(cases, std::back_inserter(found), &Case::waits_for_timers);
  std::ranges::stable_partition(found, [](const Case* one) { return one->hooks.has(Hook::initiate); });
  return found;
}

std::vector<Outcome> run_side_by_side(std::span<const Case* const> cases, Target& target,
                                      const Tester::Providers& providers, std::uint64_t seed, Keep keep) {
  std::vector<Outcome> outcomes(cases.size());
  static_cast<void>(target.prepare({}));
  Lanes lanes;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Lane& lane = lanes.emplace_back(target);
    lane.start([&, i] { outcomes[i] = run_case(*cases[i], lane, providers, seed, keep); });
    run_until(lanes, target.link(), [&] { return lane.waits_long(); });
  }
  run_until(lanes, target.link(), [&] { return std::ranges::all_of(lanes, &Lane::ended); });
  return outcomes;
}

}  // namespace mpsec::conformance
