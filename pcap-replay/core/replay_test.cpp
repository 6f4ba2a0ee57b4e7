// From a capture and keys to verdicts: they are the engine's own.
#include "pcap-replay/core/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "pcap-replay/core/replay_samples.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Discard;
using ipsec::Mode;
using ipsec::Protocol;
using ipsec::test::SaPair;
using ipsec::test::SaPlan;
using testing::ElementsAre;

KeyFile keys_of(std::string_view text, std::optional<KeyFormat> format = {}) {
  auto keys = parse_keys(text, "keys", format);
  if (!keys) ADD_FAILURE() << to_string(keys.error());
  return keys ? *std::move(keys) : KeyFile{};
}

// What became of each packet, in the order of the capture.
class Verdicts final : public ReplayObserver {
 public:
  void on_protected(const ProtectedPacket& packet) override { discards.push_back(packet.discard); }
  void on_clear(const ClearPacket& clear) override {
    packets.emplace_back(clear.packet.begin(), clear.packet.end());
  }

  std::vector<Discard> discards;
  std::vector<Octets> packets;
};

struct Replayed {
  KeyFile keys;
  std::unique_ptr<Replay> replay;
  Verdicts verdicts;

  const Stream& stream() const { return replay->streams().at(0); }
};

Replayed replayed(const Octets& capture, KeyFile keys, const ReplayOptions& options = {}) {
  Replayed result{std::move(keys), nullptr, {}};
  result.replay = std::make_unique<Replay>(result.keys.entries, samples::provider(), options);
  result.replay->set_observer(&result.verdicts);
  auto reader = read_capture(samples::as_file(capture), "sample");
  CapturedFrame frame;
  while ((*reader)->next(frame) == CaptureReader::Next::frame)
    result.replay->frame(frame);
  result.replay->set_observer(nullptr);
  return result;
}

struct Link {
  const char* name;
  LinkType type;
  const char* header;
};

const Link links[] = {
    {"Ethernet", LinkType::ethernet, "020000000001 020000000002 0800"},
    {"VLAN", LinkType::ethernet, "020000000001 020000000002 8100 0007 0800"},
    {"raw IP", LinkType::raw, ""},
    {"cooked", LinkType::linux_sll, "0000 0001 0006 0200000000010000 0800"},
    {"cooked 2", LinkType::linux_sll2, "0800 0000 00000001 0001 00 06 0200000000010000"},
    {"null", LinkType::null, "02000000"},
};

TEST(Replay, OpensWhatAnyLinkLayerCarries) {
  const auto packets = samples::sealed_packets(samples::plain_plan(), 3);
  for (const bool pcapng : {false, true}) {
    for (const Link& link : links) {
      SCOPED_TRACE(fmt::format("{}, {}", link.name, pcapng ? "pcapng" : "pcap"));
      const auto result = replayed(samples::capture_of(pcapng, packets, link.type, hex(link.header)),
                                   keys_of(samples::toml_keys(samples::plain_plan())));
      EXPECT_EQ(result.replay->counts().esp, 3u);
      ASSERT_EQ(result.replay->streams().size(), 1u);
      EXPECT_EQ(result.stream().accepted, 3u);
      EXPECT_EQ(result.stream().first_time, Instant(std::chrono::microseconds(1'000'002)));
      EXPECT_THAT(result.verdicts.packets, ElementsAre(samples::clear_packet(40), samples::clear_packet(41),
                                                       samples::clear_packet(42)));
    }
  }
}

TEST(Replay, TakesKeysOfAllForms) {
  const Octets capture = samples::capture_of(false, samples::sealed_packets(samples::plain_plan(), 2));
  for (const samples::KeyForm& form : samples::plain_keys()) {
    SCOPED_TRACE(form.text);
    EXPECT_EQ(detect_key_format(form.text), form.format);
    const auto result = replayed(capture, keys_of(form.text));
    EXPECT_EQ(result.stream().judge, Judge::engine);
    EXPECT_EQ(result.stream().accepted, 2u);
    EXPECT_EQ(result.verdicts.packets.size(), 2u);
  }
}

struct Protection {
  const char* name;
  SaPlan plan;
};

