// The sending end and its model: which sub-SA may carry a packet, under which number, and why one is
// discarded.
#pragma once

#include "cluster/test_cluster_watch.hpp"

namespace mpsec::cluster::test {

class WatchedSender : public WatchedEnd {
 public:
  WatchedSender(const WorldSettings& settings, Bend bend, Laws& laws)
      : WatchedEnd(settings, true, bend, laws), last_(settings.workers, settings.start) {}

  // Packets of one flow by one worker, at once: what leaves, copies included.
  std::vector<Flying> send(std::uint32_t worker, const std::vector<InnerPacket>& packets, Instant now) {
    worker %= static_cast<std::uint32_t>(end_.workers());
    Batch batch{worker, now, end_.worker(worker).cluster->core()->sequence().last_used(), {}, {}};
    WorldWorker& by = end_.worker(worker);
    std::vector<ipsec::HeldPacket> held;
    std::vector<ipsec::Outgoing> outgoing;
    for (const InnerPacket& inner : packets) {
      held.emplace_back(inner.octets());
      outgoing.push_back({.packet = held.back().buffer()});
    }
    std::vector<ipsec::Fate> fates(packets.size());
    by.actions.clear();
    by.path.send(outgoing, now, fates, by.actions);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const auto view = outgoing[i].packet.view();
      if (fates[i] == ipsec::Fate::protected_)
        batch.sent.push_back(flying({view.begin(), view.end()}, outgoing[i].number, packets[i]));
      else
        batch.discarded.push_back({packets[i], outgoing[i].discard});
      laws_.hold(fates[i] == ipsec::Fate::protected_ || fates[i] == ipsec::Fate::discarded,
                 "nothing leaves in the clear");
    }
    return judged(std::move(batch), by.actions);
  }

  void found_anew() {
    WatchedEnd::found_anew();
    last_.assign(settings_.workers, settings_.start);
    inner_.clear(), sealed_.clear(), taken_.clear();
  }

  // What was offered = what was protected + what was discarded, each by its cause.
  bool conserves() {
    std::uint64_t counted = 0;
    for (std::uint32_t i = 0; i < end_.workers(); ++i)
      counted += end_.worker(i).path.discards().total();
    return offered_ == protected_ + discarded_ && counted == discarded_ + copies_not_sent_;
  }

 private:
  struct Discarded {
    InnerPacket inner;
    ipsec::Discard cause;
  };
  struct Batch {
    std::uint32_t worker;
    Instant now;
    std::uint64_t counter;  // before it
    std::vector<Flying> sent;
    std::vector<Discarded> discarded;
  };

  static Flying flying(Octets packet, std::uint64_t number, const InnerPacket& inner) {
    const Spi spi{load_be<std::uint32_t>(packet.data() + 20)};
    return {std::move(packet), sub_sa_of(spi), number, inner};
  }

  std::vector<Flying> judged(Batch batch, ipsec::Actions& actions) {
    offered_ += batch.sent.size() + batch.discarded.size();
    protected_ += batch.sent.size();
    discarded_ += batch.discarded.size();
    for (const Flying& sent : batch.sent)
      judge_number(sent, batch), judge_sub_sa(sent, batch);
    std::vector<Flying> copies = copies_in(batch, actions);
    for (const Flying& copy : copies)
      judge_sub_sa(copy, batch);
    note_ends(actions, true, batch.now);
    for (const Flying& sent : batch.sent)
      judge_path(sent);
    for (const Discarded& discarded : batch.discarded)
      judge_discard(discarded, batch);
    judge_events(batch, actions);
    const ClusterCore& core = *end_.worker(batch.worker).cluster->core();
    for (std::uint64_t number = batch.counter + 1; number <= core.sequence().last_used(); ++number)
      taken_[number] = batch.now;
    std::ranges::move(copies, std::back_inserter(batch.sent));
    return std::move(batch.sent);
  }

  void judge_number(const Flying& sent, const Batch& batch) {
    const auto [known, fresh] = inner_.emplace(sent.number, sent.inner);
    laws_.hold(fresh || known->second == sent.inner, "a number names one inner packet");
    std::uint64_t& last = last_[settings_.lease == 0 ? 0 : batch.worker];
    if (settings_.lease == 0)
      laws_.hold(sent.number == last + 1, "numbers are taken in steps of one");
    else
      laws_.hold(sent.number > last, "a worker's numbers go up");
    last = std::max(last, sent.number);
    if (sent.number > batch.counter) return;
    laws_.hold(settings_.lease != 0 && batch.counter - sent.number <= settings_.window / 4,
               "no number leaves more than a quarter of the window late");
    laws_.hold(batch.now - taken_[sent.number] < std::chrono::milliseconds(10),
               "no number leaves after the time of its lease");
  }

