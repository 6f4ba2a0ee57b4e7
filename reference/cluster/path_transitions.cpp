#include "cluster/path_transitions.hpp"

namespace mpsec::cluster {

std::string_view to_string(PathCondition condition) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(PathCondition::count)> names{
      "unknown", "alive", "suspect", "dead"};
  return condition < PathCondition::count ? names[static_cast<std::size_t>(condition)] : "?";
}

std::string_view to_string(PathEvent event) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(PathEvent::count)> names{
      "sign of life", "missed", "gave up", "recovered"};
  return event < PathEvent::count ? names[static_cast<std::size_t>(event)] : "?";
}

}  // namespace mpsec::cluster
