#include "interop/suite/network/hook_commands.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpsec::conformance {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

std::unexpected<Error> failed(std::string_view name, std::string why) {
  return std::unexpected(
      Error{Blame::local_fault, fmt::format("hook {}", name), std::nullopt, std::move(why), ""});
}

// Of the end of a command's output, what fits a line.
std::string last_of(std::string_view text) {
  constexpr std::size_t most = 300;
  std::string shown;
  for (const char letter : text.substr(text.size() > most ? text.size() - most : 0))
    shown += letter == '\n' ? ' ' : (letter < ' ' ? '?' : letter);
  return shown.empty() ? "it printed nothing" : shown;
}

void kill_group(pid_t process) {
  if (process > 0) ::kill(-process, SIGKILL);
}

}  // namespace

HookCommands::~HookCommands() {
  end_all();
}

void HookCommands::end_all() {
  for (Running& one : running_) {
    kill_group(one.process);
    if (one.process > 0) ::waitpid(one.process, nullptr, 0);
    ::close(one.output);
  }
  running_.clear();
}

auto HookCommands::asked(Hook hook, std::string argument) const -> Result<Asked> {
  const auto command = settings_.commands.find(hook);
  if (command == settings_.commands.end())
    return failed(to_string(hook), "the target file has no command for it");
  return Asked{to_string(hook), command->second, std::move(argument)};
}

auto HookCommands::launch(const Asked& asked) -> Result<Running> {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return failed(asked.name, fmt::format("no pipe: {}", std::strerror(errno)));
  const pid_t process = ::fork();
  if (process < 0) {
    ::close(ends[0]), ::close(ends[1]);
    return failed(asked.name, fmt::format("no process: {}", std::strerror(errno)));
  }
  if (process == 0) {
    ::setpgid(0, 0);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0), ::dup2(ends[1], 1), ::dup2(ends[1], 2);
    ::setenv("MPSEC_ARGUMENT", asked.argument.c_str(), 1);
    ::execl("/bin/sh", "sh", "-c", asked.command.c_str(), "mpsec-hook", asked.argument.c_str(), nullptr);
    ::_exit(127);
  }
  ::setpgid(process, process);
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Running{asked.name, process, ends[0], {}, false};
}

// Empty text and no error: it is still running.
Result<std::string> HookCommands::wait(Running& running, milliseconds limit, bool kill_late) {
  const auto until = Clock::now() + limit;
  while (!running.closed) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now()).count();
    if (left <= 0) break;
    pollfd one{running.output, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(left)) <= 0) continue;
    std::array<char, 4096> some;
    const ssize_t count = ::read(running.output, some.data(), some.size());
    if (count <= 0 && errno != EAGAIN) running.closed = true;
    if (count == 0) running.closed = true;
    const std::size_t room = settings_.most_output - std::min(settings_.most_output, running.text.size());
    if (count > 0) running.text.append(some.data(), std::min(room, static_cast<std::size_t>(count)));
  }
  if (!running.closed) {
    if (!kill_late) return std::string{};
    kill_group(running.process);
    ::waitpid(running.process, nullptr, 0);
    running.process = -1;
    return failed(running.name, fmt::format("it did not end within {} ms and was killed; it printed: {}",
                                            limit.count(), last_of(running.text)));
  }
  int status = 0;
  ::waitpid(running.process, &status, 0);
  kill_group(running.process);
  running.process = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return running.text;
  const std::string how = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  return failed(running.name, fmt::format("it failed ({}): {}", how, last_of(running.text)));
}

Result<> HookCommands::start(Hook hook, std::uint64_t argument) {
  const auto command = asked(hook, fmt::format("{}", argument));
  if (!command) return std::unexpected(command.error());
  auto running = launch(*command);
  if (!running) return std::unexpected(running.error());
  auto looked = wait(*running, settings_.first_look, false);
  const bool ended = running->process < 0;
  if (ended) ::close(running->output);
  if (!looked) return std::unexpected(looked.error());
  if (!ended) running_.push_back(*std::move(running));
  return {};
}

Result<std::string> HookCommands::finish(const Asked& asked) {
  auto running = launch(asked);
  if (!running) return std::unexpected(running.error());
  auto text = wait(*running, settings_.timeout, true);
  ::close(running->output);
  return text;
}

Result<std::string> HookCommands::ask(Hook hook, std::uint64_t argument) {
  const auto command = asked(hook, fmt::format("{}", argument));
  if (!command) return std::unexpected(command.error());
  return finish(*command);
}

Result<> HookCommands::put_back(Hook hook) {
  const auto command = asked(hook, "usual");
  if (!command) return std::unexpected(command.error());
  if (auto done = finish(*command); !done) return std::unexpected(done.error());
  return {};
}

Result<> HookCommands::reset() {
  if (!can_reset()) return {};
  if (auto done = finish({"reset", settings_.reset, ""}); !done) return std::unexpected(done.error());
  return {};
}

}  // namespace mpsec::conformance
