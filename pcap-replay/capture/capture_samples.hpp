// Capture files made in memory, for tests.
#pragma once

#include <cstdio>
#include <string_view>
#include <vector>

#include "pcap-replay/capture/capture_reader.hpp"
#include "pcap-replay/capture/pcapng_format.hpp"

namespace mpsec::replay::samples {

// A number in the byte order of the file being made.
template <class Number>
void append_number(Octets& to, Number number, bool big_endian) {
  append_be(to, number);
  if (!big_endian) std::reverse(to.end() - sizeof(Number), to.end());
}

struct PcapStyle {
  bool big_endian = false;
  bool nanoseconds = false;
};

inline Octets pcap_header(std::uint32_t link_type, PcapStyle style = {}) {
  Octets file;
  append_number(file, std::uint32_t{style.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4}, style.big_endian);
  append_number(file, std::uint16_t{2}, style.big_endian);
  append_number(file, std::uint16_t{4}, style.big_endian);
  for (const std::uint32_t number : {0u, 0u, 262144u, link_type})
    append_number(file, number, style.big_endian);
  return file;
}

inline void append_pcap_frame(Octets& file, OctetView frame, std::uint32_t seconds = 0,
                              std::uint32_t fraction = 0, PcapStyle style = {},
                              std::uint32_t cut_octets = 0) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  for (const std::uint32_t number : {seconds, fraction, size, size + cut_octets})
    append_number(file, number, style.big_endian);
  append(file, frame);
}

inline Octets pcap_file(std::uint32_t link_type, const std::vector<Octets>& frames, PcapStyle style = {}) {
  Octets file = pcap_header(link_type, style);
  for (const Octets& frame : frames)
    append_pcap_frame(file, frame, 1, 2, style);
  return file;
}

inline void append_block(Octets& file, std::uint32_t type, Octets body, bool big_endian = false) {
  body.resize(pcapng::padded(body.size()));
  const auto length = static_cast<std::uint32_t>(body.size() + pcapng::block_overhead);
  append_number(file, type, big_endian);
  append_number(file, length, big_endian);
  append(file, body);
  append_number(file, length, big_endian);
}

inline void append_section(Octets& file, bool big_endian = false) {
  Octets body;
  append_number(body, pcapng::byte_order_magic, big_endian);
  append_number(body, std::uint16_t{1}, big_endian);
  append_number(body, std::uint16_t{0}, big_endian);
  append_number(body, ~std::uint64_t{0}, big_endian);
  append_block(file, pcapng::section_header, body, big_endian);
}

inline void append_interface(Octets& file, std::uint16_t link_type, Octets options = {},
                             bool big_endian = false) {
  Octets body;
  append_number(body, link_type, big_endian);
  append_number(body, std::uint16_t{0}, big_endian);
  append_number(body, std::uint32_t{0}, big_endian);
  append(body, options);
  append_block(file, pcapng::interface_description, body, big_endian);
}

inline void append_enhanced_packet(Octets& file, std::uint32_t interface, std::uint64_t time, OctetView frame,
                                   bool big_endian = false) {
  Octets body;
  append_number(body, interface, big_endian);
  append_number(body, static_cast<std::uint32_t>(time >> 32), big_endian);
  append_number(body, static_cast<std::uint32_t>(time), big_endian);
  append_number(body, static_cast<std::uint32_t>(frame.size()), big_endian);
  append_number(body, static_cast<std::uint32_t>(frame.size()), big_endian);
  append(body, frame);
  append_block(file, pcapng::enhanced_packet, body, big_endian);
}

// `octets` as an open file; they must outlive it.
inline OpenFile as_file(const Octets& octets) {
  // fmemopen() takes no empty buffer.
  return OpenFile(octets.empty() ? std::fopen("/dev/null", "rb")
                                 : ::fmemopen(const_cast<std::uint8_t*>(octets.data()), octets.size(), "rb"));
}

struct ReadCapture {
  std::vector<CapturedFrame> frames;
  std::vector<Octets> octets;  // of the frames
  std::optional<Error> error;
};

inline ReadCapture read_all(CaptureReader& reader) {
  ReadCapture read;
  CapturedFrame frame;
  while (true) {
    const auto next = reader.next(frame);
    if (next == CaptureReader::Next::damaged) read.error = reader.error();
    if (next != CaptureReader::Next::frame) return read;
    read.octets.emplace_back(frame.octets.begin(), frame.octets.end());
    frame.octets = {};
    read.frames.push_back(frame);
  }
}

inline ReadCapture read_all(const Octets& file) {
  auto reader = read_capture(as_file(file), "sample");
  if (!reader) return {{}, {}, reader.error()};
  return read_all(**reader);
}

}  // namespace mpsec::replay::samples
