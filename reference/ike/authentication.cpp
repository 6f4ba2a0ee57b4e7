#include "ike/authentication.hpp"

#include <algorithm>

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Error failed(std::string why, std::string clause = "RFC 7296 2.15") {
  return {Blame::peer_misbehaved, "IKE_AUTH/AUTH", std::nullopt, std::move(why), std::move(clause)};
}

Result<SecretOctets> prf_of(const ProofContext& context, OctetView key,
                            std::initializer_list<OctetView> parts) {
  auto prf = context.provider.prf(context.prf, key);
  if (!prf) return std::unexpected(std::move(prf).error());
  return output_of(**prf, parts);
}

//= rfc7296/2.15/key-pad
Result<SecretOctets> shared_key_mac(const ProofContext& context, OctetView key) {
  static constexpr std::string_view pad = "Key Pad for IKEv2";
  const auto octets = signed_octets(context);
  if (!octets) return std::unexpected(octets.error());
  const auto padded =
      prf_of(context, key, {OctetView(reinterpret_cast<const std::uint8_t*>(pad.data()), pad.size())});
  if (!padded) return std::unexpected(padded.error());
  return prf_of(context, padded->view(), {*octets});
}

}  // namespace

Result<Octets> signed_octets(const ProofContext& context) {
  const auto identity = prf_of(context, context.sk_p, {context.identity});
  if (!identity) return std::unexpected(identity.error());
  Octets octets(context.message.begin(), context.message.end());
  append(octets, context.nonce);
  append(octets, identity->view());
  return octets;
}

Result<Proof> PreSharedKeyCredential::prove(const ProofContext& context, const PeerAbilities&,
                                            const Payloads&) const {
  const auto mac = shared_key_mac(context, key_.view());
  if (!mac) return std::unexpected(mac.error());
  Authentication body;
  body.method = AuthenticationMethod::shared_key_message_integrity_code;
  body.data.assign(mac->view().begin(), mac->view().end());
  Proof proof;
  proof.payloads.push_back(make_payload(std::move(body)));
  return proof;
}

Result<> PreSharedKeyChecker::check(const ProofContext& context, const ipsec::PadEntry& entry,
                                    const ipsec::Identity&, const Payloads& payloads, Instant) const {
  const auto data = ipsec::require<ipsec::PreSharedKey>(entry);
  if (!data) return std::unexpected(data.error().error);
  const auto* body = find<Authentication>(payloads);
  if (body == nullptr) return std::unexpected(failed("no AUTH payload"));
  const auto mac = shared_key_mac(context, (*data)->key.view());
  if (!mac) return std::unexpected(mac.error());
  if (!equal_in_constant_time(mac->view(), body->data))
    return std::unexpected(failed("the shared key does not match"));
  return {};
}

Payloads StandardProofChecker::requests() const {
  Payloads all;
  for (const Line& line : lines_)
    std::ranges::move(line.checker->requests(), std::back_inserter(all));
  return all;
}

Result<> StandardProofChecker::check(const ProofContext& context, const ipsec::PadEntry& entry,
                                     const ipsec::Identity& peer, const Payloads& payloads,
                                     Instant now) const {
  const auto* body = find<Authentication>(payloads);
  if (body == nullptr) return std::unexpected(failed("no AUTH payload, and EAP is not permitted"));
  for (const Line& line : lines_)
    if (std::ranges::find(line.methods, body->method) != line.methods.end())
      return line.checker->check(context, entry, peer, payloads, now);
  return std::unexpected(
      failed(fmt::format("{} is not a method we check", to_string(body->method)), "RFC 7296 3.8"));
}

}  // namespace mpsec::ike
