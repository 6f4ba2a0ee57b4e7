// A sender, a receiver, and a network that does as it likes: octets are commands, and after each of them both
// ends are held against their models. One interpreter for the model-based test and for the fuzzer.
#pragma once

#include <deque>

#include "cluster/test_cluster_receiver.hpp"
#include "cluster/test_cluster_sender.hpp"

namespace mpsec::cluster::test {

// A command and what it is about; each meaning takes what it needs.
struct Step {
  std::uint8_t what = 0, a = 0, b = 0, c = 0;
  static constexpr std::size_t octets = 4;
};

class ClusterWorld {
 public:
  explicit ClusterWorld(const WorldSettings& settings, Bend bend = Bend::none)
      : settings_(settings), sender_(settings, bend, laws_), receiver_(settings, bend, laws_) {}

  // Settings and steps. The first law that broke, and where; empty: all held.
  static std::string run(OctetView octets, Bend bend = Bend::none) {
    if (octets.size() < WorldSettings::octets) return {};
    ClusterWorld world(WorldSettings::of(octets), bend);
    octets = octets.subspan(WorldSettings::octets);
    for (std::size_t i = 0; octets.size() >= Step::octets; ++i, octets = octets.subspan(Step::octets)) {
      world.take({octets[0], octets[1], octets[2], octets[3]});
      if (!world.laws_.broken.empty()) return fmt::format("step {}: {}", i, world.laws_.broken);
    }
    return {};
  }

  void take(const Step& step) {
    using World = ClusterWorld;
    static constexpr std::array<void (World::*)(const Step&), 16> commands{
        &World::join,    &World::join,    &World::join_wrongly, &World::leave,
        &World::rekey,   &World::send,    &World::send,         &World::send,
        &World::deliver, &World::deliver, &World::deliver_many, &World::lose,
        &World::replay,  &World::forge,   &World::pass_time,    &World::know_path};
    (this->*commands[step.what % commands.size()])(step);
    laws_.hold(sender_.conserves() && receiver_.conserves(),
               "what comes in is delivered, or discarded by one cause");
    laws_.hold(launched_ == in_flight_.size() + lost_ + landed_,
               "what was sent is in flight, lost or has arrived");
  }

  const std::string& broken() const { return laws_.broken; }
  std::uint64_t delivered() const { return receiver_.delivered(); }
  WatchedSender& sender() { return sender_; }
  WatchedReceiver& receiver() { return receiver_; }

 private:
  // Mostly both halves of the direction that traffic takes; sometimes those of the other one, or one alone.
  void join(const Step& step) {
    if (newest_ == last_sub_sa) return;
    const bool again = step.a % 8 == 7 && receiver_.members().find(pick(step.c)) != nullptr;
    const std::uint32_t sub_sa = again ? pick(step.c) : ++newest_;
    const bool forth = step.a % 8 != 5, back = step.a % 8 == 4 || step.a % 8 == 5;
    if (forth && step.a % 8 != 6) receiver_.join<ipsec::InboundParameters>(sub_sa, false, limit(step.c, 1));
    if (forth) sender_.join<ipsec::OutboundParameters>(sub_sa, false, limit(step.b, 36));
    if (back) sender_.join<ipsec::InboundParameters>(sub_sa, true, limit(step.b, 1));
    if (back) receiver_.join<ipsec::OutboundParameters>(sub_sa, true, limit(step.c, 36));
  }
  void join_wrongly(const Step& step) {
    if (newest_ == last_sub_sa) return;
    if (step.a % 2 == 0)
      receiver_.join_wrongly<ipsec::InboundParameters>(++newest_, step.b);
    else
      sender_.join_wrongly<ipsec::OutboundParameters>(++newest_, step.b);
  }
  void leave(const Step& step) {
    const std::uint32_t sub_sa = pick(step.b);
    if (step.a % 4 != 1) sender_.leave(sub_sa, step.a % 4 == 2);
    if (step.a % 4 < 2) receiver_.leave(sub_sa, false);
  }
  // The new one joins before the old one leaves; the receiver may keep the old one for what is on its way.
  void rekey(const Step& step) {
    if (newest_ == last_sub_sa) return;
    const std::uint32_t old = pick(step.a), next = ++newest_;
    receiver_.join<ipsec::InboundParameters>(next, false, {});
    sender_.join<ipsec::OutboundParameters>(next, false, {});
    if (sender_.members().find(next) == nullptr || receiver_.members().find(next) == nullptr) return;
    sender_.leave(old, false);
    if (step.b % 2 == 0) receiver_.leave(old, false);
  }

  void send(const Step& step) {
    std::vector<InnerPacket> packets(1 + step.b % 70);
    for (auto& inner : packets)
      inner = {++last_id_, static_cast<std::uint8_t>(step.a / 16), step.c};
    for (Flying& sent : sender_.send(step.a, packets, now_)) {
      ++launched_;
      if (history_.size() == most_kept) history_.pop_front();
      history_.push_back(sent);
      in_flight_.push_back(std::move(sent));
    }
  }

