#include "pcap-replay/ike/payload_chain.hpp"

#include <fmt/format.h>

namespace mpsec::replay {

using namespace wire::ike;

namespace {

// Who has them all sees where a list ends.
constexpr std::size_t longest_chain = 32;

std::string name_in_chain(const Payload& payload) {
  const Body& body = payload.body;
  if (const auto* notify = std::get_if<Notify>(&body)) return fmt::format("N({})", to_string(notify->type));
  if (const auto* fragment = std::get_if<EncryptedFragment>(&body))
    return fmt::format("SKF({}/{})", fragment->fragment_number, fragment->total_fragments);
  if (const auto* unknown = std::get_if<UnknownPayload>(&body))
    return fmt::format("{}{}", to_string(unknown->type), payload.header.critical ? "!" : "");
  return std::string(name_of(body));
}

std::string joined(const Payloads& payloads, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count && i < longest_chain; ++i)
    text += fmt::format("{}{}", text.empty() ? "" : " ", name_in_chain(payloads[i]));
  if (count > longest_chain) text += fmt::format(" and {} more", count - longest_chain);
  return text;
}

}  // namespace

std::string chain_of(const Payloads& payloads) {
  return joined(payloads, payloads.size());
}

std::string chain_of(const Payloads& outer, const Payloads& inner) {
  if (outer.empty()) return {};
  std::string text = joined(outer, outer.size() - 1);
  return fmt::format("{}{}{}{{{}}}", text, text.empty() ? "" : " ", name_in_chain(outer.back()),
                     chain_of(inner));
}

}  // namespace mpsec::replay
