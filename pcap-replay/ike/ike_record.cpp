#include "pcap-replay/ike/ike_record.hpp"

#include <array>
#include <fmt/format.h>

namespace mpsec::replay {

std::string_view to_string(IkeVerdict verdict) {
  static constexpr std::array<std::string_view, ike_verdicts> names = {
      "clear",           "opened",    "opened_unchecked", "fragment",        "no_key",        "cut",
      "other_version",   "malformed", "too_short",        "misaligned",      "not_authentic", "bad_padding",
      "inner_malformed", "differs",   "inner_differs",    "fragment_refused"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string ike_v1_exchange(std::uint8_t type) {
  struct Named {
    std::uint8_t type;
    std::string_view name;
  };
  constexpr std::array<Named, 9> names = {{{0, "None"},
                                           {1, "Base"},
                                           {2, "Identity Protection (Main Mode)"},
                                           {3, "Authentication Only"},
                                           {4, "Aggressive"},
                                           {5, "Informational"},
                                           {6, "Transaction (Config Mode)"},
                                           {32, "Quick Mode"},
                                           {33, "New Group Mode"}}};
  for (const Named& one : names)
    if (one.type == type) return std::string(one.name);
  return fmt::format("exchange type {}", type);
}

std::string title_of(const IkeRecord& record) {
  const wire::ike::IkeHeader& header = record.header;
  const auto type = static_cast<std::uint8_t>(header.exchange_type);
  if (header.major_version == 1) return "IKEv1 " + ike_v1_exchange(type);
  if (header.major_version != 2)
    return fmt::format("IKEv{}.{} exchange type {}", header.major_version, header.minor_version, type);
  return fmt::format("{} {} {} {}", to_string(header.exchange_type), header.message_id.value,
                     header.response ? "response" : "request", header.initiator ? "I>R" : "R>I");
}

}  // namespace mpsec::replay
