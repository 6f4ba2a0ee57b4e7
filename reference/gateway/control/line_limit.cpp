#include "gateway/control/line_limit.hpp"

#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

constexpr Duration second = std::chrono::seconds(1);

std::optional<std::string> kind_of(const ike::Event& event) {
  if (const auto* refused = std::get_if<ike::MessageRefused>(&event))
    return fmt::format("message_refused, {}", to_string(refused->error.blame));
  if (const auto* failed = std::get_if<ike::NegotiationFailed>(&event))
    return fmt::format("negotiation_failed, {}", to_string(failed->error.blame));
  const auto* changed = std::get_if<ike::IkeStateChanged>(&event);
  const bool half_open = changed != nullptr && (changed->to == ike::IkeState::init_answered ||
                                                changed->from == ike::IkeState::init_answered);
  if (half_open && changed->to != ike::IkeState::established) return "ike_state_changed, half open";
  return std::nullopt;
}

std::optional<std::string> kind_of(const ipsec::Event& event) {
  if (const auto* audit = std::get_if<ipsec::Audit>(&event))
    return fmt::format("audit, {}", to_string(audit->cause));
  if (const auto* acquire = std::get_if<ipsec::Acquire>(&event))
    return fmt::format("acquire, policy {}", acquire->policy.value);
  if (std::holds_alternative<ipsec::ResynchronisationWanted>(event)) return "resynchronisation_wanted";
  return std::nullopt;
}

std::optional<std::string> kind_of(const cluster::ClusterEvent&) {
  return std::nullopt;
}
std::optional<std::string> kind_of(const Fault&) {
  return std::nullopt;
}

}  // namespace

std::optional<std::string> limited_kind(const Report& report) {
  return std::visit([](const auto& one) { return kind_of(one); }, report);
}

bool LineLimit::admits(const Report& report, Instant now) {
  const auto kind = limited_kind(report);
  if (!kind) return true;
  Second& current = kinds_[*kind];
  // What was left out of the second before is told first, by left_out().
  if (now - current.begun >= second && current.left_out == 0) current = {.begun = now};
  if (current.lines == 0) current.begun = now;
  if (current.lines < most_) return ++current.lines, true;
  ++current.left_out;
  return false;
}

std::vector<LineLimit::LeftOut> LineLimit::left_out(Instant now) {
  std::vector<LeftOut> all;
  for (auto& [kind, current] : kinds_) {
    if (current.left_out == 0 || now - current.begun < second) continue;
    all.push_back({kind, current.left_out});
    current = {.begun = now};
  }
  return all;
}

std::optional<Instant> LineLimit::next_deadline() const {
  std::optional<Instant> first;
  for (const auto& [_, current] : kinds_)
    if (current.left_out != 0 && (!first || current.begun + second < *first)) first = current.begun + second;
  return first;
}

}  // namespace mpsec::gateway
