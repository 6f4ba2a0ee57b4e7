// Paths that get narrow under traffic.
#include <algorithm>

#include "cluster/test_cluster.hpp"

namespace mpsec::cluster::test {
namespace {

using ipsec::Discard;

// What became of packets that were offered while a path got narrow and wide again.
struct Offered {
  std::size_t arrived = 0, cut = 0, told = 0;

  void offer(Pair& pair, const Octets& clear) {
    const auto sent = pair.sender.send(clear);
    if (!sent.packet.empty()) {
      arrived += pair.receiver.receive(sent.packet).delivered ? 1 : 0;
      return;
    }
    const auto is_piece = [](const ipsec::Emission& one) {
      return one.side == ipsec::Emission::Side::unprotected;
    };
    if (std::ranges::none_of(pair.sender.actions().emissions, is_piece)) {
      told += sent.discard == Discard::packet_too_big ? 1 : 0;
      return;
    }
    bool came = false;  // with the last piece, where it is the protected packet that was cut
    for (const Octets& piece : sent.copies)
      came = pair.receiver.receive(piece).delivered;
    cut += came ? 1 : 0;
  }
};

//= profile/3/path-mtu-of-the-cluster
TEST(SaCluster, AChangeOfThePathMtuUnderTrafficLosesNothingButWhatIsTold) {
  Pair pair(2);
  std::size_t told_before = 0;
  for (const std::uint32_t path_mtu : {1500u, 700u, 1500u}) {
    pair.sender.cluster().outbound(SubSaId{2})->set_path_mtu(path_mtu);
    Offered offered;
    for (int i = 0; i < 100; ++i)  // four kinds over two sub-SAs, each kind by both
      offered.offer(pair, ipsec::test::udp_packet(i % 4 > 1, (i / 4) % 2 == 0 ? 1300 : 60));
    EXPECT_EQ(offered.arrived + offered.cut + offered.told, 100u);
    EXPECT_EQ(offered.told != 0, path_mtu == 700) << "IPv6, which nobody may cut on the way";
    EXPECT_EQ(offered.cut != 0, path_mtu == 700) << "IPv4 that may be cut";
    EXPECT_EQ(pair.sender.path().discards()[Discard::packet_too_big], told_before + offered.told);
    told_before += offered.told;
  }
  EXPECT_EQ(pair.receiver.path().discards().total(), 0u);
}

}  // namespace
}  // namespace mpsec::cluster::test
