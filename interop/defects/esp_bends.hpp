// Bends of the data path that need the keys of its SAs, or sit where a packet is judged.
#pragma once

#include <map>

#include "interop/defects/bends.hpp"
#include "ipsec/esp_cipher.hpp"
#include "ipsec/inbound_policy.hpp"

namespace mpsec::conformance {

// The SAs of the reference, with which packets at its socket are opened and sealed again.
class EspKeys final : public ike::KeyLog {
 public:
  struct Sa {
    ipsec::EspCipher cipher;
    crypto::EncryptionId encryption;
    crypto::IntegrityId integrity;
    std::size_t key_octets = 0;  // with the salt
    bool extended = false, inbound = false, in_udp = false;
  };
  EspKeys();
  void ike_sa(const IkeSaKeys&) override {}
  void child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) override;
  // By the SPI in the packet; null: there is none.
  Sa* of(const EspPacket& packet);
  const std::map<Spi, Sa>& all() const { return sas_; }

  // The text of a packet whose ICV is right under that number, from payload to next header.
  static std::optional<Octets> text_of(Sa& sa, const EspPacket& packet, std::uint64_t number);
  // A packet like it with that text and number; its IV is counted up from `iv` where the cipher takes one.
  static EspPacket sealed(Sa& sa, const EspPacket& like, OctetView text, std::uint64_t number,
                          std::uint8_t iv);

 private:
  std::map<Spi, Sa> sas_;
  std::unique_ptr<crypto::Provider> provider_;
};

// ESP at the socket, with the keys. Both may be empty.
using BendEsp = std::function<std::vector<EspPacket>(EspKeys&, EspPacket)>;
Bent esp_with_keys(BendEsp in, BendEsp out);
// Texts of what is sent, lengths and all; 32-bit numbers only.
Bent texts(std::function<void(Octets& text)> bend);
// Takes a packet whose ICV is wrong for one octet alone: the one at `at(sa, octets of the packet)`.
Bent blind_to(std::function<std::optional<std::size_t>(const EspKeys::Sa&, std::size_t octets)> at);

// What is judged of trailers and selectors: from the standard verdict to the one that counts.
Bent trailers(std::function<ipsec::Discard(const ipsec::InboundPolicy::Trailer&, ipsec::Discard)> bend);
Bent selectors(std::function<ipsec::Discard(const ipsec::PacketSelectors&, ipsec::Discard)> bend);

// window(), for SAs alone that the condition holds of.
Bent window_where(std::function<bool(const ipsec::InboundParameters&)> where, WindowBend bend);

}  // namespace mpsec::conformance
