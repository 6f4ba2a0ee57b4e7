// The protected side: a TUN interface, whose packets end in this process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/io/route_socket.hpp"
#include "gateway/io/system.hpp"
#include "gateway/io/tun_frames.hpp"

namespace mpsec::gateway {

struct TunOptions {
  std::string name = "mpsec%d";  // %d: the first number that is free
  std::uint32_t mtu = 1400;      // octets of an IP packet
  std::uint32_t queue = 1000;    // packets that wait to be read
  std::vector<AddressPrefix> addresses{};
  std::vector<AddressPrefix> routes{};  // through the interface
  std::optional<RouteTable> table{};    // where all routes go; none: the main one
  // Rows of TCP segments and of UDP datagrams cross the kernel's boundary as one, where it knows that.
  bool segmentation = true;
  // How many threads read, each its own queue: the kernel spreads flows over them.
  std::size_t queues = 1;
};

// What a further thread reads and writes of an interface.
class TunQueue {
 public:
  TunQueue(FileDescriptor device, bool has_header)
      : device_(std::move(device)),
        frames_(device_.number(), TunFrames::negotiate(device_.number(), has_header)) {}
  int descriptor() const { return device_.number(); }
  // As of Tun.
  bool read(PacketBatch& packets) { return frames_.read(packets); }
  void write(std::span<const OctetView> packets) { frames_.write(packets); }
  bool gone() const { return frames_.gone(); }
  const TunCounters& counters() const { return frames_.counters(); }

 private:
  FileDescriptor device_;
  TunFrames frames_;
};

// One interface, gone with this object unless somebody made it persistent before. Nothing blocks. One thread.
class Tun {
 public:
  // Fails with a remedy: no /dev/net/tun, CAP_NET_ADMIN missing, the name taken, addresses or routes refused.
  static Result<std::unique_ptr<Tun>> open(const TunOptions& options);
  ~Tun();
  Tun(const Tun&) = delete;
  Tun& operator=(const Tun&) = delete;

  const std::string& name() const { return name_; }
  int descriptor() const { return device_.number(); }  // to be polled for reading

  // Appends what is there, whole IP packets with their checksums complete, as far as there is room. True if
  // there may be more: call again with room, without polling before.
  bool read(PacketBatch& packets) { return frames_.read(packets); }
  // IP packets for the hosts behind, in their order. What the kernel refuses is counted.
  void write(std::span<const OctetView> packets) { frames_.write(packets); }

  // The further ones, from 1 on; the first is this object's own. Each has one thread.
  TunQueue& queue(std::size_t number) { return *further_[number - 1]; }

  // After start too, as for an address that a peer assigns. Each change needs CAP_NET_ADMIN at the time it is
  // made. A route that is added twice stays until it is removed twice.
  Result<> add_address(const AddressPrefix& address);
  Result<> remove_address(const AddressPrefix& address);
  Result<> add_route(const AddressPrefix& to, const std::optional<IpAddress>& source = {});
  Result<> remove_route(const AddressPrefix& to);

  // Somebody deleted the interface: nothing will ever come again, and the descriptor stays readable.
  bool gone() const { return frames_.gone(); }
  const TunFrames::Abilities& abilities() const { return frames_.abilities(); }
  const TunCounters& counters() const { return frames_.counters(); }

 private:
  struct Attached;
  static Result<Attached> attach(const FileDescriptor& device, const TunOptions& options);
  Tun(FileDescriptor device, const Attached& attached, RouteSocket routes);
  Result<> open_further(const TunOptions& options);
  Result<> configure(const TunOptions& options);
  const RouteTable* table() const { return table_ ? &*table_ : nullptr; }

  FileDescriptor device_;
  RouteSocket route_socket_;
  std::string name_;
  unsigned interface_ = 0;
  TunFrames frames_;
  std::vector<std::unique_ptr<TunQueue>> further_;
  std::optional<RouteTable> table_;
  std::map<AddressPrefix, std::size_t> routes_;  // how often each was added
};

}  // namespace mpsec::gateway
