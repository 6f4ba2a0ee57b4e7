#include "gateway/settings/identities.hpp"

#include <fmt/format.h>
#include <optional>

#include "gateway/settings/findings.hpp"
#include "gateway/settings/name_text.hpp"

namespace mpsec::gateway {
namespace {

using ipsec::AddressRange;
using ipsec::Identity;
using ipsec::IdentityPattern;

enum class Kind : std::uint8_t { address, mailbox, domain, directory_name, key };

struct Form {
  Kind kind;
  std::string_view rest;
};

struct Prefix {
  std::string_view text;
  Kind kind;
};
constexpr Prefix prefixes[] = {{"ip:", Kind::address},
                               {"email:", Kind::mailbox},
                               {"dns:", Kind::domain},
                               {"dn:", Kind::directory_name},
                               {"key:", Kind::key}};

Form form_of(std::string_view text) {
  for (const auto& [prefix, kind] : prefixes)
    if (text.starts_with(prefix)) return {kind, text.substr(prefix.size())};
  if (AddressRange::parse(text)) return {Kind::address, text};
  return {text.find('@') != text.npos ? Kind::mailbox : Kind::domain, text};
}

Result<Octets> key_of(std::string_view text) {
  if (text.starts_with("0x")) return from_hex(text);
  return Octets(text.begin(), text.end());
}

Error bad(std::string why) {
  return {Blame::local_fault, "identity", std::nullopt, std::move(why), ""};
}
Error with(std::string_view text, const Error& error) {
  return bad(fmt::format("\"{}\": {}", shown(text), error.why));
}

Result<Identity> made(const Form& form) {
  switch (form.kind) {
    case Kind::address: {
      const auto address = IpAddress::parse(form.rest);
      if (!address) return std::unexpected(address.error());
      return Identity::address(*address);
    }
    case Kind::mailbox:
      return Identity::rfc822(form.rest);
    case Kind::domain:
      return Identity::fqdn(form.rest);
    case Kind::directory_name: {
      const auto der = directory_name_of(form.rest);
      if (!der) return std::unexpected(der.error());
      return Identity::distinguished_name(*der);
    }
    case Kind::key:
      break;
  }
  const auto octets = key_of(form.rest);
  if (!octets) return std::unexpected(octets.error());
  return Identity::key_id(*octets);
}

Result<IdentityPattern> pattern_of(const Form& form) {
  constexpr std::string_view any_below = "*,";
  switch (form.kind) {
    case Kind::address: {
      const auto range = AddressRange::parse(form.rest);
      if (!range) return std::unexpected(range.error());
      return IdentityPattern::addresses(*range);
    }
    case Kind::mailbox:
      return IdentityPattern::rfc822(form.rest);
    case Kind::domain:
      // Elsewhere "*." is one label, here every label and none: nobody is to be let in by a guess.
      if (form.rest.starts_with('*'))
        return std::unexpected(bad(
            "for all domains below a domain, and that itself, write it with a dot in front, as .example"));
      return IdentityPattern::dns(form.rest);
    case Kind::directory_name: {
      const bool below = form.rest.starts_with(any_below);
      const auto der = directory_name_of(form.rest.substr(below ? any_below.size() : 0));
      if (!der) return std::unexpected(der.error());
      return below ? IdentityPattern::below(*der)
                   : IdentityPattern::exactly(Identity::distinguished_name(*der));
    }
    case Kind::key:
      break;
  }
  const auto octets = key_of(form.rest);
  if (!octets) return std::unexpected(octets.error());
  return IdentityPattern::key_id(*octets);
}

std::vector<IdentityPattern> all_patterns() {
  static constexpr std::string_view every_address[] = {"0.0.0.0/0", "::/0"};
  static constexpr std::uint8_t empty_name[] = {0x30, 0x00};
  std::vector<IdentityPattern> all;
  for (const std::string_view range : every_address)
    all.push_back(*IdentityPattern::addresses(*AddressRange::parse(range)));
  all.push_back(*IdentityPattern::dns("."));
  all.push_back(*IdentityPattern::rfc822("@."));
  all.push_back(*IdentityPattern::below(empty_name));
  return all;
}

}  // namespace

Result<Identity> identity_of(std::string_view text) {
  auto identity = made(form_of(text));
  if (!identity) return std::unexpected(with(text, identity.error()));
  if (const auto valid = IdentityPattern::exactly(*identity); !valid)
    return std::unexpected(with(text, valid.error()));
  return identity;
}

Result<std::vector<IdentityPattern>> patterns_of(std::string_view text) {
  if (text == "*") return all_patterns();
  auto pattern = pattern_of(form_of(text));
  if (!pattern) return std::unexpected(with(text, pattern.error()));
  return std::vector{*std::move(pattern)};
}

}  // namespace mpsec::gateway
