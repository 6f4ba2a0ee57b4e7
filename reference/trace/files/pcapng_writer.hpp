// IP packets as a pcapng file.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "trace/files/private_file.hpp"

namespace mpsec::trace {

enum class Direction : std::uint8_t { unknown, inbound, outbound };

// Readable by its owner only, since it may hold clear text; there after commit() (private_file.hpp).
class PcapngWriter {
 public:
  // Fails (path = the file) where it cannot be made. `application` goes into the section header.
  static Result<PcapngWriter> create(const std::string& path, std::string_view application);

  using Interface = std::uint32_t;
  // Of raw IP packets, with times in nanoseconds. Interfaces may be added at any time.
  Interface add_interface(std::string_view name);
  // An IPv4 or IPv6 packet with its time since 1970 and a comment, which may be empty. Failures show in
  // commit().
  void write(Interface interface, OctetView packet, Instant time, std::string_view comment = {},
             Direction direction = Direction::unknown);

  Result<> commit() { return file_.commit(); }

 private:
  explicit PcapngWriter(PrivateFile file) : file_(std::move(file)) {}
  void start_section(std::string_view application);
  void add_option(std::uint16_t code, OctetView value);
  void write_block(std::uint32_t type);

  PrivateFile file_;
  Octets body_;
  Interface interfaces_ = 0;
};

}  // namespace mpsec::trace
