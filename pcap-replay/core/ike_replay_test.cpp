// IKEv2 captures opened: those of Wireshark, and those of two engines for every combination of algorithms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pcap-replay/core/ike_samples.hpp"

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using nlohmann::json;
using testing::HasSubstr;

class IkeReplay : public testing::Test {
 protected:
  IkeReplay() {
    options.json = true;
    options.provider = "openssl";
  }

  json replayed(const Octets& file, const std::string& keys) {
    options.capture = folder.file("capture", file);
    options.key_files.clear();
    if (!keys.empty()) options.key_files = {folder.file("keys", keys)};
    const auto outcome = samples::run_program(options);
    EXPECT_NE(outcome.exit, exit_refused) << outcome.problems;
    problems = outcome.problems;
    return outcome.exit == exit_refused ? json() : outcome.json();
  }
  json replayed(const std::vector<Octets>& packets, const std::string& keys) {
    return replayed(samples::capture_of(true, packets), keys);
  }

  samples::TemporaryFolder folder;
  ProgramOptions options;
  std::string problems;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// keys.json writes NOTIFY(16388), D and N where we write the registry's names.
std::string their_name(std::string name) {
  if (name.starts_with("NOTIFY(")) return "N";
  if (name == "D") return "Delete";
  return name == "N" ? "Nonce" : name;
}
std::string our_names(const std::string& chain) {
  std::string names = chain;
  if (const auto inner = names.find('{'); inner != std::string::npos)
    names = names.substr(inner + 1, names.size() - inner - 2);
  std::string kept;
  for (std::size_t depth = 0; const char c : names) {
    if (c == '(') ++depth;
    if (depth == 0) kept += c;
    if (c == ')') --depth;
  }
  return kept;
}

TEST_F(IkeReplay, OpensWiresharksCaptures) {
  const std::filesystem::path data = std::filesystem::path(MPSEC_SHARED_DIR) / "data/wireshark";
  if (!std::filesystem::is_directory(data)) GTEST_SKIP() << data << " is absent";
  const std::string table = read_file(data / "ikev2_decryption_table");
  const json wanted = json::parse(read_file(data / "keys.json"));
  for (const json& capture : wanted["ikev2"]) {
    SCOPED_TRACE(capture["capture"]);
    const std::string octets = read_file(data / std::string(capture["capture"]));
    const json report = replayed(Octets(octets.begin(), octets.end()), table);
    const json& messages = report["ike"]["messages"];
    ASSERT_EQ(messages.size(), capture["messages"].size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const json &ours = messages[i], &theirs = capture["messages"][i];
      EXPECT_EQ(ours["frame"], theirs["frame"]);
      EXPECT_EQ(ours["message_id"], theirs["mid"]);
      EXPECT_EQ(ours["octets"], theirs["len"]);
      const std::string check = theirs.value("check", "");
      EXPECT_EQ(ours["verdict"], check.empty() ? "clear" : check == "n/a" ? "opened_unchecked" : "opened");
      std::string names;
      for (const json& name : theirs["payloads"])
        names += (names.empty() ? "" : " ") + their_name(name);
      EXPECT_EQ(our_names(ours["payloads"]), names) << ours["payloads"];
    }
    EXPECT_THAT(report["ike"]["sas"][0]["missing"].dump(), HasSubstr("SK_d is in no key file"));
  }
}

TEST_F(IkeReplay, NamesIkev1) {
  const std::filesystem::path capture =
      std::filesystem::path(MPSEC_SHARED_DIR) / "data/wireshark/ikev1-certs.pcap";
  if (!std::filesystem::exists(capture)) GTEST_SKIP() << capture << " is absent";
  const std::string octets = read_file(capture);
  const json report = replayed(Octets(octets.begin(), octets.end()), "");
  const json& exchanges = report["ike"]["v1_exchanges"];
  std::uint64_t count = 0;
  for (const json& one : exchanges)
    count += one.get<std::uint64_t>();
  EXPECT_EQ(count, report["counts"]["ike_v1"]);
  EXPECT_GT(count, 0u);
  EXPECT_TRUE(exchanges.contains("Identity Protection (Main Mode)")) << exchanges;
}

struct SuiteCase {
  ike::IkeProposal proposal;
  std::string name;
};

// Every cipher with every key size, those without ICV of their own with every integrity algorithm; the PRFs
// take turns, so that each stands with many.
std::vector<SuiteCase> all_suites() {
  std::vector<SuiteCase> suites;
  std::vector<crypto::PrfId> prfs;
  for (const crypto::PrfTransform& prf : crypto::prf_transforms())
    if (prf.supported) prfs.push_back(prf.id);
  for (const crypto::EncryptionTransform& cipher : crypto::encryption_transforms()) {
    for (const std::uint8_t size : cipher.key_sizes) {
      const auto bits = cipher.key_sizes.size() == 1 ? std::nullopt : std::optional<std::uint16_t>(size * 8);
      for (const crypto::IntegrityTransform& integrity : crypto::integrity_transforms()) {
        if (cipher.combined() ? integrity.id != IntegrityId::none : !integrity.supported) continue;
        ike::ProtectionChoice choice{cipher.id, bits, std::nullopt};
        if (!cipher.combined()) choice.integrity = integrity.id;
        if (!ike::ike_protection(choice)) continue;
        for (std::size_t turn = 0; turn < 2; ++turn) {
          const crypto::PrfId prf = prfs[suites.size() % prfs.size()];
          ike::IkeProposal proposal{.encryption = {{cipher.id, bits}},
                                    .prf = {prf},
                                    .key_exchange = {crypto::KeyExchangeId::curve25519}};
          if (choice.integrity) proposal.integrity = {*choice.integrity};
          suites.push_back({std::move(proposal), fmt::format("{}-{} {} {}", cipher.name, size * 8,
                                                             integrity.name, (*crypto::find(prf))->name)});
        }
      }
    }
  }
  return suites;
}

TEST_F(IkeReplay, OpensEveryCombinationOfAlgorithms) {
  const auto suites = all_suites();
  EXPECT_GT(suites.size(), 150u);
  for (const SuiteCase& suite : suites) {
    SCOPED_TRACE(suite.name);
    samples::Recording recording(
        [&](ike::Configuration& configuration) { configuration.peers[0].proposals = {suite.proposal}; });
    recording.handshake();
    ASSERT_EQ(recording.keys.ikes.size(), 1u);
    recording.exchange_esp();
    recording.close();
    const auto& sa = recording.keys.ikes.front();
    const json by_table = replayed(recording.packets, samples::ikev2_table_line(sa));
    EXPECT_EQ(by_table["ike"]["verdicts"], json({{"clear", 2}, {"opened", 4}})) << by_table["ike"];
    const json by_toml = replayed(recording.packets, samples::ike_toml(recording, sa));
    EXPECT_EQ(by_toml["ike"]["verdicts"], by_table["ike"]["verdicts"]);
    EXPECT_EQ(by_toml["counts"]["clear"], 2) << by_toml["ike"]["sas"];
  }
}

// Child SAs with a key exchange of their own, but the first.
void with_secrecy(ike::Configuration& configuration) {
  auto& child = configuration.peers[0].children[0];
  child.proposals = {{.encryption = {{EncryptionId::aes_cbc, 256}},
                      .integrity = {IntegrityId::hmac_sha2_256_128},
                      .key_exchange = {crypto::KeyExchangeId::curve25519}}};
}

// A Child SA, both it and the IKE SA replaced, and ESP under each.
void play_rekeys(samples::Recording& recording) {
  recording.handshake();
  recording.exchange_esp();
  recording.rekey_child();
  recording.exchange_esp();
  recording.rekey_ike();
  recording.rekey_child();
  recording.exchange_esp();
  recording.close();
}

TEST_F(IkeReplay, FollowsRekeysAndOpensTheirEsp) {
  samples::Recording recording(with_secrecy);
  play_rekeys(recording);
  ASSERT_EQ(recording.keys.ikes.size(), 2u);
  ASSERT_EQ(recording.keys.children.size(), 3u);
  const auto& first = recording.keys.ikes.front();

  const auto failures = [](const json& report) {
    return report["ike"]["sas"][0]["failures"].size() + report["ike"]["sas"][1]["failures"].size();
  };
  // All that is needed; the same without SK_e* and SK_d, out of g^ir and IKE_SA_INIT.
  for (const samples::TomlParts& parts : {samples::TomlParts{}, samples::TomlParts{false, false, true}}) {
    const json report = replayed(recording.packets, samples::ike_toml(recording, first, parts));
    EXPECT_EQ(report["counts"]["clear"], 6) << report["ike"];
    EXPECT_EQ(failures(report), 0u);
    EXPECT_FALSE(report["ike"]["verdicts"].contains("no_key"));
    EXPECT_EQ(report["ike"]["sas"].size(), 2u);
    for (const json& stream : report["streams"])
      EXPECT_EQ(stream["judged_by"], "engine");
  }
  // Without g^ir the first child opens; what lacks is named.
  const json without = replayed(recording.packets, samples::ike_toml(recording, first, {true, true, false}));
  EXPECT_EQ(without["counts"]["clear"], 2);
  EXPECT_THAT(without["ike"]["sas"][0]["missing"].dump(), HasSubstr("g^ir of the exchange in frame"));
  EXPECT_TRUE(without["ike"]["verdicts"].contains("no_key"));
  // Without SK_d nothing of the children.
  const json closed = replayed(recording.packets, samples::ike_toml(recording, first, {true, false, false}));
  EXPECT_EQ(closed["counts"]["clear"], 0);
  EXPECT_THAT(closed["ike"]["sas"][0]["missing"].dump(), HasSubstr("SK_d is in no key file"));
  // Without any key the messages are seen to be closed.
  EXPECT_THAT(replayed(recording.packets, "")["ike"]["verdicts"].dump(), HasSubstr("no_key"));
}

TEST_F(IkeReplay, TakesWhatIsMissingFromAnotherKeyFile) {
  samples::Recording recording;
  recording.handshake();
  recording.exchange_esp();
  const auto& sa = recording.keys.ikes.front();
  options.capture = folder.file("capture", samples::capture_of(false, recording.packets));
  options.key_files = {folder.file("table", samples::ikev2_table_line(sa)),
                       folder.file("keys", samples::ike_toml(recording, sa, {false, true, false}))};
  const json report = samples::run_program(options).json();
  EXPECT_EQ(report["ike"]["verdicts"], json({{"clear", 2}, {"opened", 2}}));
  EXPECT_EQ(report["counts"]["clear"], 2) << report["ike"]["sas"];
  EXPECT_EQ(report["ike"]["sas"][0]["missing"], json::array());
}

TEST_F(IkeReplay, MessagesSentAgainMakeNothingAgain) {
  samples::Recording recording(with_secrecy);
  play_rekeys(recording);
  auto packets = recording.packets;
  packets.insert(packets.end(), recording.packets.begin(), recording.packets.end());
  const json report = replayed(packets, samples::ike_toml(recording, recording.keys.ikes.front()));
  ASSERT_EQ(report["ike"]["sas"].size(), 2u);
  EXPECT_EQ(report["ike"]["sas"][0]["made_count"], 3) << report["ike"]["sas"];
  EXPECT_EQ(report["ike"]["sas"][1]["made_count"], 1);
}

// The IKE messages of a recording, moved from port 500 to another, with and without a marker.
std::vector<Octets> on_port(std::vector<Octets> packets, std::uint16_t port, bool marker) {
  for (Octets& packet : packets) {
    if (packet[9] != 17) continue;
    store_be(packet.data() + 20, port), store_be(packet.data() + 22, static_cast<std::uint16_t>(port + 1));
    if (!marker) continue;
    packet.insert(packet.begin() + 28, 4, 0);
    store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
    store_be(packet.data() + 24, static_cast<std::uint16_t>(packet.size() - 20));
    store_be(packet.data() + 10, std::uint16_t{0});
    store_be(packet.data() + 10, wire::internet_checksum(OctetView(packet).first(20)));
  }
  return packets;
}

TEST_F(IkeReplay, FindsIkeOnOtherPortsByItsSpis) {
  samples::Recording recording;
  recording.handshake();
  const std::string keys = samples::ikev2_table_line(recording.keys.ikes.front());
  for (const bool marker : {false, true}) {
    const auto packets = on_port(recording.packets, 1500, marker);
    EXPECT_EQ(replayed(packets, keys)["ike"]["verdicts"], json({{"clear", 2}, {"opened", 2}}));
    EXPECT_EQ(replayed(packets, "")["ike"]["messages_seen"], 0);
  }
  EXPECT_EQ(replayed(on_port(recording.packets, 4500, true), keys)["ike"]["verdicts"],
            json({{"clear", 2}, {"opened", 2}}));
}

TEST_F(IkeReplay, PutsFragmentsTogether) {
  samples::Recording recording([](ike::Configuration& configuration) {
    // An offer so long that the request of IKE_AUTH takes several fragments.
    configuration.peers[0].fragment_beyond = 576;
    auto& proposals = configuration.peers[0].children[0].proposals;
    proposals.assign(40, proposals.front());
  });
  recording.handshake();
  auto packets = recording.packets;
  ASSERT_GT(packets.size(), 4u);
  const std::string keys = samples::ike_toml(recording, recording.keys.ikes.front());
  const json whole = replayed(packets, keys);
  EXPECT_EQ(whole["ike"]["verdicts"]["opened"], 2) << whole["ike"];
  EXPECT_EQ(whole["ike"]["sas"][0]["reassembled"], 1);
  EXPECT_EQ(whole["ike"]["verdicts"]["fragment"], packets.size() - 4);
  // In any order, and repeated, they are the same messages.
  std::reverse(packets.begin() + 2, packets.end());
  packets.insert(packets.begin() + 4, packets[3]);
  const json shuffled = replayed(packets, keys);
  EXPECT_EQ(shuffled["ike"]["sas"][0]["reassembled"], 1) << shuffled["ike"];
  EXPECT_EQ(shuffled["ike"]["verdicts"]["fragment_refused"], 1);
}

// What becomes of the messages in these packets, in their order.
std::vector<IkeVerdict> verdicts(const std::vector<Octets>& packets, const KeyFile& keys) {
  Replay replay(keys.entries, samples::provider(), {});
  replay.add_ike_keys(keys.ike);
  CapturedFrame frame;
  for (const Octets& packet : packets) {
    ++frame.number;
    frame.octets = packet;
    frame.original_length = static_cast<std::uint32_t>(packet.size());
    replay.frame(frame);
  }
  std::vector<IkeVerdict> all;
  for (const IkeRecord& record : replay.ike_messages())
    all.push_back(record.verdict);
  return all;
}

// The packet cut to `size` octets, as if it had been sent so.
void cut(Octets& packet, std::size_t size) {
  packet.resize(size);
  store_be(packet.data() + 2, static_cast<std::uint16_t>(size));
  store_be(packet.data() + 10, std::uint16_t{0});
  store_be(packet.data() + 10, wire::internet_checksum(OctetView(packet).first(20)));
  store_be(packet.data() + 24, static_cast<std::uint16_t>(size - 20));
}

// No octet of a protected message may change unnoticed, but those that make it another's: SPIs and version.
bool is_noticed(IkeVerdict verdict, bool in_header) {
  return is_failure(verdict) || verdict == IkeVerdict::no_key || verdict == IkeVerdict::other_version ||
         (verdict == IkeVerdict::clear && in_header);
}

// Every octet of every message flipped, and every message cut at every length: each is told, none crashes,
// and messages without damage are read as before.
TEST_F(IkeReplay, DamageIsToldMessageByMessage) {
  samples::Recording recording;
  recording.handshake();
  const auto keys = parse_keys(samples::ike_toml(recording, recording.keys.ikes.front()), "keys").value();
  constexpr std::size_t message_at = 28, header_octets = 28;
  const auto undamaged = verdicts(recording.packets, keys);
  ASSERT_EQ(undamaged.size(), 4u);
  for (std::size_t which = 0; which < 4; ++which) {
    for (std::size_t at = message_at; at < recording.packets[which].size(); ++at) {
      auto packets = recording.packets;
      packets[which][at] ^= 0x10;
      const auto damaged = verdicts(packets, keys);
      ASSERT_EQ(damaged.size(), 4u);
      EXPECT_TRUE(which < 2 || is_noticed(damaged[which], at < message_at + header_octets))
          << which << " @ " << at << ": " << to_string(damaged[which]);
      for (std::size_t other = 2; other < 4; ++other)
        EXPECT_TRUE(other == which || which < 2 || damaged[other] == undamaged[other]);
      packets = recording.packets;
      cut(packets[which], at);
      EXPECT_TRUE(is_failure(verdicts(packets, keys)[which])) << which << " cut at " << at;
    }
  }
}

}  // namespace
}  // namespace mpsec::replay
