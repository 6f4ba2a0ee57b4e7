// Classic pcap files of every kind that libpcap knows.
#pragma once

#include <string>

#include "pcap-replay/capture/capture_reader.hpp"

struct pcap;

namespace mpsec::replay {

class PcapReader final : public CaptureReader {
 public:
  static Result<std::unique_ptr<CaptureReader>> open(OpenFile file, const std::string& name);

  Next next(CapturedFrame& frame) override;

 private:
  struct PcapCloser {
    void operator()(pcap* capture) const noexcept;
  };
  PcapReader(pcap* capture, std::string name);

  std::unique_ptr<pcap, PcapCloser> capture_;
  std::string name_;
  LinkType link_type_;
  std::uint64_t frames_ = 0;
  std::uint64_t offset_;  // of the next record
};

}  // namespace mpsec::replay
