// The proof of the suite: every case against every defect, in memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/defects/defect.hpp"
#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

struct Proof {
  // By defect, in the order of `defects`: the cases that failed against it.
  std::vector<const Defect*> defects;
  std::vector<std::vector<const Case*>> killers;
  std::vector<const Case*> cases;
  // Verdicts other than pass of the reference as it is.
  std::vector<Outcome> reference;
  // Where a case ran into our own fault under a defect: "CASE under DEFECT: what".
  std::vector<std::string> harness_errors;

  // What the proof owes, a line each; empty: it holds. Every case passes on the reference and is failed by at
  // least one defect of one of its rules; every defect fails a case of its own rule.
  std::vector<std::string> gaps() const;
  // How many cases a defect fails: median and 90th percentile.
  struct Tripped {
    std::size_t median = 0, ninetieth = 0;
  };
  Tripped tripped() const;
};

// own_rule: each defect meets only the cases of the rule that it breaks; how many others trip is not known
// then.
enum class Pairs : std::uint8_t { all, own_rule };

// `progress` is called after each defect, with how many are done. Runs on `workers` threads.
Proof prove(const std::vector<const Case*>& cases, const std::vector<const Defect*>& defects, Pairs pairs,
            unsigned workers, const std::function<void(std::size_t)>& progress);

}  // namespace mpsec::conformance
