#include "ike/protection.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

namespace mpsec::ike {
namespace {

constexpr std::size_t longest_nonce = 16;

// A message with its body, in the parts that the algorithms speak of.
struct Parts {
  OctetView before;  // all before the body
  MutableOctets iv;
  MutableOctets text;  // payloads, padding, Pad Length
  MutableOctets icv;
  OctetView covered;  // all before the ICV
};

Parts parts_of(MutableOctets message, std::size_t body_at, const BodyLayout& layout) {
  const std::size_t icv_at = message.size() - layout.icv;
  const std::size_t text_at = body_at + layout.iv;
  return {message.first(body_at), message.subspan(body_at, layout.iv),
          message.subspan(text_at, icv_at - text_at), message.subspan(icv_at), message.first(icv_at)};
}

}  // namespace

namespace detail {

// What seals and opens a body. seal() and open() get a message whose body is in place, IV included.
class BodyCipher {
 public:
  BodyCipher(const Protection& protection, OctetView salt)
      : layout_(body_layout(protection)), counter_(protection.encryption->counter_mode()), salt_(salt) {}
  virtual ~BodyCipher() = default;
  virtual void seal(Parts parts) noexcept = 0;
  virtual bool open(Parts parts) noexcept = 0;

  const BodyLayout& layout() const { return layout_; }
  bool counter() const { return counter_; }

 protected:
  using Nonce = std::array<std::uint8_t, longest_nonce>;
  // Salt, then IV (RFC 5282 4, RFC 5930 2, RFC 7634 3). Without a salt: the IV.
  Nonce nonce_of(OctetView iv) const noexcept {
    Nonce nonce = {};
    const auto behind = std::ranges::copy(salt_.view(), nonce.begin()).out;
    std::ranges::copy(iv, behind);
    return nonce;
  }

 private:
  BodyLayout layout_;
  bool counter_;
  SecretOctets salt_;
};

}  // namespace detail

namespace {

//= rfc5282/5.1/associated-data-from-header-to-payload-header
class CombinedBody final : public detail::BodyCipher {
 public:
  CombinedBody(const Protection& protection, OctetView salt, std::unique_ptr<crypto::Aead> aead)
      : BodyCipher(protection, salt), aead_(std::move(aead)) {}

  void seal(Parts parts) noexcept override {
    const Nonce nonce = nonce_of(parts.iv);
    crypto::AeadJob job = job_over(parts, nonce);
    aead_->seal({&job, 1});
  }
  bool open(Parts parts) noexcept override {
    const Nonce nonce = nonce_of(parts.iv);
    crypto::AeadJob job = job_over(parts, nonce);
    aead_->open({&job, 1});
    return job.authentic;
  }

 private:
  static crypto::AeadJob job_over(const Parts& parts, const Nonce& nonce) noexcept {
    return {.nonce = nonce.data(), .associated = parts.before, .text = parts.text, .icv = parts.icv.data()};
  }
  std::unique_ptr<crypto::Aead> aead_;
};

//= rfc7296/3.14/checksum-over-the-encrypted-message
class SeparateBody final : public detail::BodyCipher {
 public:
  SeparateBody(const Protection& protection, OctetView salt, std::unique_ptr<crypto::Cipher> cipher,
               std::unique_ptr<crypto::Mac> mac)
      : BodyCipher(protection, salt), cipher_(std::move(cipher)), mac_(std::move(mac)) {}

  void seal(Parts parts) noexcept override {
    const Nonce nonce = nonce_of(parts.iv);
    crypto::CipherJob text{.iv = nonce.data(), .text = parts.text};
    cipher_->encrypt({&text, 1});
    crypto::MacJob check = job_over(parts);
    mac_->sign({&check, 1});
  }
  bool open(Parts parts) noexcept override {
    crypto::MacJob check = job_over(parts);
    mac_->verify({&check, 1});
    if (!check.authentic) return false;
    const Nonce nonce = nonce_of(parts.iv);
    crypto::CipherJob text{.iv = nonce.data(), .text = parts.text};
    cipher_->decrypt({&text, 1});
    return true;
  }

