// What a cold reader found wrong once, by number.
#include "ike/test_world.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

// 001: the responder asks something before its IKE_AUTH response has come.
TEST(ReviewFindings, N001RequestBeforeTheAuthResponseIsAnsweredLater) {
  World world;
  world.initiate(world.a);
  for (int i = 0; i < 3; ++i)
    world.deliver(world.take());
  world.wire.clear();  // the IKE_AUTH response is lost
  world.check_liveness(world.b);
  world.deliver_all();
  world.run_for(10s);
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << "--\n" << world.b.log();
  world.run_for(2min);
  EXPECT_EQ(world.a.engine().ike_sas(), 1u) << world.a.log() << "--\n" << world.b.log();
}

// 002: an IKE_SA_INIT response that is good in all but what we need for our proof.
TEST(ReviewFindings, N002UselessInitResponseDoesNotLeaveAnIkeSaBehind) {
  EndOptions childless;
  childless.change_peer = [](PeerConfiguration& peer) { peer.childless = true; };
  Bender bender;
  bender.out = [](Message& message) {
    if (message.header.exchange_type != ExchangeType::ike_sa_init || !message.header.response) return;
    std::erase_if(message.payloads, [](const Payload& payload) {
      const auto* notify = std::get_if<Notify>(&payload.body);
      return notify != nullptr && notify->type == NotifyType::childless_ikev2_supported;
    });
    EXPECT_TRUE(complete(message));
  };
  EndOptions b;
  b.tap = &bender;
  World world(childless, b);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().status().at(0).state, IkeState::init_sent);
  world.run_for(5min);
  EXPECT_EQ(world.a.engine().ike_sas(), 0u);
  EXPECT_NE(world.a.log().find("RFC 6023"), std::string::npos) << world.a.log();
}

// 003: INVALID_SYNTAX ends the IKE SA at both ends.
TEST(ReviewFindings, N003InvalidSyntaxIsFatalToBoth) {
  Bender bender;
  bool armed = false;
  bender.out = [&](Message& message) {
    if (!armed || message.header.exchange_type != ExchangeType::create_child_sa || message.header.response)
      return;
    std::erase_if(message.payloads,
                  [](const Payload& payload) { return std::holds_alternative<Nonce>(payload.body); });
    EXPECT_TRUE(complete(message));
  };
  EndOptions a;
  a.tap = &bender;
  World world(a);
  world.establish();
  armed = true;
  world.rekey_child(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas(), 0u) << world.a.log();
  EXPECT_EQ(world.b.engine().ike_sas(), 0u) << world.b.log();
}

// 005: the responder answers a transport-mode request in tunnel mode, and we do not want that.
TEST(ReviewFindings, N005ChildOfAnUnacceptableAnswerIsDeleted) {
  const auto transport = [](PeerConfiguration& peer) {
    peer.children[0].mode = ipsec::Mode::transport;
    peer.children[0].selectors = {{.local = {ipsec::AddressRange::of(ip("192.0.2.1"))},
                                   .remote = {ipsec::AddressRange::of(ip("192.0.2.2"))}}};
  };
  EndOptions a, b;
  a.change_peer = transport;
  b.change_peer = [](PeerConfiguration& peer) {
    peer.children[0].selectors = {{.local = {ipsec::AddressRange::of(ip("192.0.2.2"))},
                                   .remote = {ipsec::AddressRange::of(ip("192.0.2.1"))}}};
  };
  World world(a, b);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << "--\n" << world.b.log();
  EXPECT_TRUE(world.b.installed.empty());
  EXPECT_EQ(world.a.engine().child_spis() + world.b.engine().child_spis(), 0u);
}

// 006: an unknown critical payload in a response.
TEST(ReviewFindings, N006UnknownCriticalPayloadInAResponseIsNotAccepted) {
  Bender bender;
  bool armed = false;
  bender.out = [&](Message& message) {
    if (!armed || !message.header.response) return;
    message.payloads.push_back(make_payload(UnknownPayload{static_cast<PayloadType>(200), {1, 2, 3}}, true));
    EXPECT_TRUE(complete(message));
  };
  EndOptions b;
  b.tap = &bender;
  World world({}, b);
  world.establish();
  armed = true;
  world.rekey_child(world.a);
  world.deliver(world.take());
  armed = false;
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas() + world.b.engine().ike_sas(), 0u) << world.a.log() << "--\n"
                                                                         << world.b.log();
}

