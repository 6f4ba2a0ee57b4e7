#include "gateway/io/privileges.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include "gateway/io/system.hpp"

namespace mpsec::gateway {
namespace {

struct Freed {
  void operator()(void* memory) const noexcept { cap_free(memory); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, Freed>;

bool permitted(cap_value_t capability) {
  const Capabilities now(cap_get_proc());
  cap_flag_value_t set = CAP_CLEAR;
  return now && cap_get_flag(now.get(), capability, CAP_PERMITTED, &set) == 0 && set == CAP_SET;
}

std::string name_of(cap_value_t capability) {
  const std::unique_ptr<char, Freed> name(cap_to_name(capability));
  return name ? name.get() : std::to_string(capability);
}

std::size_t count_threads() {
  std::error_code ignored;
  std::size_t threads = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/task", ignored); at != end(at);
       at.increment(ignored))
    ++threads;
  return threads;
}

bool lock_limit_is_infinite() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

std::vector<cap_value_t> needed(const PrivilegeOptions& options) {
  std::vector<cap_value_t> result;
  if (options.change_routes && permitted(CAP_NET_ADMIN)) result.push_back(CAP_NET_ADMIN);
  if (options.lock_memory && !lock_limit_is_infinite() && permitted(CAP_IPC_LOCK))
    result.push_back(CAP_IPC_LOCK);
  return result;
}

Result<> become(const std::string& user) {
  if (user.empty()) return {};
  const std::string thing = fmt::format("user \"{}\"", user);
  errno = 0;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr)
    return refused(thing, "looking it up", errno == 0 ? ENOENT : errno, "`getent passwd` lists who is there");
  if (entry->pw_uid == ::geteuid()) return {};
  if (::prctl(PR_SET_KEEPCAPS, 1) != 0) return refused(thing, "keeping capabilities", errno, "");
  if (::initgroups(user.c_str(), entry->pw_gid) != 0 ||
      ::setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
      ::setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
    return refused(thing, "becoming it", errno, "start as root, or name no user");
  return {};
}

// Permitted and effective are `kept` and nothing else; nothing is passed on.
Result<> keep_only(const std::vector<cap_value_t>& kept) {
  // Without CAP_SETPCAP the bounding set stays; "no new privileges" makes up for it.
  for (cap_value_t capability = 0; cap_get_bound(capability) >= 0; ++capability)
    if (std::find(kept.begin(), kept.end(), capability) == kept.end())
      static_cast<void>(cap_drop_bound(capability));
  const Capabilities wanted(cap_init());
  const int count = static_cast<int>(kept.size());
  const bool set =
      count == 0 || (cap_set_flag(wanted.get(), CAP_PERMITTED, count, kept.data(), CAP_SET) == 0 &&
                     cap_set_flag(wanted.get(), CAP_EFFECTIVE, count, kept.data(), CAP_SET) == 0);
  if (!set || cap_set_proc(wanted.get()) != 0) return refused("capabilities", "giving them up", errno, "");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return refused("capabilities", "refusing new privileges", errno, "this needs Linux 3.5 or later");
  return {};
}

Result<> hide_memory() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return refused("core files", "turning them off", errno, "");
  // After the user has changed, which would set it again.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return refused("core files", "turning off tracing", errno, "");
  return {};
}

void lock_memory(Privileges& result) {
  if (!lock_limit_is_infinite() && !permitted(CAP_IPC_LOCK)) {
    rlimit limit{};
    static_cast<void>(::getrlimit(RLIMIT_MEMLOCK, &limit));
    result.why_not_locked = fmt::format(
        "memory is not locked, keys may reach swap: RLIMIT_MEMLOCK is {} octets and CAP_IPC_LOCK is missing; "
        "set the "
        "limit to unlimited (`ulimit -l`, LimitMEMLOCK=), or grant the capability",
        limit.rlim_cur);
    return;
  }
  // Pages as they are used: buffers for the largest packets are seldom filled.
  result.memory_locked = ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
  if (!result.memory_locked)
    result.why_not_locked =
        fmt::format("memory is not locked, keys may reach swap: {}", std::generic_category().message(errno));
}

}  // namespace

Result<Privileges> drop_privileges(const PrivilegeOptions& options) {
  if (const std::size_t threads = count_threads(); threads > 1)
    return refused("capabilities", fmt::format("there are {} threads, each with its own: give them up before "
                                               "threads are started",
                                               threads));
  const std::vector<cap_value_t> kept = needed(options);
  if (auto become_user = become(options.user); !become_user)
    return std::unexpected(std::move(become_user).error());
  if (auto done = keep_only(kept); !done) return std::unexpected(std::move(done).error());
  if (auto done = hide_memory(); !done) return std::unexpected(std::move(done).error());
  Privileges result;
  for (const cap_value_t capability : kept)
    result.kept.push_back(name_of(capability));
  if (options.lock_memory) lock_memory(result);
  return result;
}

}  // namespace mpsec::gateway
