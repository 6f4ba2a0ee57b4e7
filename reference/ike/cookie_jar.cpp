#include "ike/cookie_jar.hpp"

#include <algorithm>
#include <utility>

#include "base/secret.hpp"

namespace mpsec::ike {
namespace {

constexpr std::size_t secret_octets = 32, hash_octets = 32, kept_octets = 16;

//= rfc7296/2.6/cookie-binds-nonce-address-and-spi
Cookie make_cookie(std::uint8_t version, crypto::Prf& prf, const CookieRequest& request) {
  std::array<std::uint8_t, 2> port;
  store_be(port.data(), request.source.port);
  std::array<std::uint8_t, 8> spi;
  store_be(spi.data(), request.initiator_spi.value);
  std::array<std::uint8_t, hash_octets> hash;
  // All but the nonce and the address have one length, and the address's family shows in the sum.
  prf.compute({request.nonce, request.source.address.octets(), port, spi}, hash.data());
  Cookie cookie;
  cookie.octets[0] = version;
  std::copy_n(hash.begin(), kept_octets, cookie.octets.begin() + 1);
  cookie.size = 1 + kept_octets;
  return cookie;
}

}  // namespace

Result<std::unique_ptr<StatelessCookieJar>> StatelessCookieJar::make(const Settings& settings,
                                                                     const crypto::IkeProvider& provider,
                                                                     Rng& rng, Instant now) {
  std::unique_ptr<StatelessCookieJar> jar(new StatelessCookieJar(settings, provider, rng));
  if (auto made = jar->renew(now); !made) return std::unexpected(made.error());
  return jar;
}

Result<> StatelessCookieJar::renew(Instant now) {
  const auto transform = crypto::find(crypto::PrfId::hmac_sha2_256);
  if (!transform) return std::unexpected(transform.error());
  SecretOctets secret(secret_octets);
  rng_->fill(secret.writable());
  auto prf = provider_->prf(**transform, secret.view());
  if (!prf) return std::unexpected(prf.error());
  current_ = Secret{next_version_++, std::move(*prf)};
  renewed_ = now;
  return {};
}

//= rfc7296/2.6/secret-changes-often
//= rfc7296/2.6/old-secret-is-good-for-a-short-time
void StatelessCookieJar::rotate(Instant now) {
  const Duration age = now - renewed_;
  if (age < settings_.rotation) return;
  auto retired = std::exchange(current_, std::nullopt);
  // The provider made one before, so it can again; should it not, the old secret serves on.
  if (!renew(now)) {
    current_ = std::move(retired);
    return;
  }
  previous_.reset();
  if (age < 2 * settings_.rotation) previous_ = std::move(retired);
}

//= rfc7296/2.6/cookies-while-many-are-half-open
bool StatelessCookieJar::demanded(std::size_t half_open) {
  if (half_open >= settings_.demand_from)
    demanding_ = true;
  else if (half_open < settings_.relax_below)
    demanding_ = false;
  return demanding_;
}

Cookie StatelessCookieJar::cookie_for(const CookieRequest& request, Instant now) {
  rotate(now);
  return make_cookie(current_->version, *current_->prf, request);
}

bool StatelessCookieJar::accepts(const CookieRequest& request, OctetView cookie, Instant now) {
  rotate(now);
  if (cookie.size() != 1 + kept_octets) return false;
  for (auto* const secret : {&current_, &previous_}) {
    if (!*secret || (*secret)->version != cookie[0]) continue;
    return equal_in_constant_time(make_cookie((*secret)->version, *(*secret)->prf, request).view(), cookie);
  }
  return false;
}

}  // namespace mpsec::ike
