#include "gateway/io/tun.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "gateway/io/socket_address.hpp"
#include "gateway/io/test_network.hpp"
#include "wire/icmp.hpp"
#include "wire/icmpv6.hpp"

namespace mpsec::gateway {
namespace {

using test::in_network;
using testing::ElementsAre;
using testing::HasSubstr;

TunOptions options() {
  return {.name = "inner%d", .addresses = {{ip("10.10.1.1"), 24}, {ip("fd00:10:1::1"), 64}}};
}

std::unique_ptr<Tun> opened(const TunOptions& wanted = options()) {
  auto tun = Tun::open(wanted);
  EXPECT_TRUE(tun) << to_string(tun.error());
  return tun ? std::move(*tun) : nullptr;
}

FileDescriptor udp_socket_at(const Endpoint& local) {
  FileDescriptor socket(::socket(family_of(local.address), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = to_socket_address(local);
  EXPECT_EQ(::bind(socket.number(), &address.any, size_of(address)), 0) << std::strerror(errno);
  return socket;
}

TEST(Tun, APingFromBehindTheTunnelIsAnswered) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    const Octets echo = hex("08 00 0000 0001 0001 70696e67");
    test::write(*tun, test::icmp_packet(ip("10.10.1.2"), ip("10.10.1.1"), echo));
    const auto answers = test::read(*tun, 1);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0][20], wire::Icmp::echo_reply);
    EXPECT_EQ(to_hex(OctetView(answers[0]).subspan(28)), "70696e67");
    EXPECT_EQ(tun->counters().read.packets, 1u);
    EXPECT_EQ(tun->counters().written.octets, 20 + 12u);
  });
}

TEST(Tun, APingOverIpv6IsAnswered) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    test::until_answered(*tun, ip("fd00:10:1::1"), ip("fd00:10:1::2"));
  });
}

TEST(Tun, WhatLocalProgramsSendComesOutInOrder) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    const FileDescriptor sender = udp_socket_at({ip("10.10.1.1"), 5000});
    const SocketAddress to = to_socket_address({ip("10.10.1.2"), 6000});
    for (std::uint8_t i = 0; i < 100; ++i)
      ASSERT_EQ(::sendto(sender.number(), &i, 1, 0, &to.any, size_of(to)), 1);
    PacketBatch batch;
    EXPECT_TRUE(tun->read(batch)) << "the batch is full and there is more";
    ASSERT_EQ(batch.size(), PacketBatch::capacity);
    EXPECT_GE(batch.packets()[0].headroom(), ipsec::default_headroom);
    EXPECT_GE(batch.packets()[0].tailroom(), ipsec::default_tailroom);
    const auto rest = test::read(*tun, 36);
    ASSERT_EQ(rest.size(), 36u);
    for (std::uint8_t i = 0; i < 100; ++i)
      EXPECT_EQ(i < 64 ? batch.packets()[i].view().back() : rest[i - 64].back(), i);
  });
}

TEST(Tun, FlowsAreSpreadOverItsQueues) {
  in_network([] {
    TunOptions wanted = options();
    wanted.queues = 2;
    const auto tun = opened(wanted);
    ASSERT_TRUE(tun);
    constexpr std::uint16_t flows = 64;
    const FileDescriptor sender = udp_socket_at({ip("10.10.1.1"), 5000});
    for (std::uint16_t flow = 0; flow < flows; ++flow) {
      const SocketAddress to = to_socket_address({ip("10.10.1.2"), static_cast<std::uint16_t>(6000 + flow)});
      ASSERT_EQ(::sendto(sender.number(), "x", 1, 0, &to.any, size_of(to)), 1);
    }
    PacketBatch first, second;
    tun->read(first), tun->queue(1).read(second);
    EXPECT_EQ(first.size() + second.size(), flows);
    EXPECT_GT(first.size(), 0u);
    EXPECT_GT(second.size(), 0u);
    const Octets echo =
        test::icmp_packet(ip("10.10.1.2"), ip("10.10.1.1"), hex("08 00 0000 0001 0001 70696e67"));
    const OctetView view = echo;
    tun->queue(1).write({&view, 1});
    EXPECT_EQ(tun->queue(1).counters().written.packets, 1u);
  });
}

TEST(Tun, RoutesLeadIntoTheInterfaceUntilRemovedAsOftenAsAdded) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    const FileDescriptor sender = udp_socket_at({ip("10.10.1.1"), 5000});
    const SocketAddress to = to_socket_address({ip("10.20.0.9"), 6000});
    const auto goes = [&] { return ::sendto(sender.number(), "x", 1, 0, &to.any, size_of(to)) == 1; };
    EXPECT_FALSE(goes());
    const AddressPrefix network{ip("10.20.0.7"), 16};  // bits behind the prefix do not matter
    ASSERT_TRUE(tun->add_route(network));
    ASSERT_TRUE(tun->add_route(network, ip("10.10.1.1")));
    EXPECT_TRUE(goes());
    EXPECT_EQ(test::read(*tun, 1).size(), 1u);
    ASSERT_TRUE(tun->remove_route(network));
    EXPECT_TRUE(goes());
    ASSERT_TRUE(tun->remove_route(network));
    EXPECT_FALSE(goes());
    const auto once_more = tun->remove_route(network);
    ASSERT_FALSE(once_more);
    EXPECT_EQ(to_string(once_more.error()),
              tun->name() + ": removing the route to 10.20.0.0/16: it was never added");
  });
}

