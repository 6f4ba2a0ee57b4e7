// Captures, key files and runs of the program, for tests.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/sa_test_support.hpp"
#include "pcap-replay/capture/capture_samples.hpp"
#include "pcap-replay/core/program.hpp"

namespace mpsec::replay::samples {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string folder = (std::filesystem::temp_directory_path() / "mpsec-replay-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(folder_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  // The path of a file with this content, readable by its owner only.
  std::string file(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    std::filesystem::permissions(path(name), std::filesystem::perms(0600));
    return path(name);
  }
  std::string file(std::string_view name, const Octets& content) const {
    return file(name, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
  }
  std::ptrdiff_t files() const { return std::distance(std::filesystem::directory_iterator(folder_), {}); }

 private:
  std::filesystem::path folder_;
};

inline const crypto::Provider& provider() {
  static const auto made = crypto::make_openssl_provider();
  return *made;
}

// What all four forms of key files can tell.
inline ipsec::test::SaPlan plain_plan() {
  return {.mode = ipsec::Mode::tunnel,
          .encryption = crypto::EncryptionId::aes_cbc,
          .integrity = crypto::IntegrityId::hmac_sha1_96};
}

inline Octets clear_packet(std::size_t payload = 40) {
  return ipsec::test::udp_packet(false, payload);
}

// `count` packets of the SA, numbered from 1; the clear ones are 40, 41, ... octets of UDP payload.
inline std::vector<Octets> sealed_packets(ipsec::test::SaPair& pair, std::size_t count) {
  std::vector<Octets> packets;
  for (std::size_t i = 0; i < count; ++i)
    packets.push_back(pair.protect(clear_packet(40 + i)));
  return packets;
}
inline std::vector<Octets> sealed_packets(const ipsec::test::SaPlan& plan, std::size_t count) {
  ipsec::test::SaPair pair(plan, provider());
  return sealed_packets(pair, count);
}

// The same frames as a file of either kind, with a header of the link layer before each packet.
inline Octets capture_of(bool pcapng, const std::vector<Octets>& packets, LinkType link_type = LinkType::raw,
                         const Octets& link_header = {}) {
  std::vector<Octets> frames;
  for (const Octets& packet : packets) {
    frames.push_back(link_header);
    append(frames.back(), packet);
  }
  if (!pcapng) return pcap_file(static_cast<std::uint32_t>(link_type), frames);
  Octets file;
  append_section(file);
  append_interface(file, static_cast<std::uint16_t>(link_type));
  for (const Octets& frame : frames)
    append_enhanced_packet(file, 0, 1'000'002, frame);
  return file;
}

// The project's own key file for an SA, without what can be found out.
inline std::string toml_keys(const ipsec::SaParameters& sa) {
  const bool esp = sa.protocol == ipsec::Protocol::esp;
  std::string text =
      fmt::format("[[sa]]\nspi = {:#x}\nprotocol = \"{}\"\n", sa.spi.value, esp ? "esp" : "ah");
  if (esp)
    text += fmt::format("encryption = \"{}\"\nencryption_key = \"{}\"\n",
                        (*crypto::find(sa.encryption))->name, to_hex(sa.encryption_key.view()));
  if (sa.integrity != crypto::IntegrityId::none)
    text += fmt::format("integrity = \"{}\"\nintegrity_key = \"{}\"\n", (*crypto::find(sa.integrity))->name,
                        to_hex(sa.integrity_key.view()));
  if (sa.extended_sequence_numbers) text += "extended_sequence_numbers = true\n";
  if (sa.udp) text += "udp = {}\n";
  return text;
}
inline std::string toml_keys(const ipsec::test::SaPlan& plan) {
  return toml_keys(ipsec::test::inbound_parameters(plan));
}

struct KeyForm {
  KeyFormat format;
  std::string text;
};

// plain_plan() in all four forms.
inline std::vector<KeyForm> plain_keys() {
  const auto sa = ipsec::test::inbound_parameters(plain_plan());
  const std::string key = to_hex(sa.encryption_key.view()), icv_key = to_hex(sa.integrity_key.view());
  return {{KeyFormat::tcpdump, fmt::format("0x1000@192.0.2.2 aes128-cbc-hmac96:0x{}{}\n", key, icv_key)},
          {KeyFormat::wireshark,
           fmt::format("\"IPv4\",\"192.0.2.1\",\"192.0.2.2\",\"0x00001000\",\"AES-CBC [RFC3602]\",\"0x{}\","
                       "\"HMAC-SHA-1-96 [RFC2404]\",\"0x{}\"\n",
                       key, icv_key)},
          {KeyFormat::xfrm, fmt::format("src 192.0.2.1 dst 192.0.2.2\n"
                                        "\tproto esp spi 0x00001000 reqid 0 mode tunnel\n"
                                        "\treplay-window 64 \n"
                                        "\tauth-trunc hmac(sha1) 0x{} 96\n"
                                        "\tenc cbc(aes) 0x{}\n",
                                        icv_key, key)},
          {KeyFormat::toml, toml_keys(sa)}};
}

struct RunOutcome {
  ExitCode exit = exit_complete;
  std::string out;       // the report
  std::string problems;  // errors and warnings

  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

inline RunOutcome run_program(const ProgramOptions& options) {
  RunOutcome outcome;
  char* texts[2] = {};
  std::size_t sizes[2] = {};
  std::FILE* const out = ::open_memstream(&texts[0], &sizes[0]);
  std::FILE* const problems = ::open_memstream(&texts[1], &sizes[1]);
  outcome.exit = run(options, out, problems);
  std::fclose(out), std::fclose(problems);
  outcome.out.assign(texts[0], sizes[0]), outcome.problems.assign(texts[1], sizes[1]);
  std::free(texts[0]), std::free(texts[1]);
  return outcome;
}

}  // namespace mpsec::replay::samples
