#include "gateway/program/key_files.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "ipsec/sa_test_support.hpp"

namespace mpsec::gateway {
namespace {

namespace fs = std::filesystem;

class KeyFilesTest : public testing::Test {
 protected:
  ~KeyFilesTest() override { fs::remove_all(folder); }
  std::size_t lines() const {
    std::ifstream file(folder / "esp_sa");
    std::string line;
    std::size_t count = 0;
    while (std::getline(file, line))
      ++count;
    return count;
  }
  static void add(KeyFiles& files) {
    files.child_sa(ipsec::test::inbound_parameters({}), ipsec::test::outbound_parameters({}));
  }
  const fs::path folder = fs::temp_directory_path() / ("mpsec-keys-" + std::to_string(getpid()));
};

TEST_F(KeyFilesTest, GrowAndAreTheirOwnersAlone) {
  auto files = KeyFiles::open(folder);
  ASSERT_TRUE(files);
  for (const std::size_t expected : {2u, 4u, 6u}) {
    add(**files);
    EXPECT_EQ(lines(), expected);
  }
  EXPECT_EQ(fs::status(folder / "esp_sa").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(KeyFilesTest, AreWholeAgainAfterAFailure) {
  auto files = KeyFiles::open(folder);
  ASSERT_TRUE(files);
  add(**files);
  fs::remove(folder / "esp_sa");
  add(**files);
  EXPECT_FALSE(fs::exists(folder / "esp_sa")) << "that it failed was said";
  add(**files);
  EXPECT_EQ(lines(), 6u);
}

}  // namespace
}  // namespace mpsec::gateway
