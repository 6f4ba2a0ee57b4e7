// The SA clusters of an engine: which Child SAs are sub-SAs of which, over all its IKE SAs, and what they
// must have in common. Who counts the numbers and keeps the window is the data path.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ike/turn.hpp"
#include "ipsec/pad_entry.hpp"

namespace mpsec::ike {

// What a cluster is called here, and between whom it is: the identity pair is the founder's, authenticated.
struct ClusterName {
  std::string name;
  ipsec::Identity local_id, remote_id;

  auto key() const { return std::tie(name, local_id.type, local_id.value, remote_id.type, remote_id.value); }
  auto operator<=>(const ClusterName& other) const { return key() <=> other.key(); }
  bool operator==(const ClusterName&) const = default;
};

// Equal over a cluster. Algorithms, keys, protocol, NATs and outer addresses are each sub-SA's own.
struct ClusterTerms {
  ClusterName name;
  ipsec::PadEntryId pad_entry;
  ipsec::Mode mode = ipsec::Mode::tunnel;
  bool extended_sequence_numbers = false;
  std::vector<ipsec::Selector> selectors;  // after narrowing
  bool anti_replay = true, duplication = false;
  std::uint32_t own_window = 0, peer_window = 0;
  std::uint32_t most_sub_sas = 0;  // that both ends take
};

struct Cluster {
  ClusterId id;
  ClusterTerms terms;
  std::set<ChildId> sub_sas{};
  std::set<ChildId> replaced{};  // of those: what replaces them is here too
  std::size_t awaited = 0;       // answers to requests of ours that would join it: it waits for them
  bool ending = false;           // its numbers are used up, or nobody wants it any more: none may join

  // While a sub-SA is rekeyed it counts once.
  bool is_full() const { return sub_sas.size() - replaced.size() >= terms.most_sub_sas; }
};

class Clusters {
 public:
  Clusters() = default;
  Clusters(Clusters&&) = delete;

  // A cluster that we have asked the peer for: what is asked for under the same name meanwhile is to join it.
  // Forgotten at the end of the holder.
  class Founding {
   public:
    Founding() = default;
    Founding(Clusters& clusters, ClusterName name, ClusterId id);
    Founding(Founding&& other) noexcept;
    Founding& operator=(Founding&& other) noexcept;
    ~Founding();

   private:
    Clusters* clusters_ = nullptr;
    ClusterName name_;
  };

  // A join of ours that is on its way: were the last sub-SA to go meanwhile, say in a rekey whose answer is
  // late, the peer has the new one in this cluster already. Until the end of the holder it does not end.
  class Joining {
   public:
    Joining() = default;
    Joining(Clusters& clusters, ClusterId id);
    Joining(Joining&& other) noexcept : clusters_(std::exchange(other.clusters_, nullptr)), id_(other.id_) {}
    Joining& operator=(Joining&& other) noexcept;
    ~Joining();

   private:
    Clusters* clusters_ = nullptr;
    ClusterId id_;
  };

  const Cluster* find(ClusterId id) const;
  // The one of that name that takes sub-SAs. Were two founded at once, both ends find the same.
  const Cluster* find_open(const ClusterName& name) const;
  std::optional<ClusterId> find_founding(const ClusterName& name) const;
  ClusterId new_id(Turn& turn) const;

  void found(ClusterId id, ClusterTerms terms, Turn& turn);
  void join(ClusterId id, IkeSaId sa, ChildId child, std::optional<ChildId> replaces, Turn& turn);
  void leave(ClusterId id, ChildId child, Turn& turn);
  // None may join any more; it ends with its last sub-SA.
  void close(ClusterId id);
  // Those that have ended since this was asked.
  std::vector<ClusterEnded> take_ended() { return std::exchange(ended_, {}); }

  auto begin() const { return clusters_.begin(); }
  auto end() const { return clusters_.end(); }

 private:
  void end_if_empty(std::map<ClusterId, Cluster>::iterator place);

  std::map<ClusterId, Cluster> clusters_;
  std::set<std::pair<ClusterName, ClusterId>> open_;
  std::map<ClusterName, ClusterId> founding_;
  std::vector<ClusterEnded> ended_;
};

}  // namespace mpsec::ike
