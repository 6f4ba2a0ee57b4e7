#include "interop/report/evidence.hpp"

#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "interop/suite/memory/memory_target.hpp"

namespace mpsec::conformance {
namespace {

namespace fs = std::filesystem;
using testing::Contains, testing::HasSubstr, testing::IsEmpty, testing::Not;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mpsec-evidence-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

const Case whole_case{.id = "test/1/whole-case",
                      .rules = {},
                      .does = "The tester sets up and asks.",
                      .lawful = "It is answered.",
                      .run = [](Tester& t) {
                        t.note("a note has no packet");
                        t.expect_alive(t.establish());
                      }};

Outcome outcome_of(Keep keep) {
  const auto packets = crypto::make_openssl_provider();
  const auto ike = crypto::make_openssl_ike_provider();
  MemoryTarget target;
  return run_case(whole_case, target, {*packets, *ike}, 1, keep);
}

// The standard output of a command, by lines.
std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> line{};
  while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr)
    lines.emplace_back(line.data());
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return lines;
}

TEST(Evidence, KeysAreKeptOnlyWhereTheyAreAskedFor) {
  const Outcome without = outcome_of(Keep::nothing), with = outcome_of(Keep::keys);
  ASSERT_EQ(without.verdict, Verdict::pass) << without.actual;
  EXPECT_EQ(without.secrets, nullptr);
  ASSERT_NE(with.secrets, nullptr);
  EXPECT_EQ(with.secrets->ike_sas.size(), 1u);
  EXPECT_EQ(with.secrets->children.size(), 1u);

  const Folder folder;
  ASSERT_TRUE(write_evidence(folder.path() + "/a", without));
  EXPECT_TRUE(fs::exists(folder.path() + "/a/packets.pcapng"));
  EXPECT_FALSE(fs::exists(folder.path() + "/a/esp_sa"));
}

TEST(Evidence, IsItsOwnersAlone) {
  const Folder folder;
  ASSERT_TRUE(write_evidence(folder.path() + "/a/b", outcome_of(Keep::keys)));
  EXPECT_EQ(fs::status(folder.path() + "/a/b").permissions(), fs::perms::owner_all);
  for (const char* name : {"packets.pcapng", "ikev2_decryption_table", "esp_sa", "preferences"})
    EXPECT_EQ(fs::status(folder.path() + "/a/b/" + name).permissions(),
              fs::perms::owner_read | fs::perms::owner_write)
        << name;
}

TEST(Evidence, ACaseWithoutStepsLeavesNothing) {
  Outcome none;
  none.one = &whole_case;
  const Folder folder;
  ASSERT_TRUE(write_evidence(folder.path() + "/a", none));
  EXPECT_FALSE(fs::exists(folder.path() + "/a"));
}

TEST(Evidence, AFolderThatCannotBeMadeIsNamed) {
  const auto written = write_evidence("/proc/nothing/here", outcome_of(Keep::nothing));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().path, "/proc/nothing/here");
  EXPECT_EQ(evidence_name("rfc7296/2.3/a-b"), "rfc7296.2.3.a-b");
}

TEST(Evidence, TsharkDecryptsIkeAndEsp) {
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
  const Folder folder;
  ASSERT_TRUE(write_evidence(folder.path(), outcome_of(Keep::keys), 1'769'860'800));
  const auto seen = lines_of("WIRESHARK_CONFIG_DIR=" + folder.path() + " tshark -n -r " + folder.path() +
                             "/packets.pcapng -T fields -e frame.time_epoch -e isakmp.exchangetype -e "
                             "isakmp.id.data.fqdn -e esp.sequence -e icmp.type 2>/dev/null");
  EXPECT_THAT(seen, Contains(HasSubstr("17698608")));                    // the calendar's time
  EXPECT_THAT(seen, Contains(testing::ContainsRegex("\t35\t[a-z]")));    // IKE_AUTH: an identity in clear
  EXPECT_THAT(seen, Contains(testing::ContainsRegex("\t1\t8\n")));       // the ping in ESP number 1
  EXPECT_THAT(seen, Contains(testing::ContainsRegex("\t[0-9]+\t0\n")));  // its answer
  const auto comments =
      lines_of("tshark -n -r " + folder.path() + "/packets.pcapng -T fields -e frame.comment 2>/dev/null");
  EXPECT_THAT(comments, Contains(HasSubstr("IKE_AUTH request 1: ")));
  EXPECT_THAT(comments, Not(Contains(HasSubstr("a note"))));
}

// Every protected payload and every ESP packet of these cases of the catalogue, as somebody sees them who
// follows the report: by the folder alone.
class DecryptedEvidence : public testing::TestWithParam<const char*> {};

TEST_P(DecryptedEvidence, HidesNothingFromTshark) {
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
  const auto one = std::ranges::find(catalogue(), std::string_view(GetParam()), &Case::id);
  ASSERT_NE(one, catalogue().end());
  const auto packets = crypto::make_openssl_provider();
  const auto ike = crypto::make_openssl_ike_provider();
  MemoryTarget target;
  const Outcome outcome = run_case(*one, target, {*packets, *ike}, 1, Keep::keys);
  ASSERT_EQ(outcome.verdict, Verdict::pass) << outcome.actual;
  const Folder folder;
  ASSERT_TRUE(write_evidence(folder.path(), outcome));
  const auto seen = lines_of("WIRESHARK_CONFIG_DIR=" + folder.path() + " tshark -n -V -r " + folder.path() +
                             "/packets.pcapng 2>/dev/null");
  const auto lines_with = [&](std::string_view what) {
    return std::ranges::count_if(seen, [&](const std::string& line) { return line.contains(what); });
  };
  const auto protected_payloads = lines_with("Payload: Encrypted and Authenticated (46)");
  EXPECT_GE(protected_payloads, 2);
  EXPECT_EQ(lines_with("        Decrypted Data ("), protected_payloads);
  EXPECT_GE(lines_with("ESP SPI: "), 2);
  EXPECT_EQ(lines_with("ESP Decrypted Data: "), lines_with("ESP SPI: "));
  EXPECT_GE(lines_with("Internet Control Message Protocol"), 2);  // a ping and its answer
}

INSTANTIATE_TEST_SUITE_P(OfTheCatalogue, DecryptedEvidence,
                         testing::Values("rfc7296/1.2/initial-exchanges-make-an-ike-sa-and-a-child",
                                         "rfc4303/1/aes-cbc-with-hmac-sha2-512",
                                         "rfc3948/2.1/udp-checksum-of-esp-is-zero"),
                         [](const auto& one) {
                           std::string name(one.param);
                           std::ranges::replace_if(name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace mpsec::conformance
