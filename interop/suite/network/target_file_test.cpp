#include "interop/suite/network/target_file.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "crypto/openssl/openssl_pki.hpp"

namespace mpsec::conformance {
namespace {

using testing::HasSubstr;

std::expected<TargetFile, std::vector<Error>> read(std::string_view document) {
  static const auto pki = crypto::make_openssl_pki();
  const auto no_file = [](const std::filesystem::path& path) -> Result<Octets> {
    if (path.filename() == "tester.psk") return Octets{'k', 'e', 'y'};
    return std::unexpected(Error{Blame::local_fault, path.string(), std::nullopt, "no such file", ""});
  };
  return read_target_file(document, "gw.toml", {no_file, *pki});
}

std::string with(std::string_view from, std::string_view to) {
  std::string text(example_target_file());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TargetFile, TheExampleReads) {
  const auto file = read(example_target_file());
  ASSERT_TRUE(file) << to_string(file.error().front());
  EXPECT_EQ(file->description.name, "my gateway 1.0");
  EXPECT_EQ(file->paths.size(), 1u);
  EXPECT_TRUE(file->description.encapsulate);
  EXPECT_TRUE(file->description.features.has(Feature::nat_traversal));
  EXPECT_TRUE(file->description.hooks.empty());
}

TEST(TargetFile, SeveralPathsAreAFeature) {
  const auto file = read(with(
      "[[credential]]", "[[path]]\ntester = \"198.51.100.2\"\ngateway = \"198.51.100.1\"\n\n[[credential]]"));
  ASSERT_TRUE(file) << to_string(file.error().front());
  EXPECT_TRUE(file->description.features.has(Feature::several_paths));
}

TEST(TargetFile, WhatIsWrongIsToldWithItsPlaceAndWithoutKeys) {
  struct Wrong {
    std::string_view from, to, said;
  };
  for (const Wrong& one : {
           Wrong{"host = \"10.2.0.1\"", "host = \"10.3.0.1\"", "expected an address of the net"},
           Wrong{"gateway = \"192.0.2.1\"", "gateway = \"2001:db8::1\"",
                 "expected an address of the tester's family"},
           Wrong{"\"aes128gcm16\"]", "\"aes129gcm16\"]", "aes129gcm16"},
           Wrong{"\"nat-traversal\"]", "\"nat-travesal\"]", "nat-traversal"},
           Wrong{"# initiate =", "initate =", "initate"},
           Wrong{"key_file = \"tester.psk\"", "key_file = \"other.psk\"", "no such file"},
           Wrong{"key_file = \"tester.psk\"", "", "expected key, key_hex or key_file"},
           Wrong{"[proposals]", "[proposal]", "proposals"},
           Wrong{"[proposals]", "[refused]\nexpired = \"old\"\n[proposals]", "there is no credential"},
           Wrong{"[proposals]", "[refused]\nexpired = \"tester\"\n[proposals]",
                 "expected a [[credential]] with a certificate"},
           Wrong{"[proposals]", "[refused]\nexpird = \"tester\"\n[proposals]", "expired"},
           Wrong{"name = \"my gateway 1.0\"", "name = my secret", "expected TOML"},
       }) {
    const auto file = read(with(one.from, one.to));
    ASSERT_FALSE(file) << one.to;
    std::string all;
    for (const Error& error : file.error())
      all += to_string(error) + "\n";
    EXPECT_THAT(all, HasSubstr("gw.toml:")) << one.to;
    EXPECT_THAT(all, HasSubstr(one.said)) << one.to;
    EXPECT_THAT(all, testing::Not(HasSubstr("secret"))) << one.to;
    EXPECT_THAT(all, testing::Not(HasSubstr("authority"))) << one.to;  // which a key does without
  }
}

}  // namespace
}  // namespace mpsec::conformance
