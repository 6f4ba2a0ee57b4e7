// Each law of the IKE engine's targets can fail: an engine with a wrong seam breaks it, and is reported.
#include "crypto/open/open_provider.hpp"
#include "support/tests/ike_outcomes.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::fuzz {
namespace {

using namespace wire::ike;
using namespace std::chrono_literals;
using ike::test::PairSettings;

// --- wrong seams

// Takes every check value for a right one.
class CredulousAead final : public crypto::Aead {
 public:
  explicit CredulousAead(std::unique_ptr<Aead> honest) : honest_(std::move(honest)) {}
  std::size_t nonce_octets() const noexcept override { return honest_->nonce_octets(); }
  std::size_t icv_octets() const noexcept override { return honest_->icv_octets(); }
  void seal(std::span<crypto::AeadJob> jobs) noexcept override { honest_->seal(jobs); }
  void open(std::span<crypto::AeadJob> jobs) noexcept override {
    honest_->open(jobs);
    for (crypto::AeadJob& job : jobs)
      job.authentic = true;
  }
  std::unique_ptr<Aead> clone() const override { return std::make_unique<CredulousAead>(honest_->clone()); }

 private:
  std::unique_ptr<Aead> honest_;
};

class CredulousProvider final : public crypto::Provider {
 public:
  std::string_view name() const noexcept override { return "credulous"; }
  std::string description() const override { return "takes every check value for a right one"; }
  bool supports(const crypto::EncryptionTransform& one) const noexcept override {
    return honest_->supports(one);
  }
  bool supports(const crypto::IntegrityTransform& one) const noexcept override {
    return honest_->supports(one);
  }
  Result<std::unique_ptr<crypto::Aead>> aead(const crypto::EncryptionTransform& transform,
                                             OctetView key) const override {
    auto honest = honest_->aead(transform, key);
    if (!honest) return honest;
    return std::make_unique<CredulousAead>(*std::move(honest));
  }
  Result<std::unique_ptr<crypto::Cipher>> cipher(const crypto::EncryptionTransform& transform,
                                                 OctetView key) const override {
    return honest_->cipher(transform, key);
  }
  Result<std::unique_ptr<crypto::Mac>> mac(const crypto::IntegrityTransform& transform,
                                           OctetView key) const override {
    return honest_->mac(transform, key);
  }

 private:
  std::unique_ptr<crypto::Provider> honest_ = crypto::make_open_provider();
};

// Bends what passes, at both ends.
struct Bender final : ike::MessageTap {
  std::function<void(Message&)> out = [](Message&) {}, in = [](Message&) {};
  void outgoing(Message& message) override { out(message); }
  void incoming(Message& message) override { in(message); }
};

struct NeverBusy final : ike::StandardCollisionPolicy {
  ike::CollisionAnswer on_rekey_ike(ike::IkeState, bool) const override {
    return ike::CollisionAnswer::proceed;
  }
};

struct CredulousChecker final : ike::SingleRoundChecker {
  Payloads requests() const override { return {}; }
  Result<> check(const ike::ProofContext&, const ipsec::PadEntry&, const ipsec::Identity&, const Payloads&,
                 Instant) const override {
    return {};
  }
};

IkeWorld with_tap(Bender& bender) {
  return {.change = [&bender](PairSettings& settings) { settings.tap = &bender; }};
}

// Changes a setting of both engines after the targets' own.
IkeWorld with_configuration(std::function<void(ike::Configuration&)> change) {
  return {.change = [change](PairSettings& settings) {
    settings.change = [usual = settings.change, change](ike::Configuration& whole) {
      usual(whole);
      change(whole);
    };
  }};
}

// Of a response of that exchange the SPI of the first proposal is another one.
void bend_child_spi(Message& message, ExchangeType exchange) {
  if (!message.header.response || message.header.exchange_type != exchange) return;
  if (auto* sa = find<SecurityAssociation>(message.payloads)) sa->proposals.at(0).spi = {9, 9, 9, 9};
}

// --- acts of a session (ike_targets.cpp)

Octets ask(std::uint8_t end, IkeCommand command) {
  return {6, static_cast<std::uint8_t>(end + 2 * static_cast<int>(command))};
}
const Octets arrives{1, 0}, is_lost{2, 0}, is_altered{4, 0, 0};

Octets acts(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts)
    append(all, part);
  return all;
}

// --- the laws

TEST(IkeLawsDeathTest, NobodyChangesAnSaWithoutItsKeys) {
  const CredulousProvider credulous;
  const IkeWorld wrong{.provider = &credulous};
  EXPECT_DEATH(fuzz_ike_responder(seed("ike_responder/c16_informational_without_icv_established"), wrong),
               "nobody changes an SA without its keys");
  EXPECT_DEATH(fuzz_ike_responder(seed("ike_responder/c16_ike_auth_without_icv_half_open"), wrong),
               "the real peer still comes in");
  const Octets answer = seed("ike_initiator_reply/c06_ike_auth_nothing_sealed_in_clear");
  EXPECT_DEATH(fuzz_ike_initiator_reply(answer, wrong), "nobody changes an SA without its keys");
}

TEST(IkeLawsDeathTest, NobodyComesInWithoutAProof) {
  const IkeWorld wrong{
      .change = [](PairSettings& settings) { settings.checker = std::make_shared<CredulousChecker>(); }};
  for (const char* name : {"c12_stranger_with_empty_auth", "c12_stranger_answers_with_empty_auth"})
    EXPECT_DEATH(fuzz_ike_authenticated(seed(std::string("ike_authenticated/") + name), wrong),
                 "nobody comes in without a proof");
}

