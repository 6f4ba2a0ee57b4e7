#include "vectors/core/der.hpp"

#include <algorithm>
#include <array>

namespace mpsec::vectors::der {
namespace {

constexpr std::uint8_t integer = 0x02, bit_string = 0x03, sequence = 0x30;

Octets element(std::uint8_t tag, OctetView content) {
  Octets octets{tag};
  const std::size_t size = content.size();
  if (size >= 0x100) {
    octets.push_back(0x82);
    octets.push_back(static_cast<std::uint8_t>(size >> 8));
  } else if (size >= 0x80) {
    octets.push_back(0x81);
  }
  octets.push_back(static_cast<std::uint8_t>(size));
  append(octets, content);
  return octets;
}

// Not negative, and as short as it can be.
Octets number(OctetView value) {
  const auto first = std::ranges::find_if(value, [](std::uint8_t octet) { return octet != 0; });
  Octets content(first, value.end());
  if (content.empty() || content[0] >= 0x80) content.insert(content.begin(), 0);
  return element(integer, content);
}

Octets key_info(OctetView algorithm, OctetView key) {
  Octets bits{0};
  append(bits, key);
  Octets content(algorithm.begin(), algorithm.end());
  append(content, element(bit_string, bits));
  return element(sequence, content);
}

struct Curve {
  std::string_view name;
  std::size_t coordinate_octets;
  std::string_view algorithm;
};
constexpr std::array curves{
    Curve{"P-256", 32, "301306072a8648ce3d020106082a8648ce3d030107"},
    Curve{"P-384", 48, "301006072a8648ce3d020106052b81040022"},
    Curve{"P-521", 66, "301006072a8648ce3d020106052b81040023"},
};

void append_coordinate(Octets& point, OctetView value, std::size_t octets) {
  while (value.size() > octets && value[0] == 0)
    value = value.subspan(1);
  point.insert(point.end(), octets - std::min(octets, value.size()), 0);
  append(point, value);
}

}  // namespace

Octets rsa_public_key(OctetView modulus, OctetView exponent) {
  Octets pair = number(modulus);
  append(pair, number(exponent));
  return key_info(hex("300d06092a864886f70d0101010500"), element(sequence, pair));
}

std::optional<Octets> ec_public_key(std::string_view curve, OctetView x, OctetView y) {
  const auto found = std::ranges::find(curves, curve, &Curve::name);
  if (found == curves.end()) return std::nullopt;
  Octets point{4};
  append_coordinate(point, x, found->coordinate_octets);
  append_coordinate(point, y, found->coordinate_octets);
  return key_info(hex(found->algorithm), point);
}

Octets ecdsa_signature(OctetView r, OctetView s) {
  Octets pair = number(r);
  append(pair, number(s));
  return element(sequence, pair);
}

}  // namespace mpsec::vectors::der
