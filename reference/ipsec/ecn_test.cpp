#include "ipsec/ecn.hpp"

#include <gtest/gtest.h>
#include <string>

namespace mpsec::ipsec {
namespace {

constexpr std::array all{Ecn::not_ect, Ecn::ect_1, Ecn::ect_0, Ecn::ce};

// "CE", "Not-ECT(!!!)", "drop(!!!)"
std::string written(const EcnDecapsulation& result) {
  constexpr std::array<std::string_view, 3> marks{"", "(!)", "(!!!)"};
  const std::string_view mark = marks[static_cast<std::size_t>(result.suspicion)];
  return std::string(result.drop ? "drop" : to_string(result.ecn)) += mark;
}

TEST(Ecn, CodePointsAreThoseOnTheWire) {
  EXPECT_EQ(static_cast<int>(Ecn::ect_1), 1);
  EXPECT_EQ(static_cast<int>(Ecn::ect_0), 2);
}

TEST(Ecn, OuterHeaderCopiesOrClears) {
  //= rfc6040/4.1/outer-copies-the-inner-mark
  for (const Ecn inner : all) {
    EXPECT_EQ(outer_ecn(inner, EcnMode::normal), inner);
    EXPECT_EQ(outer_ecn(inner, EcnMode::compatibility), Ecn::not_ect);
  }
}

// The RFC's figure, row by row in its own order, which is not that of the code points.
TEST(Ecn, DecapsulatesEveryCombinationAsTheFigureSays) {
  //= rfc6040/4.2/mark-by-the-table
  constexpr std::array order{Ecn::not_ect, Ecn::ect_0, Ecn::ect_1, Ecn::ce};
  const std::array<std::array<std::string_view, 4>, 4> figure{{
      {"Not-ECT", "Not-ECT(!!!)", "Not-ECT(!!!)", "drop(!!!)"},
      {"ECT(0)", "ECT(0)", "ECT(1)", "CE"},
      {"ECT(1)", "ECT(1)(!)", "ECT(1)", "CE"},
      {"CE", "CE", "CE(!!!)", "CE"},
  }};
  for (std::size_t row = 0; row < 4; ++row)
    for (std::size_t column = 0; column < 4; ++column)
      EXPECT_EQ(written(decapsulated_ecn(order[row], order[column])), figure[row][column])
          << "inner " << to_string(order[row]) << ", outer " << to_string(order[column]);
}

// The logic from which the RFC derives the figure.
TEST(Ecn, TakesTheMoreSevereMarkIfTheTransportUnderstandsOne) {
  constexpr auto severity = [](Ecn ecn) { return std::string_view("0213")[static_cast<std::size_t>(ecn)]; };
  for (const Ecn inner : all)
    for (const Ecn outer : all) {
      const auto result = decapsulated_ecn(inner, outer);
      EXPECT_EQ(result.drop, inner == Ecn::not_ect && outer == Ecn::ce);
      if (inner == Ecn::not_ect)
        EXPECT_EQ(result.ecn, Ecn::not_ect);
      else
        EXPECT_EQ(result.ecn, severity(outer) > severity(inner) ? outer : inner);
    }
}

TEST(Ecn, ATunnelOfOursMakesNoSuspiciousPacketUnlessCongested) {
  for (const EcnMode mode : {EcnMode::normal, EcnMode::compatibility})
    for (const Ecn inner : all) {
      const Ecn outer = outer_ecn(inner, mode);
      EXPECT_EQ(decapsulated_ecn(inner, outer), (EcnDecapsulation{inner, false, EcnSuspicion::none}));
      if (outer != Ecn::not_ect) {
        EXPECT_EQ(decapsulated_ecn(inner, Ecn::ce).suspicion, EcnSuspicion::none);
      }
    }
}

TEST(EcnWatch, CountsAllAndLogsOneInAnInterval) {
  //= rfc6040/4.2/alarms-are-rate-limited
  EcnWatch watch;
  const Instant start{};
  EXPECT_FALSE(watch.on_event(EcnSuspicion::none, start));
  EXPECT_TRUE(watch.on_event(EcnSuspicion::dangerous, start));
  EXPECT_FALSE(watch.on_event(EcnSuspicion::dangerous, start + std::chrono::seconds(59)));
  EXPECT_TRUE(watch.on_event(EcnSuspicion::possibly_dangerous, start + std::chrono::seconds(60)));
  EXPECT_EQ(watch.count(EcnSuspicion::dangerous), 2u);
  EXPECT_EQ(watch.count(EcnSuspicion::possibly_dangerous), 1u);
}

TEST(EcnWatch, CanBeSilencedAndTakeOnlyTheWorst) {
  //= rfc6040/4.2/logging-can-be-suppressed
  EcnWatch silent({.silent = true});
  EXPECT_FALSE(silent.on_event(EcnSuspicion::dangerous, Instant{}));
  EXPECT_EQ(silent.count(EcnSuspicion::dangerous), 1u);
  EcnWatch worst({.least = EcnSuspicion::dangerous});
  EXPECT_FALSE(worst.on_event(EcnSuspicion::possibly_dangerous, Instant{}));
  EXPECT_TRUE(worst.on_event(EcnSuspicion::dangerous, Instant{}));
}

TEST(Dscp, OutwardsCopiedOrFixedAndInwardsKept) {
  //= rfc4301/5.1.2/outer-dscp-copied-or-fixed
  //= rfc4301/5.1.2/outer-dscp-stays-outside
  for (std::uint8_t inner = 0; inner < 64; ++inner) {
    EXPECT_EQ(outer_dscp(inner, std::nullopt), inner);
    EXPECT_EQ(outer_dscp(inner, 46), 46);
    EXPECT_EQ(decapsulated_dscp(inner, 46), inner);
    EXPECT_EQ(decapsulated_dscp(inner, 46, InnerDscp::take_outer), 46);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
