#include <algorithm>
#include <chrono>
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

struct ClusterText {
  std::string operator()(const cluster::SubSaEnded& event) const {
    return fmt::format("cluster {}, sub-SA {}: ended by a hard limit, or its numbers", event.cluster.value,
                       event.sub_sa.value);
  }
  std::string operator()(const cluster::ClusterEnded& event) const {
    return fmt::format("cluster {}: no sub-SA is left that could be used", event.cluster.value);
  }
  std::string operator()(const cluster::SequenceRunsOut& event) const {
    return fmt::format("cluster {}: only {} sequence numbers are left", event.cluster.value, event.left);
  }
  std::string operator()(const cluster::WindowTooSmall& event) const {
    return fmt::format(
        "cluster {}: authentic packets came too late for the window of {} numbers; {} would have held",
        event.cluster.value, event.window, event.would_have_held);
  }
  std::string operator()(const cluster::NumbersNotShared& event) const {
    return fmt::format("cluster {}: the peer counts each sub-SA for itself, its numbers are not shared",
                       event.cluster.value);
  }
  std::string operator()(const cluster::ClusterMtuChanged& event) const {
    return fmt::format("cluster {}: the largest clear packet is {} octets", event.cluster.value,
                       event.largest_packet);
  }
  std::string operator()(const cluster::PathChanged& event) const {
    return fmt::format("cluster {}, sub-SA {}: its path was {}, is {}", event.cluster.value,
                       event.sub_sa.value, to_string(event.from), to_string(event.to));
  }
};

// Whatever a peer has put into an error, it stays one line and writes nothing else to a terminal.
std::string one_line(const std::string& text) {
  const bool clean = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return clean ? text : ipsec::printable(text);
}

std::string time_text(const Origin& origin) {
  if (origin.calendar) return calendar_text(*origin.calendar, origin.at);
  const auto count = origin.at.time_since_epoch().count();
  constexpr std::int64_t second = 1'000'000'000;
  return fmt::format("{}{}.{:09}", count < 0 ? "-" : "", std::abs(count / second), std::abs(count % second));
}

}  // namespace

std::string text_line(const Origin& origin, const std::string& text) {
  const std::string host = origin.host.empty() ? "" : fmt::format(" {}", origin.host);
  return fmt::format("{}{}: {}", time_text(origin), host, one_line(text));
}

std::string calendar_text(crypto::CalendarSeconds at_start, Instant at) {
  using namespace std::chrono;
  const auto since = at.time_since_epoch();
  const auto whole = floor<seconds>(since);
  const sys_seconds second{seconds(at_start) + whole};
  const auto day = floor<days>(second);
  const year_month_day date{day};
  const hh_mm_ss time{second - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     (since - whole).count());
}

std::string to_text_line(const Origin& origin, const ike::Event& event) {
  return text_line(origin, ike::to_string(event));
}

std::string to_text_line(const Origin& origin, const ipsec::Event& event) {
  return text_line(origin, std::visit(Text{}, event));
}

std::string to_text_line(const Origin& origin, const cluster::ClusterEvent& event) {
  return text_line(origin, std::visit(ClusterText{}, event));
}

std::string to_text_line(const Origin& origin, const Error& fault) {
  return text_line(origin, "fault: " + to_string(fault));
}

}  // namespace mpsec::trace
