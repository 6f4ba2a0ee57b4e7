// AH input behind an ICV that anyone can compute: judging changes nothing, and a right ICV is found right.
// depends: ipsec crypto_open
#include "crypto/open/open_provider.hpp"
#include "ipsec/ah_authenticator.hpp"
#include "ipsec/decapsulation.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::ipsec;
  static const auto& transform = *mpsec::crypto::find(mpsec::crypto::IntegrityId::hmac_sha2_256_128).value();
  static const auto mac = mpsec::crypto::make_open_provider()->mac(transform, mpsec::Octets(32)).value();
  static AhAuthenticator authenticator;
  HeldPacket held({octets, size});
  const auto place = ah_locate(held.buffer().view());
  if (!place) return 0;
  AhJob judged{held.buffer().writable(), *place}, forged = judged, again = judged;
  authenticator.verify(*mac, AhLayout::of(transform, true), {&judged, 1});
  mpsec::fuzz::require(std::equal(octets, octets + size, held.buffer().data()), "judging changes nothing");
  authenticator.sign(*mac, AhLayout::of(transform, true), {&forged, 1}, AhRole::incoming);
  if (forged.discard != Discard::none) return 0;
  authenticator.verify(*mac, AhLayout::of(transform, true), {&again, 1});
  mpsec::fuzz::require(again.discard == Discard::none, "a right ICV is found right");
  const auto payload = static_cast<std::uint32_t>(size) - place->end();
  restore_transport(held.buffer(), place->at, place->named_at, place->end(), payload, octets[place->at]);
  static_cast<void>(ah_encapsulate(held.buffer(), AhLayout::of(transform, true), mpsec::Spi(256), 1));
  return 0;
}
