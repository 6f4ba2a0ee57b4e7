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

Result<const ProofChecker*> StandardProofChecker::choose(const Payloads& payloads) const {
  const auto* body = find<Authentication>(payloads);
  for (const Line& line : lines_) {
    const bool takes = body == nullptr ? line.methods.empty()
                                       : std::ranges::find(line.methods, body->method) != line.methods.end();
    if (takes) return line.checker.get();
  }
  if (body == nullptr) return std::unexpected(failed("no AUTH payload, and no method begins without"));
  return std::unexpected(
      failed(fmt::format("{} is not a method we check", to_string(body->method)), "RFC 7296 3.8"));
}

namespace {

class ProverOfOneRound final : public Prover {
 public:
  explicit ProverOfOneRound(const SingleRoundCredential& credential) : credential_(&credential) {}
  Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                      const Payloads& received) override {
    return credential_->prove(context, peer, received);
  }

 private:
  const SingleRoundCredential* credential_;
};

class VerifierOfOneRound final : public Verifier {
 public:
  explicit VerifierOfOneRound(const SingleRoundChecker& checker) : checker_(&checker) {}
  // What is proved stays so while our own proof goes on; but an AUTH payload is never passed over.
  Result<Check> check(const ProofContext& context, const ipsec::PadEntry& entry, const ipsec::Identity& peer,
                      const Payloads& payloads, Instant now) override {
    if (proved_ && find<Authentication>(payloads) == nullptr) return Check{};
    auto checked = checker_->check(context, entry, peer, payloads, now);
    if (!checked) return std::unexpected(std::move(checked).error());
    proved_ = true;
    return Check{};
  }

 private:
  const SingleRoundChecker* checker_;
  bool proved_ = false;
};

class VerifierByMethod final : public Verifier {
 public:
  explicit VerifierByMethod(const StandardProofChecker& checkers) : checkers_(&checkers) {}
  Result<Check> check(const ProofContext& context, const ipsec::PadEntry& entry, const ipsec::Identity& peer,
                      const Payloads& payloads, Instant now) override {
    if (chosen_ == nullptr) {
      const auto checker = checkers_->choose(payloads);
      if (!checker) return std::unexpected(checker.error());
      chosen_ = (*checker)->begin();
    }
    return chosen_->check(context, entry, peer, payloads, now);
  }

 private:
  const StandardProofChecker* checkers_;
  std::unique_ptr<Verifier> chosen_;
};

}  // namespace

std::unique_ptr<Prover> SingleRoundCredential::begin() const {
  return std::make_unique<ProverOfOneRound>(*this);
}

std::unique_ptr<Verifier> SingleRoundChecker::begin() const {
  return std::make_unique<VerifierOfOneRound>(*this);
}

std::unique_ptr<Verifier> StandardProofChecker::begin() const {
  return std::make_unique<VerifierByMethod>(*this);
}

}  // namespace mpsec::ike
