#include "ipsec/distinguished_name.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "ipsec/identity.hpp"
#include "wire/reader.hpp"

namespace mpsec::ipsec {
namespace {

constexpr std::uint8_t object_identifier = 0x06, utf8_string = 0x0c, printable_string = 0x13,
                       ia5_string = 0x16, sequence = 0x30, set = 0x31;

bool is_text(std::uint8_t tag) {
  return tag == utf8_string || tag == printable_string || tag == ia5_string;
}

std::string folded(OctetView text) {
  std::string result;
  for (const std::uint8_t octet : text) {
    if (octet == ' ') {
      if (!result.empty() && result.back() != ' ') result += ' ';
      continue;
    }
    result += static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet);
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// So that no two lists of parts make the same octets.
void append_part(std::string& to, std::string_view part) {
  to += fmt::format("{}:", part.size());
  to += part;
}

std::string_view text_of(OctetView octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string short_name(const Octets& type) {
  struct Known {
    std::string_view type, name;
  };
  static constexpr Known known[] = {
      {"550403", "CN"},
      {"550405", "serialNumber"},
      {"550406", "C"},
      {"550407", "L"},
      {"550408", "ST"},
      {"55040a", "O"},
      {"55040b", "OU"},
      {"0992268993f22c640119", "DC"},
      {"2a864886f70d010901", "emailAddress"},
  };
  const std::string digits = to_hex(type);
  const auto found = std::ranges::find(known, digits, &Known::type);
  return found == std::end(known) ? "0x" + digits : std::string(found->name);
}

}  // namespace

// Reads tag by tag; every child must be used up.
class DistinguishedName::Parser {
 public:
  Result<DistinguishedName> name(OctetView der) {
    wire::Reader all(der);
    auto names = only(all, sequence, "name");
    if (!names) return std::unexpected(names.error());
    DistinguishedName result;
    for (; names->left() > 0; ++rdn_) {
      auto attributes = element(*names, set, "RDN");
      if (!attributes) return std::unexpected(attributes.error());
      if (attributes->left() == 0)
        return malformed("RDN", attributes->offset(), "expected an attribute, found none");
      auto& rdn = result.names_.emplace_back();
      while (attributes->left() > 0) {
        auto read = attribute(*attributes);
        if (!read) return std::unexpected(read.error());
        rdn.push_back(*std::move(read));
      }
      std::ranges::sort(rdn, {}, &Attribute::canonical);
    }
    return result;
  }

 private:
  Result<Attribute> attribute(wire::Reader& from) {
    auto pair = element(from, sequence, "attribute");
    if (!pair) return std::unexpected(pair.error());
    auto type = element(*pair, object_identifier, "type");
    if (!type) return std::unexpected(type.error());
    if (type->left() == 0) return malformed("type", type->offset(), "an object identifier without octets");
    const auto tag = pair->left() > 0 ? pair->child(pair->left()) : std::nullopt;
    if (!tag) return malformed("value", pair->offset(), "need a value, have none");
    wire::Reader value = *tag;
    const std::uint8_t kind = wire::Reader(value).rest()[0];
    auto content = only(value, kind, "value");
    if (!content) return std::unexpected(content.error());
    Attribute result;
    const OctetView identifier = type->rest(), octets = content->rest();
    result.type.assign(identifier.begin(), identifier.end());
    result.value.assign(octets.begin(), octets.end());
    append_part(result.canonical, text_of(identifier));
    append_part(result.canonical, is_text(kind) ? "text" : fmt::format("tag {}", kind));
    append_part(result.canonical, is_text(kind) ? folded(octets) : std::string(text_of(octets)));
    return result;
  }

  // One element with `tag`, and nothing behind it.
  Result<wire::Reader> only(wire::Reader& from, std::uint8_t tag, std::string_view field) {
    auto found = element(from, tag, field);
    if (found && from.left() > 0)
      return malformed(field, from.offset(), fmt::format("{} octets are left behind it", from.left()));
    return found;
  }

  Result<wire::Reader> element(wire::Reader& from, std::uint8_t tag, std::string_view field) {
    const std::size_t at = from.offset();
    const auto head = from.take(2);
    if (!head) return malformed(field, at, fmt::format("need 2 octets, have {}", from.left()));
    if ((*head)[0] != tag)
      return malformed(field, at, fmt::format("expected tag 0x{:02x}, found 0x{:02x}", tag, (*head)[0]));
    std::size_t length = (*head)[1];
    if (length >= 0x80) {
      const std::size_t octets = length - 0x80;
      const auto more = octets >= 1 && octets <= 2 ? from.take(octets) : std::nullopt;
      if (!more) return malformed(field, at, "expected a length of at most two octets, and those there");
      length = octets == 1 ? (*more)[0] : load_be<std::uint16_t>(more->data());
      if (length < (octets == 1 ? 0x80u : 0x100u))
        return malformed(field, at, fmt::format("a length of {} has a shorter form", length));
    }
    auto content = from.child(length);
    if (!content) return malformed(field, at, fmt::format("need {} octets, have {}", length, from.left()));
    return *content;
  }

  std::unexpected<Error> malformed(std::string_view field, std::size_t at, std::string why) const {
    return std::unexpected(Error{.blame = Blame::malformed,
                                 .path = fmt::format("distinguished name/RDN[{}]/{}", rdn_, field),
                                 .offset = at,
                                 .why = std::move(why),
                                 .clause = "RFC 5280 4.1.2.4"});
  }

  std::size_t rdn_ = 0;
};

Result<DistinguishedName> DistinguishedName::read(OctetView der) {
  return Parser().name(der);
}

bool DistinguishedName::starts_with(const DistinguishedName& top) const {
  if (top.size() > size()) return false;
  return std::ranges::equal(
      top.names_, std::span(names_).first(top.size()), [](const auto& a, const auto& b) {
        return std::ranges::equal(a, b, {}, &Attribute::canonical, &Attribute::canonical);
      });
}

std::string DistinguishedName::canonical() const {
  std::string result;
  for (const auto& rdn : names_) {
    std::string parts;
    for (const Attribute& attribute : rdn)
      append_part(parts, attribute.canonical);
    append_part(result, parts);
  }
  return result;
}

std::string to_string(const DistinguishedName& name) {
  std::string result;
  for (const auto& rdn : name.names_) {
    std::string_view between = result.empty() ? "" : ", ";
    for (const auto& attribute : rdn) {
      result +=
          fmt::format("{}{}={}", between, short_name(attribute.type), printable(text_of(attribute.value)));
      between = " + ";
    }
  }
  return result;
}

}  // namespace mpsec::ipsec
