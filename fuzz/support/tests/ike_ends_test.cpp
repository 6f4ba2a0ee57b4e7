// The ends reach each stage, the words are replaced, and what is sealed for a peer is taken for the peer's.
#include "support/ike_ends.hpp"

#include <gtest/gtest.h>

namespace mpsec::fuzz {
namespace {

using End = IkeEnds::End;

TEST(IkeEnds, ReachEachStage) {
  const auto reached = [](IkeStage stage) {
    IkeEnds ends(stage);
    const auto state = [](const ike::Engine& engine) {
      const auto all = engine.status();
      return all.size() == 1 ? all[0].state : ike::IkeState::idle;
    };
    return std::pair(state(ends.pair().a.engine()), state(ends.pair().b.engine()));
  };
  using enum ike::IkeState;
  EXPECT_EQ(reached(IkeStage::nothing), std::pair(idle, idle));
  EXPECT_EQ(reached(IkeStage::init_sent), std::pair(init_sent, idle));
  EXPECT_EQ(reached(IkeStage::half_open), std::pair(auth_sent, init_answered));
  EXPECT_EQ(reached(IkeStage::answered), std::pair(auth_sent, established));
  EXPECT_EQ(reached(IkeStage::established), std::pair(established, established));
}

TEST(IkeEnds, CookiesMakeNoDifferenceToTheStages) {
  IkeEnds ends(IkeStage::established, true);
  EXPECT_EQ(ends.pair().b.engine().counters().cookies_sent, 1u);
  EXPECT_EQ(ends.disagreement(), "");
  EXPECT_NE(ends.established(End::a), "");
}

// A Delete of the child, sealed by the fuzzer: taken, and answered.
TEST(IkeEnds, SealAsThePeer) {
  IkeEnds ends(IkeStage::established);
  const Octets header = hex("0000000000000000 0000000000000000 00 20 25 08 00000002 00000000");
  const Octets payload = hex("00 00 000c 03 04 0001 53504961");  // "SPIa"
  ends.receive_sealed(End::b, header, wire::ike::PayloadType(42), ends.with_words_replaced(payload));
  EXPECT_EQ(ends.pair().wire.size(), 1u);
  EXPECT_TRUE(ends.pair().b.engine().status().at(0).children.empty());
  EXPECT_NE(ends.disagreement(), "");
}

}  // namespace
}  // namespace mpsec::fuzz
