#include "vectors/core/case.hpp"

#include <array>
#include <utility>

namespace mpsec::vectors {
namespace {

constexpr std::array reasons{
    std::pair<Reason, std::string_view>{Reason::icv, "icv"},
    std::pair<Reason, std::string_view>{Reason::key_size, "key-size"},
    std::pair<Reason, std::string_view>{Reason::nonce_size, "nonce-size"},
    std::pair<Reason, std::string_view>{Reason::icv_size, "icv-size"},
    std::pair<Reason, std::string_view>{Reason::data_size, "data-size"},
    std::pair<Reason, std::string_view>{Reason::malformed, "malformed"},
    std::pair<Reason, std::string_view>{Reason::fragment, "fragment"},
    std::pair<Reason, std::string_view>{Reason::too_short, "too-short"},
    std::pair<Reason, std::string_view>{Reason::misaligned, "misaligned"},
    std::pair<Reason, std::string_view>{Reason::padding, "padding"},
    std::pair<Reason, std::string_view>{Reason::next_header, "next-header"},
    std::pair<Reason, std::string_view>{Reason::inner_malformed, "inner-malformed"},
    std::pair<Reason, std::string_view>{Reason::dummy, "dummy"},
    std::pair<Reason, std::string_view>{Reason::ecn, "ecn"},
    std::pair<Reason, std::string_view>{Reason::unknown_spi, "unknown-spi"},
    std::pair<Reason, std::string_view>{Reason::replay, "replay"},
    std::pair<Reason, std::string_view>{Reason::encapsulation, "encapsulation"},
    std::pair<Reason, std::string_view>{Reason::ah_length, "ah-length"},
    std::pair<Reason, std::string_view>{Reason::wrong_length, "wrong-length"},
    std::pair<Reason, std::string_view>{Reason::out_of_range, "out-of-range"},
    std::pair<Reason, std::string_view>{Reason::off_curve, "off-curve"},
    std::pair<Reason, std::string_view>{Reason::wrong_order, "wrong-order"},
    std::pair<Reason, std::string_view>{Reason::zero_secret, "zero-secret"},
    std::pair<Reason, std::string_view>{Reason::signature, "signature"},
};

struct KindName {
  std::string_view operator()(const AeadCase&) const { return "aead"; }
  std::string_view operator()(const CipherCase&) const { return "cipher"; }
  std::string_view operator()(const MacCase&) const { return "mac"; }
  std::string_view operator()(const PrfCase&) const { return "prf"; }
  std::string_view operator()(const PacketCase& packet) const {
    return packet.protocol == PacketCase::Protocol::esp ? "esp-packet" : "ah-packet";
  }
  std::string_view operator()(const IkeKeysCase&) const { return "ike-keys"; }
  std::string_view operator()(const KeyExchangeCase&) const { return "key-exchange"; }
  std::string_view operator()(const SignatureCase&) const { return "signature"; }
  std::string_view operator()(const IkeMessageCase&) const { return "ike-message"; }
  std::string_view operator()(const NotRunnable&) const { return "other"; }
};

}  // namespace

std::string_view to_string(Reason reason) {
  for (const auto& [candidate, name] : reasons)
    if (candidate == reason) return name;
  return "unknown";
}

std::optional<Reason> reason_named(std::string_view name) {
  for (const auto& [reason, candidate] : reasons)
    if (candidate == name) return reason;
  return std::nullopt;
}

std::string reason_names() {
  std::string names;
  for (const auto& [reason, name] : reasons) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

std::string to_string(const Expectation& expectation) {
  switch (expectation.verdict) {
    case Expectation::Verdict::pass:
      return "pass";
    case Expectation::Verdict::either:
      return "pass or refusal";
    case Expectation::Verdict::refuse:
      break;
  }
  return "refusal for " + std::string(expectation.reason ? to_string(*expectation.reason) : "any reason");
}

std::string algorithms_of(const std::optional<PacketTransform>& encryption,
                          const std::optional<PacketTransform>& integrity) {
  std::string names;
  for (const auto* transform : {&encryption, &integrity}) {
    if (!*transform) continue;
    if (!names.empty()) names += '+';
    names += to_string((*transform)->algorithm);
  }
  return names.empty() ? std::string(to_string(Algorithm::null_cipher)) : names;
}

std::string no_transform(std::string_view name) {
  return "no transform of ESP or AH: " + std::string(name);
}

std::string_view kind_of(const Case& vector_case) {
  return std::visit(KindName{}, vector_case.body);
}

}  // namespace mpsec::vectors
