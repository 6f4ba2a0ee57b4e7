// What is exported is what Wireshark needs: tshark decrypts whole sessions, one for each algorithm that it
// knows.
#include <set>

#include "trace/test_sessions.hpp"
#include "trace/wireshark_key_log.hpp"
#include "trace/wireshark_names.hpp"

namespace mpsec::trace::test {
namespace {

// The fields of each packet, with tabs between. What is inside goes to a UDP port whose own protocol would
// find it malformed.
std::vector<std::string> tshark(const Folder& folder, const std::string& arguments) {
  return run(folder, fmt::format("WIRESHARK_CONFIG_DIR={0} tshark -n -d udp.port==2222,data "
                                 "-r {0}/capture.pcapng -T fields {1}",
                                 folder.path(), arguments));
}

using Name = std::optional<WiresharkName>;

Name ike_cipher(const Cipher& cipher) {
  return wireshark_ike_encryption(cipher.encryption, cipher.key_octets);
}

// Lines of both tables that offer every name, with keys that mean nothing.
struct Offer {
  std::string ike, esp;

  explicit Offer(const std::set<std::string>& refused) {
    for (const Cipher& cipher : ciphers()) {
      offer_ike(cipher, ike_cipher(cipher), wireshark_ike_integrity(cipher.integrity), refused);
      offer_esp(wireshark_esp_encryption(cipher.encryption), wireshark_esp_integrity(cipher.integrity),
                refused);
    }
  }

