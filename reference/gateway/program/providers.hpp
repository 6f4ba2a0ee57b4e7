// The cryptography and randomness of a running gateway.
#pragma once

#include <memory>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_pki.hpp"
#include "crypto/select/select_provider.hpp"
#include "gateway/core/core.hpp"

namespace mpsec::gateway {

// The operating system's randomness.
class SystemRng final : public Rng {
 public:
  // Ends the process where the system has none: nothing safe could be done without it.
  void fill(MutableOctets out) override;
};

struct Providers {
  SystemRng rng;
  std::unique_ptr<crypto::Provider> packets = crypto::select_provider("best").value();
  std::unique_ptr<crypto::IkeProvider> ike = crypto::make_openssl_ike_provider();
  std::unique_ptr<crypto::PkiProvider> pki = crypto::make_openssl_pki();

  Core::Seams seams(crypto::CalendarSeconds at_start, ike::KeyLog* key_log) {
    return {rng, *packets, *ike, *pki, at_start, key_log};
  }
};

}  // namespace mpsec::gateway
