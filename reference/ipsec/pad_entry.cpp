#include "ipsec/pad_entry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::ipsec {
namespace {

// Makes the errors of one field of one entry.
class Field {
 public:
  Field(const PadEntry& entry, std::string_view name) : path_(fmt::format("{}/{}", describe(entry), name)) {}

  std::unexpected<Error> fault(std::string why, std::string_view clause) const {
    return std::unexpected(Error{.blame = Blame::local_fault,
                                 .path = path_,
                                 .offset = std::nullopt,
                                 .why = std::move(why),
                                 .clause = std::string(clause)});
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool one_is_empty(const std::vector<std::string>& texts) {
  return std::ranges::any_of(texts, &std::string::empty);
}

Result<> check(const PreSharedKey& data, const PadEntry&, const Field& field) {
  if (!data.key.empty()) return {};
  return field.fault("the key has 0 octets; allowed: at least 1", "RFC 7296 2.15");
}

//= rfc4301/4.4.3.2/key-id-need-not-be-in-a-certificate
Result<> check(const Certificate& data, const PadEntry& entry, const Field& field) {
  if (data.trust_anchors.empty() || one_is_empty(data.trust_anchors))
    return field.fault("found no trust anchor, or one without a name; need at least one, each named",
                       "RFC 4301 4.4.3.2");
  if (one_is_empty(data.ocsp_responders) || one_is_empty(data.crl_repositories))
    return field.fault("found an empty URL of an OCSP responder or CRL repository", "RFC 4301 4.4.3");
  const auto is_key_id = [](const auto& pattern) { return pattern.type() == IdentityType::key_id; };
  const auto key_id = std::ranges::find_if(entry.identities, is_key_id);
  if (!data.must_hold_identity || key_id == entry.identities.end()) return {};
  return field.fault(
      fmt::format("no certificate holds {}; allowed: certificates that need not hold the identity",
                  to_string(*key_id)),
      "RFC 4301 4.4.3.2");
}

Result<> check(const RawPublicKey& data, const PadEntry&, const Field& field) {
  if (!data.subject_public_key_info.empty()) return {};
  return field.fault("found no key; need the DER of a SubjectPublicKeyInfo", "RFC 7670 3");
}

Result<> check(const Eap& data, const PadEntry&, const Field& field) {
  if (!data.authenticator.empty()) return {};
  return field.fault("found no name of who decides; need one", "RFC 7296 2.16");
}

Result<> validate_authentication(const PadEntry& entry) {
  if (entry.authentication.empty())
    return Field(entry, "authentication")
        .fault("found no method; need at least one that the peer may use", "RFC 4301 4.4.3.2");
  for (std::size_t i = 0; i < entry.authentication.size(); ++i) {
    const AuthenticationData& data = entry.authentication[i];
    const Field field(entry, fmt::format("authentication[{}]/{}", i, method_of(data)));
    auto checked = std::visit([&](const auto& method) { return check(method, entry, field); }, data);
    if (!checked) return checked;
  }
  for (std::size_t i = 0; i < entry.post_quantum_keys.size(); ++i) {
    const PostQuantumKey& key = entry.post_quantum_keys[i];
    if (!key.id.empty() && !key.key.empty()) continue;
    return Field(entry, fmt::format("post_quantum_keys[{}]", i))
        .fault(fmt::format("the id has {} octets and the key {}; allowed: at least 1 each", key.id.size(),
                           key.key.size()),
               "RFC 8784 5.1");
  }
  return {};
}

Result<> validate_children(const PadEntry& entry) {
  const auto* by_address = std::get_if<ChildrenByAddress>(&entry.children);
  if (by_address == nullptr) return {};
  const Field field(entry, "children/remote");
  if (by_address->remote.empty())
    return field.fault("found no address range; need at least one, or children by name", "RFC 4301 4.4.3.3");
  for (const AddressRange& range : by_address->remote) {
    if (auto valid = validate(range, field.path()); !valid) return valid;
  }
  return {};
}

}  // namespace

std::string_view method_of(const AuthenticationData& data) {
  return std::visit([](const auto& method) { return method.method; }, data);
}

std::string describe(const PadEntry& entry) {
  return fmt::format("PAD entry {} '{}'", entry.id.value, entry.name);
}

Result<> validate(const PadEntry& entry) {
  if (entry.identities.empty())
    return Field(entry, "identities")
        .fault("found none; need at least one that peers match", "RFC 4301 4.4.3.1");
  if (auto valid = validate_authentication(entry); !valid) return valid;
  if (auto valid = validate_children(entry); !valid) return valid;
  for (const auto& gateway : entry.gateways) {
    const auto* name = std::get_if<std::string>(&gateway);
    if (name == nullptr) continue;
    const auto valid = IdentityPattern::exactly(Identity::fqdn(*name));
    if (!valid)
      return Field(entry, "gateways")
          .fault("expected an address or a DNS name: " + valid.error().why, "RFC 4301 4.4.3");
  }
  return {};
}

bool asserted_by(const CertificateNames& certificate, const Identity& identity) {
  const auto wanted = IdentityPattern::exactly(identity);
  if (!wanted || identity.type == IdentityType::key_id) return false;
  if (identity.type == IdentityType::distinguished_name)
    return wanted->matches(Identity::distinguished_name(certificate.subject));
  return std::ranges::any_of(certificate.alternatives,
                             [&](const Identity& name) { return wanted->matches(name); });
}

}  // namespace mpsec::ipsec
