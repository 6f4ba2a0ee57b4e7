// The unprotected side: UDP for IKE and for ESP in UDP, raw sockets for ESP and AH, on any number of local
// addresses. Thin: whole IP datagrams as the data path takes and gives them on this side, system calls on the
// other. Nothing blocks; somebody else polls the descriptors. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/datagram.hpp"
#include "gateway/io/packet_batch.hpp"

namespace mpsec::gateway {

// One local address that peers reach us at.
struct ListenAddress {
  IpAddress address;              // 0.0.0.0 or :: is every address of the family
  std::string interface{};        // bound to this one; empty: whatever routing says
  std::uint16_t ike_port = 500;   // 0: none
  std::uint16_t nat_port = 4500;  // 0: none
  bool raw = true;                // protocols 50 and 51; needs CAP_NET_RAW
};

struct OutsideOptions {
  std::size_t receive_buffer = 4 << 20, send_buffer = 4 << 20;  // octets of each socket, as far as allowed
  // UDP segmentation offload both ways, where the kernel has it: rows of equal datagrams cross the kernel as
  // one. The octets on the wire are the same.
  bool segmentation = true;
  std::uint32_t mark = 0;  // of all that is sent (SO_MARK, needs CAP_NET_ADMIN); 0: none
};

struct OutsideCounters {
  struct Traffic {
    std::uint64_t packets = 0;   // as on the wire
    std::uint64_t octets = 0;    // of IP datagrams; of IKE messages, their payload
    std::uint64_t messages = 0;  // that crossed the kernel's boundary: a row that was joined is one
    std::uint64_t calls = 0;     // to the system
  };
  Traffic received, sent;
  // Packets that were not sent, by cause.
  struct Unsent {
    std::uint64_t no_buffer = 0;      // the socket's or the device's queue was full
    std::uint64_t too_big = 0;        // for the interface, and may not be cut
    std::uint64_t refused = 0;        // by the peer's host
    std::uint64_t unreachable = 0;    // no route, no neighbour, interface down
    std::uint64_t not_permitted = 0;  // a packet filter of this host
    std::uint64_t no_socket = 0;      // nothing listens at its source address
    std::uint64_t malformed = 0;      // not an IP datagram
    std::uint64_t other = 0;
    bool operator==(const Unsent&) const = default;
  } unsent;
  std::uint64_t fragmented = 0;    // raw packets that were cut for the interface
  std::uint64_t reports = 0;       // ICMP errors and the like
  std::uint64_t reports_lost = 0;  // since nobody took the earlier ones
};

// What the network, or our own interface, said of a packet that we sent. Nobody vouches for it.
struct PathReport {
  enum class Kind : std::uint8_t {
    too_big,      // `mtu` octets would have passed
    refused,      // the host is there; the port or the protocol is not
    unreachable,  // host, network, administratively
    other,        // time exceeded, parameter problem
  };
  Kind kind = Kind::other;
  Endpoint local, remote;  // ports are 0 where the packet was raw ESP or AH
  IpAddress reporter;      // our own address where it was this host
  std::uint32_t mtu = 0;   // of too_big, in octets of the whole IP datagram
  // too_big, where the SPI is known: the ICMP datagram, for DataPath::receive. The kernel does not tell how
  // large the packet was that a router refused; the datagram says one octet more than would have passed.
  Octets icmp{};
};

class Outside {
 public:
  // Fails naming the listen address: port in use, privilege missing, address or interface unknown, each with
  // its remedy. All that is opened is closed again then.
  static Result<std::unique_ptr<Outside>> open(std::span<const ListenAddress> addresses,
                                               const OutsideOptions& options = {});
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  // To be polled for reading, and for errors.
  std::vector<int> descriptors() const;

  // What is there now, in one call to the system: appends whole IP datagrams to `packets`, as far as it has
  // room, or IKE messages to `ike` where the descriptor is of an IKE port. A UDP payload gets its IP and UDP
  // header put in front again, a raw IPv6 payload its IPv6 header, with addresses, ports and traffic class as
  // they came, hop limit and identification made up, checksum of UDP left out. IPv4 comes whole. AH over IPv6
  // behind extension headers cannot be verified: the kernel keeps those.
  // True if there may be more: call again with room in `packets`, without polling before, for it may have
  // left the kernel already.
  bool receive(int descriptor, PacketBatch& packets, std::vector<Datagram>& ike);

  // Sends datagrams as the data path made them, the outer IP header first, in their order. Each goes through
  // the socket of its source address and port, with its own traffic class and DF; all that is not UDP from a
  // port of ours leaves raw, with the very header that is there. IPv4 that may be cut is cut to the interface
  // where it must. The checksum of encapsulating UDP is the kernel's: segmentation needs one, and a receiver
  // may not mind (RFC 3948 2.1). What cannot be sent is counted, as on any router.
  void send(std::span<const ipsec::PacketBuffer> packets);
  // Sends an IKE message from its local endpoint; it may be cut into fragments on its way.
  void send(const Datagram& ike);

  // A further thread's way out through the same sockets, with counters and reports of its own. Outlived by
  // this, and made before there are threads.
  class Sender {
   public:
    ~Sender();
    // As Outside::send.
    void send(std::span<const ipsec::PacketBuffer> packets);
    std::vector<PathReport> take_reports();
    const OutsideCounters& counters() const;

   private:
    friend Outside;
    class Inside;
    explicit Sender(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
  };
  std::unique_ptr<Sender> make_sender();

  // What was said of our packets since the last call; it comes with receive() and send(). 64 are kept.
  std::vector<PathReport> take_reports();

  const OutsideCounters& counters() const;
  // Datagrams that came and found a socket's receive buffer full, of all sockets. Asks the system.
  std::uint64_t lost_before_reading() const;

 private:
  class Inside;
  explicit Outside(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace mpsec::gateway
