#include <chrono>
#include <fmt/format.h>

#include "pcap-replay/core/report.hpp"

namespace mpsec::replay {

std::string to_utc(Instant time) {
  using namespace std::chrono;
  const sys_time<nanoseconds> utc(time.time_since_epoch());
  const auto day = floor<days>(utc);
  const year_month_day date(day);
  const hh_mm_ss clock(utc - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string to_readable(Duration duration) {
  const auto count = static_cast<double>(duration.count());
  const double size = count < 0 ? -count : count;
  if (size < 1e3) return fmt::format("{} ns", duration.count());
  if (size < 1e6) return fmt::format("{:.3f} us", count / 1e3);
  if (size < 1e9) return fmt::format("{:.3f} ms", count / 1e6);
  return fmt::format("{:.3f} s", count / 1e9);
}

std::string name_of(const Stream& stream) {
  return fmt::format("{} {:#010x} to {}", stream.key().protocol == ipsec::Protocol::ah ? "AH" : "ESP",
                     stream.key().spi.value, to_string(stream.key().destination()));
}

}  // namespace mpsec::replay