 private:
  static bool there(const Name& cipher, const Name& check, const std::set<std::string>& refused) {
    return cipher && check && !refused.contains(cipher->name) && !refused.contains(check->name);
  }
  void offer_ike(const Cipher& cipher, const Name& encryption, const Name& check,
                 const std::set<std::string>& refused) {
    if (!there(encryption, check, refused)) return;
    const std::string key(2 * (cipher.key_octets + (*crypto::find(cipher.encryption))->salt_octets), '0');
    const std::string check_key(
        check->takes_key ? std::size_t{2} * (*crypto::find(cipher.integrity))->key_octets : 0, '0');
    ike += fmt::format("{0:016x},{0:016x},{1},{1},\"{2}\",{3},{3},\"{4}\"\n", ++lines_, key, encryption->name,
                       check_key, check->name);
  }
  void offer_esp(const Name& encryption, const Name& check, const std::set<std::string>& refused) {
    if (!there(encryption, check, refused)) return;
    esp += fmt::format("\"IPv4\",\"*\",\"*\",\"*\",\"{}\",\"\",\"{}\",\"\"\n", encryption->name, check->name);
  }
  std::uint64_t lines_ = 0;
};

// The names that the installed tshark does not take. It stops at the first one, and says which.
std::set<std::string> refused_names() {
  const Folder folder;
  WiresharkKeyLog none;
  Sessions(none).write(folder / "capture.pcapng");
  for (std::set<std::string> refused;;) {
    const Offer offer(refused);
    std::ofstream(folder / "ikev2_decryption_table") << offer.ike;
    std::ofstream(folder / "esp_sa") << offer.esp;
    tshark(folder, "-e frame.number");
    const std::string said = contents(folder / "problems"), refusal = "invalid value: ";
    const std::size_t at = said.find(refusal);
    if (at == std::string::npos) {
      EXPECT_EQ(said.find("esp_sa"), std::string::npos) << said;
      EXPECT_EQ(said.find("ikev2_decryption_table"), std::string::npos) << said;
      return refused;
    }
    const std::size_t name = at + refusal.size();
    if (!refused.insert(said.substr(name, said.find('\n', name) - name)).second) {
      ADD_FAILURE() << said;
      return refused;
    }
  }
}

bool is_checked(const Cipher& esp) {
  return esp.integrity == IntegrityId::none || wireshark_esp_integrity(esp.integrity)->takes_key;
}

// Tables and capture, in the folder, of a session for each algorithm that tshark knows.
Coverage write_all(const Folder& folder) {
  const auto refused = refused_names();
  const auto known = [&](const Name& cipher, const Name& check) {
    return cipher && check && !refused.contains(cipher->name) && !refused.contains(check->name);
  };
  WiresharkKeyLog keys;
  Sessions sessions(keys);
  const Coverage covered = add_all(
      sessions,
      [&](const Cipher& cipher) {
        return known(ike_cipher(cipher), wireshark_ike_integrity(cipher.integrity));
      },
      [&](const Cipher& cipher) {
        return !cipher.extended &&
               known(wireshark_esp_encryption(cipher.encryption), wireshark_esp_integrity(cipher.integrity));
      });
  EXPECT_EQ(keys.unnamed(), std::vector<std::string>());
  EXPECT_EQ(keys.ike_sas(), covered.sessions());
  EXPECT_EQ(keys.esp_sas(), 2 * covered.sessions());
  EXPECT_TRUE(keys.write(folder.path()));
  sessions.write(folder / "capture.pcapng");
  return covered;
}

constexpr const char* esp_fields =
    "-o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE "
    "-Y esp -e udp.dstport -e esp.icv_good -e esp.icv_bad";

TEST(Wireshark, DecryptsWhatWasExported) {
  if (!there_is("tshark -v")) GTEST_SKIP() << "tshark is not there";
  const Folder folder;
  const Coverage covered = write_all(folder);
  std::vector<std::string> unchecked;
  for (const Cipher& cipher : ciphers())
    if (std::ranges::count(covered.esp, "ESP " + cipher.name()) != 0 && !is_checked(cipher))
      unchecked.push_back(cipher.name());
  fmt::print("tshark decrypts {}, {}\n", fmt::join(covered.ike, ", "), fmt::join(covered.esp, ", "));
  fmt::print("without a look at the ICV: {}\ntshark does not know {}\n", fmt::join(unchecked, ", "),
             fmt::join(covered.left_out, ", "));
  EXPECT_GE(covered.ike.size(), 20u);
  EXPECT_GE(covered.esp.size(), 20u);

  // Both IKE_AUTH messages of every session, down to the AUTH payload: method 2 is a shared key.
  const auto messages = tshark(folder, "-Y 'isakmp.exchangetype == 35' -e isakmp.auth.method");
  EXPECT_EQ(messages.size(), 2 * covered.sessions());
  EXPECT_THAT(messages, testing::Each("2"));
  EXPECT_THAT(tshark(folder, "-Y '_ws.expert.severity == error' -e frame.number"), testing::IsEmpty());
  const auto packets = tshark(folder, esp_fields);
  EXPECT_EQ(packets.size(), covered.sessions());
  EXPECT_EQ(std::ranges::count(packets, "2222\t1\t0"), std::ssize(packets) - std::ssize(unchecked));
  EXPECT_EQ(std::ranges::count(packets, "2222\t0\t0"), std::ssize(unchecked));
}

// So that a good ICV above can be otherwise.
TEST(Wireshark, FindsOtherKeysWrong) {
  if (!there_is("tshark -v")) GTEST_SKIP() << "tshark is not there";
  WiresharkKeyLog keys, none;
  Sessions sessions(keys);
  ASSERT_TRUE(sessions.add(plain, plain));
  const Folder folder;
  sessions.write(folder / "capture.pcapng");
  ASSERT_TRUE(none.write(folder.path()));
  EXPECT_THAT(tshark(folder, "-Y 'isakmp.exchangetype == 35' -e isakmp.auth.method"), testing::Each(""));
  ASSERT_TRUE(keys.write(folder.path()));
  std::string table = contents(folder / "esp_sa");
  for (std::size_t at = table.find("\"0x"); at != std::string::npos; at = table.find("\"0x", at + 1))
    if (table.find('"', at + 1) - at > 40) table[at + 3] = table[at + 3] == '0' ? '1' : '0';
  std::ofstream(folder / "esp_sa") << table;
  EXPECT_THAT(tshark(folder, esp_fields), testing::ElementsAre(testing::EndsWith("\t0\t1")));
}

TEST(Wireshark, DecryptsWhatPassesANatInFragments) {
  if (!there_is("tshark -v")) GTEST_SKIP() << "tshark is not there";
  WiresharkKeyLog keys;
  Sessions sessions(keys);
  EndOptions options;
  sim::test::Burden burden;
  options.tap = &burden;
  options.change_peer = [](ike::PeerConfiguration& peer) { peer.fragment_beyond = 600; };
  ASSERT_TRUE(sessions.add(options, true));
  const Folder folder;
  ASSERT_TRUE(keys.write(folder.path()));
  sessions.write(folder / "capture.pcapng");
  // Each once before the NAT and once behind it.
  const auto messages = tshark(folder, "-Y 'isakmp.exchangetype == 35' -e udp.port -e isakmp.auth.method");
  EXPECT_GE(messages.size(), 2u * 2 * 2);
  EXPECT_EQ(std::ranges::count_if(messages, [](const std::string& line) { return line.ends_with("\t2"); }),
            4);
  EXPECT_THAT(messages, testing::Each(testing::HasSubstr("4500")));
  EXPECT_THAT(tshark(folder, esp_fields), testing::ElementsAre("4500,2222\t1\t0", "4500,2222\t1\t0"));
}

TEST(Wireshark, DecryptsTheSuccessorsOfWhatWasRekeyed) {
  if (!there_is("tshark -v")) GTEST_SKIP() << "tshark is not there";
  WiresharkKeyLog keys;
  Sessions sessions(keys);
  EndOptions options;
  options.child_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519};
  ASSERT_TRUE(sessions.add(options));
  sessions.command([](ike::Engine& engine, Instant now, ike::Actions& actions) {
    EXPECT_TRUE(engine.rekey_ike(engine.status().at(0).id, now, actions));
  });
  sessions.command([](ike::Engine& engine, Instant now, ike::Actions& actions) {
    EXPECT_TRUE(engine.rekey_child(engine.status().at(0).children.at(0).id, now, actions));
  });
  ASSERT_TRUE(sessions.send_esp());
  EXPECT_EQ(keys.ike_sas(), 2u);
  EXPECT_EQ(keys.esp_sas(), 4u);
  const Folder folder;
  ASSERT_TRUE(keys.write(folder.path()));
  sessions.write(folder / "capture.pcapng");
  // Of an IKE SA and of a child: a nonce (40) with each request and reply; then Deletes (42).
  const auto messages =
      tshark(folder, "-Y 'isakmp.exchangetype == 36' -e isakmp.nonce -e isakmp.typepayload");
  EXPECT_EQ(messages.size(), 4u);
  EXPECT_THAT(messages, testing::Each(testing::MatchesRegex("[0-9a-f]+\t.*46.*33.*40.*34.*")));
  EXPECT_EQ(
      tshark(folder, "-Y 'isakmp.exchangetype == 37 && isakmp.typepayload == 42' -e frame.number").size(),
      3u);
  EXPECT_THAT(tshark(folder, esp_fields), testing::ElementsAre("2222\t1\t0", "2222\t1\t0"));
}

}  // namespace
}  // namespace mpsec::trace::test
