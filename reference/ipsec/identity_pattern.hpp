// Which identities an entry of the Peer Authorization Database is for (RFC 4301 4.4.3.1): one, or a sub-tree
// or range of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "ipsec/distinguished_name.hpp"
#include "ipsec/identity.hpp"
#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

//= rfc4301/4.4.3.1/six-types-of-identities
// A pattern of one of the six kinds. An identity too is a pattern, that of itself alone: then to match is to
// cover, and two spellings of one name are equal patterns.
class IdentityPattern {
 public:
  // The identity alone, with what does not tell names apart taken out: case of domains, encoding of the
  // strings of a distinguished name. Fails (malformed) naming the kind and what is wrong with it.
  static Result<IdentityPattern> exactly(const Identity& identity);

  // The others fail as local faults, with what was found and what is allowed.

  //= rfc4301/4.4.3.1/sub-trees-of-names
  // "gw.example.com", or ".example.com" for every name that ends in these labels, that of the root,
  // example.com, among them. "." is every name.
  static Result<IdentityPattern> dns(std::string_view text);
  // "user@example.com"; "@example.com" for every mailbox of just that domain; "@.example.com" for every
  // mailbox of a domain in that sub-tree, "@." for every mailbox. The part before the @ has its case.
  static Result<IdentityPattern> rfc822(std::string_view text);
  // Every name whose top RDNs are those of `der`; with none, every name.
  static Result<IdentityPattern> below(OctetView der);
  //= rfc4301/4.4.3.1/same-address-ranges-as-spd
  static Result<IdentityPattern> addresses(const AddressRange& range);
  //= rfc4301/4.4.3.1/key-id-matches-exactly
  static Result<IdentityPattern> key_id(OctetView octets);

  // Whether everything that matches `other` matches this.
  bool covers(const IdentityPattern& other) const;
  bool matches(const Identity& identity) const;
  bool is_single() const;
  // Of a single one: the same octets exactly for equal identities.
  std::string canonical() const;

  IdentityType type() const;  // of identities that match
  // Of addresses only.
  const AddressRange* range() const { return std::get_if<AddressRange>(&what_); }

  friend std::string to_string(const IdentityPattern& pattern);

 private:
  struct Domain {
    std::string name;  // lower case; of a sub-tree its root, without dots around it
    bool subtree = false;

    bool covers(const Domain& other) const;
    std::string text() const { return (subtree ? "." : "") + name; }
  };
  struct Mailbox {
    std::optional<std::string> local;  // nothing: any
    Domain domain;
  };
  struct DirectoryName {
    DistinguishedName name;
    bool subtree = false;
  };
  struct KeyId {
    Octets octets;
  };
  using What = std::variant<Domain, Mailbox, DirectoryName, AddressRange, KeyId>;
  explicit IdentityPattern(What what) : what_(std::move(what)) {}

  static Result<IdentityPattern> read(const Identity& identity);
  static Result<IdentityPattern> of(Result<Domain> domain);
  static Result<Domain> domain(std::string_view text, std::string_view path);
  static Result<IdentityPattern> mailbox(std::string_view text, std::string_view path);

  What what_;
};

}  // namespace mpsec::ipsec