 private:
  static crypto::MacJob job_over(const Parts& parts) noexcept {
    return {.text = parts.covered, .trailer = {}, .icv = parts.icv.data(), .iv = nullptr};
  }
  std::unique_ptr<crypto::Cipher> cipher_;
  std::unique_ptr<crypto::Mac> mac_;
};

Result<> check_size(std::string_view name, OctetView key, std::size_t need) {
  if (key.size() == need) return {};
  return std::unexpected(
      Error{.blame = Blame::local_fault,
            .path = std::string(name),
            .offset = {},
            .why = fmt::format("need {} octets of key and salt, have {}", need, key.size()),
            .clause = {}});
}

Result<std::unique_ptr<detail::BodyCipher>> make_body_cipher(const crypto::Provider& provider,
                                                             const Protection& protection,
                                                             OctetView encryption_key,
                                                             OctetView integrity_key) {
  if (Result<> size = check_size("SK_e", encryption_key, protection.encryption_octets()); !size)
    return std::unexpected(size.error());
  if (Result<> size = check_size("SK_a", integrity_key, protection.integrity_octets()); !size)
    return std::unexpected(size.error());
  const OctetView key = encryption_key.first(protection.cipher_key_octets);
  const OctetView salt = encryption_key.subspan(protection.cipher_key_octets);
  if (protection.encryption->combined()) {
    auto aead = provider.aead(*protection.encryption, key);
    if (!aead) return std::unexpected(aead.error());
    return std::make_unique<CombinedBody>(protection, salt, std::move(*aead));
  }
  auto cipher = provider.cipher(*protection.encryption, key);
  if (!cipher) return std::unexpected(cipher.error());
  auto mac = provider.mac(*protection.integrity, integrity_key);
  if (!mac) return std::unexpected(mac.error());
  return std::make_unique<SeparateBody>(protection, salt, std::move(*cipher), std::move(*mac));
}

}  // namespace

std::size_t BodyLayout::most_plain(std::size_t body) const {
  if (body < iv + icv + block) return 0;
  return (body - iv - icv) / block * block - 1;
}

BodyLayout body_layout(const Protection& protection) {
  const crypto::EncryptionTransform& encryption = *protection.encryption;
  return {.iv = encryption.iv_octets,
          .block = encryption.block_octets,
          .icv = encryption.combined() ? encryption.icv_octets : protection.integrity->icv_octets};
}

Result<> set_lengths(MutableOctets message, std::size_t payload_at, std::size_t body_octets) {
  constexpr std::size_t length_in_header = 24;
  constexpr std::size_t length_in_payload = 2;
  const std::size_t payload_octets = message.size() - payload_at + body_octets;
  if (payload_octets > std::numeric_limits<std::uint16_t>::max())
    return std::unexpected(
        Error{.blame = Blame::local_fault,
              .path = "SK/Payload Length",
              .offset = {},
              .why = fmt::format("at most 65535 octets fit, the payload has {}", payload_octets),
              .clause = "RFC 7296 3.2"});
  store_be(message.data() + length_in_header, static_cast<std::uint32_t>(message.size() + body_octets));
  store_be(message.data() + payload_at + length_in_payload, static_cast<std::uint16_t>(payload_octets));
  return {};
}

std::string_view to_string(SealFault fault) {
  return fault == SealFault::ivs_exhausted ? "ivs-exhausted" : "bad-padding";
}

std::string_view to_string(OpenFault fault) {
  switch (fault) {
    case OpenFault::too_short:
      return "too-short";
    case OpenFault::misaligned:
      return "misaligned";
    case OpenFault::not_authentic:
      return "not-authentic";
    case OpenFault::bad_padding:
      return "bad-padding";
  }
  return "unknown";
}

Error error_of(OpenFault fault) {
  static constexpr std::array<std::string_view, 4> whys = {
      "the body is shorter than IV, Pad Length and integrity check value",
      "the encrypted part is no whole number of blocks", "the integrity check fails",
      "Pad Length exceeds the encrypted part"};
  return Error{.blame = fault == OpenFault::not_authentic ? Blame::peer_misbehaved : Blame::malformed,
               .path = "SK",
               .offset = {},
               .why = std::string(whys[static_cast<std::size_t>(fault)]),
               .clause = "RFC 7296 3.14"};
}

MessageSealer::MessageSealer(std::unique_ptr<detail::BodyCipher> cipher, std::uint64_t first_iv)
    : cipher_(std::move(cipher)), next_iv_(first_iv) {}
MessageSealer::MessageSealer(MessageSealer&&) noexcept = default;
MessageSealer& MessageSealer::operator=(MessageSealer&&) noexcept = default;
MessageSealer::~MessageSealer() = default;

Result<MessageSealer> MessageSealer::create(const crypto::Provider& provider, const Protection& protection,
                                            OctetView encryption_key, OctetView integrity_key,
                                            std::uint64_t first_iv) {
  auto cipher = make_body_cipher(provider, protection, encryption_key, integrity_key);
  if (!cipher) return std::unexpected(cipher.error());
  return MessageSealer(std::move(*cipher), first_iv);
}

const BodyLayout& MessageSealer::layout() const {
  return cipher_->layout();
}

std::expected<void, SealFault> MessageSealer::seal(Octets& message, OctetView plain, Rng& rng,
                                                   std::optional<std::uint8_t> padding) {
  const BodyLayout& layout = cipher_->layout();
  const std::size_t pad_octets =
      padding.value_or(static_cast<std::uint8_t>(layout.least_padding(plain.size())));
  if ((plain.size() + pad_octets + 1) % layout.block != 0) return std::unexpected(SealFault::bad_padding);
  if (exhausted_) return std::unexpected(SealFault::ivs_exhausted);

  const std::size_t body_at = message.size();
  message.resize(body_at + layout.iv + plain.size() + pad_octets + 1 + layout.icv);
  const Parts parts = parts_of(message, body_at, layout);
  std::ranges::copy(plain, parts.text.begin());
  parts.text.back() = static_cast<std::uint8_t>(pad_octets);
  if (cipher_->counter()) {
    //= rfc5282/3.1/iv-used-once-under-a-key
    store_be(parts.iv.data(), next_iv_);
    exhausted_ = ++next_iv_ == 0;
  } else {
    //= rfc7296/3.14/unpredictable-iv-for-every-message
    rng.fill(parts.iv);
  }
  cipher_->seal(parts);
  return {};
}

MessageOpener::MessageOpener(std::unique_ptr<detail::BodyCipher> cipher) : cipher_(std::move(cipher)) {}
MessageOpener::MessageOpener(MessageOpener&&) noexcept = default;
MessageOpener& MessageOpener::operator=(MessageOpener&&) noexcept = default;
MessageOpener::~MessageOpener() = default;

Result<MessageOpener> MessageOpener::create(const crypto::Provider& provider, const Protection& protection,
                                            OctetView encryption_key, OctetView integrity_key) {
  auto cipher = make_body_cipher(provider, protection, encryption_key, integrity_key);
  if (!cipher) return std::unexpected(cipher.error());
  return MessageOpener(std::move(*cipher));
}

const BodyLayout& MessageOpener::layout() const {
  return cipher_->layout();
}

std::expected<MutableOctets, OpenFault> MessageOpener::open(MutableOctets message, std::size_t body_at) {
  const BodyLayout& layout = cipher_->layout();
  if (body_at > message.size() || message.size() - body_at < layout.iv + 1 + layout.icv)
    return std::unexpected(OpenFault::too_short);
  const Parts parts = parts_of(message, body_at, layout);
  if (parts.text.size() % layout.block != 0) return std::unexpected(OpenFault::misaligned);
  if (!cipher_->open(parts)) return std::unexpected(OpenFault::not_authentic);
  //= rfc7296/3.14/any-aligned-padding-accepted
  const std::size_t pad_octets = parts.text.back();
  if (pad_octets >= parts.text.size()) return std::unexpected(OpenFault::bad_padding);
  return parts.text.first(parts.text.size() - pad_octets - 1);
}

}  // namespace mpsec::ike
