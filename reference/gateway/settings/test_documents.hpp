// Documents for tests, and the files that they name: keys and certificates made on the spot.
#pragma once

#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "crypto/openssl/test_pki.hpp"
#include "gateway/settings/read_settings.hpp"

namespace mpsec::gateway::test_documents {

inline constexpr std::string_view secret = "marked-secret-0123456789";

// A gateway with one peer: it reads without a warning.
inline std::string least(std::string_view child = "", std::string_view peer = "",
                         std::string_view more = "") {
  return fmt::format(R"([[listen]]
address = "10.9.0.1"
[[credential]]
name = "psk"
key = "{}"
{}
[[peer]]
name = "b"
local_id = "a.example"
remote_id = "b.example"
credential = "psk"
paths = [{{ local = "10.9.0.1", remote = "10.9.0.2" }}]
{}
[[peer.child]]
name = "net"
local = ["10.10.1.0/24"]
remote = ["10.10.2.0/24"]
{})",
                     secret, more, peer, child);
}

inline Octets octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

// Files by name, in the document's folder.
class Files {
 public:
  Files() : pki_(crypto::make_openssl_pki()) {}

  void put(const std::string& name, Octets octets) { files_["folder/" + name] = std::move(octets); }
  SettingsSources sources() const {
    return {
        .read_file = [this](const std::filesystem::path& path) -> Result<Octets> {
          if (const auto found = files_.find(path.string()); found != files_.end()) return found->second;
          return std::unexpected(Error{Blame::local_fault, path.string(), std::nullopt, "no such file", ""});
        },
        .pki = *pki_};
  }
  auto read(std::string_view document) const { return read_settings(document, "folder/a.toml", sources()); }

 private:
  std::unique_ptr<crypto::PkiProvider> pki_;
  std::map<std::string, Octets> files_;
};

// The files of docs/gateway.md: an authority, one between, and our certificate as a.example.
inline Files files_of_the_page() {
  using namespace crypto::test_pki;
  const Authority anchor({.common_name = "our-ca", .alternative_names = "", .authority = true});
  const Authority between({.common_name = "ca1", .alternative_names = "", .authority = true}, &anchor);
  const Authority own({.common_name = "a", .alternative_names = "DNS:a.example"}, &between);
  Files files;
  files.put("ca.pem", anchor.der());
  files.put("ca.crl", anchor.revoke({}));
  files.put("ca1.pem", between.der());
  files.put("a.pem", own.der());
  files.put("a.key", own.private_key_der());
  return files;
}

inline std::string page() {
  std::ifstream file(MPSEC_SOURCE_DIR "/docs/gateway.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The TOML of the page.
inline std::string example() {
  constexpr std::string_view begin = "```toml\n", end = "```\n";
  const std::string text = page();
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

inline std::string text_of(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors)
    text += to_string(error) + "\n";
  return text;
}

// What the document says; the test fails where it is refused.
inline Settings read(const std::string& document, const Files& files = Files()) {
  auto settings = files.read(document);
  if (settings) return *std::move(settings);
  ADD_FAILURE() << text_of(settings.error());
  return {};
}

// All that is said of it, a line each: errors, else warnings.
inline std::string said_of(const std::string& document, const Files& files = Files()) {
  const auto settings = files.read(document);
  return text_of(settings ? settings->warnings : settings.error());
}

}  // namespace mpsec::gateway::test_documents
