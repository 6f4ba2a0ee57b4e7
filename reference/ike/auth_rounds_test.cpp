// IKE_AUTH in several exchanges: a method that is no product, which answers a challenge before it proves.
#include "ike/test_world.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

constexpr auto challenge_type = static_cast<NotifyType>(50000);

Authentication proof_of(const Octets& challenge) {
  Authentication body;
  body.method = static_cast<AuthenticationMethod>(201);
  body.data.assign(challenge.rbegin(), challenge.rend());
  return body;
}

// Asks to be challenged, `rounds` times, and then proves itself by the last challenge.
class ChallengedCredential final : public Credential {
 public:
  explicit ChallengedCredential(unsigned rounds) : rounds_(rounds) {}
  std::unique_ptr<Prover> begin() const override { return std::make_unique<Challenged>(rounds_); }

 private:
  class Challenged final : public Prover {
   public:
    explicit Challenged(unsigned rounds) : rounds_(rounds) {}
    Result<Proof> prove(const ProofContext&, const PeerAbilities&, const Payloads& received) override {
      Proof proof;
      const Notify* challenge = find_notify(received, challenge_type);
      proof.complete = challenge != nullptr && done_ == rounds_;
      if (proof.complete) {
        proof.payloads.push_back(make_payload(proof_of(challenge->data)));
      } else {
        proof.payloads.push_back(make_payload(make_notify(static_cast<NotifyType>(50001))));
        ++done_;
      }
      return proof;
    }

   private:
    unsigned rounds_, done_ = 0;
  };
  unsigned rounds_;
};

class ChallengingChecker final : public ProofChecker {
 public:
  Payloads requests() const override { return {}; }
  std::unique_ptr<Verifier> begin() const override { return std::make_unique<Challenging>(); }

 private:
  class Challenging final : public Verifier {
   public:
    Result<Check> check(const ProofContext&, const ipsec::PadEntry&, const ipsec::Identity&,
                        const Payloads& payloads, Instant) override {
      if (complete_) return Check{};
      Check check;
      if (const auto* body = find<Authentication>(payloads)) {
        if (body->data != proof_of(challenge_).data || challenge_.empty())
          return std::unexpected(Error{Blame::peer_misbehaved, "IKE_AUTH/AUTH", std::nullopt, "wrong", ""});
        complete_ = true;
        return check;
      }
      challenge_.push_back(static_cast<std::uint8_t>(0x40 + challenge_.size()));
      check.complete = false;
      check.payloads.push_back(make_payload(make_notify(challenge_type, challenge_)));
      return check;
    }

   private:
    Octets challenge_;
    bool complete_ = false;
  };
};

// An end that is challenged where `own` is not 0, and challenges whom begins without AUTH.
EndOptions end(unsigned own) {
  EndOptions options;
  options.checker = std::make_shared<StandardProofChecker>(
      std::vector{StandardProofChecker::Line{{AuthenticationMethod::shared_key_message_integrity_code},
                                             std::make_shared<PreSharedKeyChecker>()},
                  StandardProofChecker::Line{{}, std::make_shared<ChallengingChecker>()}});
  options.change_peer = [own](PeerConfiguration& peer) {
    peer.window = 4;
    if (own != 0) peer.credential = std::make_shared<ChallengedCredential>(own);
  };
  return options;
}

struct Rounds {
  unsigned a, b;         // challenges of each end; 0: a shared key
  std::size_t messages;  // IKE_SA_INIT included
};

class AuthRounds : public testing::TestWithParam<Rounds> {};

TEST_P(AuthRounds, EndInAnIkeSaWithItsChild) {
  World world(end(GetParam().a), end(GetParam().b));
  world.initiate(world.a);
  std::size_t messages = 0;
  for (; !world.wire.empty() && messages < 100; ++messages) {
    EXPECT_EQ(world.a.count<IkeAuthenticated>(), 0u);
    world.deliver(world.take());
  }
  EXPECT_EQ(messages, GetParam().messages) << world.a.log() << world.b.log();
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
  ASSERT_EQ(world.only(world.a).state, IkeState::established);
  EXPECT_EQ(world.only(world.a).children.size(), 1u) << world.a.log() << world.b.log();
  // What the first request said of the window is heeded.
  for (int i = 0; i < 4; ++i)
    world.check_liveness(world.a);
  EXPECT_EQ(world.wire.size(), 4u);
  world.deliver_all();
  world.rekey_ike(world.b);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
}

TEST_P(AuthRounds, EveryMessageMayBeLostOnce) {
  for (std::size_t lost = 0; lost < GetParam().messages; ++lost) {
    World world(end(GetParam().a), end(GetParam().b));
    world.initiate(world.a);
    for (std::size_t sent = 0; !world.wire.empty(); ++sent) {
      const Datagram datagram = world.take();
      if (sent != lost) world.deliver(datagram);
    }
    world.run_for(3s);
    EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
    EXPECT_EQ(world.only(world.b).state, IkeState::established) << "message " << lost;
  }
}

// As many requests of IKE_AUTH as the longer of the two proofs takes.
INSTANTIATE_TEST_SUITE_P(Methods, AuthRounds,
                         testing::Values(Rounds{0, 0, 4}, Rounds{1, 0, 6}, Rounds{0, 1, 6}, Rounds{2, 0, 8},
                                         Rounds{3, 2, 10}),
                         [](const auto& instance) {
                           return fmt::format("A{}B{}", instance.param.a, instance.param.b);
                         });

TEST(AuthRoundsLimit, ProofsWithoutEndAreRefused) {
  for (const bool initiator : {true, false}) {
    World world(end(initiator ? 1000 : 0), end(initiator ? 0 : 1000));
    world.initiate(world.a);
    world.deliver_all();
    EXPECT_EQ(world.a.engine().ike_sas() + world.b.engine().ike_sas(), 0u) << world.a.log() << world.b.log();
    EXPECT_EQ(world.a.count<IkeAuthenticated>() + world.b.count<IkeAuthenticated>(), 0u);
  }
}

TEST(AuthRoundsLimit, HalfOpenEndsInTheMiddle) {
  World world(end(2), end(0));
  world.initiate(world.a);
  for (int i = 0; i < 5; ++i)
    world.deliver(world.take());
  world.wire.clear();
  EXPECT_EQ(world.b.engine().half_open(), 1u);
  world.now += 31s;
  world.at(world.b, [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
  EXPECT_EQ(world.b.engine().half_open(), 0u);
  EXPECT_EQ(world.b.engine().ike_sas(), 0u);
}

}  // namespace
}  // namespace mpsec::ike::test
