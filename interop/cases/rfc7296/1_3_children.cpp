// RFC 7296 1.3.1, 2.9, 2.17: further children by CREATE_CHILD_SA, in both directions.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The response to a request for a child; one that says the target takes no more ends the case.
Message ask_child(Tester& t, IkeSession& sa, const Message& request) {
  Message response = t.ask(sa, request);
  if (has_notify(response, NotifyType::no_additional_sas)) t.unsupported("it takes no further Child SAs");
  return response;
}

ike::ChildProposal with_cipher(Tester& t, crypto::EncryptionId id) {
  ike::ChildProposal one = t.target().child_proposals.front();
  std::erase_if(one.encryption, [&](const ike::AllowedEncryption& cipher) { return cipher.id != id; });
  if (one.encryption.empty()) t.unsupported("it does not allow the cipher");
  return one;
}

TrafficSelector whole(const ipsec::AddressRange& net) {
  return TrafficSelector::range(net.first, net.last);
}

bool holds(const TrafficSelectors& all, const IpAddress& host) {
  return std::ranges::any_of(all.selectors, [&](const TrafficSelector& one) {
    return one.is_range() && one.start_address() <= host && host <= one.end_address();
  });
}

bool is_within(const TrafficSelectors& all, const ipsec::AddressRange& net) {
  return std::ranges::all_of(all.selectors, [&](const TrafficSelector& one) {
    return one.is_range() && net.first <= one.start_address() && one.end_address() <= net.last;
  });
}

