// Mutated messages against a living target, with a liveness check as the oracle.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

// One datagram as it was sent. `plain`: what it was before it was sealed, for people; empty where it was not.
struct FuzzedDatagram {
  ike::Path path;
  Octets octets;
  std::string plain;
};

struct FuzzPlan {
  std::uint64_t seed = 1;
  std::size_t rounds = 100;   // each a session of its own, half of them before IKE_AUTH
  std::size_t messages = 20;  // of a round
  Duration between{};         // two messages: the bound of the rate
};

// What a round found; empty `why`: nothing.
struct FuzzRound {
  std::uint64_t seed = 0;
  bool authenticated = false;
  std::string why{};  // "the target answers no IKE_SA_INIT request any more"
  std::vector<FuzzedDatagram> sent{};
};

// The same seed sends the same mutations of the messages of that session. Judged after the messages: the
// target has to answer a new IKE_SA_INIT.
FuzzRound fuzz_round(Target& target, const Tester::Providers& providers, std::uint64_t seed,
                     const FuzzPlan& plan);

// The fewest datagrams, in their order, for which `fails` still holds (delta debugging). `fails` sends them
// to a target in a fresh state.
std::vector<FuzzedDatagram> minimised(std::vector<FuzzedDatagram> sent,
                                      const std::function<bool(const std::vector<FuzzedDatagram>&)>& fails);

// JSON lines: path and octets in hexadecimal of each; what else is there is for people.
std::string to_text(const FuzzRound& found);
Result<std::vector<FuzzedDatagram>> read_reproducer(std::string_view text, std::string_view file);

}  // namespace mpsec::conformance
