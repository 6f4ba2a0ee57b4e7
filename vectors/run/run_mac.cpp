#include <algorithm>
#include <fmt/format.h>

#include "vectors/run/choice.hpp"
#include "vectors/run/run_crypto.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

// The key as the provider wants it: HMAC's brought to the transform's size, GMAC's with the salt behind it.
Octets provider_key(const MacCase& mac, const crypto::IntegrityTransform& transform,
                    const Expectation& expectation) {
  Octets key = mac.key;
  if (expectation.reason == Reason::key_size) return key;
  if (auto hmac = hmac_key(mac.algorithm, mac.key, transform)) key = *std::move(hmac);
  append(key, OctetView(mac.nonce).first(transform.salt_octets));
  return key;
}

crypto::MacJob job_for(const MacCase& mac, const crypto::IntegrityTransform& transform, Octets& icv) {
  const std::uint8_t* iv = mac.nonce.empty() ? nullptr : mac.nonce.data() + transform.salt_octets;
  return {.text = mac.message, .trailer = {}, .icv = icv.data(), .iv = iv};
}

// The last octets of the message as the trailer: an ESN's high half is handed over so.
Outcome sign_with_trailer(crypto::Mac& key, const MacCase& mac, const crypto::IntegrityTransform& transform,
                          const Octets& expected) {
  if (mac.message.size() < 4) return Outcome::passed();
  Octets icv(transform.icv_octets);
  crypto::MacJob job = job_for(mac, transform, icv);
  job.text = OctetView(mac.message).first(mac.message.size() - 4);
  job.trailer = OctetView(mac.message).last(4);
  key.sign({&job, 1});
  return compare("tag with the message's last octets as trailer", expected, icv);
}

bool verifies(crypto::Mac& key, const MacCase& mac, const crypto::IntegrityTransform& transform, Octets icv) {
  crypto::MacJob job = job_for(mac, transform, icv);
  key.verify({&job, 1});
  return job.authentic;
}

Outcome run_valid(crypto::Mac& key, const MacCase& mac, const crypto::IntegrityTransform& transform,
                  const Octets& icv) {
  const std::size_t common = std::min(mac.tag.size(), icv.size());
  Outcome outcome = compare("tag", OctetView(mac.tag).first(common), OctetView(icv).first(common));
  if (outcome.verdict != Outcome::Verdict::passed) return outcome;
  outcome = sign_with_trailer(key, mac, transform, icv);
  if (outcome.verdict != Outcome::Verdict::passed) return outcome;
  if (!verifies(key, mac, transform, icv))
    return Outcome::failed("expected pass, got refusal of its own tag");
  Octets altered = icv;
  altered[icv.size() / 2] ^= 1;
  if (verifies(key, mac, transform, altered)) return Outcome::failed("accepted an altered tag");
  return Outcome::passed();
}

// The tag is wrong somewhere. Only the octets that the transform keeps can show it.
Outcome run_invalid(crypto::Mac& key, const MacCase& mac, const crypto::IntegrityTransform& transform,
                    const Octets& icv, const Expectation& expectation) {
  const std::size_t common = std::min(mac.tag.size(), icv.size());
  const auto end = icv.begin() + static_cast<std::ptrdiff_t>(common);
  if (mac.tag.size() > icv.size() && std::equal(icv.begin(), end, mac.tag.begin()))
    return Outcome::not_run(
        Cause::outside_ipsec,
        fmt::format("the tag is right in the {} octets that {} keeps", common, transform.name));
  Octets tag = icv;  // so that a shorter tag is judged by its own octets alone
  std::copy_n(mac.tag.begin(), common, tag.begin());
  if (verifies(key, mac, transform, tag))
    return Outcome::failed(fmt::format("expected {}, got accepted", to_string(expectation)));
  return judge_tried(expectation, {Reason::icv, "not authentic"});
}

// ESP uses GMAC as a combined algorithm too (RFC 4543 3.3): its associated data, the IV, then the payload.
Outcome run_as_esp_gmac(const MacCase& mac, const crypto::Provider& provider) {
  const EncryptionChoice choice = choose_encryption(Algorithm::aes_gmac, 16);
  for (const std::size_t associated : {8, 12}) {
    if (mac.message.size() < associated + 8 || !provider.supports(**choice)) continue;
    if (!std::equal(mac.nonce.begin() + 4, mac.nonce.end(),
                    mac.message.begin() + static_cast<std::ptrdiff_t>(associated)))
      continue;
    const auto key = provider.aead(**choice, mac.key);
    if (!key) return Outcome::failed(to_string(key.error()));
    Octets text(mac.message.begin() + static_cast<std::ptrdiff_t>(associated) + 8, mac.message.end());
    Octets icv(16);
    crypto::AeadJob job{.nonce = mac.nonce.data(),
                        .associated = OctetView(mac.message).first(associated),
                        .text = text,
                        .icv = icv.data()};
    (*key)->seal({&job, 1});
    return compare("tag as ENCR_NULL_AUTH_AES_GMAC", mac.tag, icv);
  }
  return Outcome::passed();
}

}  // namespace

Outcome run_mac(const MacCase& mac, const Expectation& expectation, const crypto::Provider& provider) {
  const IntegrityChoice choice = choose(mac, expectation);
  if (!choice) return judge_refusal(expectation, choice.error());
  const crypto::IntegrityTransform& transform = **choice;
  if (!provider.supports(transform))
    return Outcome::not_run(Cause::unsupported, fmt::format("{} has no {}", provider.name(), transform.name));
  auto key = provider.mac(transform, provider_key(mac, transform, expectation));
  if (!key) return judge_tried(expectation, {Reason::key_size, to_string(key.error())});
  if (expectation.reason == Reason::key_size)
    return Outcome::failed("expected refusal for key-size, got a key");
  Octets icv(transform.icv_octets);
  crypto::MacJob job = job_for(mac, transform, icv);
  (*key)->sign({&job, 1});
  if (expectation.verdict == Expectation::Verdict::refuse)
    return run_invalid(**key, mac, transform, icv, expectation);
  Outcome outcome = run_valid(**key, mac, transform, icv);
  if (outcome.verdict != Outcome::Verdict::passed || mac.algorithm != Algorithm::aes_gmac) return outcome;
  return run_as_esp_gmac(mac, provider);
}

}  // namespace mpsec::vectors
