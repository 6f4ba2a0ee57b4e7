// Distinguished names as people write them (RFC 4514), into DER.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/octets.hpp"

namespace mpsec::gateway {

// "CN=gw,O=Example\, Inc.,C=US": the most specific part first, as RFC 4514 has it, so that the last one is
// the first in DER. Types are CN, SN, SERIALNUMBER, C, L, ST, STREET, O, OU, TITLE, DC, UID, GN,
// EMAILADDRESS, in either case, or object identifiers as "2.5.4.3". A value "#04024869" is DER itself. The
// empty text is the name without parts. Fails (local fault) with the place in the text as offset.
Result<Octets> directory_name_of(std::string_view text);

}  // namespace mpsec::gateway