TEST(Tun, AnAddressMayComeAndGoLater) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    for (const AddressPrefix& address : {AddressPrefix{ip("10.30.0.5"), 32}, {ip("fd00:30::5"), 128}}) {
      ASSERT_TRUE(tun->add_address(address));
      ASSERT_TRUE(tun->add_address(address)) << "again changes nothing";
      udp_socket_at({address.address, 7000});
      ASSERT_TRUE(tun->remove_address(address));
      const auto again = tun->remove_address(address);
      ASSERT_FALSE(again);
      EXPECT_THAT(to_string(again.error()), HasSubstr("removing the address " + to_string(address)));
    }
  });
}

TEST(Tun, ErrorsNameTheThingAndTheRemedy) {
  in_network([] {
    const auto tun = opened({.name = "taken"});
    ASSERT_TRUE(tun);
    const auto error_of = [](const TunOptions& wanted) {
      const auto result = Tun::open(wanted);
      return result ? "none" : to_string(result.error());
    };
    EXPECT_EQ(
        error_of({.name = "taken"}),
        "tun \"taken\": making the interface: Device or resource busy; another process has it, a second "
        "gateway perhaps: stop that one, or give another tun.name");
    EXPECT_EQ(
        error_of({.name = "lo"}),
        "tun \"lo\": making the interface: Invalid argument; an interface of another kind has this name, or "
        "it is no name: give another tun.name");
    EXPECT_EQ(error_of({.name = "a-name-that-is-too-long"}),
              "tun \"a-name-that-is-too-long\": a name has 1 to 15 octets, this one 23");
    EXPECT_EQ(
        error_of({.name = "small", .mtu = 20}),
        "small: setting it up with an MTU of 20 octets: Invalid argument; IPv6 needs 1280 octets, IPv4 68, "
        "and 65535 is the most");
    ASSERT_TRUE(tun->add_route({ip("10.40.0.0"), 16}));
    EXPECT_EQ(
        error_of({.name = "second", .routes = {{ip("10.40.0.0"), 16}}}),
        "second: adding a route to 10.40.0.0/16: File exists; take another route to it away (`ip route`), or "
        "have the source address added first");
  });
}

TEST(Tun, AnInterfaceThatIsDeletedIsReported) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    PacketBatch batch;
    tun->read(batch);
    EXPECT_FALSE(tun->gone());
    ASSERT_TRUE(RouteSocket::open()->remove_link(if_nametoindex(tun->name().c_str())));
    batch.clear();
    EXPECT_FALSE(tun->read(batch));
    EXPECT_TRUE(batch.empty());
    EXPECT_TRUE(tun->gone());
  });
}

TEST(Tun, AnInterfaceThatIsDownRefusesUntilItIsUp) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    auto routes = RouteSocket::open();
    const unsigned interface = if_nametoindex(tun->name().c_str());
    const Octets packet =
        test::udp_packet({ip("10.10.1.2"), 6000}, {ip("10.10.1.1"), 5000}, test::text("hello"));
    ASSERT_TRUE(routes->set_link(interface, 1400, 100, false));
    test::write(*tun, packet);
    PacketBatch batch;
    EXPECT_FALSE(tun->read(batch));
    EXPECT_FALSE(tun->gone());
    EXPECT_EQ(tun->counters().not_written, 1u);
    ASSERT_TRUE(routes->set_link(interface, 1400, 100, true));
    test::write(*tun, packet);
    EXPECT_EQ(tun->counters().written.packets, 1u);
  });
}

TEST(Tun, WhatIsNoPacketIsCountedAndTheNextOneGoes) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    const Octets junk = hex("00112233445566778899");
    const Octets good =
        test::udp_packet({ip("10.10.1.2"), 6000}, {ip("10.10.1.1"), 5000}, test::text("hello"));
    const FileDescriptor receiver = udp_socket_at({ip("10.10.1.1"), 5000});
    const OctetView both[] = {junk, good};
    tun->write(both);
    EXPECT_EQ(tun->counters().not_written, 1u);
    ASSERT_TRUE(test::readable(receiver.number()));
    std::array<char, 16> got{};
    EXPECT_EQ(::recv(receiver.number(), got.data(), got.size(), 0), 5);
    EXPECT_STREQ(got.data(), "hello");
  });
}

// A TCP connection from a local program to 10.10.1.2, which a forwarder turns round: what comes out of the
// TUN goes back in with the addresses exchanged, so that the host talks to itself, 10.10.1.1 with 10.10.1.2.
// Each checksum stays right.
void turn_round(std::uint8_t* packet) {
  std::array<std::uint8_t, 16> kept;
  const bool v4 = packet[0] >> 4 == 4;
  std::uint8_t* at = packet + (v4 ? 12 : 8);
  const std::size_t size = v4 ? 4 : 16;
  std::memcpy(kept.data(), at, size);
  std::memcpy(at, at + size, size);
  std::memcpy(at + size, kept.data(), size);
}

