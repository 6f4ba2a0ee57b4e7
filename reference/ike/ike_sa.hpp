// One IKE SA, from its first message to its last (RFC 7296 1.2-1.4).
//
// Messages and time come in through receive() and on_time(); what is to be said is an Exchange in a queue.
// The state moves by the table of transitions.hpp and by nothing else; each state has data of its own.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "ike/channel.hpp"
#include "ike/child_negotiation.hpp"
#include "ike/children.hpp"
#include "ike/chosen.hpp"
#include "ike/configuration.hpp"
#include "ike/exchange.hpp"
#include "ike/host.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/keys.hpp"
#include "ike/nat_detection.hpp"
#include "ike/refusal.hpp"
#include "ike/suite.hpp"
#include "ike/transitions.hpp"

namespace mpsec::ike {

struct Idle {};

// Initiator, IKE_SA_INIT on its way.
struct InitSent {
  MessageId id;
  wire::ike::SecurityAssociation offered;
  std::unique_ptr<crypto::KeyExchange> key_exchange;
  Octets nonce;
  Octets cookie;
  Octets message;  // as last sent: what our AUTH covers
  unsigned retries = 0;
  std::optional<ipsec::PacketSelectors> packet;  // that waits for the first Child SA
  std::optional<Refusal> heard;  // an error that may be forged: said when we give up (RFC 7296 2.21.1)
};

// Both IKE_SA_INIT messages, until both ends have proved themselves.
struct InitMessages {
  Octets ours, peers;
  Octets our_nonce, peer_nonce;
};

// Who the peer says it is, and how far both proofs have come: a method may take several IKE_AUTH exchanges.
struct AuthRounds {
  std::unique_ptr<Prover> prover;
  std::unique_ptr<Verifier> verifier;
  Octets own_identity;  // body of our ID payload
  std::optional<ReadIdentity> peer;
  std::shared_ptr<const ipsec::PadEntry> pad_entry;
  unsigned count = 0;
  bool proved = false;  // our proof is complete
};

// Initiator, IKE_AUTH on its way.
struct AuthSent {
  InitMessages init;
  IkeKeys keys;
  PeerAbilities peer;
  std::optional<ipsec::PacketSelectors> packet;  // that waits for the first Child SA
  std::unique_ptr<ChildOffer> child;             // null: childless
  AuthRounds rounds;
};

// Responder, half open. The shared secret is made when IKE_AUTH comes, and only then.
struct InitAnswered {
  InitMessages init;
  std::unique_ptr<crypto::KeyExchange> key_exchange;
  Octets peer_public;
  PeerAbilities peer;
  std::optional<IkeKeys> keys;
  ChosenSuite chosen;
  Instant until;
  // From the first IKE_AUTH request on.
  struct Auth {
    AuthRounds rounds;
    const PeerConfiguration* peer;
    wire::ike::Payloads request;  // the first, where there are more: what it asks for is answered at the end
  };
  std::unique_ptr<Auth> auth;
};

// Authenticated, and all that comes then.
struct Running {
  std::deque<std::unique_ptr<Exchange>> waiting;
  std::map<MessageId, std::unique_ptr<Exchange>> on_the_way;
  std::multimap<Instant, std::unique_ptr<Exchange>> later;  // after a TEMPORARY_FAILURE
  std::optional<Instant> rekey_at, end_at, trouble_since;
  // A successor that the peer has made while we are making one (RFC 7296 2.8.2).
  std::optional<IkeSaId> peers_successor;
  NoncePair peers_nonces;
  RateLimit liveness_hints, notices;
  // Deleted by the peer before we knew them; while a request of ours that makes a child is on its way.
  std::set<std::pair<ipsec::Protocol, Spi>> deleted_early;
};

struct Closed {};

class RekeyChild;

class IkeSa {
 public:
  struct Identity {
    IkeSaId id;
    Role role;
    IkeSpis spis;
    Path path;
  };
  IkeSa(const Identity& identity, const PeerConfiguration* peer, Host& host);
  // Of a rekeyed SA: established from the start.
  struct Inherited {
    Suite suite;
    IkeKeys keys;
    NoncePair nonces;
    IkeEvent made_by;  // rekey_request or rekey_reply
  };
  static std::unique_ptr<IkeSa> successor(const IkeSa& old, const Identity& identity, Inherited inherited,
                                          Turn& turn);

