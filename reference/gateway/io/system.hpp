// File descriptors that close themselves, and the system's errors in our words.
#pragma once

#include <string>
#include <utility>

#include "base/error.hpp"

namespace mpsec::gateway {

// Owns a file descriptor, or none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void reset() noexcept;

 private:
  int number_ = -1;
};

// What the system refused, as an error of ours: the thing, what was tried, what the system said (`number` is
// its errno), and what to do about it.
std::unexpected<Error> refused(std::string path, std::string_view what, int number, std::string_view remedy);

// An error that needs no errno.
std::unexpected<Error> refused(std::string path, std::string why);

}  // namespace mpsec::gateway
