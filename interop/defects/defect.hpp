// A wrong gateway: the reference with one seam replaced by an implementation that breaks one rule.
#pragma once

#include <string_view>
#include <vector>

#include "interop/suite/memory/memory_target.hpp"

namespace mpsec::conformance {

struct Defect {
  std::string_view id;    // "answers-beyond-the-window": permanent
  std::string_view rule;  // the one that it breaks, of the register
  std::string_view does;  // a whole sentence
  // Why it does not complete a handshake and a ping; empty: it does.
  std::string_view no_ping{};
  MakeBent make;  // anew for each case
};

// Every defect, sorted by ID. IDs are unique.
const std::vector<Defect>& defects();

namespace detail {
struct DefectEntry {
  explicit DefectEntry(Defect one);
};
}  // namespace detail

// MPSEC_DEFECT(.id = "...", .rule = "...", .does = "...", .make = [] { ... return bent; })
#define MPSEC_DEFECT(...)                                                                   \
  static const ::mpsec::conformance::detail::DefectEntry MPSEC_JOIN(defect_, __COUNTER__) { \
    ::mpsec::conformance::Defect {                                                          \
      __VA_ARGS__                                                                           \
    }                                                                                       \
  }

}  // namespace mpsec::conformance
