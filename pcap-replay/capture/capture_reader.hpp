// Capture files, packet by packet: pcap through libpcap, pcapng block by block.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/octets.hpp"

namespace mpsec::replay {

// The LINKTYPE_ numbers of pcap and pcapng files that we can find IP in. Others are lawful.
enum class LinkType : std::uint16_t {
  null = 0,
  ethernet = 1,
  raw = 101,  // IPv4 or IPv6 by the first octet
  loop = 108,
  linux_sll = 113,
  ipv4 = 228,
  ipv6 = 229,
  linux_sll2 = 276,
};

// The number as a file has it. 12 and 14 are raw IP too: what some systems called it before it had a number.
constexpr LinkType link_type_numbered(unsigned number) {
  return number == 12 || number == 14 ? LinkType::raw : static_cast<LinkType>(number);
}

// One frame of a capture. The octets live until the reader is asked for the next one.
struct CapturedFrame {
  std::uint64_t number = 0;  // from 1, as Wireshark counts
  Instant time{};            // since 1970-01-01 00:00 UTC; the epoch itself where the file has no time
  LinkType link_type = LinkType::raw;
  OctetView octets;
  std::uint32_t original_length = 0;  // on the wire; larger than octets.size() if the capture cut it short

  bool is_cut() const { return original_length > octets.size(); }
};

class CaptureReader {
 public:
  enum class Next : std::uint8_t { frame, end, damaged };

  virtual ~CaptureReader() = default;
  // The next frame into `frame`; after `damaged`, error() says what and where, and nothing more can be read.
  virtual Next next(CapturedFrame& frame) = 0;
  // Path "FILE", offset of the octet in the file where the damaged record starts.
  const Error& error() const { return error_; }

 protected:
  Next damaged(Error error) {
    error_ = std::move(error);
    return Next::damaged;
  }

 private:
  Error error_;
};

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, FileCloser>;

// Opens a capture file, which may be a pipe; "-" is standard input. Fails (path = the file) where it cannot
// be opened or its header is of no capture.
Result<std::unique_ptr<CaptureReader>> open_capture(const std::string& path);
// The same over a file that is open; `name` is what errors call it.
Result<std::unique_ptr<CaptureReader>> read_capture(OpenFile file, const std::string& name);

}  // namespace mpsec::replay
