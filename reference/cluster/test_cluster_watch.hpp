// An end of a cluster and its model, side by side: membership, validity, events.
#pragma once

#include "cluster/test_cluster_ends.hpp"
#include "cluster/test_cluster_model.hpp"

namespace mpsec::cluster::test {

// The first law that broke, in words.
struct Laws {
  std::string broken;
  bool hold(bool law, std::string_view what) {
    if (!law && broken.empty()) broken = what;
    return law;
  }
};

// What a packet says inside, so that it is known again.
struct InnerPacket {
  std::uint32_t id = 0;
  std::uint8_t flow = 0, size = 0;

  Octets octets() const {
    Octets packet = ipsec::test::udp_packet(false, std::size_t{8} + size);
    packet[21] = flow;  // of the source port
    store_be<std::uint32_t>(packet.data() + 28, id);
    return packet;
  }
  std::uint32_t length() const { return 36u + size; }
  bool operator==(const InnerPacket&) const = default;
};

// A protected packet on its way.
struct Flying {
  Octets packet;
  std::uint32_t sub_sa = 0;
  std::uint64_t number = 0;
  InnerPacket inner;
};

inline std::uint32_t sub_sa_of(Spi spi) {
  return spi.value & 0xfff;
}

class WatchedEnd {
 public:
  WatchedEnd(const WorldSettings& settings, bool sends, Bend bend, Laws& laws)
      : settings_(settings), laws_(laws), end_(settings, sends, bend), members_(settings.most_sub_sas) {}

  // The half that traffic goes by is forth, the other one back.
  template <class Parameters>
  void join(std::uint32_t sub_sa, bool back, const ipsec::LifetimeLimit& hard) {
    constexpr bool in = std::is_same_v<Parameters, ipsec::InboundParameters>;
    constexpr auto half = in ? &SubSaModel::in : &SubSaModel::out;
    auto parameters = world_sa<Parameters>(end_.parameters(), sub_sa, back);
    parameters.lifetime.hard = hard;
    const bool may = members_.may_join(sub_sa, half) && end_.core().sequence().left() != 0;
    const auto joined = end_.worker_of(sub_sa).cluster->join(SubSaId{sub_sa}, std::move(parameters));
    laws_.hold(joined.has_value() == may, "who may join joins, and nobody else");
    if (joined && may) members_.join(sub_sa, half, hard);
    check_members();
  }

  // One that is unequal or impossible.
  template <class Parameters>
  void join_wrongly(std::uint32_t sub_sa, unsigned how) {
    auto parameters = world_sa<Parameters>(end_.parameters(), sub_sa, false);
    switch (how % 6) {
      case 0:
        parameters.mode = ipsec::Mode::transport;
        break;
      case 1:
        parameters.extended_sequence_numbers = !parameters.extended_sequence_numbers;
        break;
      case 2:
        // What the other end checks is said by its window, and no matter of this half.
        if constexpr (std::is_same_v<Parameters, ipsec::InboundParameters>)
          parameters.anti_replay = !parameters.anti_replay;
        else
          parameters.last_sequence_number = 1;
        break;
      case 3:
        parameters.selectors = {ipsec::Selector{}};
        break;
      case 4:
        parameters.encryption_key = {};
        break;
      default:
        parameters.spi = Spi{255};
    }
    const auto joined = end_.worker_of(sub_sa).cluster->join(SubSaId{sub_sa}, std::move(parameters));
    laws_.hold(!joined.has_value(), "an unequal sub-SA does not join");
    check_members();
  }

  void leave(std::uint32_t sub_sa, bool outbound_only) {
    SaCluster& cluster = *end_.worker_of(sub_sa).cluster;
    const bool left =
        outbound_only ? cluster.leave_outbound(SubSaId{sub_sa}) : cluster.leave(SubSaId{sub_sa});
    laws_.hold(left == members_.leave(sub_sa, outbound_only), "who is a member can leave");
    check_members();
  }

