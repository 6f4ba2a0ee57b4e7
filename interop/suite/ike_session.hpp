// An IKE SA as the tester has it. Nothing is sent but what a case asks for, and all of it can be bent; of
// what the target says, no more is demanded here than it takes to go on: cases judge.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "ike/authentication.hpp"
#include "ike/channel.hpp"
#include "ike/keys.hpp"
#include "ike/nat_detection.hpp"
#include "ike/negotiation.hpp"
#include "ike/protection.hpp"
#include "interop/suite/esp_child.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/sa_cluster.hpp"

namespace mpsec::conformance {

class Tester;
using wire::ike::ExchangeType;
using wire::ike::Message;
using wire::ike::NotifyType;
using wire::ike::Payloads;

// What is asked for with a Child SA.
struct ChildWish {
  std::optional<std::vector<ike::ChildProposal>> proposals{};  // none: as described
  std::optional<ike::TrafficSelectorPair> selectors{};         // likewise; the tester's side is local
  bool transport = false;
  bool extended_sequence_numbers = false;
  bool key_exchange = false;                          // in CREATE_CHILD_SA
  std::optional<wire::ike::SaClusterJoin> cluster{};  // of which it is to be a sub-SA
  std::optional<Spi> rekeys{};  // the target's SA that it replaces: its outbound SPI of ours
};

// How an IKE SA is begun. What a function here changes is sent so, lengths made right.
struct Opening {
  std::size_t path = 0;
  std::optional<std::vector<ike::IkeProposal>> proposals{};  // none: as described
  std::optional<crypto::KeyExchangeId> group{};              // of the KE payload; none: the first proposed
  ChildWish child{};
  bool childless = false;
  // Says that it knows them: Vendor ID and SA_CLUSTER_SUPPORTED in IKE_AUTH, and as a responder a JOIN for
  // each that is asked for, unless answer_join says otherwise.
  bool clusters = false;
  std::uint32_t cluster_window = 1024;  // of the tester's JOINs as a responder
  // What becomes of the JOIN that answers one; none: it is left out.
  std::function<std::optional<wire::ike::SaClusterJoin>(wire::ike::SaClusterJoin)> answer_join{};
  bool initial_contact = false;
  std::optional<ipsec::Identity> as{};  // who the tester says it is; none: as described
  bool fragmentation = false;           // says that it knows it
  std::optional<bool> pretend_nat{};    // none: as described
  // By what the tester proves who it is; null: as described.
  std::shared_ptr<const ike::Credential> credential{};
  // What the proof is made of.
  std::function<void(ike::ProofContext&, ike::PeerAbilities&)> proving{};
  std::function<void(Message&)> init = [](Message&) {};
  std::function<void(Message&)> auth = [](Message&) {};
  // Of IDi or IDr, before it is proved.
  std::function<void(wire::ike::Identification&)> identity = [](wire::ike::Identification&) {};
};

class IkeSession {
 public:
  IkeSession(Tester& tester, ike::Role role, const Opening& opening);
  IkeSession(const IkeSession&) = delete;

  ike::Role role() const { return role_; }  // the tester's
  const ike::IkeSpis& spis() const { return spis_; }
  IkeSpi own_spi() const { return role_ == ike::Role::initiator ? spis_.initiator : spis_.responder; }
  const ike::Suite& suite() const { return *suite_; }
  bool has_keys() const { return keys_.has_value(); }
  const ike::IkeKeys& keys() const { return *keys_; }
  ike::Path& path() { return path_; }
  const Opening& opening() const { return opening_; }
  // What the target has said in IKE_SA_INIT that it can check.
  const ike::PeerAbilities& abilities() const { return abilities_; }
  std::uint32_t next_request = 0;   // Message ID of the tester's next request
  std::uint32_t next_expected = 0;  // of the target's

  // --- the initial exchanges, the tester being the initiator
  Message init_request();
  // After COOKIE or INVALID_KE_PAYLOAD: the request again, as RFC 7296 2.6 and 1.2 have it.
  Message init_request_after(const Message& response);
  // Takes keys and path from the response.
  void agree(const Message& response);
  Message auth_request();
  // Judges the target's proof leniently; the child, or nothing where none was made.
  EspChild* take_auth(const Message& response);

  // --- the same, the tester being the responder
  void take_init_request(const Message& request);
  Message init_response(const Message& request);
  // The target's proof has been found good or not.
  bool proof_is_good(const Message& auth_request);
  Message auth_response(const Message& request);
  // The child that the last auth_response() or child_response() has made.
  EspChild* made_child() { return made_child_; }
  // What was sent last is the IKE_SA_INIT message that our proof covers.
  void keep_own_init() { own_init_ = last_sent; }

