// The receiving end and its model: what becomes of each packet that arrives, and by which cause.
#pragma once

#include "cluster/test_cluster_watch.hpp"

namespace mpsec::cluster::test {

class WatchedReceiver : public WatchedEnd {
 public:
  WatchedReceiver(const WorldSettings& settings, Bend bend, Laws& laws)
      : WatchedEnd(settings, false, bend, laws) {}

  // Authentic packets, new or not, at once. All belong to sub-SAs of one worker.
  void receive(std::span<const Flying> batch, Instant now) {
    if (batch.empty()) return;
    std::vector<Octets> octets;
    for (const Flying& packet : batch)
      octets.push_back(packet.packet);
    Expected expected;
    for (std::size_t first = 0, last = 0; first < batch.size(); first = last) {
      while (last < batch.size() && batch[last].sub_sa == batch[first].sub_sa)
        ++last;
      expect_run(batch.subspan(first, last - first), now, expected);
    }
    give(batch[0].sub_sa, octets, now);
    compare(batch[0].sub_sa, expected, now);
  }

  // One that is not authentic.
  void receive_forged(std::uint32_t sub_sa, const Octets& packet, Instant now) {
    const ipsec::DiscardCounters before = end_.worker_of(sub_sa).path.discards();
    give(sub_sa, {packet}, now);
    WorldWorker& worker = end_.worker_of(sub_sa);
    laws_.hold(worker.actions.deliveries.empty(), "what is not authentic is not delivered");
    const std::uint32_t on_wire = load_be<std::uint32_t>(packet.data() + 24);
    std::size_t right = 0;
    for (const ipsec::Discard cause : causes_of_forged(sub_sa, on_wire))
      right += worker.path.discards()[cause] - before[cause];
    laws_.hold(right == 1, "what is forged is discarded by its cause");
    discarded_ += 1;
    if (auto* member = members_.find(sub_sa); member != nullptr && member->in) member->in->see_time(now);
    check_top(sub_sa);
    try_resynchronisation(worker);
  }

  bool in_window(const Flying& packet) const {
    const auto found = windows_.find(key(packet.sub_sa));
    return found == windows_.end() || packet.number + settings_.window > found->second.top();
  }
  void found_anew() {
    WatchedEnd::found_anew();
    windows_.clear(), accepted_.clear();
  }
  // What arrived = what was delivered + what was discarded, each by its cause.
  bool conserves() {
    std::uint64_t counted = 0;
    for (std::uint32_t i = 0; i < end_.workers(); ++i)
      counted += end_.worker(i).path.discards().total();
    return arrived_ == delivered_ + discarded_ && counted == discarded_;
  }
  std::uint64_t delivered() const { return delivered_; }

 private:
  struct Expected {
    std::vector<Flying> delivered;
    std::map<ipsec::Discard, std::uint64_t> discards;
    std::vector<std::uint64_t> settled;
  };

  // A cluster has one window, an ordinary peer one for each SA.
  std::uint32_t key(std::uint32_t sub_sa) const { return settings_.ordinary_peer ? sub_sa : 0; }
  WindowModel& window_of(std::uint32_t sub_sa) {
    const bool history = !settings_.one_writer && !settings_.ordinary_peer;
    return windows_
        .try_emplace(key(sub_sa), settings_.window, (history ? 4 : 1) * settings_.window, settings_.extended,
                     settings_.ordinary_peer ? 0 : settings_.start)
        .first->second;
  }

  // An SA judges a run in steps: the window as it is before, the window again, limits.
  void expect_run(std::span<const Flying> run, Instant now, Expected& expected) {
    auto* member = members_.find(run[0].sub_sa);
    if (member == nullptr || !member->in) {
      expected.discards[ipsec::Discard::unknown_spi] += run.size();
      return;
    }
    if (member->in->ended) {
      expected.discards[ipsec::Discard::lifetime_expired] += run.size();
      return;
    }
    std::vector<const Flying*> fresh;
    WindowModel& window = window_of(run[0].sub_sa);
    const WindowModel before = window;
    for (const Flying& packet : run) {
      auto cause = before.judge(packet.number, packet.sub_sa, settings_.duplication);
      if (before.infer(static_cast<std::uint32_t>(packet.number)) != packet.number)
        cause = ipsec::Discard::integrity_failed;
      else if (cause == ipsec::Discard::none || cause == ipsec::Discard::redundant)
        cause = window.judge(packet.number, packet.sub_sa, settings_.duplication);
      if (cause == ipsec::Discard::none) fresh.push_back(&packet);
      if (cause == ipsec::Discard::none || cause == ipsec::Discard::redundant)
        window.take(packet.number, packet.sub_sa);
      if (cause != ipsec::Discard::none) ++expected.discards[cause];
    }
    for (const Flying* packet : fresh) {
      if (member->in->charge(0, now)) {
        expected.delivered.push_back(*packet);
      } else {
        ++expected.discards[ipsec::Discard::lifetime_expired];
        expected.settled.push_back(packet->number);
      }
    }
    member->in->see_time(now);
  }

