// Identities and patterns of them as an administrator writes them. What kind a text is says its form: an
// address, name@domain, a domain; or one of "ip:", "email:", "dns:", "dn:", "key:" in front.
#pragma once

#include <string_view>
#include <vector>

#include "ipsec/identity_pattern.hpp"

namespace mpsec::gateway {

// "10.9.0.1", "b.example", "user@b.example", "dn:CN=b,O=Example" (RFC 4514), "key:my key" or, in hexadecimal,
// "key:0x6d79". Fails saying what was expected of such a kind.
Result<ipsec::Identity> identity_of(std::string_view text);

// The same, and patterns: "10.9.0.0/24", "10.9.0.1-10.9.0.9", ".example" for all domains below, "@b.example"
// and "@.example" for mailboxes, "dn:*,O=Example" for all names below; "*" for whatever is not a key.
Result<std::vector<ipsec::IdentityPattern>> patterns_of(std::string_view text);

}  // namespace mpsec::gateway
