#include "gateway/program/gateway_file.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

#include "crypto/openssl/openssl_pki.hpp"

namespace mpsec::gateway {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GatewayFile : public testing::Test {
 protected:
  GatewayFile() {
    fs::create_directory(folder);
    write("a.toml", R"(
[[listen]]
address = "192.0.2.1"
[[credential]]
name = "psk"
key_file = "b.psk"
[[peer]]
name = "b"
local_id = "a.example"
remote_id = "b.example"
credential = "psk"
paths = [{ local = "192.0.2.1", remote = "192.0.2.2" }]
)");
    write("b.psk", "a key that is long enough\n");
  }
  ~GatewayFile() override { fs::remove_all(folder); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder / name) << text;
    fs::permissions(folder / name, fs::perms::owner_read | fs::perms::owner_write);
  }
  auto read(const std::string& name = "a.toml") {
    warnings.clear();
    return read_gateway_file(folder / name, *pki, 1'800'000'000,
                             [&](const Error& warning) { warnings.push_back(to_string(warning)); });
  }
  const fs::path folder = fs::temp_directory_path() / ("mpsec-file-" + std::to_string(getpid()));
  const std::unique_ptr<crypto::PkiProvider> pki = crypto::make_openssl_pki();
  std::vector<std::string> warnings;
};

TEST_F(GatewayFile, WarnsOfAKeyThatOthersCanRead) {
  ASSERT_TRUE(read());
  EXPECT_THAT(warnings, IsEmpty());
  fs::permissions(folder / "b.psk", fs::perms::others_read, fs::perm_options::add);
  ASSERT_TRUE(read());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("a.toml:6:12")));
}

TEST_F(GatewayFile, SaysThatItCannotBeRead) {
  const auto none = read("none.toml");
  ASSERT_FALSE(none);
  ASSERT_EQ(none.error().size(), 1u);
  EXPECT_EQ(to_string(none.error()[0]),
            (folder / "none.toml").string() + ": cannot be read: No such file or directory");
}

}  // namespace
}  // namespace mpsec::gateway
