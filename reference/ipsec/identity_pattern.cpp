#include "ipsec/identity_pattern.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::ipsec {
namespace {

constexpr std::size_t longest_name = 253, longest_label = 63;  // RFC 1035 2.3.4, as text

std::unexpected<Error> malformed(std::string_view path, std::string why, std::string_view clause) {
  return std::unexpected(Error{.blame = Blame::malformed,
                               .path = std::string(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::string(clause)});
}

// What is wrong in a pattern is ours; in an identity it is the peer's.
template <class T>
Result<T> ours(Result<T> result) {
  if (!result) result.error().blame = Blame::local_fault;
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return result;
}

bool is_control_or_space(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
}

// Visible ASCII, and what UTF-8 makes of other letters (RFC 7296 3.5 allows it in addresses).
std::string what_is_wrong_with(std::string_view name) {
  if (name.size() > longest_name)
    return fmt::format("expected at most {} octets, found {}", longest_name, name.size());
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    const std::string_view label = name.substr(start, end - start);
    if (label.empty() || label.size() > longest_label)
      return fmt::format("expected labels of 1 to {} octets, found one of {} in '{}'", longest_label,
                         label.size(), printable(name));
    if (std::ranges::any_of(label, [](char c) { return is_control_or_space(c) || c == '@'; }))
      return fmt::format("expected labels without control characters, spaces and @, found '{}'",
                         printable(label));
    start = end + 1;
  }
  return {};
}

}  // namespace

bool IdentityPattern::Domain::covers(const Domain& other) const {
  if (name == other.name) return subtree || !other.subtree;
  if (!subtree) return false;
  return name.empty() || other.name.ends_with("." + name);
}

Result<IdentityPattern::Domain> IdentityPattern::domain(std::string_view text, std::string_view path) {
  const bool subtree = text.starts_with('.');
  const std::string_view name = text.substr(subtree ? 1 : 0);
  if (subtree && name.empty()) return Domain{{}, true};
  if (std::string why = what_is_wrong_with(name); !why.empty())
    return malformed(path, std::move(why), "RFC 1035 2.3.4");
  return Domain{lower(name), subtree};
}

Result<IdentityPattern> IdentityPattern::mailbox(std::string_view text, std::string_view path) {
  const std::size_t at = text.rfind('@');  // a quoted part before it may have others
  if (at == std::string_view::npos)
    return malformed(path, fmt::format("expected an @, found '{}'", printable(text)), "RFC 7296 3.5");
  const std::string_view local = text.substr(0, at);
  if (std::ranges::any_of(local, is_control_or_space))
    return malformed(path,
                     fmt::format("expected no control characters or spaces, found '{}'", printable(local)),
                     "RFC 7296 3.5");
  auto right = domain(text.substr(at + 1), path);
  if (!right) return std::unexpected(right.error());
  if (right->subtree && !local.empty())
    return malformed(path,
                     fmt::format("expected nothing before @. of a sub-tree, found '{}'", printable(local)),
                     "RFC 4301 4.4.3.1");
  return IdentityPattern(Mailbox{local.empty() ? std::nullopt : std::optional(std::string(local)), *right});
}

Result<IdentityPattern> IdentityPattern::exactly(const Identity& identity) {
  auto pattern = read(identity);
  // A peer is one, whatever it writes: a name that would be a group is none.
  if (!pattern || pattern->is_single()) return pattern;
  return malformed(to_string(identity.type), fmt::format("'{}' names a group", printable(identity.text())),
                   "RFC 7296 3.5");
}

Result<IdentityPattern> IdentityPattern::read(const Identity& identity) {
  const std::string_view path = to_string(identity.type);
  const std::size_t size = identity.value.size();
  switch (identity.type) {
    case IdentityType::ipv4_address:
    case IdentityType::ipv6_address:
      if (identity.is_address()) return IdentityPattern(AddressRange::of(identity.to_address()));
      return malformed(
          path,
          fmt::format("need {} octets, have {}", identity.type == IdentityType::ipv4_address ? 4 : 16, size),
          "RFC 7296 3.5");
    case IdentityType::fqdn:
      return of(domain(identity.text(), path));
    case IdentityType::rfc822_address:
      return mailbox(identity.text(), path);
    case IdentityType::distinguished_name: {
      auto name = DistinguishedName::read(identity.value);
      if (!name) return std::unexpected(name.error());
      return IdentityPattern(DirectoryName{*std::move(name), false});
    }
    case IdentityType::key_id:
      if (size > 0) return IdentityPattern(KeyId{identity.value});
      return malformed(path, "need at least 1 octet, have 0", "RFC 7296 3.5");
  }
  return malformed("identity", fmt::format("unknown type {}", static_cast<int>(identity.type)),
                   "RFC 4301 4.4.3.1");
}

