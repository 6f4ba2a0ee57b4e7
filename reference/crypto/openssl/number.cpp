
#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {

Number number(OctetView octets) {
  Number made(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
  must(made != nullptr, "a number");
  return made;
}

Number secret_number(OctetView octets) {
  Number made = number(octets);
  BN_set_flags(made.get(), BN_FLG_CONSTTIME);
  return made;
}

void write_number(const BIGNUM* number, MutableOctets out) {
  must(BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size()),
       "a number's octets");
}

Number random_below(const BIGNUM* bound, Rng& rng) {
  const int bits = BN_num_bits(bound);
  SecretOctets drawn(static_cast<std::size_t>((bits + 7) / 8));
  const MutableOctets octets = drawn.writable();
  for (;;) {
    rng.fill(octets);
    if (bits % 8 != 0) octets[0] &= static_cast<std::uint8_t>((1u << (bits % 8)) - 1);
    Number candidate = secret_number(octets);
    if (!BN_is_zero(candidate.get()) && BN_cmp(candidate.get(), bound) < 0) return candidate;
  }
}

}  // namespace mpsec::crypto::evp
