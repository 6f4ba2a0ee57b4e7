// Clusters are found, and ordinary SAs are not taken for one.
#include "pcap-replay/cluster/cluster_detector.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace mpsec::replay {
namespace {

using Numbers = std::vector<std::uint64_t>;

// A little generator that is the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
    return state_ % bound;
  }

 private:
  std::uint64_t state_;
};

Numbers counted(std::uint64_t first, std::uint64_t count) {
  Numbers numbers;
  for (std::uint64_t i = 0; i < count; ++i)
    numbers.push_back(first + i);
  return numbers;
}

// Each number goes to the path that `choose` names.
template <typename Choose>
std::vector<Numbers> shared_out(const Numbers& numbers, std::size_t paths, Choose choose) {
  std::vector<Numbers> shares(paths);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    shares[choose(i)].push_back(numbers[i]);
  return shares;
}

AddressBits address(std::uint64_t number) {
  return {0, number, IpVersion::v4};
}

SketchedSa sketched(const Numbers& numbers, Instant first = Instant{},
                    Instant last = Instant(std::chrono::seconds(9)), std::uint64_t content_seed = 0) {
  NumberSketch sketch;
  for (const std::uint64_t number : numbers)
    sketch.note(number, content_seed == 0 ? 0 : number * content_seed);
  SketchedSa sa;
  sa.sample = sketch.sample();
  sa.packets = numbers.size();
  sa.first_number = numbers.empty() ? 0 : numbers.front();
  sa.first_time = first, sa.last_time = last;
  sa.source = address(1), sa.destination = address(2);
  return sa;
}

std::vector<SketchedSa> sketched(const std::vector<Numbers>& shares) {
  std::vector<SketchedSa> sas;
  for (const Numbers& share : shares)
    sas.push_back(sketched(share));
  return sas;
}

std::vector<std::size_t> members(const ClusterFinding& finding) {
  std::vector<std::size_t> sas;
  for (const ClusterMember& member : finding.members)
    sas.push_back(member.sa);
  return sas;
}

std::vector<ClusterVerdict> verdicts(const std::vector<ClusterFinding>& findings) {
  std::vector<ClusterVerdict> all;
  for (const ClusterFinding& finding : findings)
    all.push_back(finding.verdict);
  return all;
}

bool any_found(const std::vector<ClusterFinding>& findings) {
  for (const ClusterVerdict verdict : verdicts(findings))
    if (verdict == ClusterVerdict::cluster || verdict == ClusterVerdict::likely) return true;
  return false;
}

using testing::ElementsAre;

TEST(NumberSketch, ExactWhileItIsSmall) {
  const auto overlap =
      overlap_of(sketched(Numbers{1, 2, 3, 5, 8, 200}).sample, sketched(Numbers{2, 4, 5, 6, 201}).sample);
  EXPECT_EQ(overlap.both, 2u);          // 2 and 5
  EXPECT_EQ(overlap.first, 5u);         // from 2 to 200
  EXPECT_EQ(overlap.second, 4u);        // 201 is beyond
  EXPECT_EQ(overlap.alternations, 2u);  // 3, then 4 and 6, then 8 and 200
}

TEST(NumberSketch, MaskOfARangeIsExact) {
  for (const std::uint32_t from : {0u, 1u, 63u, 64u, 100u, 0xffffffc1u, 0xffffffffu})
    for (const std::uint64_t reach : {0u, 1u, 5u, 62u, 63u, 64u, 65u, 300u})
      for (std::uint32_t block = (from >> 6) - 2, i = 0; i < 9; ++i, ++block) {
        const std::uint64_t mask = NumberRange{from, reach}.mask(block & NumberSketch::block_mask);
        for (std::uint32_t bit = 0; bit < 64; ++bit)
          ASSERT_EQ(mask >> bit & 1, static_cast<std::uint32_t>(block * 64 + bit - from) <= reach ? 1u : 0u)
              << from << " " << reach << " " << block << " " << bit;
      }
}

// What a sample says of two SAs is what all their numbers say, but for chance.
TEST(NumberSketch, SamplesTheSameOfAll) {
  Dice dice(7);
  Numbers first, second;
  for (std::uint64_t number = 1; number < 1'000'000; ++number) {
    if (dice.below(2) == 0) first.push_back(number);
    if (dice.below(4) == 0) second.push_back(number);
  }
  const SketchedSa one = sketched(first), other = sketched(second);
  EXPECT_LE(one.sample.blocks.size(), NumberSketch::most_blocks);
  const auto overlap = overlap_of(one.sample, other.sample);
  EXPECT_GT(overlap.room, 64u * 50);
  EXPECT_NEAR(static_cast<double>(overlap.both), overlap.expected(), 4 * std::sqrt(overlap.expected()));
}

