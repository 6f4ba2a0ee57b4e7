// Names and entries for the tests of the PAD.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "ipsec/pad.hpp"

namespace mpsec::ipsec::test {

inline Octets der(std::uint8_t tag, OctetView content) {
  Octets result{tag, static_cast<std::uint8_t>(content.size())};
  if (content.size() >= 0x80) result = {tag, 0x81, static_cast<std::uint8_t>(content.size())};
  append(result, content);
  return result;
}

// One attribute: the last octet of its type below 2.5.4, and its text.
struct Attribute {
  std::uint8_t type;
  std::string_view text;
  std::uint8_t tag = 0x13;  // PrintableString
};
inline constexpr std::uint8_t common_name = 3, country = 6, state = 8, organization = 10;

inline Octets name_of(const std::vector<std::vector<Attribute>>& names) {
  Octets rdns;
  for (const auto& name : names) {
    Octets attributes;
    for (const Attribute& attribute : name) {
      Octets pair = der(0x06, Octets{0x55, 0x04, attribute.type});
      append(pair, der(attribute.tag, Octets(attribute.text.begin(), attribute.text.end())));
      append(attributes, der(0x30, pair));
    }
    append(rdns, der(0x31, attributes));
  }
  return der(0x30, rdns);
}
// One attribute in each RDN.
inline Octets name_of(const std::vector<Attribute>& attributes) {
  std::vector<std::vector<Attribute>> names;
  for (const Attribute& attribute : attributes)
    names.push_back({attribute});
  return name_of(names);
}

inline PadEntry pad_entry(std::uint32_t id, std::vector<IdentityPattern> identities, std::string name = "e") {
  PadEntry entry;
  entry.id = PadEntryId{id};
  entry.name = std::move(name);
  entry.identities = std::move(identities);
  entry.authentication.emplace_back(PreSharedKey{SecretOctets(hex("0102030405060708"))});
  return entry;
}

inline IdentityPattern range_pattern(std::string_view text) {
  return IdentityPattern::addresses(AddressRange::parse(text).value()).value();
}

}  // namespace mpsec::ipsec::test