  // --- what happens
  // `packet`: which asks for it; null: none.
  void initiate(const ipsec::PacketSelectors* packet, Turn& turn);
  // The IKE_SA_INIT request that this SA is made for: `message` is what `octets` hold.
  // The refusal, where it is not granted: this SA is then of no use.
  std::optional<Refusal> answer_init(const wire::ike::Message& message, OctetView octets, Turn& turn);
  // The same request once more.
  void repeat_init_answer(OctetView octets, const Path& path, Turn& turn);
  void receive(const wire::ike::IkeHeader& header, OctetView octets, const Path& path, Turn& turn);
  std::optional<Instant> next_deadline() const;
  void on_time(Turn& turn);

  // --- what is asked for
  void begin(std::unique_ptr<Exchange> exchange, Turn& turn);
  void begin_later(std::unique_ptr<Exchange> exchange, Turn& turn);  // after a TEMPORARY_FAILURE
  void close(Turn& turn);  // with a Delete where there is somebody to tell
  // The child's hard lifetime is over. False: so is that of the IKE SA, as its peer has refused to rekey the
  // child.
  bool end_child(ChildId child, Turn& turn);
  void close_silently(IkeEvent why, Turn& turn);
  void check_liveness(Turn& turn);                         // at most as often as hints may cause it
  void notify_peer(wire::ike::Notify notify, Turn& turn);  // of a problem, at most as often as is allowed
  // The peer is not gone because it says INITIAL_CONTACT on another path.
  bool serves_cluster() const;
  // A packet newer than all others came by this path: the peer's address follows, where it may.
  void follow_peer(const Path& path, Turn& turn);
  void heard_from_peer(Turn& turn) { last_heard_ = turn.now; }

  // --- what it is
  IkeSaId id() const { return id_; }
  Role role() const { return channel_.role(); }
  IkeState state() const { return state_; }
  const IkeSpis& spis() const { return channel_.spis(); }
  const Path& path() const { return channel_.path(); }
  const PeerConfiguration& peer() const { return *peer_; }
  const ipsec::Identity& remote_id() const { return remote_id_; }
  const ipsec::PadEntry* pad_entry() const { return pad_entry_.get(); }
  const Suite& suite() const { return suite_; }
  OctetView sk_d() const { return sk_d_.view(); }
  const NoncePair& nonces() const { return nonces_; }
  const NatState& nat_state() const { return nat_; }
  Children& children() { return children_; }
  const Children& children() const { return children_; }
  Host& host() { return *host_; }
  Channel& channel() { return channel_; }
  Running* running() { return std::get_if<Running>(&data_); }
  bool is_running() const { return std::holds_alternative<Running>(data_); }
  // The peer has made an ordinary SA of what was to found a cluster.
  bool cluster_declined() const { return cluster_declined_; }
  bool is_half_open() const { return state_ == IkeState::init_answered; }
  bool lingers() const {
    return lingers_until_.has_value();
  }  // closed, but its last reply may be asked for again
  // An exchange about Child SAs is on its way.
  bool children_busy() const;

  // Moves by the table; outside of it nothing happens and the error is returned.
  Result<> become(IkeEvent event, Turn& turn);
  // Tells the world, and closes: INVALID_SYNTAX and its like (RFC 7296 2.21.3).
  void fatal(Error error, Turn& turn);
  void report(Error error, std::optional<std::string> child, Turn& turn);
  // Moves the waiting exchanges, and all Child SAs, to the one that replaces this SA.
  void hand_over_to(IkeSa& successor, Turn& turn);