const Protection protections[] = {
    {"ESP tunnel", {.mode = Mode::tunnel}},
    {"ESP transport", {.mode = Mode::transport}},
    {"ESP in UDP", {.mode = Mode::tunnel, .udp = true}},
    {"ESP over IPv6", {.mode = Mode::tunnel, .outer_v6 = true}},
    {"ESP, extended numbers", {.mode = Mode::tunnel, .extended = true}},
    {"AH tunnel",
     {.protocol = Protocol::ah, .mode = Mode::tunnel, .integrity = crypto::IntegrityId::hmac_sha2_256_128}},
    {"AH transport",
     {.protocol = Protocol::ah, .mode = Mode::transport, .integrity = crypto::IntegrityId::aes_xcbc_96}},
};

// No key file says which mode it is: it is found out.
TEST(Replay, OpensEveryProtection) {
  for (const Protection& protection : protections) {
    SCOPED_TRACE(protection.name);
    const auto result = replayed(samples::capture_of(true, samples::sealed_packets(protection.plan, 3)),
                                 keys_of(samples::toml_keys(protection.plan)));
    ASSERT_EQ(result.replay->streams().size(), 1u);
    const Stream& stream = result.stream();
    EXPECT_EQ(stream.accepted, 3u);
    EXPECT_EQ(stream.in_udp, protection.plan.udp ? 3u : 0u);
    ASSERT_NE(stream.opener->sa(), nullptr);
    EXPECT_EQ(stream.opener->sa()->parameters().mode, protection.plan.mode);
    ASSERT_EQ(result.verdicts.packets.size(), 3u);
    const Octets expected = samples::clear_packet(42), &found = result.verdicts.packets[2];
    const std::size_t skip = protection.plan.mode == Mode::transport ? 20 : 0;  // its IP header was SA's own
    EXPECT_TRUE(std::ranges::equal(OctetView(expected).subspan(skip), OctetView(found).subspan(skip)));
  }
}

// Whatever arrives: what the report says is what an SA of the engine says that gets the same packets.
RC_GTEST_PROP(Replay, SaysWhatTheEngineSays, ()) {
  const SaPlan plan{.window = 32};
  SaPair pair(plan, samples::provider());
  auto sent = samples::sealed_packets(pair, 80);
  const auto order = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 80));
  const auto damaged = *rc::gen::container<std::vector<bool>>(
      order.size(), rc::gen::weightedElement<bool>({{9, false}, {1, true}}));
  std::vector<Octets> arrived;
  std::vector<Discard> expected;
  bool opened = false;  // until a packet opens, the replay does not know that the key is the right one
  for (std::size_t i = 0; i < order.size(); ++i) {
    arrived.push_back(sent[order[i]]);
    if (damaged[i]) arrived.back()[40] ^= 1;
    expected.push_back(pair.receive(arrived.back()).discard);
    opened |= expected.back() == Discard::none;
  }
  ReplayOptions options;
  options.stream.replay_window = plan.window;
  const auto result =
      replayed(samples::capture_of(false, arrived), keys_of(samples::toml_keys(plan)), options);
  RC_ASSERT(result.verdicts.discards == expected);
  RC_CLASSIFY(opened);
}

// Numbers 1 2 4 3 3 6, a damaged one, 200 and 5, which is then too old.
std::vector<Octets> troubled(const SaPlan& plan) {
  auto sent = samples::sealed_packets(plan, 200);
  Octets damaged = sent[6];
  damaged[50] ^= 0x10;
  return {sent[0], sent[1], sent[3], sent[2], sent[2], sent[5], damaged, sent[199], sent[4]};
}

std::vector<std::uint64_t> frames(const Stream& stream, Discard discard) {
  for (const auto& [cause, list] : stream.discarded_frames)
    if (cause == discard) return list.kept();
  return {};
}

