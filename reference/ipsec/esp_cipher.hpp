// All that differs between ESP's algorithms, seen from the packet: how long IV, ICV and blocks are, and how
// to seal and open a run of packets of one SA.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "crypto/provider.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ipsec {

inline constexpr std::size_t esp_header_octets = 8;   // SPI, sequence number
inline constexpr std::size_t esp_trailer_octets = 2;  // pad length, next header
inline constexpr std::size_t largest_run = 64;        // packets that are worked on at once

// A packet from its ESP header on: header | IV | text | ICV, contiguous, in place. The text is payload,
// padding and trailer.
struct EspJob {
  std::uint8_t* esp = nullptr;
  std::uint32_t text_octets = 0;
  std::uint64_t number = 0;  // the full sequence number
  bool authentic = false;    // set by open
};

class EspCipher {
 public:
  // Parameters that check() has passed. Fails where the provider lacks an algorithm.
  static Result<EspCipher> make(const crypto::Provider& provider, const SaParameters& parameters);

  std::uint32_t iv_octets() const noexcept { return iv_octets_; }  // on the wire
  std::uint32_t icv_octets() const noexcept { return icv_octets_; }
  // The text's length is a multiple of this: the cipher's block, and at least 4 (RFC 4303 2.4).
  std::uint32_t text_multiple() const noexcept { return text_multiple_; }
  std::uint32_t block_octets() const noexcept { return block_octets_; }  // a power of two; 1 for streams
  bool wants_random_iv() const noexcept { return random_iv_; }

  // Writes the IVs (taken from `randoms` where wants_random_iv(): iv_octets() a job), encrypts, writes the
  // ICVs.
  void seal(std::span<EspJob> jobs, const std::uint8_t* randoms) noexcept;
  // Sets `authentic` on each job and decrypts those that are; the text of others is unspecified.
  void open(std::span<EspJob> jobs) noexcept;

 private:
  struct AeadRun;
  struct MacRun;
  struct CipherRun;
  EspCipher() = default;
  std::span<crypto::AeadJob> aead_run(AeadRun& run, std::span<const EspJob> jobs) const noexcept;
  std::span<crypto::MacJob> mac_run(MacRun& run, std::span<const EspJob> jobs) const noexcept;
  void seal_combined(std::span<EspJob> jobs) noexcept;
  void seal_separate(std::span<EspJob> jobs, const std::uint8_t* randoms) noexcept;
  void open_combined(std::span<EspJob> jobs) noexcept;
  void open_separate(std::span<EspJob> jobs) noexcept;
  void verify_separate(std::span<EspJob> jobs) noexcept;

  void add_cipher_job(CipherRun& run, const EspJob& job) const noexcept;

  std::unique_ptr<crypto::Aead> aead_;      // either this
  std::unique_ptr<crypto::Cipher> cipher_;  // or these two
  std::unique_ptr<crypto::Mac> mac_;
  std::array<std::uint8_t, 4> salt_{};
  std::uint8_t salt_octets_ = 0;
  std::uint8_t iv_octets_ = 0;
  std::uint8_t icv_octets_ = 0;
  std::uint8_t text_multiple_ = 4;
  std::uint8_t block_octets_ = 1;
  bool extended_ = false;
  bool implicit_iv_ = false;
  bool random_iv_ = false;
};

}  // namespace mpsec::ipsec
