// How packets cross between the kernel and a TUN descriptor: one at a time, or as large packets that stand
// for a row.
#pragma once

#include <optional>

#include "gateway/io/packet_batch.hpp"
#include "gateway/io/segmentation.hpp"

struct iovec;

namespace mpsec::gateway {

struct TunCounters {
  struct Traffic {
    std::uint64_t packets = 0;   // IP packets, after cutting and before joining
    std::uint64_t octets = 0;    // of them
    std::uint64_t messages = 0;  // that crossed the kernel's boundary, one in a call
  };
  Traffic read, written;
  std::uint64_t not_read = 0;     // large packets that are none we could cut
  std::uint64_t not_written = 0;  // refused: no IP packet, or the interface is down
};

class TunFrames {
 public:
  // What the kernel gives and takes in one piece.
  struct Abilities {
    bool header = false;  // a header in front says how a packet is to be cut
    bool tcp = false, udp = false;
  };
  // Asks for all of it on a descriptor whose interface was made with IFF_VNET_HDR, or that has none of it.
  static Abilities negotiate(int descriptor, bool has_header) noexcept;

  TunFrames(int descriptor, Abilities abilities);

  // As Tun::read and Tun::write.
  bool read(PacketBatch& packets);
  void write(std::span<const OctetView> packets);

  const Abilities& abilities() const { return abilities_; }
  bool gone() const { return gone_; }
  const TunCounters& counters() const { return counters_; }

 private:
  // Of a packet that is read, so much goes straight to its slot: an ordinary packet whole. What is behind
  // goes to large_.
  static constexpr std::size_t direct = 2048;

  struct Frame;  // the header in front

  bool read_one(PacketBatch& packets);
  void on_large(const Frame& frame, OctetView head, std::size_t size);
  void cut_into(PacketBatch& packets);
  void write_row(const PacketRow& row);
  void put(std::span<const iovec> parts, std::size_t packets, std::size_t octets);

  int descriptor_;
  Abilities abilities_;
  bool gone_ = false;
  std::unique_ptr<std::uint8_t[]> large_;
  std::optional<PacketCut> cut_;  // of large_
  std::size_t next_ = 0;          // its segment that is to come
  TunCounters counters_;
};

}  // namespace mpsec::gateway