  void judge_sub_sa(const Flying& sent, const Batch& batch) {
    const Octets& packet = sent.packet;
    laws_.hold(load_be<std::uint32_t>(packet.data() + 24) == static_cast<std::uint32_t>(sent.number),
               "the packet carries its number");
    laws_.hold(sealed_.insert({sent.sub_sa, sent.number}).second, "a sub-SA seals a number once");
    auto* member = members_.find(sent.sub_sa);
    const bool valid =
        member != nullptr && member->out && member->out->carries(sent.inner.length(), batch.now);
    if (!laws_.hold(valid, "no packet goes by an invalid sub-SA")) return;
    laws_.hold(&end_.worker_of(sent.sub_sa) == &end_.worker(batch.worker), "a sub-SA has one worker");
    member->out->packets += 1;
    member->out->octets += sent.inner.length();
  }

  // All that could have been chosen instead had ended by the batch's end.
  void judge_path(const Flying& sent) {
    const auto* member = members_.find(sent.sub_sa);
    if (member == nullptr || member->alive) return;
    for (const auto& [id, other] : members_.all()) {
      if (&end_.worker_of(id) != &end_.worker_of(sent.sub_sa)) continue;
      laws_.hold(!other.out || other.out->ended || !other.alive, "dead paths are the last to be taken");
    }
  }

  std::vector<Flying> copies_in(const Batch& batch, ipsec::Actions& actions) {
    std::vector<Flying> copies;
    std::set<std::uint64_t> copied;
    for (auto& emission : actions.emissions) {
      Octets packet = emission.packet.octets();
      const auto original = std::ranges::find_if(batch.sent, [&](const Flying& sent) {
        return static_cast<std::uint32_t>(sent.number) == load_be<std::uint32_t>(packet.data() + 24);
      });
      if (!laws_.hold(original != batch.sent.end(), "a copy has its original's number")) continue;
      laws_.hold(settings_.duplication, "nothing is sent twice unless both ends agreed");
      copies.push_back(flying(std::move(packet), original->number, original->inner));
      laws_.hold(copies.back().sub_sa != original->sub_sa, "a copy goes by another sub-SA");
      laws_.hold(copied.insert(original->number).second, "there is no third copy");
    }
    return copies;
  }

  void judge_discard(const Discarded& discarded, const Batch& batch) {
    const bool exhausted = end_.core().sequence().left() == 0;
    if (discarded.cause == ipsec::Discard::sequence_exhausted) {
      laws_.hold(exhausted, "numbers run out at the end only");
      return;
    }
    laws_.hold(
        discarded.cause == ipsec::Discard::no_sa || discarded.cause == ipsec::Discard::lifetime_expired,
        "a packet is discarded for want of a sub-SA or of numbers");
    for (const auto& [id, other] : members_.all()) {
      if (&end_.worker_of(id) != &end_.worker(batch.worker)) continue;
      laws_.hold(!other.out || !other.out->carries(discarded.inner.length(), batch.now),
                 "nothing is discarded that a sub-SA could carry");
    }
  }

  void judge_events(const Batch& batch, const ipsec::Actions& actions) {
    std::size_t acquires = 0, audits = 0;
    for (const auto& event : actions.events) {
      acquires += std::holds_alternative<ipsec::Acquire>(event);
      const auto* audit = std::get_if<ipsec::Audit>(&event);
      audits += audit != nullptr;
      laws_.hold(audit == nullptr || audit->cause != ipsec::Discard::number_used,
                 "no copy comes out of turn");
    }
    const auto without = std::ranges::count(batch.discarded, ipsec::Discard::no_sa, &Discarded::cause);
    laws_.hold(acquires == static_cast<std::size_t>(without), "a packet without a sub-SA asks for one");
    laws_.hold(audits >= batch.discarded.size(), "each discard is audited");
    copies_not_sent_ += audits - batch.discarded.size();
  }

  std::map<std::uint64_t, InnerPacket> inner_;                // by number
  std::set<std::pair<std::uint32_t, std::uint64_t>> sealed_;  // sub-SA and number
  std::map<std::uint64_t, Instant> taken_;                    // from the counter
  std::vector<std::uint64_t> last_;                           // numbers, by worker
  std::uint64_t offered_ = 0, protected_ = 0, discarded_ = 0, copies_not_sent_ = 0;
};

}  // namespace mpsec::cluster::test