  // --- for exchanges
  ChildContext child_context(bool initial);
  // Derives the keys and installs; what it was rekeyed from, where the peer rekeyed it.
  ChildId install_child(const ChildConfiguration& configuration, AgreedChild agreed, NoncePair nonces,
                        bool made_by_us, Turn& turn, std::optional<ChildId> replaces = std::nullopt);
  RekeyChild* find_rekey(ChildId child);  // our exchange on its way; null if there is none
  void note_window(const wire::ike::Notify& notify);
  void no_more_trouble();
  // Whether the peer takes only one pair of addresses, and is asked for that of the packet.
  bool follow_single_pair(const ChildWish& wish, const wire::ike::Notify& why, Turn& turn);
  // The peer would not let a child into the cluster. True where it may yet, and is asked again later.
  bool on_join_refused(const ChildWish& wish, const wire::ike::Notify& why, ClusterId cluster, Turn& turn);
  void tell_join_refused(ClusterId cluster, const wire::ike::Notify& why, Turn& turn);             // by it
  void tell_join_refused(const wire::ike::Payloads& request, const Refusal& refusal, Turn& turn);  // by us
  // For what was to join a cluster that has ended while we waited for the answer. False if it has not.
  bool ask_again(const ChildOffer& offer, Turn& turn);
  // Whether the answer to our offer has made an ordinary SA of it.
  void note_cluster_answer(const ChildOffer& offer, const AgreedChild& agreed);
  // The peer has made a child that we cannot have.
  void delete_unwanted(ChildOffer& offer, Turn& turn);
  // The peer deletes a child that its answer on the way to us has just made.
  void note_early_delete(ipsec::Protocol protocol, Spi outbound);
  void close_after_reply(IkeEvent event) { closing_after_reply_ = event; }
  void on_deleted_by_peer(Turn& turn);
  // The IKE SA has a successor now, made by either end; who keeps the children is settled here (RFC
  // 7296 2.8.2).
  void replaced_by_us(IkeSa& made, const NoncePair& ours, Turn& turn);
  void replaced_by_peer(IkeSa& made, const NoncePair& theirs, Turn& turn);
  bool yields_to_peers_successor() const;
  void yield_to_peers_successor(Turn& turn);
  void end_soon(Instant when);
  void rekey_once_more(Turn& turn);

 private:
  // initiator.cpp
  Result<> send_init(crypto::KeyExchangeId group, Turn& turn);
  wire::ike::Payloads init_payloads(const InitSent& sent) const;
  void on_init_response(const Response& response, const wire::ike::IkeHeader& header, OctetView octets,
                        const Path& path, Turn& turn);
  bool on_init_refusal(InitSent& sent, const wire::ike::Payloads& payloads, Turn& turn);
  Result<> on_init_agreed(InitSent& sent, const wire::ike::Payloads& payloads,
                          const wire::ike::IkeHeader& header, OctetView octets, const Path& path, Turn& turn);
  Result<wire::ike::Payloads> prepare_auth(AuthSent& auth, Turn& turn);
  ProofContext our_context(const AuthSent& auth) const;
  Result<AuthSent> derive_auth(const InitSent& sent, const KeyMaterial& material, const IkeSpis& agreed,
                               OctetView octets);
  Result<> append_child_request(AuthSent& auth, wire::ike::Payloads& payloads, Turn& turn);
  Result<> commit_init(AuthSent auth, wire::ike::Payloads payloads, const IkeSpis& agreed, Turn& turn);
  void on_auth_response(const Response& response, Turn& turn);
  // What to send next; nothing: both ends have proved themselves.
  Result<std::optional<wire::ike::Payloads>> continue_auth(AuthSent& auth,
                                                           const wire::ike::Payloads& received, Turn& turn);
  Result<> meet_responder(AuthRounds& rounds, const wire::ike::Payloads& payloads) const;
  void fail_auth(Error error, const wire::ike::Payloads& received, Turn& turn);
  void finish_first_child(AuthSent auth, const wire::ike::Payloads& payloads, Turn& turn);

