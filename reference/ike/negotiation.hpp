// Negotiation of algorithms (RFC 7296 2.7, 3.3): what is offered, what the responder takes of it, and whether
// the initiator may believe the answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"
#include "crypto/transforms.hpp"
#include "wire/ike/security_association.hpp"

namespace mpsec::ike {

struct AllowedEncryption {
  crypto::EncryptionId id{};
  std::optional<std::uint16_t> key_bits{};  // the Key Length attribute; absent where the key has one size
  bool operator==(const AllowedEncryption&) const = default;
};

// What is allowed for an IKE SA, each list in order of preference; any one of each list goes with any other.
// Combined-mode ciphers may stand among others: on the wire they go into a proposal of their own, without
// integrity.
struct IkeProposal {
  std::vector<AllowedEncryption> encryption{};
  std::vector<crypto::PrfId> prf{};
  std::vector<crypto::IntegrityId> integrity{};  // for the ciphers that need one
  std::vector<crypto::KeyExchangeId> key_exchange{};
  bool operator==(const IkeProposal&) const = default;
};

// The same for a Child SA. `none` in a list makes it optional; an empty list is one with nothing but `none`.
struct ChildProposal {
  wire::ike::ProtocolId protocol = wire::ike::ProtocolId::esp;
  std::vector<AllowedEncryption> encryption{};  // ESP only
  std::vector<crypto::IntegrityId> integrity{};
  std::vector<crypto::KeyExchangeId> key_exchange{};
  std::vector<wire::ike::SequenceNumbers> sequence_numbers{wire::ike::SequenceNumbers::no_extended};

  //= rfc7296/1.2/no-key-exchange-in-ike-auth
  // As it may be offered, and taken, in IKE_AUTH, where there is no KE payload.
  ChildProposal without_key_exchange() const;
  bool operator==(const ChildProposal&) const = default;
};

// One proposal, one transform of each type.
struct ChosenSuite {
  wire::ike::ProtocolId protocol{};
  std::uint8_t number = 0;  // of the proposal
  Octets spi{};             // of who sent the payload that this was read from
  std::optional<AllowedEncryption> encryption{};
  std::optional<crypto::PrfId> prf{};
  crypto::IntegrityId integrity = crypto::IntegrityId::none;
  crypto::KeyExchangeId key_exchange = crypto::KeyExchangeId::none;
  bool extended_sequence_numbers = false;
  std::vector<wire::ike::Transform> transforms{};  // as they stand in the proposal, NONE included

  bool operator==(const ChosenSuite&) const = default;
};

enum class Preference : std::uint8_t { ours, theirs };

// What of the request, besides its SA payload, bears on the choice.
struct ChoiceContext {
  Preference preference = Preference::ours;
  // The group of the KE payload; nothing if there is none. Among the groups that both allow it comes first,
  // as it saves a round trip; without KE payload, NONE does.
  std::optional<crypto::KeyExchangeId> key_exchange{};
  std::size_t spi_octets = 0;  // 0 in IKE_SA_INIT, 8 where an IKE SA is rekeyed, 4 for a Child SA
};

// The SA payload that offers `proposals`, numbered from 1; one that mixes combined-mode ciphers with others
// makes two. Lengths are left to wire::ike::complete(). Fails (local fault) on a list that must not be empty,
// and on more than 255 proposals.
Result<wire::ike::SecurityAssociation> offer(std::span<const IkeProposal> proposals, OctetView spi);
Result<wire::ike::SecurityAssociation> offer(std::span<const ChildProposal> proposals, OctetView spi);

// The responder's choice. Fails (no common ground) saying of the first proposals why each was not acceptable:
// NO_PROPOSAL_CHOSEN.
Result<ChosenSuite> choose(std::span<const IkeProposal> ours, const wire::ike::SecurityAssociation& theirs,
                           const ChoiceContext& context);
Result<ChosenSuite> choose(std::span<const ChildProposal> ours, const wire::ike::SecurityAssociation& theirs,
                           const ChoiceContext& context);

// The SA payload of the response: the chosen proposal, with our SPI.
wire::ike::SecurityAssociation answer(const ChosenSuite& chosen, OctetView spi);

// What the responder chose of our offer. Fails (peer misbehaved, or malformed) if it is not exactly one of
// the proposals, with one transform of each of its types and an SPI of the right size: the exchange has
// failed.
Result<ChosenSuite> check_answer(const wire::ike::SecurityAssociation& offered,
                                 const wire::ike::SecurityAssociation& answered);

// The group to ask for in INVALID_KE_PAYLOAD, if the KE payload of the request (nothing: it had none) is not
// of the chosen one. Where NONE was chosen, a KE payload is passed over.
std::optional<crypto::KeyExchangeId> group_to_ask_for(const ChosenSuite& chosen,
                                                      std::optional<crypto::KeyExchangeId> key_exchange);
// The initiator's side of it: whether to try again with `asked`. Only a group that was offered, and not the
// one that was sent: otherwise a forger could weaken the choice, or keep us trying.
bool may_retry_with(crypto::KeyExchangeId asked, const wire::ike::SecurityAssociation& offered,
                    crypto::KeyExchangeId sent);

}  // namespace mpsec::ike