  // From the front of what is in flight, or from anywhere.
  void deliver(const Step& step) {
    for (unsigned i = 0; i <= step.a % 16u && !in_flight_.empty(); ++i) {
      const Flying packet = take_from_flight(step.b % 2 == 0 ? 0 : step.c * 7u + i);
      receiver_.receive({&packet, 1}, now_);
    }
  }
  // At most as many as a data path takes at once.
  void deliver_many(const Step& step) {
    std::map<const WorldWorker*, std::vector<Flying>> batches;
    for (unsigned i = 0; i <= step.a % 31u && !in_flight_.empty(); ++i) {
      Flying packet = take_from_flight(step.b % 2 == 0 ? 0 : step.c * 7u + i);
      auto& batch = batches[&receiver_.end().worker_of(packet.sub_sa)];
      if (step.b % 4 == 3) batch.push_back(packet), ++launched_, ++landed_;  // and once again at once
      batch.push_back(std::move(packet));
    }
    for (const auto& [_, batch] : batches)
      receiver_.receive(batch, now_);
  }
  void lose(const Step& step) {
    for (unsigned i = 0; i <= step.a % 8u && !in_flight_.empty(); ++i)
      take_from_flight(step.b), --landed_, ++lost_;
  }
  void replay(const Step& step) {
    for (unsigned i = 0; i <= step.a % 16u && !history_.empty(); ++i)
      receiver_.receive({&history_[(step.b * 5u + step.c + i) % history_.size()], 1}, now_);
  }

  // Nothing an attacker without keys makes is let in: garbage of any number, and good packets with a bit
  // turned, under another's SPI, or far ahead.
  void forge(const Step& step) {
    if (history_.empty()) return;
    Flying forged = history_[(step.b * 5u) % history_.size()];
    std::uint8_t* const esp = forged.packet.data() + 20;
    const auto number = static_cast<std::uint32_t>(forged.number);
    switch (step.a % 6) {
      case 0:
        forged.packet.back() ^= 1;
        break;
      case 1:
        store_be(esp + 4, number + 1 + step.c);
        break;
      case 2:
        store_be(esp + 4, number - 1 - step.c);
        break;
      case 3:
        store_be(esp + 4, number + (1u << step.c % 32));
        break;
      case 4:
        forged.sub_sa = 1 + step.c, store_be(esp, 0x1001u + step.c), forged.packet.back() ^= 1;
        break;
      default:
        forged.sub_sa = 0xfff, store_be(esp, 0x1fffu);
    }
    for (unsigned i = 0; i <= step.b % 80u; ++i)
      receiver_.receive_forged(forged.sub_sa, forged.packet, now_);
  }

  void pass_time(const Step& step) {
    const std::uint64_t unit = step.b % 2 == 0 ? 1'000'000 : 1'000'000'000;
    if (step.a % 4 != 3) now_ += Duration(static_cast<Duration::rep>(unit * (step.c % 64)));
    if (step.a % 4 == 0) return;
    sender_.look_after(now_);
    receiver_.look_after(now_);
  }
  void know_path(const Step& step) {
    if (step.a % 8 == 0) return found_anew();
    PathKnowledge knowledge{.alive = step.a % 4 != 0, .round_trip = std::nullopt, .loss = step.c / 256.0};
    if (step.c % 2 != 0) knowledge.round_trip = std::chrono::milliseconds(step.c);
    sender_.note_path(pick(step.b), knowledge);
  }
  // What is in flight belongs to nobody any more.
  void found_anew() {
    sender_.found_anew();
    receiver_.found_anew();
  }

  // None, or a few packets, octets or seconds more than now.
  ipsec::LifetimeLimit limit(std::uint8_t octet, std::uint64_t octets_each) const {
    ipsec::LifetimeLimit hard;
    switch (octet % 8) {
      case 1:
        hard.packets = octet / 8;
        break;
      case 2:
        if (octets_each > 1) hard.octets = octets_each * (octet / 4);
        break;
      case 3:
        hard.until = now_ + std::chrono::seconds(octet / 16);
        break;
      default:
        break;
    }
    return hard;
  }
  std::uint32_t pick(std::uint8_t octet) const {
    return newest_ - std::min<std::uint32_t>(octet % 16, newest_);
  }
  Flying take_from_flight(std::size_t position) {
    const auto at = in_flight_.begin() + static_cast<std::ptrdiff_t>(position % in_flight_.size());
    Flying packet = std::move(*at);
    in_flight_.erase(at);
    ++landed_;
    return packet;
  }

  static constexpr std::uint32_t last_sub_sa = 4000;
  static constexpr std::size_t most_kept = 512;

  WorldSettings settings_;
  Laws laws_;
  WatchedSender sender_;
  WatchedReceiver receiver_;
  Instant now_{};
  std::deque<Flying> in_flight_, history_;
  std::uint32_t newest_ = 0, last_id_ = 0;
  std::uint64_t launched_ = 0, lost_ = 0, landed_ = 0;
};

}  // namespace mpsec::cluster::test
