// What a test wants to happen to one packet among many: "the second CREATE_CHILD_SA request of B comes 3 s
// late".
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "sim/packet.hpp"

namespace mpsec::sim {

struct Discarded {};
struct Delayed {
  Duration by;
};
struct Repeated {
  Duration after;  // the copy
};
struct Altered {
  std::function<void(Packet&)> change;
};
using ScriptDeed = std::variant<Discarded, Delayed, Repeated, Altered>;

struct ScriptRule {
  std::string name;
  std::function<bool(const Packet&)> matches;
  // Which of those that match, from 1; 0: each. Packets with the same octets above UDP (above IP, where it is
  // not UDP) count as one: something sent again is not something new.
  std::size_t nth = 0;
  ScriptDeed deed;
  bool repeats_too = false;  // done to what is sent again as well
};

// Seen by a packet as its host sends it, before any link.
class Script {
 public:
  using RuleId = std::size_t;
  RuleId add(ScriptRule rule);
  // How often the deed was done: a test whose rule never applied has tried nothing.
  std::size_t applied(RuleId rule) const { return rules_[rule].applied; }

  struct Fate {
    bool discarded = false;
    Duration delay{0};
    std::vector<Duration> copies;  // after the packet itself
  };
  // In the order of the rules, each of which sees what those before it made of the packet.
  Fate judge(Packet& packet);

 private:
  struct Active {
    ScriptRule rule;
    std::vector<Octets> seen;  // in the order of coming
    std::size_t applied = 0;
  };
  static bool is_due(Active& active, const Packet& packet);
  std::vector<Active> rules_;
};

}  // namespace mpsec::sim
