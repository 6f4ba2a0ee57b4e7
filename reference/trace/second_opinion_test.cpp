// Whatever the engine seals, Scapy and Python's cryptography open, given the keys of its key log: the
// algorithms that tshark does not know, and those of which it does not check the ICV, are among them.
#include "trace/test_sessions.hpp"

namespace mpsec::trace::test {
namespace {

const auto wrong = testing::EndsWith(": the ICV is wrong");

std::string_view integrity_of(const crypto::IntegrityTransform* transform) {
  return transform == nullptr ? "NONE" : transform->name;
}

// The tables of interop/scapy/open_ike.py and open_esp.py; of ESP what is sent to B.
class ScapyTables final : public ike::KeyLog {
 public:
  void ike_sa(const IkeSaKeys& sa) override {
    const ike::Protection& protection = sa.suite.protection;
    ike += fmt::format("{:016x} {:016x} {} {} {} {} {} {}\n", sa.spis.initiator.value,
                       sa.spis.responder.value, protection.encryption->name, key(sa.keys.ei), key(sa.keys.er),
                       integrity_of(protection.integrity), key(sa.keys.ai), key(sa.keys.ar));
  }
  void child_sa(const ipsec::InboundParameters&, const ipsec::OutboundParameters& sa) override {
    esp += fmt::format("{:08x} {} {} {} {} {}\n", sa.spi.value, (*crypto::find(sa.encryption))->name,
                       key(sa.encryption_key), (*crypto::find(sa.integrity))->name, key(sa.integrity_key),
                       sa.extended_sequence_numbers ? fmt::format("{:08x}", Sessions::high_half) : "-");
  }
  std::string ike, esp;
  std::uint8_t mask = 0;  // what is wrong with the keys

 private:
  std::string key(const SecretOctets& octets) const {
    std::string text;
    for (const std::uint8_t octet : octets.view())
      text += fmt::format("{:02x}", octet ^ mask);
    return text.empty() ? "-" : text;
  }
};

class SecondOpinion : public testing::Test {
 protected:
  void SetUp() override {
    if (!there_is("/usr/bin/python3 -c 'import scapy.layers.ipsec, cryptography'"))
      GTEST_SKIP() << "Debian's Python with Scapy and cryptography is not there";
  }
  std::vector<std::string> open(const std::string& program, const std::string& table) {
    sessions_.write(folder_ / "capture.pcapng");
    std::ofstream(folder_ / "table") << table;
    return run(folder_,
               fmt::format("PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 {}/interop/scapy/{} {} {}",
                           MPSEC_SOURCE_DIR, program, folder_ / "capture.pcapng", folder_ / "table"));
  }

  Folder folder_;
  ScapyTables keys_;
  Sessions sessions_{keys_};
};

bool never(const Cipher&) {
  return false;
}
bool always(const Cipher&) {
  return true;
}

TEST_F(SecondOpinion, OpensEveryIkeMessage) {
  const Coverage covered = add_all(sessions_, always, never);
  fmt::print("opened: {}\n", fmt::join(covered.ike, ", "));
  const auto lines = open("open_ike.py", keys_.ike);
  const char* const auth = "IKE_AUTH 1 [^:]*: ((IDi|IDr|Notify) )+AUTH\\(2\\) SA TSi TSr";
  const char* const liveness = "INFORMATIONAL [0-9]+ [^:]*: ";
  EXPECT_THAT(lines,
              testing::Each(testing::AnyOf(testing::MatchesRegex(auth), testing::MatchesRegex(liveness))));
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("IKE_AUTH"); }),
            2 * std::ssize(covered.ike));
}

TEST_F(SecondOpinion, OpensEveryEspPacket) {
  const Coverage covered = add_all(sessions_, never, always);
  const auto lines = open("open_esp.py", keys_.esp);
  EXPECT_EQ(lines.size(), covered.esp.size());
  const auto by = [&](const std::string& program) {
    return std::ranges::count_if(lines,
                                 [&](const auto& line) { return line.ends_with("opened by " + program); });
  };
  fmt::print("{}\n", fmt::join(lines, "\n"));
  EXPECT_EQ(by("Scapy") + by("cryptography"), std::ssize(lines));
  EXPECT_GE(by("Scapy"), 10);
}

// So that what was opened above need not have been.
TEST_F(SecondOpinion, NoticesOtherKeys) {
  keys_.mask = 1;
  for (const IntegrityId check : {IntegrityId::none, IntegrityId::aes_xcbc_96, IntegrityId::aes_cmac_96}) {
    const bool combined = check == IntegrityId::none;
    const Cipher cipher =
        combined ? Cipher{EncryptionId::chacha20_poly1305, 32} : Cipher{EncryptionId::aes_cbc, 16, check};
    ASSERT_TRUE(sessions_.add(cipher, cipher));
  }
  EXPECT_THAT(open("open_ike.py", keys_.ike), testing::AllOf(testing::SizeIs(6), testing::Each(wrong)));
  EXPECT_THAT(open("open_esp.py", keys_.esp), testing::AllOf(testing::SizeIs(3), testing::Each(wrong)));
}

}  // namespace
}  // namespace mpsec::trace::test
