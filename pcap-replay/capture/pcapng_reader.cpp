#include "pcap-replay/capture/pcapng_reader.hpp"

#include <array>
#include <fmt/format.h>

namespace mpsec::replay {

using pcapng::padded;

CaptureReader::Next PcapngReader::next(CapturedFrame& frame) {
  while (true) {
    switch (next_block(frame)) {
      case Block::frame:
        return Next::frame;
      case Block::end:
        return Next::end;
      case Block::damaged:
        return Next::damaged;
      case Block::passed_over:
        break;
    }
  }
}

PcapngReader::Block PcapngReader::next_block(CapturedFrame& frame) {
  block_at_ = offset_;
  pcapng::BlockHeader header;
  const int first = std::fgetc(file_.get());
  if (first == EOF && std::ferror(file_.get()) == 0) return Block::end;
  std::ungetc(first, file_.get());
  if (!read_block_header(header)) return Block::damaged;
  if (!read_body(header)) return Block::damaged;
  return interpret(header.type, frame);
}

bool PcapngReader::read_block_header(pcapng::BlockHeader& header) {
  std::array<std::uint8_t, 8> octets;
  const std::size_t had = std::fread(octets.data(), 1, octets.size(), file_.get());
  offset_ += had;
  if (had != octets.size()) {
    wrong(fmt::format("block header: need 8 octets, have {}", had));
    return false;
  }
  header.type = pcapng::load<std::uint32_t>(octets.data(), big_endian_);
  header.length = pcapng::load<std::uint32_t>(octets.data() + 4, big_endian_);
  if (header.type == pcapng::section_header) return read_section_byte_order(header);
  if (in_section_) return true;
  wrong("expected a Section Header Block (0a 0d 0d 0a)");
  return false;
}

// The byte order of a section stands behind the length that needs it.
bool PcapngReader::read_section_byte_order(pcapng::BlockHeader& header) {
  std::array<std::uint8_t, 4> magic;
  const std::size_t had = std::fread(magic.data(), 1, magic.size(), file_.get());
  const bool big = load_be<std::uint32_t>(magic.data()) == pcapng::byte_order_magic;
  const bool little = pcapng::load<std::uint32_t>(magic.data(), false) == pcapng::byte_order_magic;
  if (had != magic.size() || (!big && !little)) {
    wrong(had != magic.size()
              ? fmt::format("Section Header Block: need 4 octets of byte-order magic, have {}", had)
              : fmt::format("Section Header Block: expected byte-order magic 1a2b3c4d or 4d3c2b1a, "
                            "found {}",
                            to_hex(magic)));
    return false;
  }
  if (big != big_endian_) header.length = __builtin_bswap32(header.length);
  big_endian_ = big;
  offset_ += magic.size();
  return true;
}

bool PcapngReader::read_body(const pcapng::BlockHeader& header) {
  const bool is_section = header.type == pcapng::section_header;
  const std::uint32_t least = pcapng::block_overhead + (is_section ? 4 : 0);
  if (header.length < least || header.length % 4 != 0 || header.length > pcapng::largest_block) {
    wrong(fmt::format("block length: need a multiple of 4 from {} to {}, have {}", least,
                      pcapng::largest_block, header.length));
    return false;
  }
  // The body and the second length; a Section Header Block's first four octets are read already.
  const std::size_t need = header.length - (is_section ? 12 : 8);
  const std::size_t had = read_octets(need);
  offset_ += had;
  if (had != need) {
    wrong(fmt::format("block of type {:#x}: need {} octets, have {}", header.type, header.length,
                      header.length - need + had));
    return false;
  }
  const std::uint32_t again = u32(need - 4);
  body_.resize(need - 4);
  if (again == header.length) return true;
  wrong(fmt::format("block of type {:#x}: length {} at its start, {} at its end", header.type, header.length,
                    again));
  return false;
}

// Reads up to `need` octets into body_. In steps, so that a length that lies costs no more memory than the
// file has.
std::size_t PcapngReader::read_octets(std::size_t need) {
  constexpr std::size_t step = 64 * 1024;
  std::size_t had = 0;
  while (had < need) {
    const std::size_t wanted = std::min(need - had, std::max(step, had));
    body_.resize(had + wanted);
    const std::size_t got = std::fread(body_.data() + had, 1, wanted, file_.get());
    had += got;
    if (got != wanted) break;
  }
  return had;
}

PcapngReader::Block PcapngReader::interpret(std::uint32_t type, CapturedFrame& frame) {
  const auto wide = [this](std::size_t at) { return std::uint64_t{u32(at)} << 32 | u32(at + 4); };
  switch (type) {
    case pcapng::section_header:
      return start_section();
    case pcapng::interface_description:
      return describe_interface();
    case pcapng::enhanced_packet:
      if (body_.size() < 20) return too_short("Enhanced Packet Block", 20);
      return give({u32(0), wide(4), u32(12), u32(16), 20}, frame);
    case pcapng::packet:
      if (body_.size() < 20) return too_short("Packet Block", 20);
      return give({u16(0), wide(4), u32(12), u32(16), 20}, frame);
    case pcapng::simple_packet: {
      if (body_.size() < 4) return too_short("Simple Packet Block", 4);
      const std::uint32_t limit = interfaces_.empty() ? 0 : interfaces_[0].snapshot_length;
      return give({0, 0, limit == 0 ? u32(0) : std::min(u32(0), limit), u32(0), 4}, frame);
    }
    default:
      return Block::passed_over;
  }
}

PcapngReader::Block PcapngReader::start_section() {
  if (body_.size() < 12) return too_short("Section Header Block", 12);
  if (u16(0) != 1)
    return wrong(fmt::format("Section Header Block: expected major version 1, found {}", u16(0)));
  in_section_ = true;
  interfaces_.clear();
  return Block::passed_over;
}

PcapngReader::Block PcapngReader::describe_interface() {
  if (body_.size() < 8) return too_short("Interface Description Block", 8);
  Interface interface{link_type_numbered(u16(0)), u32(4), {}};
  for (std::size_t at = 8; at + 4 <= body_.size();) {
    const std::uint16_t code = u16(at), length = u16(at + 2);
    if (code == pcapng::end_of_options) break;
    if (at + 4 + length > body_.size())
      return wrong(fmt::format("Interface Description Block, option {}: need {} octets, have {}", code,
                               length, body_.size() - at - 4));
    if (code == pcapng::time_resolution && length == 1) interface.resolution.unit = body_[at + 4];
    if (code == pcapng::time_offset && length == 8)
      interface.resolution.offset_seconds =
          static_cast<std::int64_t>(pcapng::load<std::uint64_t>(body_.data() + at + 4, big_endian_));
    at += 4 + padded(length);
  }
  interfaces_.push_back(interface);
  return Block::passed_over;
}

PcapngReader::Block PcapngReader::give(const Packet& packet, CapturedFrame& frame) {
  if (packet.interface >= interfaces_.size())
    return wrong(fmt::format("packet of interface {}: {} are described before it", packet.interface,
                             interfaces_.size()));
  if (packet.captured > body_.size() - packet.data_at)
    return wrong(
        fmt::format("packet data: need {} octets, have {}", packet.captured, body_.size() - packet.data_at));
  const Interface& interface = interfaces_[packet.interface];
  frame.number = ++frames_;
  frame.time = interface.resolution.instant(packet.time);
  frame.link_type = interface.link_type;
  frame.octets = OctetView(body_).subspan(packet.data_at, packet.captured);
  frame.original_length = packet.original;
  return Block::frame;
}

PcapngReader::Block PcapngReader::too_short(const char* block, std::size_t need) {
  return wrong(fmt::format("{}: need {} octets, have {}", block, need, body_.size()));
}

PcapngReader::Block PcapngReader::wrong(std::string why) {
  damaged({.blame = Blame::malformed,
           .path = name_,
           .offset = static_cast<std::size_t>(block_at_),
           .why = fmt::format("after frame {}: {}", frames_, why),
           .clause = {}});
  return Block::damaged;
}

}  // namespace mpsec::replay
