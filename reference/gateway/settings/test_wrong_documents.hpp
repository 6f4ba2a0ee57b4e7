// Documents that differ from one that is right, for tests of what is said of them.
#pragma once

#include <stdexcept>

#include "gateway/settings/test_documents.hpp"

namespace mpsec::gateway::test_documents {

inline constexpr std::string_view key_20 = "00112233445566778899aabbccddeeff01020304";

inline const std::string certified =
    "[[credential]]\nname = \"me\"\ncertificate = \"a.pem\"\nprivate_key = \"a.key\"\n"
    "[[authority]]\nname = \"ca\"\ncertificate = \"ca.pem\"\n";

// Throws where there is nothing to replace: the case would try something else than it says.
inline std::string replaced(std::string text, std::string_view old, std::string_view fresh) {
  const std::size_t at = text.find(old);
  if (at == text.npos) throw std::invalid_argument("the document has no " + std::string(old));
  return text.replace(at, old.size(), fresh);
}

inline std::string of_paths(std::string_view paths) {
  return replaced(least(), "{ local = \"10.9.0.1\", remote = \"10.9.0.2\" }", paths);
}

inline std::string of_selectors(std::string_view local, std::string_view remote) {
  return replaced(replaced(least(), "[\"10.10.1.0/24\"]", local), "[\"10.10.2.0/24\"]", remote);
}

inline std::string of_cluster(std::string_view cluster, const std::string& child = "") {
  return least("cluster = \"c\"\n" + child, "", fmt::format("[[cluster]]\nname = \"c\"\n{}", cluster));
}

// Stands behind a child of another peer.
inline std::string second_peer(std::string_view local, std::string_view remote,
                               std::string_view id = "c.example") {
  return fmt::format(
      "\n[[peer]]\nname = \"c\"\nlocal_id = \"a.example\"\nremote_id = \"{}\"\ncredential = \"psk\"\n"
      "[[peer.child]]\nname = \"net\"\nlocal = \"{}\"\nremote = \"{}\"\n",
      id, local, remote);
}

inline std::string sa(std::string_view name, std::string_view algorithm, std::string_view key, int spi,
                      std::string_view more = "") {
  const std::string half =
      fmt::format("{{ spi = {}, algorithm = \"{}\", key_hex = \"{}\" }}", spi, algorithm, key);
  return fmt::format(
      "[[sa]]\nname = \"{}\"\nlocal_address = \"10.9.0.1\"\nremote_address = \"10.9.0.2\"\n"
      "local = \"10.1.0.0/16\"\nremote = \"10.2.0.0/16\"\ninbound = {}\noutbound = {}\n{}\n",
      name, half, half, more);
}

inline std::string of_sas(const std::string& sas) {
  return "[[listen]]\naddress = \"10.9.0.1\"\n" + sas;
}

struct Case {
  std::string name;
  std::string document;
  std::string said;  // lines, each without the file's name
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.document; }
};
inline const auto name_of_case = [](const testing::TestParamInfo<Case>& info) { return info.param.name; };

inline std::string without_file(std::string text) {
  constexpr std::string_view file = "folder/a.toml:";
  for (std::size_t at = 0; (at = text.find(file, at)) != text.npos;)
    text.erase(at, file.size());
  return text;
}

class Documents : public testing::TestWithParam<Case> {};

}  // namespace mpsec::gateway::test_documents
