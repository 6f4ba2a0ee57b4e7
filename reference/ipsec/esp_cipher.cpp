#include "ipsec/esp_cipher.hpp"

#include <algorithm>
#include <array>

#include "base/scratch.hpp"

namespace mpsec::ipsec {
namespace {

using Nonce = std::array<std::uint8_t, 16>;  // the longest: the IV of a block cipher
using Associated = std::array<std::uint8_t, 12>;

//= rfc4106/5/aad-is-spi-and-sequence-number
// SPI | sequence number as they stand in the packet; or, with extended numbers, with the high half between
// them.
OctetView associated_of(const EspJob& job, bool extended, Associated& room) {
  if (!extended) return {job.esp, 8};
  std::copy_n(job.esp, 4, room.data());
  store_be(room.data() + 4, job.number);
  return room;
}

}  // namespace

// What the jobs of a run point to; on the stack for as long as the run is worked on.
struct EspCipher::AeadRun {
  std::array<Nonce, largest_run> nonces;
  std::array<Associated, largest_run> associated;
  Scratch<crypto::AeadJob, largest_run> jobs;
};
struct EspCipher::MacRun {
  std::array<std::array<std::uint8_t, 4>, largest_run> high_halves;
  Scratch<crypto::MacJob, largest_run> jobs;
};
struct EspCipher::CipherRun {
  std::array<Nonce, largest_run> ivs;
  Scratch<crypto::CipherJob, largest_run> jobs;
};

Result<EspCipher> EspCipher::make(const crypto::Provider& provider, const SaParameters& parameters) {
  const auto encryption = crypto::find(parameters.encryption);
  if (!encryption) return std::unexpected(encryption.error());
  const crypto::EncryptionTransform& transform = **encryption;
  EspCipher made;
  made.extended_ = parameters.extended_sequence_numbers;
  made.iv_octets_ = transform.wire_iv_octets();
  made.icv_octets_ = transform.icv_octets;
  made.block_octets_ = transform.block_octets;
  made.text_multiple_ = std::max<std::uint8_t>(transform.block_octets, 4);
  made.implicit_iv_ = transform.implicit_iv;
  made.random_iv_ = transform.kind == crypto::CipherKind::cbc;
  made.salt_octets_ = transform.salt_octets;
  const OctetView keymat = parameters.encryption_key.view();
  const OctetView key = keymat.first(keymat.size() - transform.salt_octets);
  std::ranges::copy(keymat.subspan(key.size()), made.salt_.begin());

  if (transform.combined()) {
    auto aead = provider.aead(transform, key);
    if (!aead) return std::unexpected(aead.error());
    made.aead_ = *std::move(aead);
    return made;
  }
  if (transform.kind != crypto::CipherKind::null) {
    auto cipher = provider.cipher(transform, key);
    if (!cipher) return std::unexpected(cipher.error());
    made.cipher_ = *std::move(cipher);
  }
  made.icv_octets_ = parameters.unverified_icv_octets;
  if (parameters.integrity == crypto::IntegrityId::none) return made;
  const auto integrity = crypto::find(parameters.integrity);
  if (!integrity) return std::unexpected(integrity.error());
  auto mac = provider.mac(**integrity, parameters.integrity_key.view());
  if (!mac) return std::unexpected(mac.error());
  made.mac_ = *std::move(mac);
  made.icv_octets_ = (*integrity)->icv_octets;
  return made;
}

void EspCipher::seal(std::span<EspJob> jobs, const std::uint8_t* randoms) noexcept {
  aead_ ? seal_combined(jobs) : seal_separate(jobs, randoms);
}

void EspCipher::open(std::span<EspJob> jobs) noexcept {
  aead_ ? open_combined(jobs) : open_separate(jobs);
}

//= rfc4106/3.1/iv-never-repeats-under-one-key
//= rfc8750/4/implicit-iv-is-the-sequence-number
// The sequence number is the IV: it is unique under the key, in a cluster too, since every sub-SA has its own
// key.
void EspCipher::seal_combined(std::span<EspJob> jobs) noexcept {
  if (!implicit_iv_) {
    for (const EspJob& job : jobs)
      store_be(job.esp + esp_header_octets, job.number);
  }
  AeadRun run;
  aead_->seal(aead_run(run, jobs));
}

void EspCipher::open_combined(std::span<EspJob> jobs) noexcept {
  AeadRun run;
  aead_->open(aead_run(run, jobs));
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i].authentic = run.jobs[i].authentic;
}

