#include "vectors/run/runner.hpp"

#include "vectors/run/run_crypto.hpp"
#include "vectors/run/run_ike.hpp"
#include "vectors/run/run_packet.hpp"
#include "vectors/run/run_signature.hpp"

namespace mpsec::vectors {
namespace {

struct Run {
  const Expectation& expectation;
  const crypto::Provider& provider;

  Outcome operator()(const AeadCase& aead) const { return run_aead(aead, expectation, provider); }
  Outcome operator()(const CipherCase& cipher) const { return run_cipher(cipher, expectation, provider); }
  Outcome operator()(const MacCase& mac) const { return run_mac(mac, expectation, provider); }
  Outcome operator()(const PrfCase& prf) const { return run_prf(prf, expectation); }
  Outcome operator()(const IkeKeysCase& keys) const { return run_ike_keys(keys, expectation); }
  Outcome operator()(const KeyExchangeCase& exchange) const {
    return run_key_exchange(exchange, expectation);
  }
  Outcome operator()(const SignatureCase& signature) const { return run_signature(signature, expectation); }
  Outcome operator()(const IkeMessageCase& message) const {
    return run_ike_message(message, expectation, provider);
  }
  Outcome operator()(const PacketCase& packet) const { return run_packet(packet, expectation, provider); }
  Outcome operator()(const NotRunnable& why) const { return Outcome::not_run(why.cause, why.reason); }
};

}  // namespace

Outcome run(const Case& vector_case, const crypto::Provider& provider) {
  return std::visit(Run{vector_case.expectation, provider}, vector_case.body);
}

}  // namespace mpsec::vectors
