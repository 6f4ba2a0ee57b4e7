// Keeps what strangers can cause without end from filling a journal: so many lines a second of one kind; the
// rest is counted, and told when the second is over.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/output.hpp"

namespace mpsec::gateway {

// What a report is limited with; nothing: it is never left out. Audits are told apart by their cause, refused
// messages and negotiations by whose fault that was, packets that want an SA by their policy.
std::optional<std::string> limited_kind(const Report& report);

class LineLimit {
 public:
  explicit LineLimit(std::size_t lines_a_second = 10) : most_(lines_a_second) {}

  bool admits(const Report& report, Instant now);

  struct LeftOut {
    std::string kind;
    std::uint64_t lines = 0;
  };
  // Of the kinds whose second is over; each is told once.
  std::vector<LeftOut> left_out(Instant now);
  // When left_out() has something to tell.
  std::optional<Instant> next_deadline() const;

 private:
  struct Second {
    Instant begun{};
    std::size_t lines = 0;
    std::uint64_t left_out = 0;
  };

  std::size_t most_;
  std::map<std::string, Second, std::less<>> kinds_;  // as many as there are causes and policies
};

}  // namespace mpsec::gateway
