// Links, addresses and routes by rtnetlink.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ip_address.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace mpsec::gateway {

// An address with the length of its network's prefix, in bits; as a route's destination, the prefix alone.
struct AddressPrefix {
  IpAddress address;
  std::uint8_t prefix_length = 32;

  auto operator<=>(const AddressPrefix&) const = default;
};
// "10.10.1.1/24"
std::string to_string(const AddressPrefix& prefix);
// The same with the bits behind the prefix zero.
AddressPrefix network_of(const AddressPrefix& prefix);

// A table of routes of its own for all packets but those with this mark: what the gateway itself sends is
// marked, and so does not come back to it where a route leads to the very host that it sends to.
struct RouteTable {
  std::uint32_t number = 0x6d70;
  std::uint32_t mark = 0x6d70;
  std::uint32_t preference = 100;  // of the rule; those of the administrator are mostly beyond 32000
};

// A conversation with the kernel about interfaces, each known by its index. Every change needs CAP_NET_ADMIN,
// not only when it is opened but when it is made. Errors say what was asked for.
class RouteSocket {
 public:
  static Result<RouteSocket> open();

  // MTU in octets; `queue` packets may wait to be sent.
  Result<> set_link(unsigned interface, std::uint32_t mtu, std::uint32_t queue, bool up);
  // Keeps the kernel from giving the interface an IPv6 link-local address of its own. Fails without IPv6.
  Result<> refuse_link_local(unsigned interface);
  Result<> remove_link(unsigned interface);
  // An address that is there already is taken as added.
  Result<> add_address(unsigned interface, const AddressPrefix& address);
  Result<> remove_address(unsigned interface, const AddressPrefix& address);
  // Through the interface, without a next hop, to a network (no bits behind the prefix); `source` is what
  // local programs send from. Another route to the same prefix, of whatever interface, is an error.
  Result<> add_route(unsigned interface, const AddressPrefix& to, const std::optional<IpAddress>& source = {},
                     const RouteTable* table = nullptr);
  Result<> remove_route(unsigned interface, const AddressPrefix& to, const RouteTable* table = nullptr);
  // Has the table asked before the others, for both families. A rule that is there already is taken as added.
  Result<> add_rules(const RouteTable& table);
  // Those of add_rules(); where there are none nothing happens.
  void remove_rules(const RouteTable& table);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const noexcept;
  };
  explicit RouteSocket(mnl_socket* socket) : socket_(socket) {}
  // 0, or the errno that the kernel answered.
  int ask(nlmsghdr* request);
  int change_address(unsigned interface, const AddressPrefix& address, bool add);
  struct Route {
    unsigned interface;
    const AddressPrefix& to;
    const std::optional<IpAddress>& source;
    const RouteTable* table;  // null: the main one
  };
  int change_route(const Route& route, bool add);
  int change_rule(const RouteTable& table, IpVersion version, bool add);

  std::unique_ptr<mnl_socket, Closer> socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace mpsec::gateway
