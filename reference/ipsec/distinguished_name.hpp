// Distinguished names as X.501 writes them in DER, as far as finding a PAD entry needs them: which RDNs, in
// which order, and whether two of them are the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/octets.hpp"

namespace mpsec::ipsec {

// Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }, the top RDN first.
//
// Names are compared as RFC 5280 7.1 asks of what it makes mandatory: PrintableString, UTF8String and
// IA5String without regard to which of them it is, to case and to white space around and repeated within;
// values of other types octet by octet. Case is folded for ASCII only, where RFC 5280 has all of Unicode.
class DistinguishedName {
 public:
  // Fails (malformed) naming the RDN and the field, where the octets are no DER of a name or something
  // follows it.
  static Result<DistinguishedName> read(OctetView der);

  std::size_t size() const { return names_.size(); }  // RDNs
  // True if the first RDNs of this name are all of `top`'s.
  bool starts_with(const DistinguishedName& top) const;
  bool operator==(const DistinguishedName& other) const {
    return size() == other.size() && starts_with(other);
  }
  // The same octets for equal names, different ones for others.
  std::string canonical() const;

  // "C=US, O=Example, CN=gw": the top first, as in RFC 4301 4.4.3.1; fit for a log.
  friend std::string to_string(const DistinguishedName& name);

 private:
  struct Attribute {
    Octets type;  // the object identifier's contents
    Octets value;
    std::string canonical;
  };
  class Parser;

  std::vector<std::vector<Attribute>> names_;  // the attributes of an RDN in canonical order
};

}  // namespace mpsec::ipsec