// 007: recorded messages do not show that the peer lives.
TEST(ReviewFindings, N007ReplaysDoNotHoldOffLiveness) {
  World world;
  world.establish();
  world.check_liveness(world.b);
  const Datagram recorded = world.wire.front();
  world.deliver_all();
  const auto before = *world.a.engine().next_deadline();
  world.now += 20s;
  world.deliver(recorded);
  world.wire.clear();
  EXPECT_EQ(*world.a.engine().next_deadline(), before);
}

// 008: what was chosen before the peer was known must be allowed to the peer that it is.
TEST(ReviewFindings, N008SuiteIsHeldAgainstTheRealPeer) {
  EndOptions b;
  b.change = [](Configuration& configuration) {
    PeerConfiguration strict = configuration.peers[0];
    configuration.peers[0].name = "legacy";
    configuration.peers[0].remote_id = ipsec::Identity::fqdn("legacy.example");
    strict.proposals[0].encryption = {{crypto::EncryptionId::aes_gcm_16, 256}};
    configuration.peers.push_back(strict);
  };
  World refused({}, b);
  refused.initiate(refused.a);
  refused.deliver_all();
  EXPECT_EQ(refused.b.engine().ike_sas(), 0u) << refused.b.log();

  EndOptions a;
  a.ike_proposals[0].encryption = {{crypto::EncryptionId::aes_gcm_16, 256}};
  World agreed(a, b);
  agreed.establish();
  EXPECT_EQ(agreed.b.engine().ike_sas(), 1u) << agreed.b.log();
}

// 009: forged requests are not answered at the rate they come.
TEST(ReviewFindings, N009InitRefusalsAreLimited) {
  EndOptions other;
  other.ike_proposals[0].encryption = {{crypto::EncryptionId::chacha20_poly1305, {}}};
  World world({}, other);
  std::size_t replies = 0;
  for (int i = 0; i < 200; ++i) {
    world.initiate(world.a);
    world.deliver(world.take());
    replies += world.wire.size();
    world.wire.clear();
  }
  EXPECT_LE(replies, 20u);
  EXPECT_GE(replies, 1u);
}

// 012: the reply to a Delete is lost.
TEST(ReviewFindings, N012LastReplyIsGivenAgain) {
  World world;
  world.establish();
  world.close(world.a);
  world.deliver(world.take());
  EXPECT_EQ(world.b.engine().ike_sas(), 0u);
  world.wire.clear();
  world.run_for(2s);
  EXPECT_EQ(world.a.engine().ike_sas(), 0u) << world.a.log();
  world.run_for(1min);
  EXPECT_FALSE(world.b.engine().next_deadline());
}

// 013: the window of an IKE SA that was rekeyed was one for ever.
//= rfc7296/2.3/window-of-a-rekeyed-sa-starts-at-one
TEST(ReviewFindings, N013WindowIsRenewedAfterAnIkeRekey) {
  EndOptions b;
  b.change_peer = [](PeerConfiguration& peer) { peer.window = 3; };
  World world({}, b);
  world.establish();
  world.rekey_ike(world.a);
  world.deliver_all();
  for (int i = 0; i < 5; ++i)
    world.check_liveness(world.a);
  EXPECT_EQ(world.wire.size(), 3u);
  world.deliver_all();
  for (int i = 0; i < 5; ++i)
    world.check_liveness(world.b);
  EXPECT_EQ(world.wire.size(), 1u) << "A did not say so";
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
}

// 014: a command to an IKE SA that cannot follow it was lost without a word.
TEST(ReviewFindings, N014CommandsThatCannotBeFollowedFail) {
  World world;
  const IkeSaId sa = world.initiate(world.a);
  const auto ask = [&] {
    return world.at(world.a, [&](Engine& engine, Actions& actions) {
      return engine.create_child(sa, "net", world.now, actions);
    });
  };
  EXPECT_FALSE(ask());
  world.deliver_all();
  EXPECT_TRUE(ask());
  world.deliver_all();
  world.close(world.a);
  EXPECT_FALSE(ask());
}

// 015: a rekey of the IKE SA that was refused for good was not tried again before its end.
TEST(ReviewFindings, N015RefusedIkeRekeyIsTriedAgain) {
  Bender bender;
  std::size_t tried = 0;
  bender.in = [&](Message& message) {
    if (message.header.exchange_type != ExchangeType::create_child_sa || message.header.response) return;
    for (Payload& payload : message.payloads)
      if (auto* sa = std::get_if<SecurityAssociation>(&payload.body);
          sa != nullptr && sa->proposals.at(0).protocol == ProtocolId::ike) {
        ++tried;
        for (Proposal& proposal : sa->proposals)
          proposal.transforms.resize(1);
      }
  };
  EndOptions a, b;
  a.change_peer = [](PeerConfiguration& peer) { peer.lifetime = {1h, 2h, 0}; };
  b.tap = &bender;
  World world(a, b);
  world.establish();
  world.run_for(118min);
  EXPECT_GE(tried, 3u) << world.a.log();
  EXPECT_LE(tried, 20u);
  EXPECT_EQ(world.disagreement(), "");
}

