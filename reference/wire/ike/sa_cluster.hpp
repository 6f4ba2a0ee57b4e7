// What two ends that know SA clusters say to each other (docs/sa-cluster-profile.md): a Vendor ID, and the
// data of three Notify payloads of private use, which mean nothing to whoever has not sent that Vendor ID.
#pragma once

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/ike/numbers.hpp"
#include "wire/ike/vendor_id.hpp"

namespace mpsec::wire::ike {

inline constexpr std::string_view sa_cluster_vendor_id = "mpsec-sa-cluster-1";

inline VendorId make_sa_cluster_vendor_id() {
  return {Octets(sa_cluster_vendor_id.begin(), sa_cluster_vendor_id.end())};
}
inline bool knows_sa_clusters(const VendorId& vendor) {
  return std::ranges::equal(vendor.data, sa_cluster_vendor_id,
                            [](std::uint8_t octet, char letter) { return octet == std::uint8_t(letter); });
}

// Chosen at random by the founder, never zero.
using ClusterId = Strong<std::uint64_t, struct ClusterIdTag>;

// |    Version    | (reserved)  |D|   Reserved    |   Sub-SAs - 1 ~
// ~               |
struct SaClusterSupported {
  static constexpr std::string_view name = "SA_CLUSTER_SUPPORTED", clause = "SA cluster profile";
  std::uint8_t version = 1;
  std::uint8_t reserved_flags = 0;  // 7 bits
  bool duplication = false;         // a number may come by two paths
  std::uint8_t reserved = 0;
  std::uint16_t most_but_one = 0;  // the largest number of sub-SAs minus one
  std::uint32_t most_sub_sas() const { return std::uint32_t{most_but_one} + 1; }
  bool operator==(const SaClusterSupported&) const = default;
  static constexpr auto wire = Entries{
      field<&SaClusterSupported::version>("Version"),
      bits<std::uint8_t>(bit<7, &SaClusterSupported::reserved_flags>("Reserved Flags"),
                         bit<1, &SaClusterSupported::duplication>("Duplication")),
      field<&SaClusterSupported::reserved>("Reserved"),
      field<&SaClusterSupported::most_but_one>("Sub-SAs minus one"),
  };
};

// |                          Cluster ID                           |
// ~                                                               |
// |(reserved)|D|F|A|                  Reserved                    |
// |                        Receive Window                         |
struct SaClusterJoin {
  static constexpr std::string_view name = "SA_CLUSTER_JOIN", clause = "SA cluster profile";
  ClusterId cluster{};
  std::uint8_t reserved_flags = 0;  // 5 bits
  bool duplication = false;         // is wanted
  bool founds = false;              // a new cluster
  bool anti_replay = false;
  std::uint32_t reserved = 0;  // 24 bits
  std::uint32_t window = 0;    // the sender's, in numbers
  bool operator==(const SaClusterJoin&) const = default;
  static constexpr auto wire = Entries{
      field<&SaClusterJoin::cluster>("Cluster ID"),
      bits<std::uint32_t>(
          bit<5, &SaClusterJoin::reserved_flags>("Reserved Flags"),
          bit<1, &SaClusterJoin::duplication>("Duplication"), bit<1, &SaClusterJoin::founds>("Founds"),
          bit<1, &SaClusterJoin::anti_replay>("Anti-Replay"), bit<24, &SaClusterJoin::reserved>("Reserved")),
      field<&SaClusterJoin::window>("Receive Window"),
  };
};

enum class ClusterRefusal : std::uint8_t {
  unknown_cluster = 1,
  other_peer = 2,  // another identity pair, or another PAD entry, than the founder's
  unequal_field = 3,
  too_many_sub_sas = 4,
  ended = 5,  // or its numbers used up
  not_configured = 6,
  malformed = 7,
};
// What is to be equal over a cluster.
enum class ClusterField : std::uint8_t {
  none = 0,
  selectors = 1,
  extended_sequence_numbers = 2,
  anti_replay = 3,
  mode = 4,
  window = 5,
  membership = 6,  // of a rekeyed SA and what replaces it
};

// |    Reason     |     Field     |
struct SaClusterRefused {
  static constexpr std::string_view name = "SA_CLUSTER_REFUSED", clause = "SA cluster profile";
  ClusterRefusal reason = ClusterRefusal::unknown_cluster;
  ClusterField unequal = ClusterField::none;
  bool operator==(const SaClusterRefused&) const = default;
  static constexpr auto wire = Entries{
      field<&SaClusterRefused::reason>("Reason"),
      field<&SaClusterRefused::unequal>("Field"),
  };
};

}  // namespace mpsec::wire::ike
