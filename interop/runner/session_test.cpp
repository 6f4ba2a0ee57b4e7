#include "interop/runner/session.hpp"

#include <gmock/gmock.h>

#include "interop/runner/exit_code.hpp"
#include "interop/runner/ladder_check.hpp"
#include "interop/runner/live_fuzz.hpp"
#include "interop/runner/opening.hpp"
#include "interop/runner/side_by_side.hpp"
#include "interop/runner/way.hpp"
#include "interop/suite/memory/memory_target.hpp"

namespace mpsec::conformance {
namespace {

using testing::HasSubstr;

const Case good{.id = "made-up/1/passes", .rules = {}, .does = "", .lawful = "", .run = [](Tester& t) {
                  t.expect_alive(t.establish());
                }};
const Case bad{.id = "made-up/1/fails", .rules = {}, .does = "", .lawful = "", .run = [](Tester& t) {
                 t.fail("this", "that");
               }};
const Case unsupported{.id = "made-up/1/is-unsupported",
                       .rules = {},
                       .features = {Feature::ipv6_inside},
                       .does = "",
                       .lawful = "",
                       .run = [](Tester& t) { t.fail("nothing", "it ran"); }};
const Case ours{.id = "made-up/1/throws", .rules = {}, .does = "", .lawful = "", .run = [](Tester&) {
                  throw std::runtime_error("a fault of the case");
                }};
const Case unbuilt{
    .id = "made-up/1/control-fails", .rules = {}, .does = "", .lawful = "", .run = [](Tester& t) {
      t.control([&] { t.fail("a handshake", "none"); });
    }};

struct Ran {
  Run run;
  int code;
};
Ran run_of(std::vector<const Case*> cases, Plan plan = {}, MakeBent bent = {}) {
  const Opened providers = open_target("", 1);
  MemoryTarget target(std::move(bent));
  Run run;
  plan.cases = std::move(cases);
  run_all(plan, target, providers.providers(), embedded_register(), run, {});
  const int code = exit_code_of(run);
  return {std::move(run), code};
}

TEST(Session, EachVerdictAndItsExitCode) {
  EXPECT_EQ(run_of({&good}).code, as_expected);
  EXPECT_EQ(run_of({&good, &bad}).code, case_failed);
  EXPECT_EQ(run_of({&unsupported}).code, as_expected);
  EXPECT_EQ(run_of({&unsupported}).run.cases[0].verdict, Verdict::unsupported);
  EXPECT_EQ(run_of({&ours, &bad}).code, harness_fault);
  EXPECT_EQ(run_of({&unbuilt}).run.cases[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(run_of({&unbuilt}).code, case_failed);
  EXPECT_EQ(run_of({}).code, nothing_matched);
}

// One that cannot be prepared.
class Unprepared final : public Target {
 public:
  explicit Unprepared(Blame blame) : blame_(blame) {}
  const Description& description() const override { return inner_.description(); }
  Link& link() override { return inner_.link(); }
  Result<> prepare(const Wishes&) override {
    return std::unexpected(Error{blame_, "target", std::nullopt, "it is not to be", ""});
  }
  Result<> call(Hook hook, std::uint64_t argument) override { return inner_.call(hook, argument); }
  Result<ReplayCounters> replay_counters() override { return inner_.replay_counters(); }

 private:
  MemoryTarget inner_;
  Blame blame_;
};

TEST(Session, AHookThatFailsDoesNotMakeACaseUnsupported) {
  const Opened providers = open_target("", 1);
  Unprepared lacking(Blame::no_common_ground), failing(Blame::local_fault);
  EXPECT_EQ(run_case(good, lacking, providers.providers(), 1).verdict, Verdict::unsupported);
  EXPECT_EQ(run_case(good, failing, providers.providers(), 1).verdict, Verdict::inconclusive);
}

TEST(Session, WhatFailsOnceIsFlakyOrTheWaysDoing) {
  static int runs;
  static Verdict once;
  for (const Verdict verdict : {Verdict::fail, Verdict::inconclusive}) {
    once = verdict;
    const Case shy{.id = "made-up/1/shy", .rules = {}, .does = "", .lawful = "", .run = [](Tester&) {
                     if (runs++ == 0) throw Stop{once, "an answer", "none came"};
                   }};
    runs = 0;
    const Ran sound = run_of({&shy}, {.virtual_time = false});
    EXPECT_EQ(sound.run.cases[0].verdict, once == Verdict::fail ? Verdict::flaky : once);
    EXPECT_EQ(sound.code, case_failed);
    runs = 0;
    const Ran lossy = run_of({&shy}, {.loss = Loss::on_the_way, .virtual_time = false});
    EXPECT_EQ(lossy.run.cases[0].verdict, Verdict::pass);
    EXPECT_EQ(lossy.run.cases[0].tries, 2u);
    EXPECT_EQ(lossy.run.cases[0].failures, 1u);
    EXPECT_EQ(lossy.code, as_expected);
  }
  const Ran lossy = run_of({&bad}, {.loss = Loss::on_the_way, .virtual_time = false});
  EXPECT_EQ(lossy.run.cases[0].verdict, Verdict::fail);
  EXPECT_EQ(lossy.run.cases[0].failures, 3u);
}

TEST(Session, FailFastEndsWithTheFirstFailure) {
  const Ran ran = run_of({&bad, &good}, {.fail_fast = true});
  EXPECT_EQ(ran.run.cases.size(), 1u);
  EXPECT_EQ(ran.run.planned, 2u);
  EXPECT_EQ(ran.run.ended_early, "--fail-fast");
}

TEST(Session, WhatWasDoneIsNotDoneAgain) {
  Plan plan;
  CaseReport before;
  before.id = bad.id;
  before.verdict = Verdict::pass;
  plan.done = {before};
  EXPECT_EQ(run_of({&bad}, plan).run.cases[0].verdict, Verdict::pass);
}

TEST(Session, ATargetThatFallsSilentIsLost) {
  // It answers the first handshake and no other.
  const auto left = std::make_shared<int>(2);
  const MakeBent dying = [left] {
    Bent bent;
    bent.ike_out = [left](Datagram one) {
      std::vector<Datagram> on;
      if ((*left)-- > 0) on.push_back(std::move(one));
      return on;
    };
    return bent;
  };
  const Ran ran = run_of({&good, &good}, {.virtual_time = false}, dying);
  EXPECT_THAT(ran.run.ended_early, HasSubstr("the target is lost"));
  EXPECT_EQ(ran.code, target_lost);
}

// Cases of half a minute, which see to it that what arrives is their own.
Case waiting(std::string_view id, Hooks hooks, void (*run)(Tester&)) {
  return {
      .id = id, .rules = {}, .hooks = hooks, .waits_for_timers = true, .does = "", .lawful = "", .run = run};
}
void initiated(Tester& t) {
  IkeSession& sa = t.await_initiation();
  t.wait(std::chrono::seconds(30));
  t.expect_alive(sa);
}
void initiating(Tester& t) {
  IkeSession& sa = t.establish();
  t.wait(std::chrono::seconds(30));
  t.expect_alive(sa);
  static_cast<void>(t.ping(*sa.children.front()));
}
void failing(Tester& t) {
  t.establish();
  t.wait(std::chrono::seconds(30));
  t.fail("this", "that");
}

TEST(SideBySide, CasesWaitAtTheSameTime) {
  const Case first = waiting("made-up/1/initiating", {}, initiating),
             second = waiting("made-up/1/too", {}, initiating),
             third = waiting("made-up/1/initiated", {Hook::initiate}, initiated),
             fourth = waiting("made-up/1/failing", {}, failing);
  const std::vector<const Case*> all{&first, &good, &second, &third, &fourth};
  const auto chosen = side_by_side(all);
  EXPECT_THAT(chosen, testing::ElementsAre(&third, &first, &second, &fourth));
  const Opened providers = open_target("", 1);
  MemoryTarget target;
  const Instant began = target.link().now();
  const auto outcomes = run_side_by_side(chosen, target, providers.providers(), 1);
  EXPECT_LT(target.link().now() - began, std::chrono::seconds(40));
  ASSERT_EQ(outcomes.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(outcomes[i].verdict, Verdict::pass) << outcomes[i].one->id << ": " << outcomes[i].actual;
  EXPECT_EQ(outcomes[3].verdict, Verdict::fail);
}

TEST(SideBySide, WhatDidNotPassIsTriedAgainByItself) {
  static int runs;
  runs = 0;
  const Case first = waiting("made-up/1/first", {}, initiating),
             shy = waiting("made-up/1/shy", {}, [](Tester& t) {
               if (runs++ == 0) t.fail("to be alone", "somebody");
             });
  const Ran ran = run_of({&first, &shy}, {.virtual_time = false});
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(ran.code, as_expected);
  EXPECT_EQ(ran.run.cases[1].tries, 1u);
}

TEST(SideBySide, TheCataloguesOwnPassSo) {
  std::vector<const Case*> all;
  for (const Case& one : catalogue())
    all.push_back(&one);
  const auto cases = side_by_side(all);
  EXPECT_GE(cases.size(), 3u);
  const Opened providers = open_target("", 1);
  MemoryTarget target;
  for (const Outcome& outcome : run_side_by_side(cases, target, providers.providers(), 1))
    EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.one->id << ": " << outcome.actual;
}

WayReport way_to(MakeBent bent) {
  const Opened providers = open_target("", 1);
  MemoryTarget target(std::move(bent));
  return measure_way(target, providers.providers(), 1).value();
}

// A target whose messages go through `way`, which knows how many there were before.
MakeBent sending_through(std::function<std::vector<Datagram>(int, Datagram)> way) {
  const auto sent = std::make_shared<int>(0);
  return [sent, way = std::move(way)] {
    Bent bent;
    bent.ike_out = [sent, way](Datagram one) { return way((*sent)++, std::move(one)); };
    return bent;
  };
}

TEST(Way, IsMeasuredByExchanges) {
  const WayReport way = way_to({});
  EXPECT_EQ(way.exchanges, 100u);
  EXPECT_EQ(way.lost, 0u);
  EXPECT_LE(way.shortest, way.median);
  EXPECT_LE(way.median, way.longest);
  EXPECT_EQ(confirmations(3, way), 3u);
}

TEST(Way, LossIsCountedAndAsksForMoreConfirmations) {
  const WayReport way = way_to(sending_through([](int before, Datagram one) {
    std::vector<Datagram> on;
    if (before % 4 != 3) on.push_back(std::move(one));
    return on;
  }));
  EXPECT_THAT(way.lost, testing::AllOf(testing::Ge(way.exchanges / 5), testing::Le(way.exchanges / 3)));
  EXPECT_GT(confirmations(3, way), 3u);
  EXPECT_EQ(confirmations(1, way), 1u);
  EXPECT_EQ(confirmations(3, {.exchanges = 20, .lost = 19}), 20u);
}

TEST(Way, AnAnswerThatIsLateIsNoLoss) {
  const auto held = std::make_shared<std::vector<Datagram>>();
  const WayReport way = way_to(sending_through([held](int before, Datagram one) {
    if (before == 10) return held->push_back(std::move(one)), std::vector<Datagram>{};
    std::vector<Datagram> on = std::exchange(*held, {});
    on.push_back(std::move(one));
    return on;
  }));
  EXPECT_EQ(way.lost, 0u);
  EXPECT_GE(way.longest, std::chrono::milliseconds(700));
}

TEST(Way, WhatIsNeverAnsweredIsNoLoss) {
  const WayReport way = way_to(sending_through([](int before, Datagram one) {
    std::vector<Datagram> on;
    if (before < 4) on.push_back(std::move(one));  // IKE_SA_INIT twice, IKE_AUTH, one liveness check
    return on;
  }));
  EXPECT_EQ(way.lost, 0u);
}

TEST(Way, ATargetThatSaysNothingIsNotReached) {
  const Opened providers = open_target("", 1);
  MemoryTarget target([] {
    Bent bent;
    bent.ike_out = [](Datagram) { return std::vector<Datagram>{}; };
    return bent;
  });
  const auto way = measure_way(target, providers.providers(), 1);
  ASSERT_FALSE(way);
  EXPECT_THAT(way.error().why, HasSubstr("none after 8 sendings"));
}

TEST(Session, TheSameSeedGivesTheSameReport) {
  const auto once = [] { return to_json(run_of({&good, &bad, &unsupported}).run); };
  const std::string first = once(), second = once();
  const std::size_t times = first.find("\"times\"");
  ASSERT_NE(times, std::string::npos);
  EXPECT_NE(first.substr(0, times).find("made-up/1/is-unsupported"), std::string::npos);
  EXPECT_EQ(first.substr(0, times), second.substr(0, second.find("\"times\"")));
}

TEST(CheckTarget, GoesStepByStep) {
  const Opened opened = open_target("", 1);
  std::vector<std::string> steps;
  check_target(*opened.target, opened.providers(), [&](const CheckStep& step) {
    EXPECT_TRUE(step.works) << step.name << ": " << step.found;
    steps.push_back(step.name);
  });
  EXPECT_THAT(steps, testing::ElementsAre("reach", "IKE_SA_INIT", "IKE_AUTH", "Child SA", "ping"));
}

TEST(CheckTarget, ExplainsTheFirstThatFails) {
  const Opened opened = open_target("", 1);
  MemoryTarget other([] {
    Bent bent;
    bent.settings = [](gateway::Settings& settings) {
      settings.ike.peers[0].remote_id = ipsec::Identity::fqdn("other.example");
    };
    return bent;
  });
  CheckStep last;
  check_target(other, opened.providers(), [&](const CheckStep& step) { last = step; });
  EXPECT_FALSE(last.works);
  EXPECT_EQ(last.name, "IKE_AUTH");
  EXPECT_EQ(last.found, "AUTHENTICATION_FAILED");
  EXPECT_THAT(last.remedy, HasSubstr("tester.id"));
}

TEST(LiveFuzz, TheReferenceLives) {
  const Opened opened = open_target("", 1);
  for (std::uint64_t seed = 1; seed <= 40; ++seed)
    EXPECT_EQ(fuzz_round(*opened.target, opened.providers(), seed, {}).why, "") << seed;
}

TEST(LiveFuzz, WhatKillsATargetIsFoundAndMadeSmall) {
  // One that dies of a Nonce of more than 256 octets.
  const auto dead = std::make_shared<bool>(false);
  MemoryTarget fragile([dead] {
    Bent bent;
    bent.ike_in = [dead](Datagram one) {
      const auto message = wire::ike::decode_message(one.octets);
      const auto* nonce = message ? wire::ike::find<wire::ike::Nonce>(message->payloads) : nullptr;
      *dead |= nonce == nullptr || nonce->data.size() != 32;
      return *dead ? std::vector<Datagram>{} : std::vector{std::move(one)};
    };
    return bent;
  });
  const Opened opened = open_target("", 1);
  FuzzRound found;
  for (std::uint64_t seed = 2; found.why.empty() && seed < 100; seed += 2)
    found = fuzz_round(fragile, opened.providers(), seed, {});
  ASSERT_NE(found.why, "");
  const auto fails = [&](const std::vector<FuzzedDatagram>& some) {
    *dead = false;
    for (const FuzzedDatagram& one : some)
      fragile.link().send(ike::to_datagram(one.path, one.octets));
    return *dead;
  };
  const auto fewest = minimised(found.sent, fails);
  EXPECT_EQ(fewest.size(), 1u);
  const auto read = read_reproducer(to_text({.seed = 1, .why = "w", .sent = fewest}), "r.jsonl");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->front().octets, fewest.front().octets);
}

}  // namespace
}  // namespace mpsec::conformance
