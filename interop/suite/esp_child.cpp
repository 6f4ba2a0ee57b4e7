#include "interop/suite/esp_child.hpp"

#include <cassert>

namespace mpsec::conformance {
namespace {

constexpr std::size_t header_octets = ipsec::esp_header_octets, trailer_octets = ipsec::esp_trailer_octets;

// Of one direction.
ipsec::EspCipher cipher_for(const crypto::Provider& provider, const ChildTerms& terms,
                            const ike::ChildKeys& keys) {
  ipsec::SaParameters parameters;
  parameters.encryption =
      terms.protection.encryption == nullptr ? crypto::EncryptionId::null : terms.protection.encryption->id;
  if (terms.protection.integrity != nullptr) parameters.integrity = terms.protection.integrity->id;
  parameters.encryption_key = keys.encryption.clone();
  parameters.integrity_key = keys.integrity.clone();
  parameters.extended_sequence_numbers = terms.extended_sequence_numbers;
  return ipsec::EspCipher::make(provider, parameters).value();
}

}  // namespace

EspChild::EspChild(const crypto::Provider& provider, ChildTerms terms, ike::ChildKeyPair keys,
                   bool keys_initiator)
    : terms_(std::move(terms)),
      keys_(std::move(keys)),
      keys_initiator_(keys_initiator),
      sealer_(cipher_for(provider, terms_, sending_keys())),
      opener_(cipher_for(provider, terms_, receiving_keys())) {}

std::size_t EspChild::text_at() const {
  return header_octets + sealer_->iv_octets();
}

EspPacket EspChild::seal(const EspText& text, std::uint64_t number) {
  const std::size_t multiple = sealer_->text_multiple();
  const std::size_t bare = text.payload.size() + trailer_octets;
  Octets padding = text.padding.value_or(Octets((multiple - bare % multiple) % multiple));
  if (!text.padding)
    for (std::size_t i = 0; i < padding.size(); ++i)
      padding[i] = static_cast<std::uint8_t>(i + 1);
  const std::size_t text_octets = bare + padding.size();
  const std::size_t text_at = header_octets + sealer_->iv_octets();
  EspPacket packet{terms_.path, Octets(text_at + text_octets + sealer_->icv_octets())};
  std::uint8_t* const at = packet.octets.data();
  store_be(at, terms_.peer.value);
  store_be(at + 4, static_cast<std::uint32_t>(number));
  std::uint8_t* end = std::ranges::copy(text.payload, at + text_at).out;
  end = std::ranges::copy(padding, end).out;
  *end++ = text.pad_length.value_or(static_cast<std::uint8_t>(padding.size()));
  *end = text.next_header;
  ipsec::EspJob job{at, static_cast<std::uint32_t>(text_octets), number};
  // IVs of block ciphers: fresh for every number, and nothing here keeps a secret.
  Octets random(sealer_->iv_octets());
  for (std::size_t i = 0; i < random.size(); ++i)
    random[i] = static_cast<std::uint8_t>(number * 167 + i * 59 + (number >> 8));
  sealer_->seal({&job, 1}, random.data());
  return packet;
}

std::optional<OpenedEsp> EspChild::open(const EspPacket& packet) {
  const std::size_t text_at = header_octets + opener_->iv_octets();
  if (packet.octets.size() < text_at + trailer_octets + opener_->icv_octets() || spi_of(packet) != terms_.own)
    return std::nullopt;
  const std::uint32_t low = number_on_wire(packet);
  const auto text_octets = static_cast<std::uint32_t>(packet.octets.size() - text_at - opener_->icv_octets());
  // The high half that fits best, and its neighbours: a case has to see numbers that should not be.
  const std::uint64_t high = highest_received >> 32;
  for (const std::uint64_t guess : {high, high + 1, high == 0 ? high + 2 : high - 1}) {
    const std::uint64_t number = terms_.extended_sequence_numbers ? guess << 32 | low : low;
    Octets copy = packet.octets;
    ipsec::EspJob job{copy.data(), text_octets, number};
    opener_->open({&job, 1});
    if (!job.authentic) {
      if (!terms_.extended_sequence_numbers) return std::nullopt;
      continue;
    }
    highest_received = std::max(highest_received, number);
    const OctetView text = OctetView(copy).subspan(text_at, text_octets);
    const std::size_t pad = std::min<std::size_t>(text[text.size() - 2], text.size() - trailer_octets);
    const OctetView payload = text.first(text.size() - trailer_octets - pad);
    const OctetView padding = text.subspan(payload.size(), pad);
    return OpenedEsp{number, {payload.begin(), payload.end()}, {padding.begin(), padding.end()}, text.back()};
  }
  return std::nullopt;
}

std::uint32_t number_on_wire(const EspPacket& packet) {
  return packet.octets.size() < header_octets ? 0 : load_be<std::uint32_t>(packet.octets.data() + 4);
}

Spi spi_of(const EspPacket& packet) {
  return Spi(packet.octets.size() < header_octets ? 0 : load_be<std::uint32_t>(packet.octets.data()));
}

}  // namespace mpsec::conformance
