// The key log writes what was asked for, for its owner's eyes alone; and where nobody has asked, nothing of a
// trace is secret.
#include "trace/wireshark_key_log.hpp"

#include <sys/stat.h>

#include "trace/event_lines.hpp"
#include "trace/test_sessions.hpp"

namespace mpsec::trace::test {
namespace {

TEST(WiresharkKeyLog, KeepsNoKeyThatWiresharkCannotUse) {
  WiresharkKeyLog keys;
  Sessions sessions(keys);
  const Cipher unnamed{EncryptionId::chacha20_poly1305, 32};
  ASSERT_TRUE(sessions.add(unnamed, unnamed));
  ASSERT_TRUE(sessions.add(plain, plain));
  EXPECT_EQ(keys.ike_sas(), 1u);
  EXPECT_EQ(keys.esp_sas(), 2u);
  ASSERT_EQ(keys.unnamed().size(), 3u);
  EXPECT_THAT(keys.unnamed()[0], testing::HasSubstr("ENCR_CHACHA20_POLY1305"));
}

TEST(WiresharkKeyLog, TablesAreTheirOwnersAloneAndWhole) {
  WiresharkKeyLog keys(WiresharkKeyLog::EspColumns::nine);
  Sessions sessions(keys);
  ASSERT_TRUE(sessions.add(plain, plain));
  const Folder folder;
  for (const char* name : {"esp_sa", "preferences"})
    std::ofstream(folder / name) << "old";
  fs::permissions(folder / "esp_sa", fs::perms::all);
  ASSERT_TRUE(keys.write(folder.path()));
  for (const char* name : {"ikev2_decryption_table", "esp_sa"}) {
    struct stat status{};
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
  EXPECT_EQ(contents(folder / "preferences"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 3);
  EXPECT_THAT(
      contents(folder / "esp_sa"),
      testing::MatchesRegex("(\"IPv4\",\"192.0.0.[12]\",\"192.0.0.[12]\",\"0x[0-9a-f]+\",\"AES-GCM with 16 "
                            "octet ICV .RFC4106.\",\"0x[0-9a-f]+\",\"NULL\",\"\",\"32-bit\"\n)+"));
  const auto refused = keys.write(folder / "absent");
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), testing::HasSubstr("ikev2_decryption_table: cannot create"));
}

// Knows every key, and looks for pieces of them: as they are, and as hexadecimal digits.
class Secrets final : public ike::KeyLog {
 public:
  void ike_sa(const IkeSaKeys& sa) override {
    const ike::IkeKeys& keys = sa.keys;
    for (const SecretOctets* key : {&keys.d, &keys.ai, &keys.ar, &keys.ei, &keys.er, &keys.pi, &keys.pr})
      add(key->view());
  }
  void child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) override {
    for (const ipsec::SaParameters* sa : {static_cast<const ipsec::SaParameters*>(&inbound),
                                          static_cast<const ipsec::SaParameters*>(&outbound)}) {
      add(sa->encryption_key.view());
      add(sa->integrity_key.view());
    }
  }
  void add(OctetView key) {
    for (std::size_t at = 0; at + 8 <= key.size(); at += 8)
      add_piece(key.subspan(at, 8));
  }
  void add_piece(OctetView piece) {
    pieces_.emplace_back(piece.begin(), piece.end());
    const std::string text = fmt::format("{:02x}", fmt::join(piece, ""));
    pieces_.push_back(text);
    std::ranges::transform(text, std::back_inserter(pieces_.emplace_back()),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  std::size_t count() const { return pieces_.size() / 3; }
  std::size_t found_in(const std::string& trace) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pieces_, [&](const auto& piece) { return trace.contains(piece); }));
  }

 private:
  std::vector<std::string> pieces_;
};

// To both logs.
struct Both final : ike::KeyLog {
  ike::KeyLog &one, &other;
  Both(ike::KeyLog& a, ike::KeyLog& b) : one(a), other(b) {}
  void ike_sa(const IkeSaKeys& keys) override { one.ike_sa(keys), other.ike_sa(keys); }
  void child_sa(const ipsec::InboundParameters& in, const ipsec::OutboundParameters& out) override {
    one.child_sa(in, out), other.child_sa(in, out);
  }
};

// Sessions of several kinds, with rekeying, NAT and fragments, and failures of several kinds.
void let_happen(Sessions& sessions) {
  const Cipher separate{EncryptionId::aes_cbc, 32, IntegrityId::hmac_sha2_512_256};
  EndOptions options = options_for(separate, separate);
  options.child_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519};
  static sim::test::Burden burden;  // outlives the sessions
  options.tap = &burden;
  options.change_peer = [](ike::PeerConfiguration& peer) { peer.fragment_beyond = 600; };
  ASSERT_TRUE(sessions.add(options, true));
  sessions.command([](ike::Engine& engine, Instant now, ike::Actions& actions) {
    EXPECT_TRUE(engine.rekey_child(engine.status().at(0).children.at(0).id, now, actions));
  });
  sessions.command([](ike::Engine& engine, Instant now, ike::Actions& actions) {
    EXPECT_TRUE(engine.rekey_ike(engine.status().at(0).id, now, actions));
  });
  for (const auto encryption : {EncryptionId::null_auth_aes_gmac, EncryptionId::aes_gcm_16})
    ASSERT_TRUE(sessions.add(plain, {encryption, 16}));
  EndOptions other_key = options, other_cipher = options;
  other_key.key = "another key than the peer's is";
  other_cipher.ike_proposals[0].encryption = {{EncryptionId::aes_ctr, 128}};
  sessions.begin(other_key, options);
  sessions.begin(options, other_cipher);
}

std::string trace_of(Sessions& sessions) {
  const Folder folder;
  sessions.write(folder / "capture.pcapng");
  std::string trace = contents(folder / "capture.pcapng");
  for (std::size_t i = 0; i < sessions.world().hosts(); ++i) {
    const sim::IkeHost& host = sessions.world().host(sim::HostId{i});
    for (const auto& told : host.events) {
      trace += to_text_line({told.at, host.name}, told.event) + "\n";
      trace += to_json_line({told.at, host.name}, told.event) + "\n";
    }
  }
  return trace;
}

TEST(Traces, HoldNothingSecretUnlessKeysWereAskedFor) {
  Secrets secrets;
  WiresharkKeyLog keys;
  Both both(secrets, keys);
  Sessions sessions(both);
  let_happen(sessions);
  for (const std::string_view key : {EndOptions().key, std::string("another key than the peer's is")})
    secrets.add_piece(OctetView(reinterpret_cast<const std::uint8_t*>(key.data()), key.size()));
  EXPECT_GE(secrets.count(), 100u);
  const std::string trace = trace_of(sessions);
  EXPECT_THAT(trace, testing::AllOf(testing::HasSubstr("negotiation_failed"), testing::HasSubstr("AUTH"),
                                    testing::HasSubstr("ike_rekeyed")));
  EXPECT_EQ(secrets.found_in(trace), 0u);
  // They would have been found: some of them are where they were asked for.
  const Folder folder;
  ASSERT_TRUE(keys.write(folder.path()));
  EXPECT_GE(secrets.found_in(contents(folder / "ikev2_decryption_table")), 20u);
  EXPECT_GE(secrets.found_in(contents(folder / "esp_sa")), 10u);
}

}  // namespace
}  // namespace mpsec::trace::test
