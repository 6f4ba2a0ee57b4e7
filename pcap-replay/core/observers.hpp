// What can be done with each packet while a capture is replayed: print it, or write what was in it.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "pcap-replay/core/replay.hpp"
#include "trace/files/pcapng_writer.hpp"

namespace mpsec::replay {

// A line a packet; what was opened stands under it, one step to the right.
class PacketPrinter final : public ReplayObserver {
 public:
  explicit PacketPrinter(std::FILE* to) : to_(to) {}
  void on_protected(const ProtectedPacket& packet) override;
  void on_clear(const ClearPacket& clear) override;
  void on_ike(const IkeRecord& record, unsigned depth) override;

 private:
  std::FILE* to_;
  unsigned depth_ = 0;
};

// Clear packets to a pcapng file, each with a comment that names frame, SPI and number.
class ClearPacketWriter final : public ReplayObserver {
 public:
  explicit ClearPacketWriter(trace::PcapngWriter& to) : to_(to), interface_(to.add_interface("decrypted")) {}
  void on_clear(const ClearPacket& clear) override;
  std::uint64_t written() const { return written_; }

 private:
  trace::PcapngWriter& to_;
  trace::PcapngWriter::Interface interface_;
  std::uint64_t written_ = 0;
};

class SeveralObservers final : public ReplayObserver {
 public:
  void add(ReplayObserver& observer) { observers_.push_back(&observer); }
  bool empty() const { return observers_.empty(); }
  void on_protected(const ProtectedPacket& packet) override {
    for (ReplayObserver* observer : observers_)
      observer->on_protected(packet);
  }
  void on_clear(const ClearPacket& clear) override {
    for (ReplayObserver* observer : observers_)
      observer->on_clear(clear);
  }
  void on_ike(const IkeRecord& record, unsigned depth) override {
    for (ReplayObserver* observer : observers_)
      observer->on_ike(record, depth);
  }

 private:
  std::vector<ReplayObserver*> observers_;
};

// "IPv4 10.1.0.10 > 10.2.0.20, protocol 1, 64 octets"
std::string summary_of(OctetView ip_packet);

}  // namespace mpsec::replay