class Transfer {
 public:
  Transfer(const TunOptions& wanted, const IpAddress& here, const IpAddress& there)
      : tun_(opened(wanted)),
        listener_(stream_socket(family_of(here))),
        sender_(stream_socket(family_of(here))) {
    if (!here.is_v4()) test::until_answered(*tun_, here, there);
    const SocketAddress local = to_socket_address({here, 7000}), far = to_socket_address({there, 7000});
    EXPECT_EQ(::bind(listener_.number(), &local.any, size_of(local)), 0);
    EXPECT_EQ(::listen(listener_.number(), 1), 0);
    EXPECT_EQ(::connect(sender_.number(), &far.any, size_of(far)), -1);
  }

  // What arrives of `data`.
  Octets run(const Octets& data) {
    Octets got;
    std::size_t sent = 0;
    FileDescriptor receiver;
    for (int idle = 0; got.size() < data.size() && idle < 1000; ++idle) {
      if (forward() > 0) idle = 0;
      if (!receiver)
        receiver =
            FileDescriptor(::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      const ssize_t more = ::send(sender_.number(), data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (more > 0) sent += static_cast<std::size_t>(more);
      std::array<std::uint8_t, 65536> room;
      const ssize_t size = receiver ? ::recv(receiver.number(), room.data(), room.size(), 0) : -1;
      if (size > 0) append(got, OctetView(room).first(static_cast<std::size_t>(size)));
    }
    return got;
  }
  const Tun& tun() const { return *tun_; }

 private:
  static FileDescriptor stream_socket(int family) {
    return FileDescriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  std::size_t forward() {
    PacketBatch batch;
    static_cast<void>(test::readable(tun_->descriptor(), 1));
    tun_->read(batch);
    std::vector<OctetView> views;
    for (const ipsec::PacketBuffer& packet : batch.packets()) {
      EXPECT_LE(packet.size(), 1400u);
      turn_round(packet.data());
      views.push_back(packet.view());
    }
    tun_->write(views);
    return views.size();
  }

  std::unique_ptr<Tun> tun_;
  FileDescriptor listener_, sender_;
};

TEST(Tun, ATcpTransferIsIntactWithSegmentationAndWithout) {
  Octets data(300'000);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::uint8_t>(i * i >> 7);
  for (const bool segmentation : {true, false}) {
    for (const auto& [here, there] :
         {std::pair{ip("10.10.1.1"), ip("10.10.1.2")}, {ip("fd00:10:1::1"), ip("fd00:10:1::2")}})
      in_network([&] {
        TunOptions wanted = options();
        wanted.segmentation = segmentation;
        Transfer transfer(wanted, here, there);
        EXPECT_TRUE(transfer.run(data) == data);
        const TunCounters& counted = transfer.tun().counters();
        EXPECT_EQ(counted.not_read + counted.not_written, 0u);
        if (!transfer.tun().abilities().tcp) {
          EXPECT_EQ(counted.read.messages, counted.read.packets);
          EXPECT_EQ(counted.written.messages, counted.written.packets);
          return;
        }
        // How many acknowledgments there are among them depends on how busy the machine is.
        EXPECT_GT(counted.read.packets, counted.read.messages);
        EXPECT_GT(counted.written.packets, counted.written.messages);
      });
  }
}

TEST(Tun, ARowOfUdpDatagramsCrossesAsOneAndComesApartAgain) {
  in_network([] {
    const auto tun = opened();
    ASSERT_TRUE(tun);
    const FileDescriptor socket = udp_socket_at({ip("10.10.1.1"), 5000});
    const SocketAddress far = to_socket_address({ip("10.10.1.2"), 6000});
    const int segment = 500;
    ASSERT_EQ(::setsockopt(socket.number(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), 0);
    Octets data(2200);
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = static_cast<std::uint8_t>(i / 500);
    ASSERT_EQ(::sendto(socket.number(), data.data(), data.size(), 0, &far.any, size_of(far)), 2200);
    auto datagrams = test::read(*tun, 5);
    ASSERT_EQ(datagrams.size(), 5u);
    std::vector<OctetView> views;
    for (Octets& datagram : datagrams) {
      turn_round(datagram.data());
      std::swap_ranges(datagram.begin() + 20, datagram.begin() + 22, datagram.begin() + 22);
      views.emplace_back(datagram);
    }
    tun->write(views);
    const std::uint64_t crossings = tun->abilities().udp ? 1 : 5;
    EXPECT_EQ(tun->counters().read.messages, crossings);
    EXPECT_EQ(tun->counters().written.messages, crossings);
    for (std::size_t i = 0; i < 5; ++i) {
      std::array<std::uint8_t, 2000> got{};
      ASSERT_EQ(::recv(socket.number(), got.data(), got.size(), MSG_DONTWAIT), i < 4 ? 500 : 200);
      EXPECT_EQ(got[0], i);
    }
  });
}

}  // namespace
}  // namespace mpsec::gateway
