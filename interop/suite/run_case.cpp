#include "interop/suite/run_case.hpp"

#include <exception>
#include <fmt/format.h>
#include <stdexcept>

namespace mpsec::conformance {
namespace {

// Why the target cannot be asked this; empty if it can.
std::string lacks(const Case& one, const Description& target) {
  if (const auto feature = one.features.missing_in(target.features))
    return fmt::format("the target is not said to have the feature '{}'", to_string(*feature));
  if (const auto hook = one.hooks.missing_in(target.hooks))
    return fmt::format("there is no hook '{}'", to_string(*hook));
  return {};
}

// The seed of a case does not depend on which others run.
std::uint64_t own_seed(std::string_view id, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325u ^ seed;
  for (const char letter : id)
    hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100'0000'01b3u;
  return hash;
}

void take(Outcome& outcome, Stop stop) {
  outcome.verdict = stop.verdict;
  outcome.miss = stop.miss;
  outcome.expected = std::move(stop.expected);
  outcome.actual = std::move(stop.actual);
}

std::shared_ptr<const Secrets> secrets_of(const Tester& tester) {
  auto secrets = std::make_shared<Secrets>();
  const auto clone = [](const ike::ChildKeys& keys) {
    return ike::ChildKeys{keys.encryption.clone(), keys.integrity.clone()};
  };
  for (const auto& sa : tester.sessions()) {
    if (sa->has_keys()) secrets->ike_sas.push_back({sa->spis(), sa->suite(), sa->keys().clone()});
    for (const auto& child : sa->children)
      secrets->children.push_back(
          {child->terms(), clone(child->sending_keys()), clone(child->receiving_keys())});
  }
  return secrets;
}

}  // namespace

Outcome run_case(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed,
                 Keep keep) {
  Outcome outcome;
  outcome.one = &one;
  if (const auto prepared = target.prepare(one.wishes); !prepared) {
    // A hook that fails says nothing of what the target can do.
    if (prepared.error().blame == Blame::no_common_ground)
      take(outcome, {Verdict::unsupported, {}, prepared.error().why});
    else
      take(outcome,
           {Verdict::inconclusive, "the target can be prepared for the case", to_string(prepared.error())});
    return outcome;
  }
  if (std::string why = lacks(one, target.description()); !why.empty()) {
    take(outcome, {Verdict::unsupported, {}, std::move(why)});
    return outcome;
  }
  outcome = run_steps(one.run, target, providers, own_seed(one.id, seed), keep);
  outcome.one = &one;
  return outcome;
}

Outcome run_steps(const std::function<void(Tester&)>& steps, Target& target,
                  const Tester::Providers& providers, std::uint64_t seed, Keep keep) {
  Outcome outcome;
  Tester tester(target, providers, seed);
  const Instant began = tester.now();
  try {
    steps(tester);
    outcome.verdict = Verdict::pass;
  } catch (Stop& stop) {
    take(outcome, std::move(stop));
  } catch (const std::out_of_range&) {
    // Cases take the elements of what the target has sent with at().
    take(outcome,
         {Verdict::fail, "as many proposals, transforms or selectors as the message needs", "fewer"});
  } catch (const std::exception& fault) {
    take(outcome, {Verdict::harness_error, "the case runs to its end", fault.what()});
  }
  outcome.took = tester.now() - began;
  if (target.remembers()) tester.clean_up();
  outcome.steps = tester.steps();
  if (keep == Keep::keys) outcome.secrets = secrets_of(tester);
  return outcome;
}

Outcome run_confirmed(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed,
                      unsigned times, Loss loss, Keep keep) {
  Outcome first = run_case(one, target, providers, seed, keep);
  const bool lossy = loss == Loss::on_the_way;
  if (first.verdict != Verdict::fail && !(lossy && first.verdict == Verdict::inconclusive)) return first;
  first.failures = 1;
  for (unsigned i = 1; i < times; ++i) {
    Outcome again = run_case(one, target, providers, seed + i, keep);
    again.tries = ++first.tries;
    again.failures = first.failures;
    if (again.verdict == Verdict::pass && lossy) return again;
    if (again.verdict == Verdict::pass) {
      first.verdict = Verdict::flaky;
      break;
    }
    ++first.failures;
    // What a case failed by says more than that it came to nothing.
    if (first.verdict == Verdict::inconclusive && again.verdict == Verdict::fail) {
      again.failures = first.failures;
      first = std::move(again);
    }
  }
  return first;
}

}  // namespace mpsec::conformance
