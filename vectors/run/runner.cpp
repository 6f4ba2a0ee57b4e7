#include "vectors/run/runner.hpp"

#include "vectors/run/run_crypto.hpp"
#include "vectors/run/run_packet.hpp"

namespace mpsec::vectors {
namespace {

struct Run {
  const Expectation& expectation;
  const crypto::Provider& provider;

  Outcome operator()(const AeadCase& aead) const { return run_aead(aead, expectation, provider); }
  Outcome operator()(const CipherCase& cipher) const { return run_cipher(cipher, expectation, provider); }
  Outcome operator()(const MacCase& mac) const { return run_mac(mac, expectation, provider); }
  Outcome operator()(const PrfCase&) const {
    return Outcome::not_run(NotRunnable::Cause::later, "pseudo-random functions: come with IKE");
  }
  Outcome operator()(const PacketCase& packet) const { return run_packet(packet, expectation, provider); }
  Outcome operator()(const NotRunnable& why) const { return Outcome::not_run(why.cause, why.reason); }
};

}  // namespace

Outcome run(const Case& vector_case, const crypto::Provider& provider) {
  return std::visit(Run{vector_case.expectation, provider}, vector_case.body);
}

}  // namespace mpsec::vectors