Result<IdentityPattern> IdentityPattern::of(Result<Domain> domain) {
  if (!domain) return std::unexpected(domain.error());
  return IdentityPattern(*std::move(domain));
}

Result<IdentityPattern> IdentityPattern::dns(std::string_view text) {
  return ours(of(domain(text, "DNS name")));
}

Result<IdentityPattern> IdentityPattern::rfc822(std::string_view text) {
  return ours(mailbox(text, "RFC 822 address"));
}

Result<IdentityPattern> IdentityPattern::below(OctetView der) {
  auto name = ours(DistinguishedName::read(der));
  if (!name) return std::unexpected(name.error());
  return IdentityPattern(DirectoryName{*std::move(name), true});
}

Result<IdentityPattern> IdentityPattern::addresses(const AddressRange& range) {
  if (auto valid = validate(range, "addresses"); !valid) return std::unexpected(valid.error());
  return IdentityPattern(range);
}

Result<IdentityPattern> IdentityPattern::key_id(OctetView octets) {
  return ours(exactly(Identity::key_id(octets)));
}

bool IdentityPattern::covers(const IdentityPattern& other) const {
  if (what_.index() != other.what_.index()) return false;
  if (const auto* name = std::get_if<Domain>(&what_)) return name->covers(std::get<Domain>(other.what_));
  if (const auto* mine = std::get_if<Mailbox>(&what_)) {
    const auto& theirs = std::get<Mailbox>(other.what_);
    return (!mine->local || mine->local == theirs.local) && mine->domain.covers(theirs.domain);
  }
  if (const auto* mine = std::get_if<DirectoryName>(&what_)) {
    const auto& theirs = std::get<DirectoryName>(other.what_);
    return mine->subtree ? theirs.name.starts_with(mine->name) : !theirs.subtree && theirs.name == mine->name;
  }
  if (const AddressRange* mine = range())
    return mine->contains(other.range()->first) && mine->contains(other.range()->last);
  return std::get<KeyId>(what_).octets == std::get<KeyId>(other.what_).octets;
}

bool IdentityPattern::matches(const Identity& identity) const {
  const auto single = exactly(identity);
  return single && covers(*single);
}

bool IdentityPattern::is_single() const {
  if (const auto* name = std::get_if<Domain>(&what_)) return !name->subtree;
  if (const auto* mailbox = std::get_if<Mailbox>(&what_)) return mailbox->local.has_value();
  if (const auto* name = std::get_if<DirectoryName>(&what_)) return !name->subtree;
  if (const AddressRange* addresses = range()) return addresses->first == addresses->last;
  return true;
}

std::string IdentityPattern::canonical() const {
  const std::string kind(1, static_cast<char>(type()));
  if (const auto* name = std::get_if<Domain>(&what_)) return kind + name->name;
  if (const auto* mailbox = std::get_if<Mailbox>(&what_))
    return kind + mailbox->local.value_or("") + "@" + mailbox->domain.name;
  if (const auto* name = std::get_if<DirectoryName>(&what_)) return kind + name->name.canonical();
  const auto* key = std::get_if<KeyId>(&what_);
  const OctetView octets = key != nullptr ? OctetView(key->octets) : range()->first.octets();
  return kind + std::string(octets.begin(), octets.end());
}

IdentityType IdentityPattern::type() const {
  if (const AddressRange* addresses = range())
    return addresses->first.is_v4() ? IdentityType::ipv4_address : IdentityType::ipv6_address;
  if (std::holds_alternative<Domain>(what_)) return IdentityType::fqdn;
  if (std::holds_alternative<Mailbox>(what_)) return IdentityType::rfc822_address;
  if (std::holds_alternative<DirectoryName>(what_)) return IdentityType::distinguished_name;
  return IdentityType::key_id;
}

std::string to_string(const IdentityPattern& pattern) {
  const std::string kind = std::string(to_string(pattern.type())) + " ";
  using Pattern = IdentityPattern;
  if (const auto* name = std::get_if<Pattern::Domain>(&pattern.what_)) return kind + printable(name->text());
  if (const auto* mailbox = std::get_if<Pattern::Mailbox>(&pattern.what_))
    return kind + printable(mailbox->local.value_or("") + "@" + mailbox->domain.text());
  if (const auto* name = std::get_if<Pattern::DirectoryName>(&pattern.what_))
    return kind + (name->subtree ? "below " : "") + to_string(name->name);
  if (const AddressRange* addresses = pattern.range()) return kind + to_string(*addresses);
  return kind + "0x" + to_hex(std::get<Pattern::KeyId>(pattern.what_).octets);
}

}  // namespace mpsec::ipsec
