#include "ike/transitions.hpp"

namespace mpsec::ike {
namespace {

template <std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, auto value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "?";
}

}  // namespace

std::string_view to_string(IkeState state) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(IkeState::count)> names{
      "idle",     "init sent", "auth sent", "init answered", "established",
      "rekeying", "rekeyed",   "closing",   "closed"};
  return name_of(names, state);
}

std::string_view to_string(IkeEvent event) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(IkeEvent::count)> names{
      "initiate",     "init request",   "init retry",   "init reply",
      "auth round",   "auth request",   "auth reply",   "authentication failed",
      "start rekey",  "rekey request",  "rekey reply",  "rekey refused",
      "start delete", "delete request", "delete reply", "gave up",
      "fatal error"};
  return name_of(names, event);
}

std::string_view to_string(ChildState state) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(ChildState::count)> names{
      "requested", "installed", "rekeying", "replaced", "closing", "closed"};
  return name_of(names, state);
}

std::string_view to_string(ChildEvent event) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(ChildEvent::count)> names{
      "created",      "refused",        "start rekey",  "rekey refused", "replaced",
      "start delete", "delete request", "delete reply", "lost"};
  return name_of(names, event);
}

}  // namespace mpsec::ike