RC_GTEST_PROP(NumberSketch, OverlapsLikeSets, ()) {
  const auto one = *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 4000));
  const auto other = *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 4000));
  const NumberSample first = sketched(Numbers(one.begin(), one.end())).sample,
                     second = sketched(Numbers(other.begin(), other.end())).sample;
  const auto overlap = overlap_of(first, second);
  std::set<std::uint64_t> together = one;
  together.insert(other.begin(), other.end());
  RC_ASSERT(overlap.both == one.size() + other.size() - together.size());
  RC_ASSERT(one.empty() || other.empty() || union_of(first, second).numbers() == together.size());
  RC_ASSERT(overlap_of(second, first).alternations == overlap.alternations);
}

TEST(ClusterDetector, FindsPathsInTurn) {
  for (const std::size_t paths : {2u, 3u, 8u, 64u}) {
    for (const std::uint64_t start :
         {std::uint64_t{1}, std::uint64_t{0xfffffe00}, std::uint64_t{9'000'000'000}}) {
      SCOPED_TRACE(testing::Message() << paths << " from " << start);
      const auto findings = find_clusters(
          sketched(shared_out(counted(start, 200 * paths), paths, [&](std::size_t i) { return i % paths; })));
      ASSERT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::cluster));
      EXPECT_EQ(findings[0].members.size(), paths);
      EXPECT_GE(findings[0].strength, findings[0].needed);
    }
  }
}

TEST(ClusterDetector, FindsLeasesChanceAndLoss) {
  Dice dice(3);
  const auto leases = shared_out(counted(1, 20'000), 4, [](std::size_t i) { return i / 64 % 4; });
  EXPECT_THAT(verdicts(find_clusters(sketched(leases))), ElementsAre(ClusterVerdict::cluster));
  Numbers lossy;
  for (const std::uint64_t number : counted(1, 3000))
    if (dice.below(10) != 0) lossy.push_back(number);
  const auto random = shared_out(lossy, 3, [&](std::size_t) { return dice.below(3); });
  EXPECT_THAT(verdicts(find_clusters(sketched(random))), ElementsAre(ClusterVerdict::cluster));
}

TEST(ClusterDetector, KeepsTwoClustersAndTheirDirectionsApart) {
  const auto in_turn = [](std::size_t i) { return i % 2; };
  auto sas = sketched(shared_out(counted(1, 1000), 2, in_turn));
  auto back = sketched(shared_out(counted(1, 800), 2, in_turn));
  for (SketchedSa& sa : back) {
    std::swap(sa.source, sa.destination);
    sas.push_back(sa);
  }
  for (const SketchedSa& sa : sketched(shared_out(counted(1, 900), 2, in_turn)))
    sas.push_back(sa);
  const auto findings = find_clusters(sas);
  EXPECT_EQ(verdicts(findings).size(), 3u);
  for (const ClusterFinding& finding : findings) {
    EXPECT_EQ(finding.verdict, ClusterVerdict::cluster);
    EXPECT_EQ(finding.members.size(), 2u);
    EXPECT_EQ(finding.members[0].sa / 2 == 1, finding.members[1].sa / 2 == 1);
  }
}

TEST(ClusterDetector, SaysTooLittleOfAFew) {
  const auto findings = find_clusters(sketched({Numbers{1, 3, 5}, Numbers{2, 4, 6}}));
  EXPECT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::too_little));
}

TEST(ClusterDetector, DoesNotTakeParallelSasForOne) {
  for (const std::uint64_t count : {5u, 50u, 5000u}) {
    const auto findings =
        find_clusters(sketched({counted(1, count), counted(1, count), counted(1, count * 2)}));
    EXPECT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::no));
  }
}

