// Two ends whose child is to be a sub-SA of a cluster, and what they think of it.
#pragma once

#include "ike/test_world.hpp"
#include "wire/ike/complete.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::ike::test {

// With windows that differ from end to end, so that it is seen whose is whose.
inline ClusterWish wish(std::uint32_t window = 4096) {
  ClusterWish wish;
  wish.name = "net";
  wish.most_sub_sas = 8;
  wish.window = window;
  return wish;
}

inline EndOptions clustered(
    std::uint32_t window = 4096, std::function<void(PeerConfiguration&)> change = [](PeerConfiguration&) {}) {
  EndOptions options;
  options.change_peer = [window, change](PeerConfiguration& peer) {
    peer.liveness_after = Duration::zero();
    peer.children[0].cluster = wish(window);
    change(peer);
  };
  return options;
}

struct Clustered : World {
  Clustered() : Clustered(clustered(4096), clustered(8192)) {}
  Clustered(const EndOptions& a_options, const EndOptions& b_options, std::uint64_t seed = 1)
      : World(a_options, b_options, seed) {}

  // The first path, which founds, and the second, which joins.
  void up() {
    initiate(a);
    deliver_all();
    initiate(a, a.second_path());
    deliver_all();
    EXPECT_EQ(seen(), "1 cluster of 2 sub-SAs") << a.log() << "--\n" << b.log();
  }
  void create_child(End& end, std::size_t sa = 0) {
    const IkeSaId id = end.engine().status().at(sa).id;
    at(end, [&](Engine& engine, Actions& actions) {
      return engine.create_child(id, "net", now, actions);
    }).value();
    deliver_all();
  }
  static ClusterId only_cluster(End& end) {
    const auto all = end.engine().cluster_status();
    EXPECT_EQ(all.size(), 1u) << end.log();
    return all.empty() ? ClusterId{} : all.front().id;
  }

  // What both ends have, if it is the same: "2 clusters of 1 and 2 sub-SAs".
  std::string seen() {
    if (const std::string why = disagreement(); !why.empty()) return why;
    const std::string ours = clusters_of(a), theirs = clusters_of(b);
    return ours == theirs ? ours : ours + " | " + theirs;
  }
  static std::string clusters_of(End& end) {
    std::vector<std::size_t> sizes;
    for (const ClusterStatus& cluster : end.engine().cluster_status())
      sizes.push_back(cluster.sub_sas.size());
    std::ranges::sort(sizes);
    return fmt::format("{} cluster{} of {} sub-SAs", sizes.size(), sizes.size() == 1 ? "" : "s",
                       fmt::join(sizes, " and "));
  }
};

// The one refusal that an end has told of; "" if there is none.
inline std::string refusal_told_by(const End& end) {
  std::string told;
  for (const Event& event : end.events)
    if (const auto* refused = std::get_if<ClusterJoinRefused>(&event)) {
      told += fmt::format("{}{}{}", told.empty() ? "" : "; ", refused->by_peer ? "the peer: " : "",
                          to_string(refused->reason));
      if (refused->field != wire::ike::ClusterField::none) told += ": " + to_string(refused->field);
    }
  return told;
}

// --- bending of what is said

inline wire::ike::Notify* notify_in(wire::ike::Message& message, wire::ike::NotifyType type) {
  for (wire::ike::Payload& payload : message.payloads)
    if (auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
        notify != nullptr && notify->type == type)
      return notify;
  return nullptr;
}
// Changes the SA_CLUSTER_JOIN that is in the message, if there is one.
inline void bend_join(wire::ike::Message& message,
                      const std::function<void(wire::ike::SaClusterJoin&)>& bend) {
  using namespace wire::ike;
  Notify* notify = notify_in(message, NotifyType::sa_cluster_join);
  if (notify == nullptr) return;
  auto join = data_of<SaClusterJoin>(*notify).value();
  bend(join);
  notify->data = wire::encode(join);
}
inline void remove_notify(wire::ike::Message& message, wire::ike::NotifyType type) {
  std::erase_if(message.payloads, [type](const wire::ike::Payload& payload) {
    const auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
    return notify != nullptr && notify->type == type;
  });
  EXPECT_TRUE(complete(message));
}
inline void remove_vendor_id(wire::ike::Message& message) {
  std::erase_if(message.payloads, [](const wire::ike::Payload& payload) {
    return std::holds_alternative<wire::ike::VendorId>(payload.body);
  });
  EXPECT_TRUE(complete(message));
}

}  // namespace mpsec::ike::test
