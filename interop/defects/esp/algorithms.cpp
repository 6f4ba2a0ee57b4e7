// Against RFC 4303 1 and 3.2, and the documents of the algorithms.
#include "interop/defects/esp_bends.hpp"

namespace mpsec::conformance {
namespace {

using crypto::EncryptionId;
using wire::ike::SecurityAssociation;
using wire::ike::Transform;
using wire::ike::TransformType;

// What is sent under that algorithm has a wrong ICV.
Bent garbled(EncryptionId encryption, std::size_t key_octets) {
  return esp_with_keys({}, [=](EspKeys& keys, EspPacket packet) {
    const EspKeys::Sa* const sa = keys.of(packet);
    if (sa != nullptr && sa->encryption == encryption && sa->key_octets == key_octets)
      packet.octets.back() ^= 0xff;
    return std::vector{std::move(packet)};
  });
}

// Takes a proposal of that cipher and no integrity for one of AES-GCM, and answers as it was asked.
class Careless final : public ike::MessageTap {
 public:
  explicit Careless(EncryptionId cipher) : cipher_(static_cast<std::uint16_t>(cipher)) {}
  void incoming(Message& message) override {
    SecurityAssociation* const sa = first(message);
    if (sa == nullptr || message.header.response || !is_bare(*sa)) return;
    asked_ = sa->proposals[0].transforms;
    std::erase_if(sa->proposals[0].transforms, [](const Transform& one) {
      return one.type == TransformType::encryption || one.type == TransformType::integrity;
    });
    sa->proposals[0].transforms.insert(sa->proposals[0].transforms.begin(),
                                       Transform{.id = 20, .attributes = {{.value = 128}}});
    static_cast<void>(wire::ike::complete(message));
  }
  void outgoing(Message& message) override {
    SecurityAssociation* const sa = first(message);
    if (sa == nullptr || asked_.empty() || !message.header.response) return;
    sa->proposals[0].transforms = asked_;
    static_cast<void>(wire::ike::complete(message));
  }

 private:
  static SecurityAssociation* first(Message& message) {
    if (message.header.exchange_type != ExchangeType::ike_auth) return nullptr;
    for (Payload& payload : message.payloads)
      if (auto* sa = std::get_if<SecurityAssociation>(&payload.body); sa != nullptr && !sa->proposals.empty())
        return sa;
    return nullptr;
  }
  bool is_bare(const SecurityAssociation& sa) const {
    bool wanted = false;
    for (const Transform& one : sa.proposals[0].transforms) {
      wanted |= one.type == TransformType::encryption && one.id == cipher_;
      if (one.type == TransformType::integrity && one.id != 0) return false;
    }
    return wanted;
  }

  std::uint16_t cipher_;
  std::vector<Transform> asked_;
};

Bent careless(EncryptionId cipher) {
  const auto tap = std::make_shared<Careless>(cipher);
  Bent bent;
  bent.seams.messages = tap.get();
  bent.state = tap;
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "cbc-256-does-not-work", .rule = "rfc4303/1/both-services-together-are-supported",
        .does = "Sends wrong ICVs with AES-CBC of 256 bits.",
        .make = [] { return garbled(EncryptionId::aes_cbc, 32); });
MPSEC_DEFECT(
        .id = "gcm-256-does-not-work", .rule = "rfc4303/1/both-services-together-are-supported",
        .does = "Sends wrong ICVs with AES-GCM of 256 bits.",
        .make = [] { return garbled(EncryptionId::aes_gcm_16, 36); });
MPSEC_DEFECT(
        .id = "chacha20-poly1305-does-not-work", .rule = "rfc4303/1/both-services-together-are-supported",
        .does = "Sends wrong ICVs with ChaCha20-Poly1305.",
        .make = [] { return garbled(EncryptionId::chacha20_poly1305, 36); });
MPSEC_DEFECT(
        .id = "null-encryption-does-not-work", .rule = "rfc4303/1/integrity-only-is-supported",
        .does = "Sends wrong ICVs with NULL encryption.",
        .make = [] { return garbled(EncryptionId::null, 0); });
MPSEC_DEFECT(
        .id = "gmac-does-not-work", .rule = "rfc4543/3.5/aad-is-spi-sequence-number-and-payload-with-iv",
        .does = "Computes GMACs over something else.",
        .make = [] { return garbled(EncryptionId::null_auth_aes_gmac, 20); });
MPSEC_DEFECT(
        .id = "implicit-iv-is-something-else", .rule = "rfc8750/4/implicit-iv-is-the-sequence-number",
        .does = "Takes another implicit IV than the sequence number.",
        .make = [] { return garbled(EncryptionId::aes_gcm_16_iiv, 20); });
MPSEC_DEFECT(
        .id = "agrees-on-neither-service",
        .rule = "rfc4303/3.2/null-encryption-and-no-integrity-must-not-meet",
        .does = "Agrees on NULL encryption without integrity.",
        .make = [] { return careless(EncryptionId::null); });
MPSEC_DEFECT(
        .id = "agrees-on-encryption-alone",
        .rule = "rfc8221/4/encryption-without-authentication-must-not-be-used",
        .does = "Agrees on AES-CBC without integrity.",
        .make = [] { return careless(EncryptionId::aes_cbc); });

}  // namespace mpsec::conformance