TEST(Replay, NamesFramesGapsCopiesAndLateness) {
  const auto result =
      replayed(samples::capture_of(false, troubled({})), keys_of(samples::toml_keys(SaPlan{})));
  const Stream& stream = result.stream();
  EXPECT_EQ(stream.packets, 9u);
  EXPECT_EQ(stream.accepted, 6u);
  EXPECT_THAT(frames(stream, Discard::replay_duplicate), ElementsAre(5));
  EXPECT_THAT(frames(stream, Discard::integrity_failed), ElementsAre(7));
  EXPECT_THAT(frames(stream, Discard::replay_too_old), ElementsAre(9));
  const auto report = stream.metrics.report();
  EXPECT_EQ(report.received, 7u);
  EXPECT_EQ(report.duplicates, 1u);
  EXPECT_EQ(report.reordered, 2u);
  EXPECT_EQ(report.gaps, 1u);
  EXPECT_EQ(report.lost, 193u);
  EXPECT_EQ(report.extent.extent().maximum(), 2u);
}

TEST(Replay, WithoutAKeyTheClearHeaderIsJudged) {
  const auto result = replayed(samples::capture_of(false, troubled({})), {});
  const Stream& stream = result.stream();
  EXPECT_EQ(stream.judge, Judge::clear_header);
  EXPECT_EQ(stream.accepted, 7u);  // that one was damaged shows with a key only
  EXPECT_THAT(frames(stream, Discard::replay_duplicate), ElementsAre(5));
  EXPECT_THAT(frames(stream, Discard::replay_too_old), ElementsAre(9));
  EXPECT_TRUE(result.verdicts.packets.empty());
}

TEST(Replay, AWrongKeyFailsEveryIcv) {
  const auto result = replayed(samples::capture_of(false, samples::sealed_packets(SaPlan{}, 4)),
                               keys_of(samples::toml_keys(SaPlan{.seed = 2})));
  EXPECT_EQ(result.stream().accepted, 0u);
  EXPECT_EQ(result.stream().opener->entry(), nullptr);
  EXPECT_THAT(frames(result.stream(), Discard::integrity_failed), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(result.stream().metrics.arrivals(), 0u);  // who wrote these numbers, nobody knows
}

TEST(Replay, KeepsStreamsApart) {
  auto out = ipsec::test::outbound_parameters(samples::plain_plan());
  out.spi = Spi(0x2000);
  SaPair other(std::move(out), ipsec::test::inbound_parameters(samples::plain_plan()), samples::provider());
  auto packets = samples::sealed_packets(SaPlan{}, 2);
  for (const Octets& packet : samples::sealed_packets(other, 3))
    packets.push_back(packet);
  for (const Octets& packet : samples::sealed_packets(SaPlan{.outer_v6 = true}, 1))
    packets.push_back(packet);
  const auto result = replayed(samples::capture_of(false, packets), keys_of(samples::toml_keys(SaPlan{})));
  std::vector<std::string> found;
  for (const Stream& stream : result.replay->streams())
    found.push_back(fmt::format("{:x} {} {} {}", stream.key().spi.value,
                                to_string(stream.key().destination()), stream.packets, stream.accepted));
  EXPECT_THAT(found, ElementsAre("1000 192.0.2.2 2 2", "2000 192.0.2.2 3 3", "1000 2001:db8::2 1 1"));
}

TEST(Replay, AnSaInAnSaIsOpenedTwice) {
  const SaPlan inner{}, outer = samples::plain_plan();
  auto out = ipsec::test::outbound_parameters(outer);
  out.spi = Spi(0x2000);
  SaPair outside(std::move(out), ipsec::test::inbound_parameters(outer), samples::provider());
  auto outer_keys = ipsec::test::inbound_parameters(outer);
  outer_keys.spi = Spi(0x2000);
  std::vector<Octets> packets;
  for (const Octets& packet : samples::sealed_packets(inner, 2))
    packets.push_back(outside.protect(packet));
  const auto result = replayed(samples::capture_of(false, packets),
                               keys_of(samples::toml_keys(inner) + samples::toml_keys(outer_keys)));
  EXPECT_EQ(result.replay->counts().esp, 4u);
  EXPECT_EQ(result.replay->counts().clear, 2u);
  EXPECT_THAT(result.verdicts.packets, ElementsAre(samples::clear_packet(40), samples::clear_packet(41)));
}

}  // namespace
}  // namespace mpsec::replay