//= rfc3602/3/iv-is-random
//= rfc4303/3.3.2.1/encrypt-before-integrity
void EspCipher::seal_separate(std::span<EspJob> jobs, const std::uint8_t* randoms) noexcept {
  if (cipher_) {
    CipherRun run;
    for (const EspJob& job : jobs) {
      std::uint8_t* iv = job.esp + esp_header_octets;
      if (random_iv_)
        std::copy_n(randoms, iv_octets_, iv), randoms += iv_octets_;
      else
        store_be(iv, job.number);
      add_cipher_job(run, job);
    }
    cipher_->encrypt(run.jobs.span());
  }
  if (!mac_) return;
  MacRun run;
  mac_->sign(mac_run(run, jobs));
}

//= rfc4303/3.4.4.1/integrity-before-decryption
void EspCipher::open_separate(std::span<EspJob> jobs) noexcept {
  verify_separate(jobs);
  if (!cipher_) return;
  CipherRun run;
  for (const EspJob& job : jobs) {
    if (job.authentic) add_cipher_job(run, job);
  }
  cipher_->decrypt(run.jobs.span());
}

//= rfc3686/4/counter-block-is-nonce-iv-one
void EspCipher::add_cipher_job(CipherRun& run, const EspJob& job) const noexcept {
  std::uint8_t* iv = job.esp + esp_header_octets;
  std::uint8_t* whole = run.ivs[run.jobs.size()].data();
  std::copy_n(salt_.data(), salt_octets_, whole);
  std::copy_n(iv, iv_octets_, whole + salt_octets_);
  run.jobs.emplace_back(crypto::CipherJob{.iv = whole, .text = {iv + iv_octets_, job.text_octets}});
}

void EspCipher::verify_separate(std::span<EspJob> jobs) noexcept {
  if (!mac_) {  // asked for by allow_no_integrity
    for (EspJob& job : jobs)
      job.authentic = true;
    return;
  }
  MacRun run;
  mac_->verify(mac_run(run, jobs));
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i].authentic = run.jobs[i].authentic;
}

//= rfc4303/2.8/icv-covers-the-high-half-that-is-not-sent
std::span<crypto::MacJob> EspCipher::mac_run(MacRun& run, std::span<const EspJob> jobs) const noexcept {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::size_t covered = esp_header_octets + iv_octets_ + jobs[i].text_octets;
    store_be(run.high_halves[i].data(), static_cast<std::uint32_t>(jobs[i].number >> 32));
    run.jobs.emplace_back(crypto::MacJob{.text = {jobs[i].esp, covered},
                                         .trailer = extended_ ? OctetView(run.high_halves[i]) : OctetView(),
                                         .icv = jobs[i].esp + covered,
                                         .iv = nullptr});
  }
  return run.jobs.span();
}

// The AEAD jobs of a run, without what differs between sealing and opening: where the IV comes from.
std::span<crypto::AeadJob> EspCipher::aead_run(AeadRun& run, std::span<const EspJob> jobs) const noexcept {
  // Copies, because an octet that is stored below may be one of ours for all that the compiler knows.
  const auto salt = salt_;
  const bool extended = extended_, implicit_iv = implicit_iv_;
  const std::size_t salt_octets = salt_octets_, text_at = esp_header_octets + iv_octets_;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const EspJob& job = jobs[i];
    std::uint8_t* nonce = run.nonces[i].data();
    std::copy_n(salt.data(), salt.size(), nonce);  // a shorter one's rest is overwritten by the IV
    if (implicit_iv)
      store_be(nonce + salt_octets, job.number);
    else
      std::copy_n(job.esp + esp_header_octets, 8, nonce + salt_octets);
    run.jobs.emplace_back(crypto::AeadJob{.nonce = nonce,
                                          .associated = associated_of(job, extended, run.associated[i]),
                                          .text = {job.esp + text_at, job.text_octets},
                                          .icv = job.esp + text_at + job.text_octets});
  }
  return run.jobs.span();
}

}  // namespace mpsec::ipsec