  void give(std::uint32_t sub_sa, const std::vector<Octets>& packets, Instant now) {
    held_.clear();
    std::vector<ipsec::PacketBuffer> buffers;
    for (const Octets& packet : packets)
      buffers.push_back(held_.emplace_back(packet).buffer());
    WorldWorker& worker = end_.worker_of(sub_sa);
    worker.actions.clear();
    before_ = worker.path.discards();
    arrived_ += packets.size();
    worker.path.receive(buffers, now, worker.actions);
  }

  void compare(std::uint32_t sub_sa, const Expected& expected, Instant now) {
    WorldWorker& worker = end_.worker_of(sub_sa);
    for (const auto& delivery : worker.actions.deliveries) {
      const std::uint32_t id = load_be<std::uint32_t>(delivery.packet.data() + 28);
      laws_.hold(accepted_.insert(id).second, "a packet is delivered once, over all sub-SAs");
    }
    delivered_ += worker.actions.deliveries.size();
    const auto& deliveries = worker.actions.deliveries;
    laws_.hold(deliveries.size() >= expected.delivered.size(), "nothing valid inside the window is refused");
    laws_.hold(deliveries.size() <= expected.delivered.size(),
               "nothing is delivered that should be discarded");
    if (!laws_.broken.empty()) return;
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      laws_.hold(deliveries[i].number == expected.delivered[i].number, "a delivery has its number");
      laws_.hold(std::ranges::equal(deliveries[i].packet.view(), expected.delivered[i].inner.octets()),
                 "what is delivered is what was sent");
    }
    for (std::size_t i = 0; i < ipsec::discard_causes; ++i) {
      const auto found = expected.discards.find(static_cast<ipsec::Discard>(i));
      const std::uint64_t count = found == expected.discards.end() ? 0 : found->second;
      laws_.hold(worker.path.discards().by_cause[i] - before_.by_cause[i] == count,
                 "each discard has the cause that the model says");
      discarded_ += count;
    }
    std::vector<std::uint64_t> settled;
    for (const auto& one : worker.actions.settled)
      settled.push_back(one.number);
    if (settings_.ordinary_peer) settled = expected.settled;  // nobody restores an order there
    laws_.hold(settled == expected.settled, "a number that is taken and not delivered is settled");
    note_ends(worker.actions, false, now);
    check_top(sub_sa);
    try_resynchronisation(worker);
  }

  std::vector<ipsec::Discard> causes_of_forged(std::uint32_t sub_sa, std::uint32_t on_wire) {
    using enum ipsec::Discard;
    const auto* member = members_.find(sub_sa);
    if (member == nullptr || !member->in) return {unknown_spi};
    if (member->in->ended) return {lifetime_expired};
    const WindowModel& window = window_of(sub_sa);
    const auto number = window.infer(on_wire);
    if (!number) return {replay_below_zero};
    const auto cause = window.judge(*number, sub_sa, settings_.duplication);
    if (cause == replay_duplicate) return {replay_duplicate};
    // A few that are too old have their ICV judged.
    if (cause == replay_too_old) return {replay_too_old, integrity_failed};
    return {integrity_failed};
  }

  void check_top(std::uint32_t sub_sa) {
    const auto* window = end_.worker_of(sub_sa).cluster->core()->window().get();
    laws_.hold(window == nullptr || window->top() == window_of(sub_sa).top(),
               "the top is the highest number accepted");
  }

  // There is nothing 2^32 ahead: no try may find any, or move the top.
  void try_resynchronisation(WorldWorker& worker) {
    for (const auto& event : worker.actions.events)
      if (const auto* wanted = std::get_if<ipsec::ResynchronisationWanted>(&event))
        laws_.hold(!wanted->sa->resynchronise(), "garbage does not move the top");
  }

  std::map<std::uint32_t, WindowModel> windows_;
  std::set<std::uint32_t> accepted_;  // what inner packets say they are
  std::vector<ipsec::HeldPacket> held_;
  ipsec::DiscardCounters before_;
  std::uint64_t arrived_ = 0, delivered_ = 0, discarded_ = 0;
};

}  // namespace mpsec::cluster::test
