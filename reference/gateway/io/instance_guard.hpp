// One gateway for one control socket.
#pragma once

#include <filesystem>

#include "gateway/io/system.hpp"

namespace mpsec::gateway {

// Holds a lock on a file, which is there only meanwhile and names the process. Ends with the process however
// it ends.
class InstanceGuard {
 public:
  // The file is "PATH.lock", for the control socket PATH. Fails, naming the process, if another one holds it.
  static Result<InstanceGuard> take(const std::filesystem::path& path);

  InstanceGuard(InstanceGuard&&) noexcept = default;
  InstanceGuard& operator=(InstanceGuard&&) = delete;
  InstanceGuard(const InstanceGuard&) = delete;
  // Takes the file away too, where the folder lets it.
  ~InstanceGuard();

 private:
  InstanceGuard(std::filesystem::path file, FileDescriptor lock)
      : file_(std::move(file)), lock_(std::move(lock)) {}

  std::filesystem::path file_;
  FileDescriptor lock_;
};

}  // namespace mpsec::gateway
