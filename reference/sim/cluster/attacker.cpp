#include "sim/cluster/attacker.hpp"

#include <cmath>

#include "sim/cluster/gateway.hpp"
#include "wire/header_build.hpp"

namespace mpsec::sim {
namespace {

constexpr std::size_t spi_at = wire::ipv4_header_size, number_at = spi_at + 4, body_at = number_at + 4;
constexpr std::uint32_t plausible = 64;  // numbers above one that was heard

}  // namespace

void Attacker::start(Instant begin, Instant end) {
  end_ = end;
  time_.at(begin, [this] { go_on(); });
}

void Attacker::go_on() {
  const auto gap = Duration(std::llround(1e9 / plan_.packets_per_second));
  if (time_.now() + gap >= end_) return;
  time_.after(gap, [this] { attack(); });
}

void Attacker::attack() {
  if (!heard_.empty()) {
    ++injected_;
    const bool replays = plan_.kind == AttackKind::replay || plan_.kind == AttackKind::foreign_spi;
    send_(Packet::from_ip(forged(replays ? any_heard() : newest())).value());
  }
  go_on();
}

void Attacker::hear(const Packet& packet) {
  const auto path = path_of(packet.source());
  if (!path || packet.size() <= body_at) return;
  spis_.insert(load_be<std::uint32_t>(packet.octets().data() + spi_at));
  if (*path != plan_.path) return;
  if (heard_.size() < memory)
    heard_.push_back(packet);
  else
    heard_[oldest_++ % memory] = packet;
}

const Packet& Attacker::newest() const {
  return oldest_ == 0 ? heard_.back() : heard_[(oldest_ - 1) % memory];
}

const Packet& Attacker::any_heard() {
  return heard_[rng_.below(heard_.size())];
}

Octets Attacker::forged(const Packet& like) {
  Octets packet = over_another_path(like);
  switch (plan_.kind) {
    case AttackKind::foreign_spi:
      put_foreign_spi(packet);
      break;
    case AttackKind::flood:
      put_garbage(packet, 1 + static_cast<std::uint32_t>(rng_.below(plausible)));
      break;
    case AttackKind::far_ahead:
      put_garbage(packet, static_cast<std::uint32_t>(plan_.ahead));
      break;
    default:
      break;
  }
  return packet;
}

Octets Attacker::over_another_path(const Packet& packet) const {
  Octets octets(packet.octets().begin(), packet.octets().end());
  const End from = packet.source() == path_address(End::sgw1, plan_.path) ? End::sgw1 : End::sgw2;
  const IpAddress source = path_address(from, plan_.over),
                  destination = path_address(opposite(from), plan_.over);
  std::ranges::copy(source.octets(), octets.begin() + wire::offset_of<&wire::Ipv4Header::source>);
  std::ranges::copy(destination.octets(), octets.begin() + wire::offset_of<&wire::Ipv4Header::destination>);
  wire::store_ipv4_checksum(octets.data(), wire::ipv4_header_size);
  return octets;
}

// Of the same direction, if another one was heard.
void Attacker::put_foreign_spi(Octets& packet) {
  const auto own = load_be<std::uint32_t>(packet.data() + spi_at);
  std::vector<std::uint32_t> others;
  for (const std::uint32_t spi : spis_)
    if (spi != own && spi % 2 == own % 2) others.push_back(spi);
  if (!others.empty()) store_be(packet.data() + spi_at, others[rng_.below(others.size())]);
}

void Attacker::put_garbage(Octets& packet, std::uint32_t ahead) {
  const auto number = load_be<std::uint32_t>(packet.data() + number_at);
  store_be(packet.data() + number_at, number + ahead);
  rng_.fill(MutableOctets(packet).subspan(body_at));
}

}  // namespace mpsec::sim
