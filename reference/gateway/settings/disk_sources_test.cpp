#include "gateway/settings/disk_sources.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "gateway/settings/test_documents.hpp"

namespace mpsec::gateway {
namespace {

namespace fs = std::filesystem;

class DiskSources : public testing::Test {
 protected:
  DiskSources() { fs::create_directory(folder); }
  ~DiskSources() override { fs::remove_all(folder); }
  fs::path write(const std::string& name, std::string_view text, fs::perms permissions) const {
    std::ofstream(folder / name) << text;
    fs::permissions(folder / name, permissions);
    return folder / name;
  }
  const fs::path folder = fs::temp_directory_path() / ("mpsec-settings-" + std::to_string(getpid()));
  const std::unique_ptr<crypto::PkiProvider> pki = crypto::make_openssl_pki();
  const SettingsSources sources = disk_sources(*pki);
};

constexpr fs::perms of_owner = fs::perms::owner_read | fs::perms::owner_write;

TEST_F(DiskSources, ReadAFileAsItIs) {
  const auto path = write("a", std::string_view("\0\r\n\xff", 4), of_owner);
  EXPECT_EQ(read_whole_file(path), (Octets{0, '\r', '\n', 0xff}));
  EXPECT_EQ(read_whole_file(write("empty", "", of_owner)), Octets{});
}

TEST_F(DiskSources, SayWhatTheSystemSays) {
  EXPECT_EQ(read_whole_file(folder / "none").error().why, "No such file or directory");
  EXPECT_EQ(read_whole_file(folder).error().why, "expected a regular file, found another kind");
}

TEST_F(DiskSources, SeeWhoElseCanReadAKey) {
  EXPECT_FALSE(sources.is_open_to_others(write("mine", "", of_owner)));
  EXPECT_TRUE(sources.is_open_to_others(write("ours", "", of_owner | fs::perms::group_read)));
  EXPECT_TRUE(sources.is_open_to_others(write("everybodys", "", of_owner | fs::perms::others_read)));
  EXPECT_FALSE(sources.is_open_to_others(folder / "none"));
}

TEST_F(DiskSources, AreThoseOfADocumentBesideItsFiles) {
  write("b.psk", "from a file\n", of_owner);
  std::string document = test_documents::least();
  const std::size_t at = document.find("key = ");
  document.replace(at, document.find('\n', at) - at, "key_file = \"b.psk\"");
  const auto settings = read_settings(document, folder / "a.toml", sources);
  ASSERT_TRUE(settings) << test_documents::text_of(settings.error());
  EXPECT_TRUE(settings->warnings.empty());
  EXPECT_EQ(settings->pad.at(0).permits<ipsec::PreSharedKey>()->key.size(), 11u);
}

}  // namespace
}  // namespace mpsec::gateway
