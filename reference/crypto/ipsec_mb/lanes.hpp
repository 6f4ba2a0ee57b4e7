// intel-ipsec-mb's manager, and the memory in which a thread works with it. Private to this folder.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <intel-ipsec-mb.h>
#include <memory>
#include <span>
#include <vector>

#include "base/octets.hpp"
#include "base/secret.hpp"
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"
#include "crypto/provider.hpp"

namespace mpsec::crypto::mb {

inline void must(bool done, std::string_view what) noexcept {
  if (!done) [[unlikely]]
    fatal("intel-ipsec-mb", what);
}

// Key material as the library wants it, on its own cache lines, wiped when it goes.
template <class Schedule>
struct alignas(64) Keyed {
  Schedule value{};

  Keyed() = default;
  Keyed(const Keyed&) = default;
  Keyed& operator=(const Keyed&) = delete;
  ~Keyed() { wipe({reinterpret_cast<std::uint8_t*>(&value), sizeof value}); }
};

// The manager's memory, wiped before it is given back: the lanes keep copies of keys.
struct ReleaseManager {
  void operator()(IMB_MGR* manager) const noexcept;
};
using Manager = std::unique_ptr<IMB_MGR, ReleaseManager>;

// A manager held to the tier (not `best`). Null, with the reason in *why, if the machine lacks it.
Manager make_manager(Tier tier, std::string* why);

// The fastest tier this machine has; sse if it has none.
Tier best_tier();

inline constexpr std::size_t lane_text_limit =
    65534;                                // the lanes count octets in 16 bits, less one for themselves
inline constexpr std::size_t chunk = 64;  // jobs in one go; a longer batch is cut

// What a thread computes with. Between two calls it holds no job.
struct Workspace {
  Manager manager;
  std::array<IMB_JOB, chunk> jobs{};
  std::array<std::array<std::uint8_t, 64>, chunk> icvs{};      // computed
  std::array<std::array<std::uint8_t, 64>, chunk> received{};  // set aside
  std::vector<std::uint8_t> copies;  // texts made contiguous; grows to the largest chunk seen

  // Runs the first `count` jobs to their end.
  void run_jobs(std::size_t count) noexcept;
};

// This thread's workspace for the tier, made at its first use.
Workspace& workspace(Tier tier) noexcept;

// True if both hold the same octets, in time that depends on the length only; 8 to 16 octets.
inline bool same_icv(const std::uint8_t* left, const std::uint8_t* right, std::size_t octets) noexcept {
  const auto word = [](const std::uint8_t* from) {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  const std::size_t tail = octets - sizeof(std::uint64_t);
  return ((word(left) ^ word(right)) | (word(left + tail) ^ word(right + tail))) == 0;
}

// The makers of keyed objects; keys are of the right size and the tier is there.
std::unique_ptr<Aead> make_gcm(const IMB_MGR& manager, OctetView key, const EncryptionTransform&);
std::unique_ptr<Aead> make_gmac_aead(const IMB_MGR& manager, OctetView key);
std::unique_ptr<Mac> make_gmac(const IMB_MGR& manager, OctetView key_and_salt, const IntegrityTransform&);
std::unique_ptr<Aead> make_lane_aead(Tier tier, OctetView key, const EncryptionTransform&);
std::unique_ptr<Cipher> make_lane_cipher(Tier tier, OctetView key, const EncryptionTransform&);
std::unique_ptr<Mac> make_lane_mac(Tier tier, OctetView key, const IntegrityTransform&);

}  // namespace mpsec::crypto::mb
