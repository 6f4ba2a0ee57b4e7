#include "trace/files/private_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <utility>

namespace mpsec::trace {
namespace {

std::unexpected<Error> failed(const std::string& path, const char* what) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = path,
                               .offset = {},
                               .why = fmt::format("{}: {}", what, std::strerror(errno)),
                               .clause = {}});
}

}  // namespace

Result<PrivateFile> PrivateFile::create(const std::string& path) {
  struct stat status{};
  const bool direct = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  std::string temporary = direct ? "" : path + ".XXXXXX";
  // mkstemp() makes the file with mode 0600.
  const int descriptor = direct ? -1 : ::mkstemp(temporary.data());
  if (!direct && descriptor < 0) return failed(path, "cannot create");
  OpenFile file(direct ? std::fopen(path.c_str(), "wb") : ::fdopen(descriptor, "wb"));
  if (!file) return failed(path, "cannot open");
  return PrivateFile(path, std::move(temporary), std::move(file));
}

PrivateFile::PrivateFile(PrivateFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)) {}

PrivateFile::~PrivateFile() {
  if (file_ && !temporary_.empty()) std::remove(temporary_.c_str());
}

void PrivateFile::write(OctetView octets) {
  std::fwrite(octets.data(), 1, octets.size(), file_.get());
}

Result<> PrivateFile::commit() {
  const bool lost = std::ferror(file_.get()) != 0;
  if (std::fflush(file_.get()) != 0 || lost) return failed(path_, "cannot write");
  if (!temporary_.empty() && std::rename(temporary_.c_str(), path_.c_str()) != 0)
    return failed(path_, "cannot rename");
  temporary_.clear();
  file_.reset();
  return {};
}

// Opened for update: for appending, a file that is not there would be made, and for everybody to read.
Result<> append_to_private_file(const std::string& path, OctetView octets) {
  struct Closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "r+b"));
  if (!file) return failed(path, "cannot open");
  const bool written = std::fseek(file.get(), 0, SEEK_END) == 0 &&
                       std::fwrite(octets.data(), 1, octets.size(), file.get()) == octets.size() &&
                       std::fflush(file.get()) == 0;
  return written ? Result<>{} : failed(path, "cannot write");
}

}  // namespace mpsec::trace
