#include "ipsec/path_mtu.hpp"

#include <algorithm>
#include <array>

#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"

namespace mpsec::ipsec {
namespace {

// RFC 1191 7: the sizes that links have, with those near to each other taken together.
constexpr std::array<std::uint32_t, 11> plateaus{65535, 32000, 17914, 8166, 4352, 2002,
                                                 1492,  1006,  508,   296,  68};

// Where a router does not say what it takes: the next size below what was too large.
std::uint32_t plateau_below(std::size_t size) {
  const auto below = std::ranges::find_if(plateaus, [size](std::uint32_t plateau) { return plateau < size; });
  return below == plateaus.end() ? plateaus.back() : *below;
}

constexpr std::size_t round_up(std::size_t octets, std::size_t multiple) {
  return (octets + multiple - 1) / multiple * multiple;
}

constexpr std::size_t esp_header = 8, esp_trailer = 2;

std::size_t fixed_octets(const EspOverhead& overhead) {
  return std::size_t{overhead.outer} + overhead.kept + esp_header + overhead.iv + overhead.icv;
}

}  // namespace

PathMtu::PathMtu(IpVersion version, const Limits& limits)
    : version_(version), limits_(limits), current_(std::max(limits.link, least())) {}

//= rfc8201/4/never-below-the-minimum-link-mtu
//= rfc1191/3/never-below-68
std::uint32_t PathMtu::least() const noexcept {
  return version_ == IpVersion::v6 ? ipv6_minimum
                                   : std::max(std::min(limits_.least_ipv4, limits_.link), ipv4_minimum);
}

PathMtu::Verdict PathMtu::on_report(std::uint32_t mtu, std::size_t quoted, Instant now) noexcept {
  //= rfc4301/6.1.1/unauthenticated-icmp-is-accepted-or-rejected-as-configured
  if (!limits_.heed_reports) return Verdict::unheeded;
  const bool v4 = version_ == IpVersion::v4;
  //= rfc1191/3/routers-that-do-not-say-are-understood
  if (v4 && mtu == 0) mtu = plateau_below(std::min<std::size_t>(quoted, current_));
  //= rfc8201/4/report-below-the-minimum-is-discarded
  if (mtu < (v4 ? ipv4_minimum : ipv6_minimum)) return Verdict::too_small;
  if (quoted <= mtu || quoted > std::max(limits_.link, least())) return Verdict::implausible;
  return lower_to(mtu, now);
}

PathMtu::Verdict PathMtu::lower_to(std::uint32_t mtu, Instant now) noexcept {
  constexpr Duration shortest = std::chrono::minutes(5);
  //= rfc1191/3/no-attempt-to-raise-within-five-minutes
  //= rfc8201/4/no-attempt-to-raise-within-five-minutes
  raise_not_before(now + shortest);
  const std::uint32_t before = current_;
  if (mtu < least()) clamped_ = true;
  //= rfc1191/3/no-report-raises-the-estimate
  //= rfc8201/4/no-report-raises-the-estimate
  current_ = std::min(current_, std::max(mtu, least()));
  if (current_ == before) return mtu < least() ? Verdict::clamped : Verdict::not_lower;
  if (limits_.raise_after != Duration::max()) raise_not_before(now + std::max(limits_.raise_after, shortest));
  return mtu < least() ? Verdict::clamped : Verdict::lowered;
}

void PathMtu::raise_not_before(Instant at) noexcept {
  if (limits_.raise_after != Duration::max()) raise_at_ = std::max(raise_at_.value_or(at), at);
}

void PathMtu::on_link_change(std::uint32_t link) noexcept {
  limits_.link = link;
  current_ = std::max(link, least());
  clamped_ = false;
  raise_at_.reset();
}

bool PathMtu::on_time(Instant now) noexcept {
  if (!raise_at_ || now < *raise_at_) return false;
  //= rfc4301/8.2.2/estimate-ages-back-to-the-first-hop
  const std::uint32_t before = current_;
  on_link_change(limits_.link);
  return current_ > before;
}

std::size_t protected_size(std::size_t inner, const EspOverhead& overhead) noexcept {
  const std::size_t payload = round_up(inner - overhead.kept, overhead.tfc_multiple);
  return fixed_octets(overhead) + round_up(payload + esp_trailer, overhead.text_multiple);
}

//= rfc4301/8.2.1/report-less-what-protection-adds
std::size_t largest_inner(std::size_t mtu, const EspOverhead& overhead) noexcept {
  const std::size_t fixed = fixed_octets(overhead);
  if (mtu < fixed) return 0;
  const std::size_t text = (mtu - fixed) / overhead.text_multiple * overhead.text_multiple;
  if (text < esp_trailer) return 0;
  return overhead.kept + (text - esp_trailer) / overhead.tfc_multiple * overhead.tfc_multiple;
}

TooBigAction action_on_too_big(OctetView packet) noexcept {
  if (packet[0] >> 4 == 4) {
    const std::uint8_t flags = wire::load<&wire::Ipv4Header::flags>(packet.data());
    //= rfc4301/8.2.1/ipv4-without-df-is-fragmented
    //= rfc4301/8.2.1/ipv4-with-df-is-refused-and-reported
    const bool may_be_cut = (flags & wire::Ipv4Header::dont_fragment) == 0;
    return may_be_cut ? TooBigAction::fragment : TooBigAction::tell_the_source;
  }
  if (packet.size() <= PathMtu::ipv6_minimum) return TooBigAction::fragment_after_protection;
  //= rfc4301/8.2.1/ipv6-is-refused-and-reported
  return TooBigAction::tell_the_source;
}

}  // namespace mpsec::ipsec
