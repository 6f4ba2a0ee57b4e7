#include "gateway/io/system.hpp"

#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

namespace mpsec::gateway {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void FileDescriptor::reset() noexcept {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

std::unexpected<Error> refused(std::string path, std::string_view what, int number, std::string_view remedy) {
  const std::string said = std::generic_category().message(number);
  return refused(std::move(path), remedy.empty() ? fmt::format("{}: {}", what, said)
                                                 : fmt::format("{}: {}; {}", what, said, remedy));
}

std::unexpected<Error> refused(std::string path, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = std::move(path),
                               .offset = {},
                               .why = std::move(why),
                               .clause = {}});
}

}  // namespace mpsec::gateway
