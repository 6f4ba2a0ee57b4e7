// The books of one cluster: its SAs' numbers taken together.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "cluster/reordering_metrics.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::replay {

// What a packet's number was to the cluster.
enum class SharedVerdict : std::uint8_t {
  fresh,
  redundant,  // had come under another SA of the cluster
  replay,     // had come under this SA
  too_old,    // below the shared window
  unreadable  // the number says nothing: the ICV was wrong, or the packet malformed
};
std::string_view to_string(SharedVerdict verdict);

struct AccountOptions {
  std::uint32_t replay_window = 64;  // 0: none
  std::uint64_t reordering_bound = 65536;
};

// A packet of a sub-SA, as far as the cluster's account goes.
struct SharedArrival {
  std::uint32_t member = 0;
  std::uint64_t number = 0;
  std::uint64_t frame = 0;
  Instant time{};
  std::uint32_t octets = 0;
  std::uint64_t content = 0;  // a hash of what was in it; 0 if it was not opened
};

class ClusterAccount {
 public:
  struct Member {
    std::uint64_t fresh = 0, redundant = 0, replays = 0, too_old = 0;
    std::uint64_t in_order = 0;   // of the cluster's order: RFC 4737 over the union
    std::uint64_t reordered = 0;  // the same
    std::uint64_t most_behind =
        0;  // numbers behind the cluster's highest, of those that came for the first time
  };
  // A number that came again.
  struct Repeat {
    std::uint64_t number;
    std::uint32_t first_member, member;
    std::uint64_t first_frame, frame;
    Duration apart;
    std::optional<bool> same_content;  // where both were opened
  };
  static constexpr std::size_t most_repeats_kept = 1000;
  static constexpr std::size_t most_pairs_kept = 1024;
  // Numbers farther below the highest are not told apart any more: whose they were first, and when.
  static constexpr std::uint64_t most_remembered = 65536;

  explicit ClusterAccount(const AccountOptions& options);

  std::uint32_t join();
  // The window that all InboundSas of the cluster are given; without anti-replay none.
  const std::shared_ptr<ipsec::ReplayWindow>& window() const { return window_; }

  // The full number nearest to the cluster's highest.
  std::uint64_t infer(std::uint32_t on_wire) const;
  // Without keys: the shared window judges the number in the clear header.
  SharedVerdict judge(const SharedArrival& arrival);
  // Where the engine judged, with what the shared window said to it.
  SharedVerdict note(const SharedArrival& arrival, ipsec::ReplayVerdict verdict);

  const std::vector<Member>& members() const { return members_; }
  const cluster::ReorderingMetrics& metrics() const { return metrics_; }
  std::uint64_t redundant() const { return sum(&Member::redundant); }
  std::uint64_t replays() const { return sum(&Member::replays); }
  std::uint64_t too_old() const { return sum(&Member::too_old); }
  // The smallest window that would have turned no packet away that came for the first time.
  std::uint64_t window_needed() const;
  // The first ones.
  const std::vector<Repeat>& repeats() const { return repeats_; }
  // How many numbers came under both of two members; the first pairs.
  const std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>& redundant_pairs() const {
    return pairs_;
  }
  Duration longest_apart() const { return longest_apart_; }  // of redundant ones
  // Of redundant ones that were opened: two packets under one number are a breach of the sender's.
  std::uint64_t same_content() const { return same_content_; }
  std::uint64_t other_content() const { return other_content_; }

 private:
  struct Seen {
    std::uint64_t number = 0;
    std::uint64_t frame = 0;  // 0: nobody
    Instant time{};
    std::uint32_t member = 0;
    std::uint64_t content = 0;
  };

  std::uint64_t sum(std::uint64_t Member::* field) const;
  SharedVerdict repeated(const SharedArrival& arrival, const Seen& seen);
  void first_time(const SharedArrival& arrival, ipsec::ReplayVerdict verdict);

  std::shared_ptr<ipsec::ReplayWindow> window_;
  std::vector<Member> members_;
  cluster::ReorderingMetrics metrics_;
  std::uint64_t top_ = 0;
  bool any_ = false;
  std::vector<Seen> seen_;  // by number
  std::vector<Repeat> repeats_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> pairs_;
  Duration longest_apart_{};
  std::uint64_t same_content_ = 0, other_content_ = 0;
};

}  // namespace mpsec::replay
