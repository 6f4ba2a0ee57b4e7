// Decrypted packets as a pcapng file of raw IP.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "pcap-replay/capture/capture_reader.hpp"

namespace mpsec::replay {

// Writes beside the file it is to become and takes its name only when commit() finds all of it written:
// nobody ever sees half a file. Readable by its owner only, since it holds clear text. A name that is there
// already and is no regular file (a pipe, a terminal, /dev/stdout) is written to directly.
class PcapngWriter {
 public:
  // Fails (path = the file) where it cannot be made. `application` goes into the section header.
  static Result<PcapngWriter> create(const std::string& path, std::string_view application);

  PcapngWriter(PcapngWriter&& other) noexcept;
  PcapngWriter& operator=(PcapngWriter&&) = delete;
  PcapngWriter(const PcapngWriter&) = delete;
  // Without commit() the file is taken away again.
  ~PcapngWriter();

  // An IPv4 or IPv6 packet with its time since 1970 and a comment, which may be empty. Failures show in
  // commit().
  void write(OctetView packet, Instant time, std::string_view comment);

  Result<> commit();

 private:
  PcapngWriter(std::string path, std::string temporary, OpenFile file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}
  void write_block(std::uint32_t type);
  void start_file(std::string_view application);
  void add_option(std::uint16_t code, OctetView value);

  std::string path_;
  std::string temporary_;  // empty where the file is written to directly
  OpenFile file_;
  Octets body_;
};

}  // namespace mpsec::replay
