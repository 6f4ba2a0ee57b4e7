#include "gateway/io/ancillary.hpp"

#include <cassert>
#include <cstring>
#include <netinet/udp.h>

namespace mpsec::gateway {
namespace {

template <class Value>
Value value_of(const cmsghdr* control) noexcept {
  Value value{};
  const std::size_t size = control->cmsg_len - CMSG_LEN(0);
  std::memcpy(&value, CMSG_DATA(control), std::min(size, sizeof value));
  return value;
}

void read_ipv4(const cmsghdr* control, Ancillary& result) noexcept {
  if (control->cmsg_type == IP_TOS) result.traffic_class = value_of<std::uint8_t>(control);
  if (control->cmsg_type == IP_PKTINFO) {
    const auto info = value_of<in_pktinfo>(control);
    result.local = IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&info.ipi_addr));
  }
}

void read_ipv6(const cmsghdr* control, Ancillary& result) noexcept {
  if (control->cmsg_type == IPV6_TCLASS)
    result.traffic_class = static_cast<std::uint8_t>(value_of<int>(control));
  if (control->cmsg_type == IPV6_PKTINFO)
    result.local = IpAddress::v6(value_of<in6_pktinfo>(control).ipi6_addr.s6_addr);
}

}  // namespace

Ancillary read_ancillary(msghdr& message) noexcept {
  Ancillary result;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == IPPROTO_IP) read_ipv4(control, result);
    if (control->cmsg_level == IPPROTO_IPV6) read_ipv6(control, result);
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO)
      result.segment = static_cast<std::uint16_t>(value_of<int>(control));
  }
  return result;
}

ControlWriter::ControlWriter(ControlRoom& room, msghdr& message) noexcept : room_(room), message_(message) {}

void ControlWriter::put(int level, int type, const void* data, std::size_t size) noexcept {
  assert(used_ + CMSG_SPACE(size) <= ControlRoom::size);
  auto* control = reinterpret_cast<cmsghdr*>(room_.octets.data() + used_);
  std::memset(control, 0, CMSG_SPACE(size));
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(control), data, size);
  used_ += CMSG_SPACE(size);
}

void ControlWriter::traffic_class(IpVersion version, std::uint8_t octet) noexcept {
  const int value = octet;
  if (version == IpVersion::v4) put(IPPROTO_IP, IP_TOS, &value, sizeof value);
  if (version == IpVersion::v6) put(IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
}

void ControlWriter::source(const IpAddress& address) noexcept {
  if (address.is_v4()) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, address.octets().data(), sizeof info.ipi_spec_dst);
    put(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, address.octets().data(), sizeof info.ipi6_addr);
    put(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

void ControlWriter::segment(std::uint16_t octets) noexcept {
  put(IPPROTO_UDP, UDP_SEGMENT, &octets, sizeof octets);
}

void ControlWriter::finish() noexcept {
  message_.msg_control = used_ > 0 ? room_.octets.data() : nullptr;
  message_.msg_controllen = used_;
}

}  // namespace mpsec::gateway
