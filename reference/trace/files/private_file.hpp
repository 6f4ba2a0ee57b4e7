// A file for keys and clear text: whole or not there, and its owner's alone.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/octets.hpp"

namespace mpsec::trace {

// Writes beside the file it is to become (mode 0600) and takes its name only when commit() finds all of it
// written: nobody ever sees half a file. A name that is there already and is no regular file (a pipe, a
// terminal, /dev/stdout) is written to directly.
class PrivateFile {
 public:
  // Fails (local fault, path = the file) where it cannot be made.
  static Result<PrivateFile> create(const std::string& path);

  PrivateFile(PrivateFile&& other) noexcept;
  PrivateFile& operator=(PrivateFile&&) = delete;
  PrivateFile(const PrivateFile&) = delete;
  // Without commit() the file is taken away again.
  ~PrivateFile();

  // Failures show in commit().
  void write(OctetView octets);
  Result<> commit();

 private:
  struct Closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  using OpenFile = std::unique_ptr<std::FILE, Closer>;
  PrivateFile(std::string path, std::string temporary, OpenFile file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::string path_;
  std::string temporary_;  // empty where the file is written to directly
  OpenFile file_;
};

// Adds to what was made so. Fails (local fault, path = the file), also where the file is not there; part of
// it may be written then.
Result<> append_to_private_file(const std::string& path, OctetView octets);

}  // namespace mpsec::trace
