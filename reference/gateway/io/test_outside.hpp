// The gateway's sockets on a link whose packets a test sees and makes.
#pragma once

#include <set>

#include "gateway/io/outside.hpp"
#include "gateway/io/test_network.hpp"

namespace mpsec::gateway::test {

// One family's addresses on both sides of a link.
struct Sides {
  IpAddress ours, ours_too, theirs;
};
inline const Sides v4_sides{ip("192.0.2.1"), ip("192.0.2.100"), ip("192.0.2.2")};
inline const Sides v6_sides{ip("2001:db8::1"), ip("2001:db8::100"), ip("2001:db8::2")};

// The gateway's sockets, and the link they are on: what is sent comes out of a TUN, as octets.
class Link {
 public:
  explicit Link(std::vector<ListenAddress> listen = {{v4_sides.ours}, {v6_sides.ours}},
                const OutsideOptions& options = {}, std::uint32_t mtu = 1500) {
    auto wire = Tun::open(
        {.name = "wire",
         .mtu = mtu,
         .addresses = {
             {v4_sides.ours, 24}, {v4_sides.ours_too, 24}, {v6_sides.ours, 64}, {v6_sides.ours_too, 64}}});
    EXPECT_TRUE(wire) << mpsec::to_string(wire.error());
    wire_ = std::move(*wire);
    auto outside = Outside::open(listen, options);
    EXPECT_TRUE(outside) << to_string(outside.error());
    outside_ = std::move(*outside);
    until_answered(*wire_, v6_sides.ours, v6_sides.theirs);
    until_answered(*wire_, v6_sides.ours_too, v6_sides.theirs);
    drain(*wire_);
  }

  Tun& wire() { return *wire_; }
  Outside& outside() { return *outside_; }

  // Until so many packets and IKE messages are there together.
  void receive(std::size_t count) {
    while (packets.size() + ike.size() < count && receive_once()) {
    }
  }
  // What there is when something is there, be it an error only. False if nothing comes.
  bool receive_once() {
    std::vector<pollfd> waiting;
    for (const int descriptor : outside_->descriptors())
      waiting.push_back({descriptor, POLLIN, 0});
    const bool woken = ::poll(waiting.data(), waiting.size(), more_.empty() ? 2000 : 0) > 0 || !more_.empty();
    for (const pollfd& one : waiting) {
      bool more = one.revents != 0 || more_.contains(one.fd);
      while (more && packets.room() > 0)
        more = outside_->receive(one.fd, packets, ike);
      more ? static_cast<void>(more_.insert(one.fd)) : static_cast<void>(more_.erase(one.fd));
    }
    return woken;
  }
  Octets packet(std::size_t i) {
    const OctetView view = packets.packets()[i].view();
    return {view.begin(), view.end()};
  }
  std::vector<Octets> sent(std::span<Octets> wanted, std::size_t count) {
    std::vector<ipsec::HeldPacket> held;
    std::vector<ipsec::PacketBuffer> buffers;
    for (const Octets& packet : wanted)
      buffers.push_back(held.emplace_back(packet).buffer());
    outside_->send(buffers);
    return read(*wire_, count);
  }
  std::vector<Octets> sent(Octets packet, std::size_t count = 1) { return sent({&packet, 1}, count); }

  PacketBatch packets;
  std::vector<Datagram> ike;

 private:
  std::unique_ptr<Tun> wire_;
  std::unique_ptr<Outside> outside_;
  std::set<int> more_;  // descriptors that had more than there was room for
};

// Of IPv4 what the kernel chooses by itself: identification and, with it, the header's checksum; of UDP the
// checksum where `udp` says so.
inline Octets as_sent(Octets packet, bool udp = false) {
  const bool v4 = packet[0] >> 4 == 4;
  if (v4) store_be<std::uint16_t>(packet.data() + 4, 0), store_be<std::uint16_t>(packet.data() + 10, 0);
  if (udp) store_be<std::uint16_t>(packet.data() + (v4 ? 26 : 46), 0);
  if (!v4) store_be<std::uint16_t>(packet.data() + 2, 0), packet[1] &= 0xf0;  // the flow label
  return packet;
}

// Each test once for IPv4 and once for IPv6.
class OutsideOf : public testing::TestWithParam<Sides> {};

inline std::string family_of(const testing::TestParamInfo<Sides>& family) {
  return family.param.ours.is_v4() ? "IPv4" : "IPv6";
}

}  // namespace mpsec::gateway::test
