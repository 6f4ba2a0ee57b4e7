#include "base/octets.hpp"

#include <cctype>
#include <cstdlib>
#include <optional>

namespace mpsec {
namespace {

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

Error bad_hex(std::size_t offset, std::string why) {
  return {.blame = Blame::malformed, .path = "hex", .offset = offset, .why = std::move(why), .clause = {}};
}

}  // namespace

std::string to_hex(OctetView octets) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (const std::uint8_t octet : octets) {
    text.push_back(digits[octet >> 4]);
    text.push_back(digits[octet & 0xf]);
  }
  return text;
}

Result<Octets> from_hex(std::string_view text) {
  Octets octets;
  std::optional<std::uint8_t> high;
  const std::size_t start = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    const bool separator = c == ':' || std::isspace(static_cast<unsigned char>(c)) != 0;
    if (separator && !high) continue;
    const auto value = digit(c);
    if (!value)
      return std::unexpected(bad_hex(i, std::string("expected a hexadecimal digit, found '") + c + "'"));
    if (high) octets.push_back(static_cast<std::uint8_t>(*high << 4 | *value));
    high = high ? std::nullopt : value;
  }
  if (high) return std::unexpected(bad_hex(text.size(), "odd number of digits: the last octet is half"));
  return octets;
}

Octets hex(std::string_view literal) {
  auto octets = from_hex(literal);
  if (!octets) std::abort();
  return *std::move(octets);
}

}  // namespace mpsec
