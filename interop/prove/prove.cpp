#include "interop/prove/prove.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <thread>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::conformance {
namespace {

bool tries(const Case& one, std::string_view rule) {
  return std::ranges::find(one.rules, rule) != one.rules.end();
}

struct Found {
  std::vector<const Case*> killers;
  std::vector<std::string> harness_errors;
};

Found run_all(const std::vector<const Case*>& cases, const Defect& defect, Pairs pairs) {
  const auto packets = crypto::make_openssl_provider();
  const auto ike = crypto::make_openssl_ike_provider();
  MemoryTarget target(defect.make);
  Found found;
  for (const Case* one : cases) {
    if (pairs == Pairs::own_rule && !tries(*one, defect.rule)) continue;
    const Outcome outcome = run_case(*one, target, {*packets, *ike}, 1);
    if (outcome.verdict == Verdict::fail) found.killers.push_back(one);
    if (outcome.verdict == Verdict::harness_error)
      found.harness_errors.push_back(fmt::format("{} under {}: {}", one->id, defect.id, outcome.actual));
  }
  return found;
}

}  // namespace

Proof prove(const std::vector<const Case*>& cases, const std::vector<const Defect*>& defects, Pairs pairs,
            unsigned workers, const std::function<void(std::size_t)>& progress) {
  Proof proof;
  proof.cases = cases;
  proof.defects = defects;
  proof.killers.resize(defects.size());
  {
    const auto packets = crypto::make_openssl_provider();
    const auto ike = crypto::make_openssl_ike_provider();
    MemoryTarget target;
    for (const Case* one : cases)
      if (Outcome outcome = run_case(*one, target, {*packets, *ike}, 1); outcome.verdict != Verdict::pass)
        proof.reference.push_back(std::move(outcome));
  }
  std::atomic<std::size_t> next = 0;
  std::size_t done = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t at = next++; at < defects.size(); at = next++) {
      Found found = run_all(cases, *defects[at], pairs);
      const std::lock_guard lock(mutex);
      proof.killers[at] = std::move(found.killers);
      std::ranges::move(found.harness_errors, std::back_inserter(proof.harness_errors));
      progress(++done);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < workers; ++i)
    threads.emplace_back(work);
  work();
  threads.clear();
  std::ranges::sort(proof.harness_errors);
  return proof;
}

std::vector<std::string> Proof::gaps() const {
  std::vector<std::string> gaps;
  for (const Outcome& outcome : reference)
    gaps.push_back(fmt::format("case {}: the reference does not pass: {}: expected {}, actual {}",
                               outcome.one->id, to_string(outcome.verdict), outcome.expected,
                               outcome.actual));
  std::set<const Case*> killed;
  for (std::size_t i = 0; i < defects.size(); ++i) {
    bool by_its_rule = false;
    for (const Case* killer : killers[i]) {
      if (!tries(*killer, defects[i]->rule)) continue;
      by_its_rule = true;
      killed.insert(killer);
    }
    if (!by_its_rule)
      gaps.push_back(fmt::format("defect {}: no case of its rule {} fails; {} others do", defects[i]->id,
                                 defects[i]->rule, killers[i].size()));
  }
  for (const Case* one : cases)
    if (!killed.contains(one))
      gaps.push_back(fmt::format("case {}: no defect of one of its rules fails it", one->id));
  for (const std::string& error : harness_errors)
    gaps.push_back("harness error: " + error);
  return gaps;
}

Proof::Tripped Proof::tripped() const {
  std::vector<std::size_t> counts;
  for (const auto& one : killers)
    counts.push_back(one.size());
  if (counts.empty()) return {};
  std::ranges::sort(counts);
  return {counts[counts.size() / 2], counts[counts.size() * 9 / 10]};
}

}  // namespace mpsec::conformance
