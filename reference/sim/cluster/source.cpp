#include "sim/cluster/source.hpp"

#include <cmath>

#include "sim/packet.hpp"
#include "wire/header_build.hpp"

namespace mpsec::sim {
namespace {

constexpr std::size_t payload_at = wire::ipv4_header_size + wire::udp_header_size;
constexpr std::size_t mark_octets = 12;
constexpr std::uint32_t hosts_of_sgw1 = 0x0a010001, hosts_of_sgw2 = 0x0a020001;  // 10.1.0.1, 10.2.0.1
constexpr std::uint16_t first_port = 10000;
constexpr std::uint32_t ports = 50000;

Endpoint host(End end, std::uint32_t flow) {
  return {IpAddress::v4((end == End::sgw1 ? hosts_of_sgw1 : hosts_of_sgw2) + flow % 250),
          static_cast<std::uint16_t>(first_port + flow % ports)};
}

}  // namespace

Octets marked_packet(const Mark& mark, End from, std::uint32_t octets) {
  Octets payload(octets - payload_at);
  store_be(payload.data(), mark.flow);
  store_be(payload.data() + 4, mark.index);
  const auto made = Packet::udp({host(from, mark.flow), host(opposite(from), mark.flow), std::move(payload)});
  const OctetView view = made.value().octets();
  return {view.begin(), view.end()};
}

std::optional<Mark> mark_of(OctetView packet) {
  if (packet.size() < payload_at + mark_octets) return std::nullopt;
  const std::uint8_t* const mark = packet.data() + payload_at;
  return Mark{load_be<std::uint32_t>(mark), load_be<std::uint64_t>(mark + 4)};
}

void Source::start(Instant begin, Instant end, double phase) {
  end_ = end;
  time_.at(begin, [this, phase] { go_on(phase); });
}

void Source::go_on(double intervals) {
  const auto gap = Duration(std::llround(intervals / plan_.packets_per_second * 1e9));
  if (time_.now() + gap >= end_) return;
  time_.after(gap, [this] { emit(); });
}

void Source::emit() {
  ++mark_.index;
  send_(plan_.from, mark_, marked_packet(mark_, plan_.from, plan_.octets));
  if (plan_.arrivals == ArrivalProcess::constant) return go_on(1);
  const double part = std::ldexp(static_cast<double>(rng_.next_u64() >> 11), -53);  // from [0, 1)
  go_on(-std::log(1 - part));
}

}  // namespace mpsec::sim
