// The data path of the tester: ESP, and packets in the clear.
#include <fmt/format.h>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

namespace {

// In transport mode the echo message stands alone, and the outer header's addresses are its own.
std::optional<Ping> ping_in(const Tester::Pong& pong) {
  if (!pong.child->terms().transport) return to_ping(pong.opened.payload);
  const ike::Path& path = pong.packet.path;
  Octets whole = to_packet({.from = path.remote.address, .to = path.local.address, .octets = 4});
  const std::size_t header = path.local.address.is_v4() ? 20 : 40;
  whole.resize(header);
  append(whole, pong.opened.payload);
  const auto length = static_cast<std::uint16_t>(whole.size());
  store_be(whole.data() + (header == 20 ? 2 : 4),
           header == 20 ? length : static_cast<std::uint16_t>(length - header));
  return to_ping(whole);
}

}  // namespace

void Tester::take_esp(const EspPacket& packet) {
  const auto step = [&](std::string text) {
    steps_.push_back({.at = now(),
                      .kind = Step::Kind::received,
                      .text = std::move(text),
                      .path = packet.path,
                      .esp = true,
                      .octets = packet.octets});
  };
  for (const auto& sa : sessions_)
    for (const auto& child : sa->children) {
      auto opened = child->open(packet);
      if (!opened) continue;
      step(fmt::format("ESP {:08x} number {}, next header {}", spi_of(packet).value, opened->number,
                       opened->next_header));
      esp_.push_back({child.get(), *std::move(opened), packet});
      return;
    }
  step(fmt::format("ESP {:08x} number {} that cannot be opened", spi_of(packet).value,
                   number_on_wire(packet)));
  unopened_.push_back(packet);
}

// --- ESP

Octets Tester::ping_packet(std::uint32_t mark) const {
  return to_packet({.from = target().tester_host, .to = target().target_host, .mark = mark});
}

std::uint32_t Tester::send_ping(EspChild& child, std::optional<std::uint64_t> number) {
  const std::uint32_t mark = fresh_mark();
  EspText text;
  text.payload = ping_packet(mark);
  text.next_header = target().tester_host.is_v4() ? 4 : 41;
  if (child.terms().transport) {
    const std::size_t header = target().tester_host.is_v4() ? 20 : 40;
    text.next_header = target().tester_host.is_v4() ? 1 : 58;
    text.payload.erase(text.payload.begin(), text.payload.begin() + static_cast<std::ptrdiff_t>(header));
  }
  send(number ? child.seal(text, *number) : child.seal(text));
  return mark;
}

void Tester::send(const EspPacket& packet) {
  steps_.push_back({.at = now(),
                    .kind = Step::Kind::sent,
                    .text = fmt::format("ESP {:08x} number {}", spi_of(packet).value, number_on_wire(packet)),
                    .path = packet.path,
                    .esp = true,
                    .octets = packet.octets});
  link().send(packet);
}

std::optional<Tester::Pong> Tester::receive_pong(std::uint32_t mark, Duration within) {
  const Instant until = now() + within;
  for (;;) {
    for (auto at = esp_.begin(); at != esp_.end(); ++at) {
      const auto ping = ping_in(*at);
      if (!ping || !ping->reply || ping->mark != mark) continue;
      Pong found = std::move(*at);
      esp_.erase(at);
      return found;
    }
    if (!take_in(until)) return std::nullopt;
  }
}

Tester::Pong Tester::expect_pong(std::uint32_t mark) {
  auto pong = receive_pong(mark, link().patience());
  if (!pong) fail(fmt::format("an answer to ping {}", mark), "none came");
  return *std::move(pong);
}

void Tester::expect_no_pong(std::uint32_t mark, std::string_view what) {
  if (receive_pong(mark, link().silence()))
    fail(fmt::format("{} is not delivered", what), "it was: its ping is answered");
}

Tester::Pong Tester::ping(EspChild& child) {
  // The target may not have our last answer yet, and asks for it again.
  const Instant until = now() + request_patience();
  std::uint32_t mark = send_ping(child);
  while (now() < until) {
    if (auto pong = receive_pong(mark, link().patience())) return *std::move(pong);
    mark = send_ping(child);
  }
  return expect_pong(mark);
}

std::optional<Tester::Pong> Tester::receive_esp(Duration within) {
  const Instant until = now() + within;
  while (esp_.empty())
    if (!take_in(until)) return std::nullopt;
  Pong first = std::move(esp_.front());
  esp_.pop_front();
  return first;
}

// --- clear text

void Tester::take_clear(const ClearPacket& packet) {
  steps_.push_back(
      {.at = now(), .kind = Step::Kind::received, .text = "a packet in the clear", .octets = packet.octets});
  clear_.push_back(packet.octets);
}

void Tester::needs_clear() {
  if (!link().handles_clear()) unsupported("packets in the clear are not seen between tester and target");
}

void Tester::send_clear(Octets packet) {
  needs_clear();
  note("a packet in the clear is sent");
  link().send(ClearPacket{std::move(packet)});
}

void Tester::expect_no_clear(std::string_view when) {
  needs_clear();
  wait(link().silence());
  if (!clear_.empty())
    fail(fmt::format("nothing in the clear {}", when),
         fmt::format("{} packets in the clear, the first of {} octets", clear_.size(), clear_[0].size()));
}

}  // namespace mpsec::conformance