struct Answered {
  TrafficSelectorsInitiator initiator;
  TrafficSelectorsResponder responder;
};
Answered selectors_of(Tester& t, const Message& message) {
  const auto* i = find<TrafficSelectorsInitiator>(message.payloads);
  const auto* r = find<TrafficSelectorsResponder>(message.payloads);
  if (i == nullptr || r == nullptr) t.fail("TSi and TSr", has_error(message) ? "an error" : "neither");
  return {*i, *r};
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/1.3.1/further-child-works",
        .rules = {"rfc7296/1/later-exchanges-make-more-children",
                  "rfc7296/1.3/either-end-begins-a-create-child-sa"},
        .does = "The tester asks for a second child.",
        .lawful = "It is made and carries a ping; NO_ADDITIONAL_SAS is lawful too.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.create_child_request({});
          const Message response = ask_child(t, sa, request);
          t.expect_no_error(response);
          static_cast<void>(t.ping(*sa.take_child(request, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/children-with-equal-selectors-live-side-by-side",
        .rules = {"rfc7296/2.8/equal-selectors-are-no-reason-to-delete",
                  "rfc7296/2.8.1/two-sas-that-can-receive-both-do"},
        .does = "The tester makes a second child with the selectors of the first.",
        .lawful = "Packets are taken on both, and neither is deleted.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& second = make_child(t, sa);
          t.ping_control(second);
          static_cast<void>(t.ping(*sa.children.front()));
          t.expect_silence(
              sa, [](const Message& message) { return find<Delete>(message.payloads) != nullptr; }, "Delete");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.17/cipher-keys-come-before-integrity-keys",
        .rules = {"rfc7296/2.17/encryption-key-before-integrity-key"},
        .does = "The tester makes a child with AES-CBC and an integrity algorithm.",
        .lawful = "It carries a ping under keys taken in the order of the RFC.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.create_child_request(
              {.proposals = std::vector{with_cipher(t, crypto::EncryptionId::aes_cbc)}});
          const Message response = ask_child(t, sa, request);
          if (has_error(response)) t.unsupported("it takes no child with AES-CBC");
          static_cast<void>(t.ping(*sa.take_child(request, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/1.3.1/request-for-a-child-has-sa-nonce-and-selectors",
        .rules = {"rfc7296/1.3/either-end-begins-a-create-child-sa"}, .hooks = {Hook::create_child},
        .does = "The target's owner asks for a second child.",
        .lawful = "The request has SA, Ni, TSi and TSr, and no REKEY_SA; answered, the child carries a ping.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          t.check(find<SecurityAssociation>(request.payloads) != nullptr, "an SA payload", "none");
          t.check(find<Nonce>(request.payloads) != nullptr, "a nonce", "none");
          t.check(find<TrafficSelectorsInitiator>(request.payloads) != nullptr, "TSi", "none");
          t.check(find<TrafficSelectorsResponder>(request.payloads) != nullptr, "TSr", "none");
          t.check(!has_notify(request, NotifyType::rekey_sa), "no REKEY_SA", "one");
          sa.send(sa.child_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/1.3/refused-child-leaves-the-initiator-its-ike-sa",
        .rules = {"rfc7296/1.3/all-create-child-sa-may-be-refused",
                  "rfc7296/1.3.1/failed-child-leaves-the-ike-sa",
                  "rfc7296/4/minimal-end-refuses-create-child-sa"},
        .hooks = {Hook::create_child},
        .does = "The tester answers the target's request for a child with NO_ADDITIONAL_SAS.",
        .lawful = "The IKE SA and its first child live on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          sa.send(sa.response(request, {notify_payload(NotifyType::no_additional_sas)}));
          t.expect_alive(sa);
          static_cast<void>(t.ping(*sa.children.front()));
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.3/invalid-syntax-in-a-response-ends-the-ike-sa",
        .rules = {"rfc7296/2.21.3/invalid-syntax-is-fatal-to-both",
                  "rfc7296/2.21.3/badly-formatted-request-is-fatal",
                  "rfc7296/2.21.3/error-in-a-response-is-not-reported"},
        .hooks = {Hook::create_child},
        .does = "The tester answers the target's request for a child with INVALID_SYNTAX.",
        .lawful = "The IKE SA is gone, and nothing is sent on it, a Delete neither.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          sa.send(sa.response(request, {notify_payload(NotifyType::invalid_syntax)}));
          t.expect_silence(sa, [](const Message& message) { return !message.header.response; }, "request");
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/1.3.1/child-without-common-suite-leaves-the-ike-sa",
        .rules = {"rfc7296/1.3.1/failed-child-leaves-the-ike-sa",
                  "rfc7296/2.7/responder-takes-one-proposal-or-none",
                  "rfc7296/3.3.4/offer-is-compared-with-the-configuration"},
        .does = "The tester offers a child with a cipher that the target does not allow.",
        .lawful = "The answer is NO_PROPOSAL_CHOSEN; the IKE SA and its child live on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          ike::ChildProposal strange = t.target().child_proposals.front();
          strange.encryption = {{crypto::EncryptionId::aes_ctr, 192}};
          strange.integrity = {crypto::IntegrityId::hmac_sha2_512_256};
          const Message response =
              ask_child(t, sa, sa.create_child_request({.proposals = std::vector{strange}}));
          t.expect_notify(response, NotifyType::no_proposal_chosen);
          t.expect_alive(sa);
          static_cast<void>(t.ping(*sa.children.front()));
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/selectors-of-which-nothing-is-allowed-are-refused",
        .rules = {"rfc7296/2.9/nothing-acceptable"},
        .does = "The tester asks for a child with selectors that are no part of the target's policy.",
        .lawful = "The answer is TS_UNACCEPTABLE; the IKE SA lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto strange = [](std::uint32_t low) {
            return std::vector{
                TrafficSelector::range(IpAddress::v4(0xc6336400u | low), IpAddress::v4(0xc6336400u | low))};
          };
          const Message response = ask_child(
              t, sa,
              sa.create_child_request({.selectors = ike::TrafficSelectorPair{strange(1), strange(2)}}));
          t.expect_notify(response, NotifyType::ts_unacceptable);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/selectors-are-narrowed-and-hold-the-first",
        .rules = {"rfc7296/2.9/narrowed-to-a-subset-with-the-first-choice",
                  "rfc7296/2.9/answer-is-a-subset-of-the-proposal",
                  "rfc7296/2.9/narrowing-is-preferred-to-single-pair-required"},
        .does = "The tester proposes its host and the target's, and behind them all addresses.",
        .lawful =
            "The answer has no more than the target's policy, and holds the two hosts; the child carries "
            "a ping.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto all = TrafficSelector::range(IpAddress::v4(0u), IpAddress::v4(0xffff'ffffu));
          const auto first = [&](const IpAddress& host) {
            return std::vector{TrafficSelector::range(host, host), all};
          };
          const Message request =
              sa.create_child_request({.selectors = ike::TrafficSelectorPair{first(t.target().tester_host),
                                                                             first(t.target().target_host)}});
          const Message response = ask_child(t, sa, request);
          const Answered answered = selectors_of(t, response);
          t.check(is_within(answered.initiator, t.target().tester_net) &&
                      is_within(answered.responder, t.target().target_net),
                  "selectors within the policy", "others");
          t.check(holds(answered.initiator, t.target().tester_host) &&
                      holds(answered.responder, t.target().target_host),
                  "selectors that hold the first ones proposed", "others");
          static_cast<void>(t.ping(*sa.take_child(request, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/unknown-selector-types-are-passed-over",
        .rules = {"rfc7296/2.9/unknown-selector-types-are-ignored"},
        .does = "The tester proposes the networks, and beside them selectors of type 241.",
        .lawful = "The answer has the networks, and no selector of that type.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          TrafficSelector strange;
          strange.type = TrafficSelectorType{241};
          strange.other = Octets(8, 0x33);
          const Message request = sa.create_child_request(
              {.selectors = ike::TrafficSelectorPair{{whole(t.target().tester_net), strange},
                                                     {whole(t.target().target_net), strange}}});
          const Message response = ask_child(t, sa, request);
          const Answered answered = selectors_of(t, response);
          t.check(is_within(answered.initiator, t.target().tester_net) &&
                      is_within(answered.responder, t.target().target_net),
                  "selectors of addresses", "others");
          static_cast<void>(t.ping(*sa.take_child(request, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/1.3/child-with-its-own-key-exchange-works",
        .rules = {"rfc7296/1.3/child-with-a-key-exchange-of-its-own",
                  "rfc7296/3.3.2/group-may-be-agreed-for-a-child"},
        .features = {Feature::key_exchange_in_child}, .wishes = {.key_exchange_in_child = true},
        .does = "The tester asks for a child with a KE payload.",
        .lawful = "The answer has one, and the child carries a ping under keys of both.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.create_child_request({.key_exchange = true});
          const Message response = ask_child(t, sa, request);
          t.expect_no_error(response);
          static_cast<void>(t.ping(*sa.take_child(request, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/1.3/ke-payload-for-a-child-is-of-an-offered-group",
        .rules = {"rfc7296/1.3/kei-group-is-among-the-offers",
                  "rfc7296/1.3/child-with-a-key-exchange-of-its-own"},
        .features = {Feature::key_exchange_in_child}, .hooks = {Hook::create_child},
        .wishes = {.key_exchange_in_child = true},
        .does = "The target, which is to use a key exchange for each child, is told to make one.",
        .lawful = "Its KE payload is of a group that it offers; answered, the child carries a ping.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          const auto* ke = find<KeyExchange>(request.payloads);
          if (ke == nullptr) t.fail("a KE payload", "none");
          bool offered = false;
          for (const Proposal& one : need<SecurityAssociation>(request.payloads).proposals)
            for (const Transform& transform : one.transforms)
              offered |= transform.type == TransformType::key_exchange && transform.id == ke->method;
          t.check(offered, "a group that is offered", "another one");
          sa.send(sa.child_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/1.3/other-group-for-a-child-is-asked-for",
        .rules = {"rfc7296/1.3/other-group-than-the-kei-is-asked-for",
                  "rfc7296/3.4/other-group-is-refused-with-invalid-ke-payload",
                  "rfc7296/1.2/invalid-ke-payload-names-the-group"},
        .features = {Feature::key_exchange_in_child}, .wishes = {.key_exchange_in_child = true},
        .does =
            "The tester offers two groups for a child, with a KE payload of the one that the target does "
            "not allow.",
        .lawful = "The answer is INVALID_KE_PAYLOAD with the other; the IKE SA lives on.",
        .run = [](Tester& t) {
          const auto& allowed = t.target().child_proposals.front().key_exchange;
          if (allowed.empty()) t.unsupported("it allows no key exchange for children");
          const auto sent = std::ranges::find(allowed, crypto::KeyExchangeId::ecp_256) == allowed.end()
                                ? crypto::KeyExchangeId::ecp_256
                                : crypto::KeyExchangeId::curve25519;
          // The tester's KE payloads are of the IKE SA's group.
          auto offers = t.target().ike_proposals;
          std::erase_if(offers, [&](const ike::IkeProposal& one) {
            return std::ranges::find(one.key_exchange, sent) == one.key_exchange.end();
          });
          if (offers.empty()) t.unsupported("it allows no second group for IKE SAs");
          for (auto& one : offers)
            one.key_exchange = {sent};
          IkeSession& sa = t.establish({.proposals = offers, .group = sent});
          ike::ChildProposal both = t.target().child_proposals.front();
          both.key_exchange = {sent, allowed.front()};
          const Message response = ask_child(
              t, sa, sa.create_child_request({.proposals = std::vector{both}, .key_exchange = true}));
          t.expect_notify(response, NotifyType::invalid_ke_payload);
          const Octets& named = need_notify(response.payloads, NotifyType::invalid_ke_payload).data;
          t.check(named == Octets{0, static_cast<std::uint8_t>(allowed.front())}, "the group that it allows",
                  "another one");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.3.1/declined-transport-mode-is-tunnel-mode",
        .rules = {"rfc7296/1.3.1/responder-may-decline-transport-mode",
                  "rfc7296/1.3.1/granted-transport-mode-is-confirmed",
                  "rfc7296/1.3.1/transport-mode-wherever-a-child-is-asked-for"},
        .does = "The tester asks for transport mode, for the networks behind two gateways.",
        .lawful =
            "The child is refused, or made without USE_TRANSPORT_MODE in the answer: then it is one of "
            "tunnel mode, which carries a ping.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.create_child_request({.transport = true});
          const Message response = ask_child(t, sa, request);
          if (!has_error(response)) {
            t.check(!has_notify(response, NotifyType::use_transport_mode),
                    "no transport mode between networks", "USE_TRANSPORT_MODE");
            EspChild& child = *sa.take_child(request, response);
            child.terms().transport = false;
            static_cast<void>(t.ping(child));
          }
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
