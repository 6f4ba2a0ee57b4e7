#include "gateway/io/instance_guard.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsec::gateway {
namespace {

std::string holder_of(const FileDescriptor& lock) {
  std::array<char, 32> digits{};
  const ssize_t size = ::pread(lock.number(), digits.data(), digits.size() - 1, 0);
  const std::string text(digits.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::string number = text.substr(0, text.find_first_not_of("0123456789"));
  return number.empty() ? "another process" : "process " + number;
}

// Whether the name still is of the file that was opened: its last holder may have taken it away.
bool still_there(const FileDescriptor& lock, const std::filesystem::path& file) {
  struct stat opened{}, named{};
  return ::fstat(lock.number(), &opened) == 0 && ::lstat(file.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

Result<InstanceGuard> InstanceGuard::take(const std::filesystem::path& path) {
  std::filesystem::path file = path;
  file += ".lock";
  constexpr int tries = 100;
  for (int i = 0; i < tries; ++i) {
    FileDescriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock)
      return refused(file, "opening it", errno,
                     "the folder of the control socket has to be there, and writable at start");
    if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return refused(file, "locking it", errno, "");
      return refused(file, fmt::format("a gateway runs with this control socket, {}: stop that one, or give "
                                       "another gateway.control",
                                       holder_of(lock)));
    }
    if (!still_there(lock, file)) continue;
    const std::string number = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock.number(), 0) != 0 ||
        ::pwrite(lock.number(), number.data(), number.size(), 0) != static_cast<ssize_t>(number.size()))
      return refused(file, "writing the process's number", errno, "");
    return InstanceGuard(std::move(file), std::move(lock));
  }
  return refused(file, "others make it and take it away all the time");
}

InstanceGuard::~InstanceGuard() {
  if (lock_) ::unlink(file_.c_str());
}

}  // namespace mpsec::gateway