  // responder.cpp
  Granted<wire::ike::Payloads> accept_init(InitAnswered& half_open, const wire::ike::Message& message,
                                           Turn& turn);
  Result<> derive_keys(InitAnswered& half_open);
  void on_auth_request(const Request& request, const Path& path, Turn& turn);
  struct AuthStep {
    wire::ike::Payloads reply;
    bool last = false;
  };
  Granted<std::unique_ptr<InitAnswered::Auth>> meet_initiator(const InitAnswered& half_open,
                                                              const wire::ike::Payloads& payloads) const;
  Granted<AuthStep> accept_auth(InitAnswered& half_open, const wire::ike::Payloads& payloads, Turn& turn);
  void finish_auth(InitAnswered::Auth& auth, const Request& request, wire::ike::Payloads reply_payloads,
                   const Path& path, Turn& turn);
  // The peer is who it says.
  void know_peer(AuthRounds& rounds);
  void answer_first_child(const wire::ike::Payloads& request, wire::ike::Payloads& reply, Turn& turn);
  Granted<std::optional<wire::ike::Configuration>> answer_configuration(const wire::ike::Payloads& request);

  // ike_sa.cpp
  void receive_init_response(const wire::ike::IkeHeader& header, OctetView octets, const Path& path,
                             Turn& turn);
  void on_request(Request request, const Path& path, Turn& turn);
  void on_response(Response response, Turn& turn);
  void on_unreadable(const Unreadable& unreadable, const Path& path, Turn& turn);
  void on_refused(Refused refused, const Path& path, Turn& turn);
  void on_running_request(const Request& request, const Path& path, Turn& turn);
  wire::ike::Payloads answer(const Request& request, Turn& turn);
  void reply(const Request& request, wire::ike::Payloads payloads, const Path& path, Turn& turn);
  void follow_message(const Path& path, Turn& turn);
  Result<> protect(const IkeKeys& keys);
  void start_running(Turn& turn);
  void pump(Turn& turn);
  void close_if_asked(Turn& turn);
  void linger(Turn& turn);
  void send(std::unique_ptr<Exchange> exchange, Turn& turn);
  void on_running_time(Running& running, Turn& turn);
  void note_traffic(const Turn& turn);
  std::optional<Instant> keepalive_at() const;
  std::optional<Instant> liveness_at() const;
  void report_path(PathReport::Kind kind, Turn& turn);

  // ike_sa_agreements.cpp
  void notice_nat(const wire::ike::Payloads& payloads, const IkeSpis& spis, const Path& path, Turn& turn);
  wire::ike::Payloads nat_payloads() const;
  void agree_on_fragments(const wire::ike::Payloads& payloads);
  bool fragments_agreed() const { return channel_.fragments_beyond() != 0; }
  void tell_authenticated(Turn& turn);
  void begin_more_children(const ChildConfiguration* first, Turn& turn);
  void note_configuration_reply(const wire::ike::Payloads& payloads, Turn& turn);
  AddressPool* pool() const;  // null: the peer gets no addresses
  bool waits_for_predecessor() const;
  void settle_with_predecessor(const Request& request, Turn& turn);

  // ike_sa_clusters.cpp
  void note_clusters(const wire::ike::Payloads& payloads);
  void inherit_clusters(const IkeSa& old);
  bool may_join_cluster() const;
  void enter_cluster(const ChildSa& child, Turn& turn);

  IkeSaId id_;
  Host* host_;
  const PeerConfiguration* peer_;
  IkeState state_ = IkeState::idle;
  std::variant<Idle, InitSent, AuthSent, InitAnswered, Running, Closed> data_;
  Channel channel_;
  Children children_;
  Suite suite_;
  SecretOctets sk_d_;
  NoncePair nonces_;
  NatState nat_;
  ipsec::Identity remote_id_;
  std::shared_ptr<const ipsec::PadEntry> pad_entry_;
  Instant last_heard_{}, last_sent_{};
  Instant last_measured_{};  // an answer has come
  std::optional<IkeEvent> closing_after_reply_;
  std::optional<Instant> lingers_until_;
  bool answering_ = false;              // a request, whose reply is not sent yet
  std::optional<IkeSaId> heir_;         // that this request has made, and that waits for the reply
  std::optional<IkeSaId> predecessor_;  // until the first request here settles which successor it has
  bool peer_knows_clusters_ = false;    // its Vendor ID has come
  std::optional<wire::ike::SaClusterSupported> peer_clusters_;
  bool cluster_declined_ = false;           // by the peer
  bool waits_for_cluster_ = false;          // one of us came before the founder did
  AssignedConfiguration assigned_, given_;  // by the peer to us, by us to the peer
};

}  // namespace mpsec::ike