TEST(IkeLawsDeathTest, TheEndsAgree) {
  Bender bender;
  bender.in = [](Message& message) {
    auto* proof = find<Authentication>(message.payloads);
    if (message.header.response && proof != nullptr) proof->data.back() ^= 1;
  };
  EXPECT_DEATH(fuzz_ike_initiator_reply({{1}}, with_tap(bender)), "only the real response counts");
  bender.in = [](Message& message) { bend_child_spi(message, ExchangeType::ike_auth); };
  EXPECT_DEATH(fuzz_ike_initiator_reply({{1}}, with_tap(bender)), "the ends agree");
  bender.in = [](Message& message) { bend_child_spi(message, ExchangeType::create_child_sa); };
  EXPECT_DEATH(fuzz_ike_session(ask(0, IkeCommand::create_child), with_tap(bender)),
               "the ends agree once the network has healed");
}

TEST(IkeLawsDeathTest, TheEndsStillTalk) {
  Bender bender;
  bender.out = [](Message& message) {
    if (message.header.response && message.header.exchange_type == ExchangeType::informational)
      message.header.message_id = MessageId(message.header.message_id.value + 1);
  };
  EXPECT_DEATH(fuzz_ike_responder({{2}}, with_tap(bender)), "the ends still talk");
}

// Errors about requests that are requests themselves.
TEST(IkeLawsDeathTest, TalkComesToItsEnd) {
  Bender bender;
  bender.out = [](Message& message) {
    const bool is_error = find_notify(message.payloads, NotifyType::invalid_ike_spi) != nullptr;
    if (is_error) message.header.response = false;
  };
  IkeWorld wrong = with_configuration([](ike::Configuration& whole) {
    whole.unprotected_replies = {Duration::zero(), 1};  // no limit
  });
  wrong.change = [change = wrong.change, &bender](PairSettings& settings) {
    change(settings);
    settings.tap = &bender;
  };
  EXPECT_DEATH(fuzz_ike_session(acts({ask(0, IkeCommand::check_liveness), is_altered}), wrong),
               "the ends come to an end of their talk");
}

// A request that nobody answers is sent again and again, without a pause.
TEST(IkeLawsDeathTest, TheEndsComeToRest) {
  const IkeWorld wrong{.change = [](PairSettings& settings) {
    settings.back_off = {.first = Duration::zero(), .tries = 1'000'000, .jitter = 0};
  }};
  EXPECT_DEATH(fuzz_ike_authenticated(seed("ike_authenticated/delete_ike"), wrong), "the ends come to rest");
}

TEST(IkeLawsDeathTest, WhatIsHeldIsBounded) {
  Octets attempts;
  for (int i = 0; i < 20; ++i)
    append(attempts, acts({ask(0, IkeCommand::initiate), arrives, is_lost}));
  EXPECT_DEATH(fuzz_ike_session(attempts, with_configuration([](ike::Configuration& whole) {
                                  whole.most_half_open = 1000;
                                })),
               "half-open IKE SAs are bounded");
  EXPECT_DEATH(fuzz_ike_authenticated(
                   seed("ike_authenticated/c22_new_children_without_end"),
                   with_configuration([](ike::Configuration& whole) { whole.most_children = 1000; })),
               "SPIs of children are bounded");
  const NeverBusy never_busy;
  EXPECT_DEATH(fuzz_ike_authenticated(seed("ike_authenticated/c22_rekeys_of_ike_without_end"),
                                      {.change = [&](PairSettings& all) { all.collisions = &never_busy; }}),
               "IKE SAs are bounded");
}

// Requests that wait an hour before they are sent again keep the Delete behind them.
TEST(IkeLawsDeathTest, NothingIsLeft) {
  const IkeWorld wrong{.change = [](PairSettings& settings) {
    settings.back_off = {.first = 1h, .limit = 1h, .tries = 5, .jitter = 0};
  }};
  const Octets both_wait =
      acts({ask(0, IkeCommand::check_liveness), is_lost, ask(1, IkeCommand::check_liveness), is_lost});
  EXPECT_DEATH(fuzz_ike_session(both_wait, wrong), "no IKE SA outlives its end");
  IkeEnds ends(IkeStage::established);
  const std::vector<std::string> laws{"no IKE SA outlives its end", "every SPI comes back",
                                      "nothing is waited for"};
  const auto left = IkeEnds::leftovers(ends.pair().a.engine());
  EXPECT_EQ(std::vector<std::string>(left.begin(), left.end()), laws);
}

// The inputs above break no law where the engine is right.
TEST(IkeLaws, HoldForTheEngineAsItIs) {
  fuzz_ike_responder({{2}});
  fuzz_ike_initiator_reply({{1}});
  fuzz_ike_session(acts({ask(0, IkeCommand::check_liveness), is_altered}));
  fuzz_ike_session(ask(0, IkeCommand::create_child));
  for (const char* name : {"delete_ike", "c22_new_children_without_end", "c22_rekeys_of_ike_without_end"})
    fuzz_ike_authenticated(seed(std::string("ike_authenticated/") + name));
}

}  // namespace
}  // namespace mpsec::fuzz