// Any loss of any two SAs that count for themselves, from 1 or from anywhere, is no cluster.
RC_GTEST_PROP(ClusterDetector, NeverTakesIndependentCountersForOne, ()) {
  Dice dice(*rc::gen::arbitrary<std::uint64_t>());
  const auto loss = *rc::gen::inRange<std::uint64_t>(0, 95);
  const auto burst = *rc::gen::element<std::uint64_t>(1, 4, 40);
  const auto apart = *rc::gen::element<std::uint64_t>(0, 0, 1, 7, 64, 1000, 100'000);
  const auto start = *rc::gen::element<std::uint64_t>(1, 1, 0xffffff00, 0x5'0000'0001);
  const auto count = *rc::gen::inRange<std::uint64_t>(1, 4000);
  std::vector<Numbers> shares(*rc::gen::inRange<std::size_t>(2, 5));
  for (std::size_t i = 0; i < shares.size(); ++i)
    for (std::uint64_t number = 0, left = 0; number < count; ++number) {
      if (left == 0 && dice.below(100 * burst) < loss) left = burst;
      if (left != 0) {
        --left;
        continue;
      }
      shares[i].push_back(start + i * apart + number);
    }
  std::erase_if(shares, [](const Numbers& share) { return share.empty(); });
  RC_ASSERT(!any_found(find_clusters(sketched(shares))));
}

// A rekeyed SA begins at 1 after the old one, or where the old one was, by the first packet of its own
// counter.
TEST(ClusterDetector, DoesNotTakeRekeysForOne) {
  using std::chrono::seconds;
  for (const std::uint64_t last : {100u, 100'000u}) {
    const std::vector<SketchedSa> sas = {
        sketched(counted(1, last), Instant{}, Instant(seconds(9))),
        sketched(counted(1, last), Instant(seconds(8)), Instant(seconds(17))),
        sketched(counted(1, 40), Instant(seconds(16)), Instant(seconds(20)))};
    EXPECT_THAT(verdicts(find_clusters(sas)), ElementsAre(ClusterVerdict::no));
  }
  // The old one is past 2^32, as extended numbers may be.
  EXPECT_FALSE(
      any_found(find_clusters({sketched(counted(0x1'0000'0010, 500), Instant{}, Instant(seconds(9))),
                               sketched(counted(1, 500), Instant(seconds(8)), Instant(seconds(20)))})));
}

TEST(ClusterDetector, SaysNoOfCountersFarApart) {
  const auto findings = find_clusters(sketched({counted(1000, 500), counted(0x7654321, 500)}));
  EXPECT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::no));
  EXPECT_EQ(findings[0].evidence[1].kind, "far apart");
}

// A capture may begin where one SA ends just as another, slower one comes there.
TEST(ClusterDetector, DoesNotTakeNeighboursForOne) {
  EXPECT_FALSE(any_found(find_clusters(sketched({counted(1, 30), counted(31, 30)}))));
  EXPECT_FALSE(any_found(find_clusters(sketched({counted(1, 5000), counted(5001, 5000)}))));
}

TEST(ClusterDetector, AddsAShortLateJoiner) {
  auto shares = shared_out(counted(1, 1'000'000), 2, [](std::size_t i) { return i % 2; });
  Numbers late;
  for (std::uint64_t number = 700'002; number < 700'042; number += 2) {
    late.push_back(number);
    std::erase(shares[1], number);
  }
  auto sas = sketched(shares);
  sas.push_back(sketched(late));
  EXPECT_EQ(find_clusters(sas)[0].members.size(), 2u);  // nothing tells where it belongs
  sas.back().nearest_then = {{0, 700'001}};
  const auto findings = find_clusters(sas);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(members(findings[0]), ElementsAre(0, 1, 2));
  EXPECT_EQ(findings[0].verdict, ClusterVerdict::cluster);
  EXPECT_EQ(findings[0].members[2].verdict, ClusterVerdict::likely);
  EXPECT_EQ(findings[0].evidence.back().kind, "late joiner");
}

TEST(ClusterDetector, KnowsCopiesByWhatIsInThem) {
  const Instant start{}, end(std::chrono::seconds(9));
  const std::vector<SketchedSa> copies = {sketched(counted(1, 500), start, end, 77),
                                          sketched(counted(1, 500), start, end, 77)};
  EXPECT_THAT(verdicts(find_clusters(copies)), ElementsAre(ClusterVerdict::cluster));
  const std::vector<SketchedSa> others = {sketched(counted(1, 500), start, end, 77),
                                          sketched(counted(1, 500), start, end, 78)};
  EXPECT_THAT(verdicts(find_clusters(others)), ElementsAre(ClusterVerdict::no));
}

TEST(ClusterDetector, WeighsWhatIsClaimed) {
  const auto ordinary = sketched({counted(1, 500), counted(1, 500)});
  const ClusterClaim by_hand{ClusterClaim::By::hand, "", {0, 1}};
  auto findings = find_clusters(ordinary, {by_hand});
  ASSERT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::no));
  EXPECT_TRUE(findings[0].by_hand);
  const ClusterClaim negotiated{ClusterClaim::By::negotiation, "frame 4: SA_CLUSTER_JOIN", {0, 1}};
  findings = find_clusters(sketched({Numbers{1, 3}, Numbers{2, 4}}), {negotiated});
  EXPECT_THAT(verdicts(findings), ElementsAre(ClusterVerdict::likely));
  EXPECT_EQ(findings[0].evidence[0].text, "frame 4: SA_CLUSTER_JOIN");
}

}  // namespace
}  // namespace mpsec::replay
