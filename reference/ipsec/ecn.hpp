// What a tunnel does with the traffic class: congestion marks (RFC 6040) and the DSCP (RFC 4301 5.1.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/octets.hpp"

namespace mpsec::ipsec {

// RFC 3168 5: the two low bits of the traffic class.
enum class Ecn : std::uint8_t { not_ect = 0, ect_1 = 1, ect_0 = 2, ce = 3 };

// "Not-ECT", "ECT(1)", "ECT(0)", "CE"
std::string_view to_string(Ecn ecn);

// Of the IPv4 or IPv6 packet that starts at `ip`: DSCP and ECN.
inline std::uint8_t traffic_class_of(const std::uint8_t* ip) {
  return ip[0] >> 4 == 4 ? ip[1] : static_cast<std::uint8_t>(load_be<std::uint16_t>(ip) >> 4);
}

// RFC 6040 4.3: compatibility is for a tunnel whose other end knows nothing of ECN. A peer that speaks IKEv2
// knows of it, so such a tunnel is normal.
enum class EcnMode : std::uint8_t { normal, compatibility };

// The mark of the outer header; the inner one stays as it is.
constexpr Ecn outer_ecn(Ecn inner, EcnMode mode) noexcept {
  //= rfc6040/4.1/outer-copies-the-inner-mark
  return mode == EcnMode::normal ? inner : Ecn::not_ect;
}

// Combinations of marks that no honest path produces, as the standards are today.
enum class EcnSuspicion : std::uint8_t { none, possibly_dangerous, dangerous };

struct EcnDecapsulation {
  Ecn ecn = Ecn::not_ect;  // of the packet that leaves the tunnel
  bool drop = false;       // congestion was marked, and the transport would not understand the mark
  EcnSuspicion suspicion = EcnSuspicion::none;

  constexpr bool operator==(const EcnDecapsulation&) const = default;
};

namespace detail {

// RFC 6040 4.2, figure 4: a row for each inner mark, in it a column for each outer one, both in the order of
// the code points: Not-ECT, ECT(1), ECT(0), CE. '!' stands for the RFC's (!), '#' for its (!!!).
inline constexpr auto ecn_decapsulation = [] {
  constexpr auto is = [](Ecn ecn, char mark = ' ') {
    const auto suspicion = mark == '#'   ? EcnSuspicion::dangerous
                           : mark == '!' ? EcnSuspicion::possibly_dangerous
                                         : EcnSuspicion::none;
    return EcnDecapsulation{ecn, false, suspicion};
  };
  constexpr EcnDecapsulation drop{Ecn::not_ect, true, EcnSuspicion::dangerous};
  constexpr Ecn none = Ecn::not_ect, ect_1 = Ecn::ect_1, ect_0 = Ecn::ect_0, ce = Ecn::ce;
  return std::array<std::array<EcnDecapsulation, 4>, 4>{{
      {is(none), is(none, '#'), is(none, '#'), drop},
      {is(ect_1), is(ect_1), is(ect_1, '!'), is(ce)},
      {is(ect_0), is(ect_1), is(ect_0), is(ce)},
      {is(ce), is(ce, '#'), is(ce), is(ce)},
  }};
}();

}  // namespace detail

// What becomes of a packet that came with these two marks. Newer than RFC 4301 5.1.2.1, which knew only the
// step to CE.
constexpr EcnDecapsulation decapsulated_ecn(Ecn inner, Ecn outer) noexcept {
  //= rfc6040/4.2/mark-by-the-table
  //= rfc6040/4.2/ce-over-not-ect-is-dropped
  return detail::ecn_decapsulation[static_cast<std::size_t>(inner)][static_cast<std::size_t>(outer)];
}

// Decides which suspicious combinations are worth a word in the log. Counts them all.
class EcnWatch {
 public:
  struct Limits {
    bool silent = false;  // suppress: some day a standard may give a combination a meaning
    EcnSuspicion least = EcnSuspicion::possibly_dangerous;
    Duration interval = std::chrono::seconds(60);  // at most one word in so long
  };

  EcnWatch() = default;
  explicit EcnWatch(const Limits& limits) : limits_(limits) {}

  // True if this event is to be logged now.
  bool on_event(EcnSuspicion suspicion, Instant now) noexcept;
  // Since the start, logged or not.
  std::uint64_t count(EcnSuspicion suspicion) const { return counts_[static_cast<std::size_t>(suspicion)]; }

 private:
  Limits limits_{};
  std::array<std::uint64_t, 3> counts_{};
  std::optional<Instant> last_;
};

// RFC 4301 5.1.2: the DSCP of the outer header. `fixed` closes the covert channel that copying opens, and
// maps the packet into the outer network's code space.
constexpr std::uint8_t outer_dscp(std::uint8_t inner, std::optional<std::uint8_t> fixed) noexcept {
  //= rfc4301/5.1.2/outer-dscp-copied-or-fixed
  return fixed.value_or(inner) & 0x3f;
}

// The DSCP of the packet that leaves the tunnel: its own, unless the SA was told to trust the outer network.
enum class InnerDscp : std::uint8_t { keep, take_outer };
constexpr std::uint8_t decapsulated_dscp(std::uint8_t inner, std::uint8_t outer,
                                         InnerDscp policy = InnerDscp::keep) noexcept {
  //= rfc4301/5.1.2/outer-dscp-stays-outside
  return policy == InnerDscp::keep ? inner : outer;
}

}  // namespace mpsec::ipsec
