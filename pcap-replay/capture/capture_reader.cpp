#include "pcap-replay/capture/capture_reader.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <stdio_ext.h>

#include "pcap-replay/capture/pcap_reader.hpp"
#include "pcap-replay/capture/pcapng_reader.hpp"

namespace mpsec::replay {
namespace {

// Large enough that a read is worth its system call, small enough to stay in the cache.
constexpr std::size_t file_buffer = 64 * 1024;

Error cannot_open(const std::string& path, std::string why) {
  return {.blame = Blame::local_fault, .path = path, .offset = {}, .why = std::move(why), .clause = {}};
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_capture(const std::string& path) {
  OpenFile file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return std::unexpected(cannot_open(path, fmt::format("cannot open: {}", std::strerror(errno))));
  std::setvbuf(file.get(), nullptr, _IOFBF, file_buffer);
  // No other thread reads this file; without its lock a read of a few octets takes half the time.
  ::__fsetlocking(file.get(), FSETLOCKING_BYCALLER);
  return read_capture(std::move(file), path == "-" ? "standard input" : path);
}

Result<std::unique_ptr<CaptureReader>> read_capture(OpenFile file, const std::string& name) {
  // One octet tells the formats apart, and one is what can be put back into a pipe.
  const int first = std::fgetc(file.get());
  if (first == EOF) {
    const bool failed = std::ferror(file.get()) != 0;
    return std::unexpected(cannot_open(name, failed ? fmt::format("cannot read: {}", std::strerror(errno))
                                                    : "expected a capture, found an empty file"));
  }
  std::ungetc(first, file.get());
  if (first == pcapng::first_octet) return std::make_unique<PcapngReader>(std::move(file), name);
  return PcapReader::open(std::move(file), name);
}

}  // namespace mpsec::replay
