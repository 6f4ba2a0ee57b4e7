// An SA cluster as the tester has it (docs/sa-cluster-profile.md): sub-SAs over one or several IKE SAs, whose
// packets take their numbers from one counter.
#pragma once

#include <vector>

#include "interop/suite/tester.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::conformance {

using wire::ike::ClusterField;
using wire::ike::ClusterRefusal;
using wire::ike::SaClusterJoin;
using wire::ike::SaClusterRefused;
using wire::ike::SaClusterSupported;

// What of clusters a message says; nothing: it does not, or not in the form that it has.
std::optional<SaClusterJoin> join_in(const Message& message);
std::optional<SaClusterSupported> supported_in(const Message& message);
std::optional<SaClusterRefused> refused_in(const Message& message);
bool has_cluster_vendor_id(const Message& message);
// Neither Vendor ID nor one of the three notifies.
bool says_nothing_of_clusters(const Message& message);
// SA_CLUSTER_REFUSED with that reason and field, and no Child SA beside it.
void expect_refused(Tester& t, const Message& response, ClusterRefusal reason,
                    ClusterField field = ClusterField::none);

class Cluster {
 public:
  explicit Cluster(Tester& tester);

  // With what its IKE SAs are begun: to be changed before.
  Opening opening;
  SaClusterJoin own;                     // the tester's JOIN at the founding
  std::optional<SaClusterJoin> peers{};  // and the target's
  std::uint64_t next = 1;                // number of the tester's next packet
  std::uint64_t top_received = 0;        // of the target's numbers
  // The IKE_AUTH or CREATE_CHILD_SA message of the target that was heard last about a sub-SA.
  Message heard;
  std::vector<IkeSession*> ike;
  std::vector<EspChild*> children;

  // --- the tester asks. Each is a control, and pings what it has made.
  IkeSession& found(std::size_t path = 0);
  IkeSession& join(std::size_t path);              // over a new IKE SA
  EspChild& join_on(IkeSession& sa);               // by CREATE_CHILD_SA
  EspChild& rekey(IkeSession& sa, EspChild& old);  // the old one is left as it is
  // --- the target asks, over a new IKE SA, by its hook
  IkeSession& await_founding(std::size_t path = 0);
  // Until it has asked: what follows is the case's. The IKE_AUTH request is in `heard`.
  IkeSession& await_request(std::size_t path);
  // The tester's answer, and the ping.
  void answer(IkeSession& sa);

  // What a request of the tester's would be made of: to be bent.
  SaClusterJoin joining() const;
  ChildWish wish(const SaClusterJoin& join) const;
  Opening opening_with(const SaClusterJoin& join, std::size_t path) const;
  // IKE_SA_INIT, and IKE_AUTH with that: its response. The IKE SA is the last of `ike`.
  Message ask_over(const Opening& begun);
  Message ask_on(IkeSession& sa, const ChildWish& wish) {
    return tester_.ask(sa, sa.create_child_request(wish));
  }

  // --- packets, under the next number
  std::uint32_t send_ping(EspChild& child) { return tester_.send_ping(child, next++); }
  std::uint32_t send_ping(EspChild& child, std::uint64_t number) { return tester_.send_ping(child, number); }
  // There and back, tried twice: the answer, by whichever sub-SA.
  Tester::Pong ping(EspChild& child);
  // So many, over all children in turn, each answered before the next.
  std::vector<Tester::Pong> pings(std::size_t count);
  // A control: the cluster as a whole works.
  void ping_all();
  // By IKE, and gone from `children`.
  void delete_child(IkeSession& sa, EspChild& child);
  void delete_ike(IkeSession& sa);
  void take(EspChild& child);

 private:
  IkeSession& enter(const SaClusterJoin& join, std::size_t path);
  void note(const Tester::Pong& pong);

  Tester& tester_;
};

// Numbers of what came, in the order in which it came.
std::vector<std::uint64_t> numbers_of(const std::vector<Tester::Pong>& pongs);
Message delete_request(IkeSession& sa, const EspChild& child);
Message delete_request(IkeSession& sa);
// What a message asks to be deleted of Child SAs: the target's SPIs.
bool deletes(const Message& message, const EspChild& child);

// A sub-SA on the first path and one on the second.
void make_two(Cluster& cluster);
// The same, each of which has carried a ping.
void make_two_that_work(Cluster& cluster);

inline constexpr std::uint64_t two_to_32 = std::uint64_t{1} << 32;

}  // namespace mpsec::conformance
