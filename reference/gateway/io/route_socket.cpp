#include "gateway/io/route_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "gateway/io/system.hpp"

namespace mpsec::gateway {
namespace {

constexpr std::string_view needs_admin = "this needs CAP_NET_ADMIN: start as root, or keep that capability";

// A request in the making; its memory is its own.
class Request {
 public:
  Request(std::uint16_t type, std::uint16_t flags) : header_(mnl_nlmsg_put_header(octets_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }
  template <class Body>
  Body& body() {
    return *static_cast<Body*>(mnl_nlmsg_put_extra_header(header_, sizeof(Body)));
  }
  void put(std::uint16_t type, OctetView value) { mnl_attr_put(header_, type, value.size(), value.data()); }
  void put(std::uint16_t type, std::uint32_t value) { mnl_attr_put_u32(header_, type, value); }
  nlmsghdr* header() { return header_; }

 private:
  alignas(nlmsghdr) std::array<char, 512> octets_{};
  nlmsghdr* header_;
};

std::uint8_t family(const IpAddress& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

std::string name_of(unsigned interface) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(interface, name.data()) != nullptr ? name.data()
                                                           : fmt::format("interface {}", interface);
}

Result<> answered(int error, unsigned interface, std::string what, std::string_view remedy = "") {
  if (error == 0) return {};
  return refused(name_of(interface), what, error, error == EPERM ? needs_admin : remedy);
}

}  // namespace

std::string to_string(const AddressPrefix& prefix) {
  return fmt::format("{}/{}", to_string(prefix.address), prefix.prefix_length);
}

AddressPrefix network_of(const AddressPrefix& prefix) {
  std::array<std::uint8_t, 16> octets{};
  const OctetView from = prefix.address.octets();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const int bits = std::clamp(static_cast<int>(prefix.prefix_length) - static_cast<int>(i) * 8, 0, 8);
    octets[i] = static_cast<std::uint8_t>(from[i] & (0xff00 >> bits));
  }
  const bool v4 = prefix.address.is_v4();
  return {v4 ? IpAddress::v4(octets.data()) : IpAddress::v6(octets.data()), prefix.prefix_length};
}

void RouteSocket::Closer::operator()(mnl_socket* socket) const noexcept {
  mnl_socket_close(socket);
}

Result<RouteSocket> RouteSocket::open() {
  mnl_socket* opened = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (opened == nullptr) return refused("rtnetlink", "opening a socket", errno, "");
  RouteSocket socket(opened);
  if (mnl_socket_bind(opened, 0, MNL_SOCKET_AUTOPID) < 0)
    return refused("rtnetlink", "binding the socket", errno, "");
  return socket;
}

int RouteSocket::ask(nlmsghdr* request) {
  request->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) return errno;
  std::array<char, 8192> answer;
  const ssize_t size = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
  if (size < 0) return errno;
  const int result = mnl_cb_run(answer.data(), static_cast<std::size_t>(size), sequence_,
                                mnl_socket_get_portid(socket_.get()), nullptr, nullptr);
  return result < 0 ? errno : 0;
}

Result<> RouteSocket::set_link(unsigned interface, std::uint32_t mtu, std::uint32_t queue, bool up) {
  Request request(RTM_NEWLINK, 0);
  auto& link = request.body<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  link.ifi_change = IFF_UP;
  link.ifi_flags = up ? IFF_UP : 0;
  request.put(IFLA_MTU, mtu);
  request.put(IFLA_TXQLEN, queue);
  return answered(ask(request.header()), interface,
                  fmt::format("setting it {} with an MTU of {} octets", up ? "up" : "down", mtu),
                  "IPv6 needs 1280 octets, IPv4 68, and 65535 is the most");
}

