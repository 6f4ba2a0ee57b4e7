#include <algorithm>
#include <fmt/format.h>

#include "ipsec/identity.hpp"
#include "ipsec/inbound_sa.hpp"
#include "trace/event_lines.hpp"

namespace mpsec::trace {
namespace {

struct Text {
  std::string operator()(const ipsec::Acquire& event) const {
    return fmt::format("policy {} wants an SA for {}", event.policy.value, ipsec::to_string(event.packet));
  }
  std::string operator()(const ipsec::LifetimeReached& event) const {
    return fmt::format("SA {:08x} {}: {} lifetime", event.spi.value, event.outbound ? "out" : "in",
                       event.hard ? "hard" : "soft");
  }
  std::string operator()(const ipsec::SequenceExhausted& event) const {
    return fmt::format("SA {:08x} out: no sequence number is left", event.spi.value);
  }
  std::string operator()(const ipsec::ResynchronisationWanted& event) const {
    return fmt::format("SA {:08x} in: the high half of its sequence numbers may be lost",
                       event.sa == nullptr ? 0 : event.sa->parameters().spi.value);
  }
  std::string operator()(const ipsec::PathMtuChanged& event) const {
    return fmt::format("SA {:08x} out: path MTU {}", event.spi.value, event.path_mtu);
  }
  std::string operator()(const ipsec::Audit& event) const { return "discarded: " + ipsec::to_string(event); }
};

// Whatever a peer has put into an error, it stays one line and writes nothing else to a terminal.
std::string one_line(const std::string& text) {
  const bool clean = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return clean ? text : ipsec::printable(text);
}

std::string line(const Origin& origin, const std::string& text) {
  const auto count = origin.at.time_since_epoch().count();
  const std::string host = origin.host.empty() ? "" : fmt::format(" {}", origin.host);
  constexpr std::int64_t second = 1'000'000'000;
  return fmt::format("{}{}.{:09}{}: {}", count < 0 ? "-" : "", std::abs(count / second),
                     std::abs(count % second), host, one_line(text));
}

}  // namespace

std::string to_text_line(const Origin& origin, const ike::Event& event) {
  return line(origin, ike::to_string(event));
}

std::string to_text_line(const Origin& origin, const ipsec::Event& event) {
  return line(origin, std::visit(Text{}, event));
}

}  // namespace mpsec::trace
