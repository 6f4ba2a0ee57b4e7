// Messages of an IKE SA whose ICVs nobody checks, so that whatever is inside is read and followed.
// depends: replay_ike crypto_openssl
#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "pcap-replay/ike/ike_watch.hpp"
#include "pcap-replay/keys/toml_keys.hpp"
#include "support/replay_ike_keys.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static const auto provider = mpsec::crypto::make_openssl_provider();
  static const auto ike_provider = mpsec::crypto::make_openssl_ike_provider();
  static const auto keys = mpsec::replay::parse_toml_keys(mpsec::fuzz::replay_ike_keys, "keys").value();
  mpsec::replay::IkeWatch watch(*provider, *ike_provider);
  watch.add_keys(keys.ike);
  mpsec::OctetView left(octets, size);
  std::vector<mpsec::replay::KeyEntry> children;
  for (std::uint64_t frame = 1; left.size() > 2; ++frame) {
    const std::size_t length = std::min<std::size_t>(left.size() - 2, left[0] * 256u + left[1]);
    mpsec::replay::IkeMessage message;
    message.frame = frame, message.octets = left.subspan(2, length);
    watch.read(message, children);
    left = left.subspan(2 + length);
  }
  return 0;
}