  // --- later exchanges
  Message request(ExchangeType exchange, Payloads payloads);
  Message informational(Payloads payloads = {}) {
    return request(ExchangeType::informational, std::move(payloads));
  }
  Message response(const Message& to, Payloads payloads);
  Message create_child_request(const ChildWish& wish);
  EspChild* take_child(const Message& request, const Message& response);
  // As a responder that takes the first proposal and all selectors. A successor's keys are ready then.
  Message child_response(const Message& request);
  Message rekey_request();
  // The successor: the SA itself is left as it is.
  IkeSession& take_rekey(const Message& request, const Message& response);
  Message rekey_response(const Message& request, IkeSession** successor);

  // --- sending and receiving. Requests of ours with an ID as high as the next count it up.
  void send(const Message& message);
  // Under the SA's keys, or in clear where it has none or the exchange is IKE_SA_INIT.
  Octets seal(const Message& message);
  // The same of octets that are no payloads, or wrong ones: `first` is what they are said to begin with.
  Octets seal_plain(const wire::ike::IkeHeader& header, wire::ike::PayloadType first, OctetView plain);
  // In fragments of at most so many octets of payloads (RFC 7383).
  std::vector<Octets> seal_in_fragments(const Message& message, std::size_t octets_each);
  // One fragment, whatever it says of itself: `part` with first payload, number and total.
  Octets seal_fragment(const wire::ike::IkeHeader& header, const ike::SealedPart& part);
  void send_octets(Octets message);
  // The last message, octet for octet, between the ports that it was sent between.
  void send_again();
  // What arrived for this SA and waits; opened. Filled by the tester's waits.
  std::deque<Message> waiting;
  // Nothing: it is not for this SA, or its ICV is wrong. Fragments are put together.
  std::optional<Message> open(OctetView message);
  // As they were sent and received, for retransmissions to be compared with.
  Octets last_sent, last_received;
  // A request of the target has come, in these octets. What send() answers it with is kept for its
  // repetition.
  void keep_request(const Message& request, OctetView octets);
  // Whether these are the octets of a request that was answered: they get the same answer again
  // (RFC 7296 2.1).
  bool answer_again(const ike::Path& path, OctetView octets);

  std::deque<std::unique_ptr<EspChild>> children;

 private:
  const crypto::PrfTransform& prf() const { return *suite_->prf; }
  Message blank(ExchangeType exchange, bool response, std::uint32_t id) const;
  void derive(OctetView peer_public, OctetView peer_nonce);
  void use_keys(ike::IkeKeys keys);
  Payloads child_payloads(const ChildWish& wish, bool in_auth);
  ike::ProofContext context_of(ike::Role signer, OctetView message, OctetView nonce,
                               OctetView identity) const;
  void append_proof(Payloads& payloads, const Payloads& seen);
  void append_clusters(Payloads& payloads) const;
  void append_join_answer(Payloads& payloads, const Payloads& request) const;
  // From the SA payload that the responder has answered with.
  struct ChildBasis {
    ike::Role tester;  // in the exchange that makes the child
    OctetView initiator_nonce, responder_nonce, shared_secret;
    Spi own;
  };
  EspChild* make_child(const wire::ike::Proposal& chosen, Spi peer, const Payloads& selectors, bool transport,
                       const ChildBasis& basis);
  std::optional<Message> put_together(const wire::ike::IkeHeader& header,
                                      const wire::ike::EncryptedFragment& fragment,
                                      wire::ike::PayloadType first, OctetView plain);
  Payloads exchange_payloads(const std::vector<ike::IkeProposal>& proposals, OctetView spi);
  IkeSession& successor(ike::Role role, const wire::ike::SecurityAssociation& answered, IkeSpi initiator,
                        IkeSpi responder, const ike::Nonces& nonces, OctetView shared_secret);

  Tester& tester_;
  ike::Role role_;
  Opening opening_;
  ike::IkeSpis spis_{};
  ike::Path path_, last_path_;
  std::optional<ike::Suite> suite_;
  std::optional<ike::IkeKeys> keys_;
  std::optional<ike::MessageSealer> sealer_;
  std::optional<ike::MessageOpener> opener_;
  std::unique_ptr<crypto::KeyExchange> exchange_;
  Octets own_nonce_, peer_nonce_;
  Octets own_init_, peer_init_;  // IKE_SA_INIT messages as they were signed
  Octets own_identity_;
  std::optional<Message> init_;  // the request that was sent last
  ike::PeerAbilities abilities_;
  Spi own_child_spi_{};
  ChildWish wish_;  // of the exchange under way
  EspChild* made_child_ = nullptr;
  std::unique_ptr<crypto::KeyExchange> child_exchange_;
  Octets child_nonce_;
  IkeSpi successor_spi_{};
  bool in_udp_ = false;
  struct Fragments {
    std::uint32_t id = 0;
    bool response = false;
    std::uint16_t total = 0;
    wire::ike::PayloadType first{};
    std::map<std::uint16_t, Octets> pieces;
  };
  Fragments fragments_;
  void keep_answer(const Message& response);
  struct Exchange {
    Message request;
    Octets octets, answer;  // the answer is empty until it is sent
  };
  std::deque<Exchange> answered_;  // the last ones of the target's
};

}  // namespace mpsec::conformance
