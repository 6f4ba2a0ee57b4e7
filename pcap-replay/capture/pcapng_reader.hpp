// pcapng files (draft-ietf-opsawg-pcapng). Read here and not by libpcap, which refuses files whose interfaces
// differ in link type.
#pragma once

#include <string>
#include <vector>

#include "pcap-replay/capture/capture_reader.hpp"
#include "pcap-replay/capture/pcapng_format.hpp"

namespace mpsec::replay {

class PcapngReader final : public CaptureReader {
 public:
  PcapngReader(OpenFile file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  Next next(CapturedFrame& frame) override;

 private:
  // What became of a block.
  enum class Block : std::uint8_t { frame, passed_over, damaged, end };

  // What an Interface Description Block says.
  struct Interface {
    LinkType link_type;
    std::uint32_t snapshot_length;  // 0: no limit
    pcapng::TimeResolution resolution;
  };
  // A packet block, whichever it is; places are in body_.
  struct Packet {
    std::uint32_t interface;
    std::uint64_t time;
    std::uint32_t captured;
    std::uint32_t original;
    std::size_t data_at;
  };

  Block next_block(CapturedFrame& frame);
  bool read_block_header(pcapng::BlockHeader& header);
  bool read_section_byte_order(pcapng::BlockHeader& header);
  bool read_body(const pcapng::BlockHeader& header);
  std::size_t read_octets(std::size_t need);
  Block interpret(std::uint32_t type, CapturedFrame& frame);
  Block start_section();
  Block describe_interface();
  Block give(const Packet& packet, CapturedFrame& frame);
  Block wrong(std::string why);
  Block too_short(const char* block, std::size_t need);

  std::uint16_t u16(std::size_t at) const {
    return pcapng::load<std::uint16_t>(body_.data() + at, big_endian_);
  }
  std::uint32_t u32(std::size_t at) const {
    return pcapng::load<std::uint32_t>(body_.data() + at, big_endian_);
  }

  OpenFile file_;
  std::string name_;
  bool in_section_ = false;
  bool big_endian_ = false;
  std::vector<Interface> interfaces_;
  Octets body_;                 // of the block, without the two lengths and the type
  std::uint64_t block_at_ = 0;  // where the block starts in the file
  std::uint64_t offset_ = 0;    // octets read so far
  std::uint64_t frames_ = 0;
};

}  // namespace mpsec::replay