  // Twice, so that each worker hears of what the others have seen.
  void look_after(Instant now) {
    std::vector<std::uint32_t> ended;
    std::size_t clusters_ended = 0, run_out = 0;
    for (std::size_t i = 0; i < 2 * end_.workers(); ++i) {
      std::vector<ClusterEvent> events;
      end_.worker(static_cast<std::uint32_t>(i)).cluster->look_after(now, events);
      for (const ClusterEvent& event : events) {
        if (const auto* sub_sa = std::get_if<SubSaEnded>(&event)) ended.push_back(sub_sa->sub_sa.value);
        clusters_ended += std::holds_alternative<ClusterEnded>(event);
        run_out += std::holds_alternative<SequenceRunsOut>(event);
        laws_.hold(!std::holds_alternative<NumbersNotShared>(event), "a peer that shares is not suspected");
      }
    }
    std::ranges::sort(ended);
    laws_.hold(ended == members_.look_after(now), "each sub-SA that ends is told, once");
    const bool over = members_.state() == ClusterState::ended && !std::exchange(end_told_, true);
    end_told_ = members_.state() == ClusterState::ended;
    laws_.hold(clusters_ended == (over ? end_.workers() : 0), "the cluster's end is told, once");
    const bool few = end_.core().sequence().left() <= end_.parameters().soft_limit;
    laws_.hold(run_out == (few && !run_out_told_ ? end_.workers() : 0),
               "the end of the numbers is told early, once");
    run_out_told_ |= few;
    check_members();
  }

  void note_path(std::uint32_t sub_sa, const PathKnowledge& knowledge) {
    end_.worker_of(sub_sa).cluster->note_path(SubSaId{sub_sa}, knowledge);
    if (auto* model = members_.find(sub_sa)) model->alive = knowledge.alive;
  }

  void found_anew() {
    end_.found();
    members_ = MembersModel(settings_.most_sub_sas);
    end_told_ = run_out_told_ = false;
  }

  // What was discarded here so far, by cause.
  void add_to(ipsec::DiscardCounters& causes) {
    for (std::uint32_t i = 0; i < end_.workers(); ++i)
      for (std::size_t cause = 0; cause < ipsec::discard_causes; ++cause)
        causes.by_cause[cause] += end_.worker(i).path.discards().by_cause[cause];
  }
  WorldEnd& end() { return end_; }
  MembersModel& members() { return members_; }

 protected:
  // What the data path said of halves that are over.
  void note_ends(const ipsec::Actions& actions, bool outbound, Instant now) {
    for (const auto& event : actions.events) {
      const auto* lifetime = std::get_if<ipsec::LifetimeReached>(&event);
      const auto* exhausted = std::get_if<ipsec::SequenceExhausted>(&event);
      if (exhausted == nullptr && (lifetime == nullptr || !lifetime->hard)) continue;
      const Spi spi = lifetime != nullptr ? lifetime->spi : exhausted->spi;
      auto* sub_sa = members_.find(sub_sa_of(spi));
      auto* half = sub_sa == nullptr ? nullptr : &(outbound ? sub_sa->out : sub_sa->in);
      if (!laws_.hold(half != nullptr && half->has_value(), "what ends was a member")) return;
      // A packet that finds no number has used lifetime all the same.
      const bool due = end_.core().sequence().left() == 0 ||
                       (exhausted == nullptr && ((*half)->ended || !(*half)->carries(largest_inner, now)));
      laws_.hold(due, "a half ends at its limit, and not before");
      (*half)->ended = true;
    }
  }

  static constexpr std::uint32_t largest_inner = 36 + 255;
  WorldSettings settings_;
  Laws& laws_;
  WorldEnd end_;
  MembersModel members_;

 private:
  void check_members() {
    std::size_t sub_sas = 0;
    for (std::uint32_t i = 0; i < end_.workers(); ++i)
      sub_sas += end_.worker(i).cluster->sub_sas();
    laws_.hold(sub_sas == members_.all().size(), "the members are those that joined and have not left");
    laws_.hold(!end_.shares() || end_.worker(0).cluster->state() == members_.state(),
               "the cluster is valid as long as a sub-SA is");
  }

  bool end_told_ = false, run_out_told_ = false;
};

}  // namespace mpsec::cluster::test
