#include "ipsec/ecn.hpp"

namespace mpsec::ipsec {

std::string_view to_string(Ecn ecn) {
  constexpr std::array<std::string_view, 4> names{"Not-ECT", "ECT(1)", "ECT(0)", "CE"};
  return names[static_cast<std::size_t>(ecn)];
}

bool EcnWatch::on_event(EcnSuspicion suspicion, Instant now) noexcept {
  ++counts_[static_cast<std::size_t>(suspicion)];
  if (suspicion == EcnSuspicion::none || suspicion < limits_.least) return false;
  //= rfc6040/4.2/logging-can-be-suppressed
  if (limits_.silent) return false;
  //= rfc6040/4.2/alarms-are-rate-limited
  if (last_ && now - *last_ < limits_.interval) return false;
  last_ = now;
  return true;
}

}  // namespace mpsec::ipsec
