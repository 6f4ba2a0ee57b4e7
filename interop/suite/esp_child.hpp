// A Child SA as the tester has it: ESP with any number, trailer and ICV that a case wants.
#pragma once

#include <optional>

#include "crypto/provider.hpp"
#include "ike/keys.hpp"
#include "ike/traffic_selectors.hpp"
#include "interop/suite/link.hpp"
#include "ipsec/esp_cipher.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::conformance {

// What is encrypted in an ESP packet (RFC 4303 2). Absent fields are made right: padding that counts up to
// the boundary, and the pad length.
struct EspText {
  Octets payload;  // with TFC padding behind it, if any
  std::uint8_t next_header = 4;
  std::optional<Octets> padding{};
  std::optional<std::uint8_t> pad_length{};
};

// What was found in one that the target sent.
struct OpenedEsp {
  std::uint64_t number = 0;  // the full one
  Octets payload;            // without padding; TFC padding is not known apart
  Octets padding;
  std::uint8_t next_header = 0;
};

struct ChildTerms {
  Spi own, peer;  // SPIs at which the tester and the target receive
  ike::Protection protection;
  bool extended_sequence_numbers = false;
  bool transport = false;
  ike::TrafficSelectorPair selectors{};  // the tester's side is local
  ike::Path path{};                      // the ports 0 where ESP goes without UDP
};

class EspChild {
 public:
  EspChild(const crypto::Provider& provider, ChildTerms terms, ike::ChildKeyPair keys, bool keys_initiator);

  const ChildTerms& terms() const { return terms_; }
  ChildTerms& terms() { return terms_; }
  // The number that the next packet of ours has, unless a case says another; counts itself up.
  std::uint64_t next_number = 1;
  // Of the target's packets: what the high half is inferred from, with ESN.
  std::uint64_t highest_received = 0;

  // A protected packet under that number, its high half in the ICV where numbers are extended.
  EspPacket seal(const EspText& text, std::uint64_t number);
  EspPacket seal(const EspText& text) { return seal(text, next_number++); }
  // Nothing: it is not of this SA, or its ICV is wrong. A target's wrong padding is kept as it is.
  std::optional<OpenedEsp> open(const EspPacket& packet);
  // What the length of an ESP text is a multiple of: the cipher's block, and at least 4.
  std::size_t text_multiple() const { return sealer_->text_multiple(); }
  // Where the text begins, behind header and IV, and how long the ICV at the end is.
  std::size_t text_at() const;
  std::size_t icv_octets() const { return sealer_->icv_octets(); }
  const ike::ChildKeys& sending_keys() const {
    return keys_initiator_ ? keys_.initiator_to_responder : keys_.responder_to_initiator;
  }
  const ike::ChildKeys& receiving_keys() const {
    return keys_initiator_ ? keys_.responder_to_initiator : keys_.initiator_to_responder;
  }

 private:
  ChildTerms terms_;
  ike::ChildKeyPair keys_;
  bool keys_initiator_;  // the tester made the exchange that the keys come from
  std::optional<ipsec::EspCipher> sealer_, opener_;
};

// The low half of a packet's number, as it is on the wire.
std::uint32_t number_on_wire(const EspPacket& packet);
Spi spi_of(const EspPacket& packet);

}  // namespace mpsec::conformance