Result<> RouteSocket::refuse_link_local(unsigned interface) {
  Request request(RTM_NEWLINK, 0);
  auto& link = request.body<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(interface);
  nlattr* families = mnl_attr_nest_start(request.header(), IFLA_AF_SPEC);
  nlattr* ipv6 = mnl_attr_nest_start(request.header(), AF_INET6);
  mnl_attr_put_u8(request.header(), IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  mnl_attr_nest_end(request.header(), ipv6);
  mnl_attr_nest_end(request.header(), families);
  return answered(ask(request.header()), interface, "refusing a link-local address");
}

Result<> RouteSocket::remove_link(unsigned interface) {
  Request request(RTM_DELLINK, 0);
  request.body<ifinfomsg>().ifi_index = static_cast<int>(interface);
  return answered(ask(request.header()), interface, "removing it");
}

int RouteSocket::change_address(unsigned interface, const AddressPrefix& address, bool add) {
  Request request(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
  auto& body = request.body<ifaddrmsg>();
  body.ifa_family = family(address.address);
  body.ifa_prefixlen = address.prefix_length;
  body.ifa_index = interface;
  // Nobody else can have it at an interface that ends in this process: no search for duplicates.
  body.ifa_flags = address.address.is_v4() ? 0 : IFA_F_NODAD;
  request.put(IFA_LOCAL, address.address.octets());
  request.put(IFA_ADDRESS, address.address.octets());
  return ask(request.header());
}

Result<> RouteSocket::add_address(unsigned interface, const AddressPrefix& address) {
  return answered(change_address(interface, address, true), interface,
                  fmt::format("adding the address {}", to_string(address)));
}

Result<> RouteSocket::remove_address(unsigned interface, const AddressPrefix& address) {
  return answered(change_address(interface, address, false), interface,
                  fmt::format("removing the address {}", to_string(address)));
}

int RouteSocket::change_route(const Route& route, bool add) {
  Request request(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto& body = request.body<rtmsg>();
  body.rtm_family = family(route.to.address);
  body.rtm_dst_len = route.to.prefix_length;
  body.rtm_table = route.table != nullptr ? RT_TABLE_UNSPEC : RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_STATIC;
  body.rtm_scope = add ? RT_SCOPE_LINK : RT_SCOPE_NOWHERE;
  body.rtm_type = RTN_UNICAST;
  if (route.table != nullptr) request.put(RTA_TABLE, route.table->number);
  request.put(RTA_DST, route.to.address.octets());
  request.put(RTA_OIF, route.interface);
  if (route.source) request.put(RTA_PREFSRC, route.source->octets());
  return ask(request.header());
}

Result<> RouteSocket::add_route(unsigned interface, const AddressPrefix& to,
                                const std::optional<IpAddress>& source, const RouteTable* table) {
  return answered(change_route({interface, to, source, table}, true), interface,
                  fmt::format("adding a route to {}", to_string(to)),
                  "take another route to it away (`ip route`), or have the source address added first");
}

Result<> RouteSocket::remove_route(unsigned interface, const AddressPrefix& to, const RouteTable* table) {
  return answered(change_route({interface, to, std::nullopt, table}, false), interface,
                  fmt::format("removing the route to {}", to_string(to)));
}

int RouteSocket::change_rule(const RouteTable& table, IpVersion version, bool add) {
  Request request(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto& body = request.body<fib_rule_hdr>();
  body.family = version == IpVersion::v4 ? AF_INET : AF_INET6;
  body.action = FR_ACT_TO_TBL;
  body.flags = FIB_RULE_INVERT;
  request.put(FRA_TABLE, table.number);
  request.put(FRA_FWMARK, table.mark);
  request.put(FRA_FWMASK, 0xffff'ffffu);
  request.put(FRA_PRIORITY, table.preference);
  return ask(request.header());
}

Result<> RouteSocket::add_rules(const RouteTable& table) {
  for (const IpVersion version : {IpVersion::v4, IpVersion::v6}) {
    const int error = change_rule(table, version, true);
    // A host without IPv6 has no rules for it either.
    if (error == 0 || error == EEXIST || (version == IpVersion::v6 && error == EAFNOSUPPORT)) continue;
    return refused("routing rules", fmt::format("adding one for table {}", table.number), error,
                   error == EPERM
                       ? needs_admin
                       : "the kernel needs policy routing (CONFIG_IP_MULTIPLE_TABLES) for a tunnel to "
                         "the peer's own address");
  }
  return {};
}

void RouteSocket::remove_rules(const RouteTable& table) {
  for (const IpVersion version : {IpVersion::v4, IpVersion::v6})
    change_rule(table, version, false);
}

}  // namespace mpsec::gateway