// 016: INITIAL_CONTACT in an IKE_AUTH response was not read.
//= rfc7296/2.4/initial-contact-ends-the-others
TEST(ReviewFindings, N016InitialContactOfTheResponder) {
  Bender bender;
  bool armed = false;
  bender.out = [&](Message& message) {
    if (!armed || message.header.exchange_type != ExchangeType::ike_auth || !message.header.response) return;
    message.payloads.push_back(make_payload(make_notify(NotifyType::initial_contact)));
    EXPECT_TRUE(complete(message));
  };
  EndOptions a, b;
  a.change_peer = [](PeerConfiguration& peer) { peer.initial_contact = false; };
  b.tap = &bender;
  World world(a, b);
  world.establish();
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas(), 2u);
  armed = true;
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas(), 1u) << world.a.log();
}

// 017: a Delete payload with thousands of SPIs cost thousands of searches; the good one among them counts.
TEST(ReviewFindings, N017DeleteOfManySpis) {
  Bender bender;
  bender.out = [&](Message& message) {
    for (Payload& payload : message.payloads)
      if (auto* body = std::get_if<Delete>(&payload.body); body != nullptr && !message.header.response) {
        const Octets good = body->spis;
        body->spis.clear();
        for (std::uint32_t i = 0; i < 10'000; ++i)
          append_be(body->spis, 0xf000'0000 + i);
        append(body->spis, good);
        append(body->spis, good);
        body->spi_count = 10'002;
      }
    EXPECT_TRUE(complete(message));
  };
  EndOptions a;
  a.tap = &bender;
  a.change_peer = [](PeerConfiguration& peer) { peer.fragment_beyond = 0; };
  World world(a);
  world.establish();
  world.delete_child(world.a);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
  EXPECT_TRUE(world.b.installed.empty());
}

// 018: CP in INFORMATIONAL was passed over.
//= rfc7296/2.20/version-may-be-declined-by-an-empty-string
TEST(ReviewFindings, N018ConfigurationOutsideOfIkeAuth) {
  for (const auto type : {ConfigurationType::request, ConfigurationType::set}) {
    Bender bender;
    std::vector<wire::ike::Configuration> answers;
    bender.out = [&](Message& message) {
      if (message.header.exchange_type != ExchangeType::informational || message.header.response) return;
      wire::ike::Configuration body;
      body.type = type;
      body.attributes = {{.type = ConfigurationAttributeType::application_version},
                         {.type = ConfigurationAttributeType::internal_ip4_address}};
      message.payloads.push_back(make_payload(std::move(body)));
      EXPECT_TRUE(complete(message));
    };
    bender.in = [&](Message& message) {
      if (const auto* body = find<wire::ike::Configuration>(message.payloads)) answers.push_back(*body);
    };
    EndOptions a;
    a.tap = &bender;
    World world(a);
    world.establish();
    world.check_liveness(world.a);
    world.deliver_all();
    ASSERT_EQ(answers.size(), 1u) << world.b.log();
    const bool asked = type == ConfigurationType::request;
    EXPECT_EQ(answers[0].type, asked ? ConfigurationType::reply : ConfigurationType::ack);
    EXPECT_EQ(answers[0].attributes.size(), asked ? 1u : 0u);
    EXPECT_EQ(world.disagreement(), "");
  }
}

// 019: AH was agreed on where a NAT is, and no packet of it would have come through.
//= rfc3948/1/no-ah-through-a-nat
TEST(ReviewFindings, N019NoAhThroughANat) {
  for (const bool nat : {false, true}) {
    EndOptions ah;
    ah.child_proposals = {{.protocol = ProtocolId::ah,
                           .integrity = {crypto::IntegrityId::hmac_sha2_256_128},
                           .key_exchange = {}}};
    ah.change_peer = [](PeerConfiguration& peer) { peer.children[0].protocol = ipsec::Protocol::ah; };
    World world(ah, ah);
    if (nat) world.nat_port_of_a = 10000;
    world.initiate(world.a);
    world.deliver_all();
    world.run_for(5min);
    EXPECT_EQ(world.a.installed.size(), nat ? 0u : 1u) << world.a.log();
    if (nat) {
      EXPECT_NE(world.a.log().find("AH does not pass it"), std::string::npos) << world.a.log();
    }
  }
}

}  // namespace
}  // namespace mpsec::ike::test
