#include "gateway/io/tun.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

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

}  // namespace

struct Tun::Attached {
  std::string name;
  bool has_header = false;  // IFF_VNET_HDR
};

Result<Tun::Attached> Tun::attach(const FileDescriptor& device, const TunOptions& options) {
  ifreq request{};
  const std::string& name = options.name;
  if (name.empty() || name.size() >= sizeof request.ifr_name)
    return refused(fmt::format("tun \"{}\"", name), fmt::format("a name has 1 to {} octets, this one {}",
                                                                sizeof request.ifr_name - 1, name.size()));
  std::memcpy(request.ifr_name, name.data(), name.size());
  // An interface that was made before may be one without the header.
  for (const bool header : {options.segmentation, false}) {
    const int queues = options.queues > 1 ? IFF_MULTI_QUEUE : 0;
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | queues | (header ? IFF_VNET_HDR : 0));
    if (::ioctl(device.number(), TUNSETIFF, &request) == 0) return Attached{request.ifr_name, header};
    if (errno != EINVAL) break;
  }
  const int error = errno;
  const bool single = error == EINVAL && options.queues > 1 && if_nametoindex(name.c_str()) != 0;
  return refused(fmt::format("tun \"{}\"", name), "making the interface", error,
                 single ? "it was made before, and for several workers has to be so with `multi_queue`"
                        : remedy_for_attach(error));
}

Tun::Tun(FileDescriptor device, const Attached& attached, RouteSocket routes)
    : device_(std::move(device)),
      route_socket_(std::move(routes)),
      name_(attached.name),
      interface_(if_nametoindex(name_.c_str())),
      frames_(device_.number(), TunFrames::negotiate(device_.number(), attached.has_header)) {}

// Routes go with the interface, rules do not.
Tun::~Tun() {
  if (table_) route_socket_.remove_rules(*table_);
}

Result<std::unique_ptr<Tun>> Tun::open(const TunOptions& options) {
  FileDescriptor device(::open(device_file, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device) return refused(device_file, "opening it", errno, remedy_for_open(errno));
  auto attached = attach(device, options);
  if (!attached) return std::unexpected(std::move(attached).error());
  auto routes = RouteSocket::open();
  if (!routes) return std::unexpected(std::move(routes).error());
  std::unique_ptr<Tun> tun(new Tun(std::move(device), *attached, *std::move(routes)));
  if (auto opened = tun->open_further(options); !opened) return std::unexpected(std::move(opened).error());
  if (auto configured = tun->configure(options); !configured)
    return std::unexpected(std::move(configured).error());
  return tun;
}

Result<> Tun::open_further(const TunOptions& options) {
  TunOptions own = options;
  own.name = name_;
  while (further_.size() + 1 < options.queues) {
    FileDescriptor device(::open(device_file, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!device) return refused(device_file, "opening it", errno, remedy_for_open(errno));
    const auto attached = attach(device, own);
    if (!attached) return std::unexpected(attached.error());
    further_.push_back(std::make_unique<TunQueue>(std::move(device), attached->has_header));
  }
  return {};
}

Result<> Tun::configure(const TunOptions& options) {
  // A host without IPv6 has nothing to refuse.
  static_cast<void>(route_socket_.refuse_link_local(interface_));
  if (auto set = route_socket_.set_link(interface_, options.mtu, options.queue, true); !set) return set;
  if (options.table) {
    if (auto ruled = route_socket_.add_rules(*options.table); !ruled) return ruled;
    table_ = options.table;
  }
  for (const AddressPrefix& address : options.addresses)
    if (auto added = add_address(address); !added) return added;
  for (const AddressPrefix& to : options.routes)
    if (auto added = add_route(to); !added) return added;
  return {};
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
  if (auto added = route_socket_.add_route(interface_, network, source, table()); !added) return added;
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
  return route_socket_.remove_route(interface_, network, table());
}

}  // namespace mpsec::gateway
