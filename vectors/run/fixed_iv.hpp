// The engine chooses IVs by itself; a vector wants its own. These stand where the engine's own seams are.
#pragma once

#include <memory>

#include "base/rng.hpp"
#include "crypto/provider.hpp"
#include "ipsec/packet_tap.hpp"

namespace mpsec::vectors {

// What another provider does, but that AEADs and AES-CTR seal with the given IV: it is put into the nonce,
// and into the octets in front of the text, where ESP has it on the wire (ipsec::EspJob: header | IV | text |
// ICV). Opening is left as it is.
class FixedIvProvider final : public crypto::Provider {
 public:
  FixedIvProvider(const crypto::Provider& provider, OctetView iv)
      : provider_(provider), iv_(iv.begin(), iv.end()) {}

  std::string_view name() const noexcept override { return provider_.name(); }
  std::string description() const override { return provider_.description(); }
  bool supports(const crypto::EncryptionTransform& transform) const noexcept override {
    return provider_.supports(transform);
  }
  bool supports(const crypto::IntegrityTransform& transform) const noexcept override {
    return provider_.supports(transform);
  }
  Result<std::unique_ptr<crypto::Aead>> aead(const crypto::EncryptionTransform& transform,
                                             OctetView key) const override;
  Result<std::unique_ptr<crypto::Cipher>> cipher(const crypto::EncryptionTransform& transform,
                                                 OctetView key) const override;
  Result<std::unique_ptr<crypto::Mac>> mac(const crypto::IntegrityTransform& transform,
                                           OctetView key) const override {
    return provider_.mac(transform, key);
  }

 private:
  const crypto::Provider& provider_;
  Octets iv_;
};

// The IV of a block cipher, which the engine takes from its generator.
class FixedRng final : public Rng {
 public:
  explicit FixedRng(OctetView octets) : octets_(octets.begin(), octets.end()) {}
  void fill(MutableOctets out) override;

 private:
  Octets octets_;
};

// What a sender chooses in a packet before it is signed: of a tunnel's IPv4 header the identification, which
// AH covers, and the IV of a GMAC in AH (RFC 4543 4).
class SendersChoice final : public ipsec::PacketTap {
 public:
  // `like` is the packet as the vector has it; `iv` goes into AH, nothing if empty.
  SendersChoice(OctetView like, bool tunnel, OctetView iv)
      : like_(like.begin(), like.end()), tunnel_(tunnel), iv_(iv.begin(), iv.end()) {}
  void before_sealing(ipsec::PacketBuffer& packet, MutableOctets esp_text) noexcept override;
  void after_opening(ipsec::PacketBuffer&, MutableOctets) noexcept override {}

 private:
  Octets like_;
  bool tunnel_;
  Octets iv_;
};

}  // namespace mpsec::vectors
