#include "gateway/settings/name_text.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "gateway/settings/findings.hpp"
#include "ipsec/distinguished_name.hpp"

namespace mpsec::gateway {
namespace {

// Tags of DER.
enum class Tag : std::uint8_t {
  object_identifier = 0x06,
  utf8_string = 0x0c,
  printable_string = 0x13,
  ia5_string = 0x16,
  sequence = 0x30,
  set = 0x31,
};

Octets der(Tag tag, OctetView contents) {
  Octets octets{static_cast<std::uint8_t>(tag)};
  Octets length;
  for (std::size_t rest = contents.size(); rest > 0; rest >>= 8)
    length.insert(length.begin(), static_cast<std::uint8_t>(rest));
  if (contents.size() < 0x80)
    octets.push_back(static_cast<std::uint8_t>(contents.size()));
  else
    octets.push_back(static_cast<std::uint8_t>(0x80 | length.size())), append(octets, length);
  append(octets, contents);
  return octets;
}

struct AttributeType {
  std::string_view name, identifier;
  Tag tag = Tag::utf8_string;
};
constexpr AttributeType types[] = {
    {"CN", "2.5.4.3"},
    {"SN", "2.5.4.4"},
    {"SERIALNUMBER", "2.5.4.5", Tag::printable_string},
    {"C", "2.5.4.6", Tag::printable_string},
    {"L", "2.5.4.7"},
    {"ST", "2.5.4.8"},
    {"STREET", "2.5.4.9"},
    {"O", "2.5.4.10"},
    {"OU", "2.5.4.11"},
    {"TITLE", "2.5.4.12"},
    {"GN", "2.5.4.42"},
    {"UID", "0.9.2342.19200300.100.1.1"},
    {"DC", "0.9.2342.19200300.100.1.25", Tag::ia5_string},
    {"EMAILADDRESS", "1.2.840.113549.1.9.1", Tag::ia5_string},
};

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Seven bits an octet, the high bit set on all but the last.
void append_base_128(Octets& to, std::uint64_t number) {
  Octets digits{static_cast<std::uint8_t>(number & 0x7f)};
  while ((number >>= 7) != 0)
    digits.insert(digits.begin(), static_cast<std::uint8_t>(0x80 | (number & 0x7f)));
  append(to, digits);
}

std::optional<Octets> object_identifier(std::string_view text) {
  std::vector<std::uint32_t> arcs;
  while (!text.empty()) {
    std::uint32_t arc = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), arc);
    if (error != std::errc{}) return std::nullopt;
    arcs.push_back(arc);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text[0] != '.' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) return std::nullopt;
  Octets octets;
  append_base_128(octets, arcs[0] * std::uint64_t{40} + arcs[1]);
  for (std::size_t i = 2; i < arcs.size(); ++i)
    append_base_128(octets, arcs[i]);
  return der(Tag::object_identifier, octets);
}

// Reads a name from its start to its end.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Octets> read() {
    std::vector<Octets> names;  // as they stand
    if (!text_.empty()) {
      do {
        auto name = relative_name();
        if (!name) return name;
        names.push_back(*std::move(name));
      } while (take(','));
    }
    Octets contents;
    for (auto name = names.rbegin(); name != names.rend(); ++name)
      append(contents, *name);
    Octets whole = der(Tag::sequence, contents);
    if (const auto valid = ipsec::DistinguishedName::read(whole); !valid) return fail(0, valid.error().why);
    return whole;
  }

 private:
  // Attributes with '+' between: in DER a set is in the order of its octets.
  Result<Octets> relative_name() {
    std::vector<Octets> attributes;
    do {
      auto one = attribute();
      if (!one) return one;
      attributes.push_back(*std::move(one));
    } while (take('+'));
    std::ranges::sort(attributes, [](const Octets& one, const Octets& other) {
      return std::ranges::lexicographical_compare(one, other);
    });
    Octets contents;
    for (const Octets& one : attributes)
      append(contents, one);
    return der(Tag::set, contents);
  }

  Result<Octets> attribute() {
    skip_spaces();
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '=' && text_[at_] != ',' && text_[at_] != '+')
      ++at_;
    std::string name(text_.substr(start, at_ - start));
    while (name.ends_with(' '))
      name.pop_back();
    if (!take('=')) return fail(start, fmt::format("expected TYPE=VALUE, found \"{}\"", shown(name)));
    std::ranges::transform(name, name.begin(), upper);
    const auto* const type = std::ranges::find(types, name, &AttributeType::name);
    const bool known = type != std::end(types);
    const auto identifier = object_identifier(known ? type->identifier : std::string_view(name));
    if (!identifier) return fail(start, fmt::format("no such type '{}'; {}", shown(name), type_advice(name)));
    auto read = value(known ? type->tag : Tag::utf8_string);
    if (!read) return read;
    Octets contents = *identifier;
    append(contents, *read);
    return der(Tag::sequence, contents);
  }

  static std::string type_advice(std::string_view name) {
    std::vector<std::string_view> names;
    for (const AttributeType& type : types)
      names.push_back(type.name);
    return advice(name, names);
  }

  Result<Octets> value(Tag tag) {
    skip_spaces();
    const std::size_t start = at_;
    if (at_ < text_.size() && text_[at_] == '#') {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '+')
        ++at_;
      const auto octets = from_hex(text_.substr(start + 1, at_ - start - 1));
      if (!octets) return fail(start, octets.error().why);
      return *octets;
    }
    std::string contents;
    std::size_t kept = 0;  // without the spaces at the end that are not escaped
    for (; at_ < text_.size() && text_[at_] != ',' && text_[at_] != '+'; ++at_) {
      const bool escaped = text_[at_] == '\\';
      const auto c = escaped ? escape() : std::optional(text_[at_]);
      if (!c) return fail(at_, "expected behind '\\' one of ,+\"\\<>;=# or space, or two hexadecimal digits");
      contents += *c;
      if (escaped || *c != ' ') kept = contents.size();
    }
    contents.resize(kept);
    if (contents.empty()) return fail(start, "expected a value, found none");
    return der(tag, OctetView(reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()));
  }

  // Leaves at_ on the last character of the escape.
  std::optional<char> escape() {
    if (at_ + 1 >= text_.size()) return std::nullopt;
    const char next = text_[at_ + 1];
    if (std::string_view(",+\"\\<>;=# ").find(next) != std::string_view::npos) {
      ++at_;
      return next;
    }
    const auto octet = at_ + 2 < text_.size() ? from_hex(text_.substr(at_ + 1, 2)) : Result<Octets>(Octets{});
    if (!octet || octet->size() != 1) return std::nullopt;
    at_ += 2;
    return static_cast<char>((*octet)[0]);
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ')
      ++at_;
  }
  std::unexpected<Error> fail(std::size_t at, std::string why) const {
    return std::unexpected(Error{Blame::local_fault, "distinguished name", at, std::move(why), "RFC 4514"});
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Octets> directory_name_of(std::string_view text) {
  return Reader(text).read();
}

}  // namespace mpsec::gateway
