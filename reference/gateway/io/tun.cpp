#include "gateway/io/tun.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace mpsec::gateway {
namespace {

constexpr const char* device_file = "/dev/net/tun";

std::string_view remedy_for_open(int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return "load the module (`modprobe tun`); in a container, have the device put into it";
    case EACCES:
    case EPERM:
      return "it needs the right to open the device: start as root, or in a container, have it allowed";
    default:
      return "";
  }
}

std::string_view remedy_for_attach(int error) {
  switch (error) {
    case EPERM:
      return "this needs CAP_NET_ADMIN: start as root, or make the interface before (`ip tuntap add mode tun "
             "user ...`)";
    case EBUSY:
      return "another process has it, a second gateway perhaps: stop that one, or give another tun.name";
    case EINVAL:
      return "an interface of another kind has this name, or it is no name: give another tun.name";
    default:
      return "";
  }
}

Result<std::string> attach(const FileDescriptor& device, const std::string& name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name)
    return refused(fmt::format("tun \"{}\"", name), fmt::format("a name has 1 to {} octets, this one {}",
                                                                sizeof request.ifr_name - 1, name.size()));
  std::memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(device.number(), TUNSETIFF, &request) != 0)
    return refused(fmt::format("tun \"{}\"", name), "making the interface", errno, remedy_for_attach(errno));
  return std::string(request.ifr_name);
}

}  // namespace

Result<std::unique_ptr<Tun>> Tun::open(const TunOptions& options) {
  FileDescriptor device(::open(device_file, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device) return refused(device_file, "opening it", errno, remedy_for_open(errno));
  auto name = attach(device, options.name);
  if (!name) return std::unexpected(std::move(name).error());
  auto routes = RouteSocket::open();
  if (!routes) return std::unexpected(std::move(routes).error());
  const unsigned interface = if_nametoindex(name->c_str());
  std::unique_ptr<Tun> tun(new Tun(std::move(device), *std::move(routes), *std::move(name), interface));
  if (auto configured = tun->configure(options); !configured)
    return std::unexpected(std::move(configured).error());
  return tun;
}

Result<> Tun::configure(const TunOptions& options) {
  // A host without IPv6 has nothing to refuse.
  static_cast<void>(route_socket_.refuse_link_local(interface_));
  if (auto set = route_socket_.set_link(interface_, options.mtu, options.queue, true); !set) return set;
  for (const AddressPrefix& address : options.addresses)
    if (auto added = add_address(address); !added) return added;
  for (const AddressPrefix& to : options.routes)
    if (auto added = add_route(to); !added) return added;
  return {};
}

bool Tun::read(PacketBatch& packets) {
  while (packets.room() > 0) {
    const MutableOctets room = packets.slot().subspan(ipsec::default_headroom, PacketBatch::largest_packet);
    const ssize_t size = ::read(device_.number(), room.data(), room.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return on_read_error(errno);
    packets.add(ipsec::default_headroom, static_cast<std::size_t>(size));
    ++counters_.read.packets, ++counters_.read.messages;
    counters_.read.octets += static_cast<std::uint64_t>(size);
  }
  return true;
}

bool Tun::on_read_error(int error) {
  if (error != EAGAIN && error != EWOULDBLOCK) gone_ = true;
  return false;
}

void Tun::write(std::span<const OctetView> packets) {
  for (const OctetView packet : packets) {
    ssize_t size = 0;
    do
      size = ::write(device_.number(), packet.data(), packet.size());
    while (size < 0 && errno == EINTR);
    if (size < 0) {
      ++counters_.not_written;
      if (errno == EBADFD) gone_ = true;
      continue;
    }
    ++counters_.written.packets, ++counters_.written.messages;
    counters_.written.octets += packet.size();
  }
}

Result<> Tun::add_address(const AddressPrefix& address) {
  return route_socket_.add_address(interface_, address);
}

Result<> Tun::remove_address(const AddressPrefix& address) {
  return route_socket_.remove_address(interface_, address);
}

Result<> Tun::add_route(const AddressPrefix& to, const std::optional<IpAddress>& source) {
  const AddressPrefix network = network_of(to);
  if (const auto there = routes_.find(network); there != routes_.end()) {
    ++there->second;
    return {};
  }
  if (auto added = route_socket_.add_route(interface_, network, source); !added) return added;
  routes_.emplace(network, 1);
  return {};
}

Result<> Tun::remove_route(const AddressPrefix& to) {
  const AddressPrefix network = network_of(to);
  const auto there = routes_.find(network);
  if (there == routes_.end())
    return refused(name_, fmt::format("removing the route to {}: it was never added", to_string(network)));
  if (--there->second > 0) return {};
  routes_.erase(there);
  return route_socket_.remove_route(interface_, network);
}

}  // namespace mpsec::gateway
