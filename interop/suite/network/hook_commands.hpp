// The user's commands that make a target do something.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "interop/suite/target.hpp"

namespace mpsec::conformance {

// Runs commands with /bin/sh, each in a process group of its own, which ends with it. A command may run on
// while the case goes on (one that initiates waits for the tester's answer); its end is looked at later.
class HookCommands {
 public:
  struct Settings {
    std::map<Hook, std::string> commands{};
    std::string reset{};                        // takes every SA with the tester away; empty: there is none
    std::chrono::milliseconds timeout{10'000};  // then the command and what it has started are killed
    std::chrono::milliseconds first_look{200};  // so long a failure is waited for
    std::size_t most_output = 64 << 10;         // octets that are kept; the rest is read and forgotten
  };
  explicit HookCommands(Settings settings) : settings_(std::move(settings)) {}
  ~HookCommands();
  HookCommands(const HookCommands&) = delete;

  // Starts it, with `argument` as $1 and in MPSEC_ARGUMENT. Fails (local fault) where the command cannot be
  // started, or has failed already, with what it printed last.
  Result<> start(Hook hook, std::uint64_t argument);
  // Waits for its end; what it printed to standard output.
  Result<std::string> ask(Hook hook, std::uint64_t argument);
  // Of one that sets something: $1 is "usual", what it is set to when no case asks for anything.
  Result<> put_back(Hook hook);
  // Nothing happens where there is no such command.
  Result<> reset();
  bool can_reset() const { return !settings_.reset.empty(); }
  // Ends what still runs.
  void end_all();

 private:
  struct Asked {
    std::string_view name;
    std::string command, argument;
  };
  struct Running {
    std::string_view name{};
    int process = -1;
    int output = -1;  // both of its streams
    std::string text{};
    bool closed = false;
  };
  Result<Asked> asked(Hook hook, std::string argument) const;
  static Result<Running> launch(const Asked& asked);
  Result<std::string> finish(const Asked& asked);
  Result<std::string> wait(Running& running, std::chrono::milliseconds limit, bool kill_late);

  Settings settings_;
  std::vector<Running> running_;
};

}  // namespace mpsec::conformance
