// Cookies (RFC 7296 2.6): whoever asks for an IKE SA first shows that it receives at its address, and until
// then costs us neither memory nor a key exchange.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/datagram.hpp"
#include "base/rng.hpp"
#include "base/strong.hpp"
#include "crypto/ike_provider.hpp"

namespace mpsec::ike {

// What of an IKE_SA_INIT request a cookie is bound to.
struct CookieRequest {
  OctetView nonce;  // the data of Ni
  Endpoint source;
  IkeSpi initiator_spi;
};

// A cookie as a value without memory of its own elsewhere; 1 to 64 octets (RFC 7296 2.6).
struct Cookie {
  std::array<std::uint8_t, 64> octets{};
  std::size_t size = 0;
  OctetView view() const { return OctetView(octets).first(size); }
};

class CookieJar {
 public:
  virtual ~CookieJar() = default;
  // Whether a request without a good cookie is to be answered with one and nothing else, now that so many
  // IKE SAs are half-open.
  virtual bool demanded(std::size_t half_open) = 0;
  virtual Cookie cookie_for(const CookieRequest& request, Instant now) = 0;
  // Whether `cookie` is one that was given for such a request not long ago.
  virtual bool accepts(const CookieRequest& request, OctetView cookie, Instant now) = 0;
};

// Cookie = version of the secret (1 octet) | HMAC-SHA-256(secret, Ni | IPi | port | SPIi), its first 16
// octets. Nothing is kept for a request.
class StatelessCookieJar final : public CookieJar {
 public:
  struct Settings {
    std::size_t demand_from = 100;  // half-open IKE SAs; 0: always
    std::size_t relax_below = 50;   // after a demand, until there are fewer than this
    Duration rotation =
        std::chrono::seconds(60);  // a secret makes cookies so long, and is good as long again
  };

  // Fails (local fault) if the provider has no HMAC-SHA-256. Provider and Rng must outlive the jar.
  static Result<std::unique_ptr<StatelessCookieJar>> make(const Settings& settings,
                                                          const crypto::IkeProvider& provider, Rng& rng,
                                                          Instant now);

  bool demanded(std::size_t half_open) override;
  Cookie cookie_for(const CookieRequest& request, Instant now) override;
  bool accepts(const CookieRequest& request, OctetView cookie, Instant now) override;

 private:
  struct Secret {
    std::uint8_t version;
    std::unique_ptr<crypto::Prf> prf;
  };
  StatelessCookieJar(const Settings& settings, const crypto::IkeProvider& provider, Rng& rng)
      : settings_(settings), provider_(&provider), rng_(&rng) {}
  Result<> renew(Instant now);
  void rotate(Instant now);

  Settings settings_;
  const crypto::IkeProvider* provider_;
  Rng* rng_;
  bool demanding_ = false;
  std::uint8_t next_version_ = 0;
  Instant renewed_{};
  std::optional<Secret> current_, previous_;
};

}  // namespace mpsec::ike
