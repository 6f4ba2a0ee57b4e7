// What a process gives up once everything is open, and what keeps keys out of swap and core files.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace mpsec::gateway {

struct PrivilegeOptions {
  // Addresses and routes may change after start: keeps CAP_NET_ADMIN, which the kernel asks for each time,
  // however the socket was opened.
  bool change_routes = true;
  std::string user{};  // to become, with its groups; empty: whoever it is now
  bool lock_memory = true;
};

struct Privileges {
  std::vector<std::string> kept;  // capabilities, as "cap_net_admin"
  bool memory_locked = false;
  std::string
      why_not_locked{};  // a sentence for the log, with its remedy; empty where it is, or is not wanted
};

// Gives up every capability but what `options` need, for good and for programs that are started later too;
// becomes the user; turns off core files and tracing by the user's other processes; locks memory, now and
// what comes, where that is allowed without a limit: with one, allocations would fail some day. Sockets that
// are open stay what they are; new raw sockets and ports below 1024 cannot be had any more.
//
// Before threads are started: capabilities are a thread's. Fails, with a remedy, if there are several, if the
// user is unknown or may not be become, or if something cannot be given up. Where CAP_NET_ADMIN was never
// there, it is not kept either, and that is no error.
Result<Privileges> drop_privileges(const PrivilegeOptions& options);

}  // namespace mpsec::gateway
