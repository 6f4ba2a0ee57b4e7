// The floor under every ESP figure: what the cryptography alone costs, by the library's fastest direct call
// with the key expanded beforehand, on exactly the octets that ESP hands it, and through nothing of ours.
//
//   libcrypto       EVP with the cipher fetched and keyed once; a packet sets the nonce, passes AAD and text,
//                   and takes or gives the check value
//   intel-ipsec-mb  the direct calls (IMB_AES128_GCM_ENC and so on); opening computes the check value and, as
//   the call does,
//                   leaves the comparison to the caller
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.hpp"
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

namespace mpsec::bench {

enum class FloorLibrary : std::uint8_t { openssl, ipsec_mb };

enum class FloorAlgorithm : std::uint8_t { aes_128_gcm_16, aes_256_gcm_16, chacha20_poly1305 };

std::string_view to_string(FloorAlgorithm algorithm);

struct FloorPacket {
  const std::uint8_t* nonce;  // twelve octets
  OctetView associated;
  MutableOctets text;  // in place
  std::uint8_t* icv;   // sixteen octets: written by seal; compared by open with libcrypto, overwritten with
                       // intel-ipsec-mb
};

class Floor {
 public:
  virtual ~Floor() = default;
  // Calls the library once for each packet, in a loop.
  virtual void seal(std::span<const FloorPacket> packets) noexcept = 0;
  // False if libcrypto found a packet not authentic.
  virtual bool open(std::span<const FloorPacket> packets) noexcept = 0;
};

// Null where the library or the tier is not there. `key` has 16 octets for AES-128, else 32.
std::unique_ptr<Floor> make_floor(FloorLibrary library, crypto::Tier tier, FloorAlgorithm algorithm,
                                  OctetView key);

// What ESP encrypts for an inner packet: it, padding to a multiple of four, pad length and next header (RFC
// 4303 2.4).
constexpr std::size_t sealed_octets(std::size_t inner_octets) {
  return (inner_octets + 2 + 3) / 4 * 4;
}

// Packets with memory of their own, for calls in place. Opening needs restore() first: what is open cannot be
// opened again.
class FloorBatch {
 public:
  FloorBatch(Floor& floor, std::size_t packets, std::size_t text_octets, std::size_t associated_octets);

  std::span<const FloorPacket> packets() const { return packets_; }
  // Puts the sealed texts and their check values in place.
  void restore();

 private:
  Octets nonces_;
  Octets associated_;
  Octets texts_;
  Octets icvs_;
  Octets sealed_texts_;
  Octets sealed_icvs_;
  std::vector<FloorPacket> packets_;
};

}  // namespace mpsec::bench
