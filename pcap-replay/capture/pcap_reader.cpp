#include "pcap-replay/capture/pcap_reader.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace mpsec::replay {
namespace {

constexpr std::uint64_t file_header_octets = 24;
constexpr std::uint64_t record_header_octets = 16;

Error file_error(const std::string& name, std::uint64_t offset, std::string why) {
  return {.blame = Blame::malformed,
          .path = name,
          .offset = static_cast<std::size_t>(offset),
          .why = std::move(why),
          .clause = {}};
}

}  // namespace

void PcapReader::PcapCloser::operator()(pcap* capture) const noexcept {
  pcap_close(capture);
}

Result<std::unique_ptr<CaptureReader>> PcapReader::open(OpenFile file, const std::string& name) {
  char why[PCAP_ERRBUF_SIZE] = {};
  pcap* const capture = pcap_fopen_offline_with_tstamp_precision(file.get(), PCAP_TSTAMP_PRECISION_NANO, why);
  if (capture == nullptr)
    return std::unexpected(file_error(name, 0, fmt::format("expected a pcap or pcapng file: {}", why)));
  static_cast<void>(file.release());  // pcap_close() closes it
  return std::unique_ptr<CaptureReader>(new PcapReader(capture, name));
}

PcapReader::PcapReader(pcap* capture, std::string name)
    : capture_(capture),
      name_(std::move(name)),
      link_type_(link_type_numbered(static_cast<unsigned>(pcap_datalink(capture)))),
      offset_(file_header_octets) {}

CaptureReader::Next PcapReader::next(CapturedFrame& frame) {
  pcap_pkthdr* header = nullptr;
  const u_char* octets = nullptr;
  const int result = pcap_next_ex(capture_.get(), &header, &octets);
  if (result == PCAP_ERROR_BREAK) return Next::end;
  if (result != 1)
    return damaged(
        file_error(name_, offset_, fmt::format("frame {}: {}", frames_ + 1, pcap_geterr(capture_.get()))));
  frame.number = ++frames_;
  // With nanosecond precision tv_usec counts nanoseconds.
  frame.time = Instant(std::chrono::seconds(header->ts.tv_sec) + Duration(header->ts.tv_usec));
  frame.link_type = link_type_;
  frame.octets = {octets, header->caplen};
  frame.original_length = header->len;
  offset_ += record_header_octets + header->caplen;
  return Next::frame;
}

}  // namespace mpsec::replay
