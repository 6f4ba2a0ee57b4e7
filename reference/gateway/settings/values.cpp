#include "gateway/settings/values.hpp"

#include <charconv>
#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

// The values of a list that `parse` reads; errors stand where the element does.
template <class Value, class Parse>
std::vector<Value> parsed(TableReader& reader, std::string_view key, Parse parse) {
  std::vector<Value> values;
  for (const PlacedText& element : reader.texts(key)) {
    auto value = parse(std::string_view(element.text));
    if (value)
      values.push_back(*std::move(value));
    else
      reader.fail_at(element.at, key, value.error().why, value.error().clause);
  }
  return values;
}

Result<InterfaceAddress> interface_address(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  const unsigned bits = address && !address->is_v4() ? 128 : 32;
  unsigned length = bits;
  bool good = address.has_value();
  if (good && slash != text.npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    good = error == std::errc{} && end == digits.data() + digits.size() && length <= bits;
  }
  if (good) return InterfaceAddress{*address, static_cast<std::uint8_t>(length)};
  return std::unexpected(Error{
      Blame::local_fault, "", std::nullopt,
      fmt::format("expected an address with its prefix length, as 10.1.0.1/24, found \"{}\"", shown(text)),
      ""});
}

}  // namespace

std::optional<IpAddress> read_address(TableReader& reader, std::string_view key) {
  const auto text = reader.text(key);
  if (!text) return std::nullopt;
  if (const auto address = IpAddress::parse(*text)) return *address;
  reader.fail(key, fmt::format("expected an IPv4 or IPv6 address, found \"{}\"", shown(*text)));
  return std::nullopt;
}

std::vector<InterfaceAddress> read_interface_addresses(TableReader& reader, std::string_view key) {
  return parsed<InterfaceAddress>(reader, key, interface_address);
}

std::optional<InterfaceAddress> prefix_of(const ipsec::AddressRange& range) {
  const unsigned bits = range.first.is_v4() ? 32 : 128;
  const auto first = ipsec::number_of(range.first), last = ipsec::number_of(range.last);
  unsigned free = 0;  // bits that are 0 in the first and 1 in the last
  while (free < bits && (first >> free & 1) == 0 && (last >> free & 1) == 1)
    ++free;
  if (free < bits && first >> free != last >> free) return std::nullopt;
  return InterfaceAddress{range.first, static_cast<std::uint8_t>(bits - free)};
}

std::vector<ipsec::AddressRange> read_ranges(TableReader& reader, std::string_view key) {
  return parsed<ipsec::AddressRange>(reader, key, ipsec::AddressRange::parse);
}

std::vector<SelectorSide> read_sides(TableReader& reader, std::string_view key) {
  return parsed<SelectorSide>(reader, key, SelectorSide::parse);
}

void read_lifetime(TableReader& table, ike::SaLifetime& lifetime) {
  constexpr double largest_jitter = 0.99;
  if (table.has("after")) {
    table.duration("after", lifetime.rekey_after, std::chrono::milliseconds(1));
    lifetime.end_after = lifetime.rekey_after + lifetime.rekey_after / 6;
  }
  table.duration("end", lifetime.end_after);
  table.real("jitter", lifetime.jitter, 0, largest_jitter);
  if (lifetime.end_after <= lifetime.rekey_after)
    table.fail("end", "the SA would end before it is replaced; expected more than `after`");
}

Place within(const PlacedText& text, const Error& error) {
  if (!error.offset) return text.at;
  return {text.at.line, text.at.column + 1 + static_cast<std::uint32_t>(*error.offset)};
}

}  // namespace mpsec::gateway
