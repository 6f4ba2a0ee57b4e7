// Sessions of simulated gateways, one for every algorithm, as captures for programs that nobody here wrote.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <gmock/gmock.h>

#include "ike/test_world.hpp"
#include "ipsec/sa_test_support.hpp"
#include "sim/ike/test_ends.hpp"
#include "trace/network_capture.hpp"

namespace mpsec::trace::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using crypto::EncryptionId, crypto::IntegrityId;
using ike::test::End, ike::test::EndOptions;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mpsec-trace-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool there_is(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// Lines of what a command prints; what it says to complain is in the file "problems".
inline std::vector<std::string> run(const Folder& folder, const std::string& command) {
  const std::string out = folder / "out", problems = folder / "problems";
  EXPECT_EQ(std::system(fmt::format("{} >{} 2>{}", command, out, problems).c_str()), 0) << contents(problems);
  std::vector<std::string> lines;
  std::ifstream file(out);
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

struct Cipher {
  EncryptionId encryption;
  std::size_t key_octets;
  IntegrityId integrity = IntegrityId::none;
  bool extended = false;  // sequence numbers

  ike::ProtectionChoice choice() const {
    const bool one_size = (*crypto::find(encryption))->key_sizes.size() == 1;
    return {encryption, one_size ? std::nullopt : std::optional(static_cast<std::uint16_t>(key_octets * 8)),
            integrity};
  }
  bool serves_ike() const { return !extended && ike::ike_protection(choice()); }
  bool serves_esp() const { return ike::esp_protection(choice()).has_value(); }
  std::string name() const {
    return fmt::format(
        "{}-{}{}{}", (*crypto::find(encryption))->name, key_octets * 8,
        integrity == IntegrityId::none ? "" : fmt::format(" {}", (*crypto::find(integrity))->name),
        extended ? " ESN" : "");
  }
};
inline const Cipher plain{EncryptionId::aes_gcm_16, 16};

// Every cipher with every key size, every integrity algorithm once, both kinds with ESN.
inline std::vector<Cipher> ciphers() {
  std::vector<Cipher> all;
  for (const auto& transform : crypto::encryption_transforms())
    for (const std::uint8_t octets : transform.key_sizes)
      all.push_back(
          {transform.id, octets, transform.combined() ? IntegrityId::none : IntegrityId::hmac_sha2_256_128});
  for (const auto& transform : crypto::integrity_transforms())
    if (transform.supported && transform.salt_octets == 0)
      all.push_back({EncryptionId::aes_cbc, 16, transform.id});
  all.push_back({EncryptionId::aes_gcm_16, 16, IntegrityId::none, true});
  all.push_back({EncryptionId::aes_gcm_16_iiv, 16, IntegrityId::none, true});
  all.push_back({EncryptionId::aes_cbc, 16, IntegrityId::hmac_sha2_256_128, true});
  return all;
}

inline EndOptions options_for(const Cipher& ike, const Cipher& esp) {
  const auto set = [](auto& proposal, const Cipher& cipher) {
    const auto choice = cipher.choice();
    proposal.encryption = {{*choice.encryption, choice.key_bits}};
    proposal.integrity.clear();
    if (cipher.integrity != IntegrityId::none) proposal.integrity = {cipher.integrity};
  };
  EndOptions options;
  set(options.ike_proposals[0], ike);
  set(options.child_proposals[0], esp);
  if (esp.extended) options.child_proposals[0].sequence_numbers = {wire::ike::SequenceNumbers::extended};
  return options;
}

// A network in which many pairs of gateways, A and B, speak to each other. A's keys are logged.
class Sessions {
 public:
  explicit Sessions(ike::KeyLog& keys) : keys_(keys) { world_.network().add_tap(sim::recorder(recorded_)); }

  // An IKE SA, a child and one ESP packet of A. False where one of them does not come to be.
  bool add(const Cipher& ike, const Cipher& esp) { return add(options_for(ike, esp)); }
  bool add(const EndOptions& options, bool behind_nat = false) {
    begin(options, options, behind_nat);
    return send_esp();
  }
  // A initiates; whatever comes of it.
  void begin(const EndOptions& of_a, const EndOptions& of_b, bool behind_nat = false) {
    const auto number = static_cast<std::uint32_t>(pairs_.size());
    const IpAddress a = IpAddress::v4(0xc0000001u + (number << 8)), b = IpAddress::v4(a.v4_number() + 1);
    auto pair = std::make_unique<Pair>(of_a, of_b, a, b, number, &keys_);
    sim::Network& network = world_.network();
    pair->realm = network.internet();
    if (behind_nat)
      pair->realm = network.add_nat(pair->realm, ip("198.51.100.1"), {.preserve_ports = false}).realm;
    pair->ia = world_.add("A", pair->realm, {a}, pair->a.engine());
    pair->ib = world_.add("B", network.internet(), {b}, pair->b.engine());
    pairs_.push_back(std::move(pair));
    command([this](ike::Engine& engine, Instant now, ike::Actions& actions) {
      EXPECT_TRUE(engine.initiate("peer", pairs_.back()->a.path(), now, actions));
    });
  }
  // To the last A: (engine, now, actions), and what comes of it within a second.
  void command(auto act) {
    world_.command(pairs_.back()->ia, [&](ike::Engine& engine, Instant now, ike::Actions& actions) {
      return act(engine, now, actions), 0;
    });
    EXPECT_TRUE(world_.run_for(1s));
  }
  // Under the last pair's first child, from A to B.
  bool send_esp() {
    const Pair& pair = *pairs_.back();
    const auto& ours = world_.host(pair.ia).sad;
    const auto& theirs = world_.host(pair.ib).sad;
    if (ours.empty() || theirs.empty()) return false;
    ipsec::OutboundParameters out;
    static_cast<ipsec::SaParameters&>(out) = ours.begin()->second.outbound->clone();
    if (out.extended_sequence_numbers) out.last_sequence_number = high_half << 32 | 5;
    ipsec::InboundParameters in;
    static_cast<ipsec::SaParameters&>(in) = theirs.begin()->second.inbound->clone();
    ipsec::test::SaPair sas(std::move(out), std::move(in), *provider_);
    world_.network().send(pair.realm, *sim::Packet::from_ip(sas.protect(ipsec::test::udp_packet(false, 40))));
    return world_.run_for(1s);
  }
  static constexpr std::uint64_t high_half = 0x1234567;  // of extended sequence numbers

  std::size_t count() const { return pairs_.size(); }
  const sim::IkeWorld& world() const { return world_; }
  void write(const std::string& path) {
    auto writer = PcapngWriter::create(path, "mpsec");
    ASSERT_TRUE(writer);
    write_capture(*writer, world_.network(), recorded_);
    ASSERT_TRUE(writer->commit());
  }

 private:
  struct Pair {
    Pair(const EndOptions& of_a, const EndOptions& of_b, const IpAddress& own, const IpAddress& peer,
         std::uint64_t seed, ike::KeyLog* keys)
        : a("a.example", "b.example", own, peer, with(of_a, keys), seed * 2 + 1),
          b("b.example", "a.example", peer, own, of_b, seed * 2 + 2) {}
    static EndOptions with(EndOptions options, ike::KeyLog* keys) {
      options.key_log = keys;
      return options;
    }
    End a, b;
    sim::HostId ia, ib;
    sim::RealmId realm;  // A's
  };

  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  std::vector<std::unique_ptr<Pair>> pairs_;
  ike::KeyLog& keys_;
  sim::IkeWorld world_{1};
  std::vector<sim::Recorded> recorded_;
};

// Names of the algorithms that have a session, and of those that are left to others.
struct Coverage {
  std::vector<std::string> ike, esp, left_out;
  std::size_t sessions() const { return ike.size() + esp.size(); }
};

// A session for each algorithm that can be negotiated, under IKE and under ESP, where it is wanted so.
inline Coverage add_all(Sessions& sessions, const std::function<bool(const Cipher&)>& wanted_for_ike,
                        const std::function<bool(const Cipher&)>& wanted_for_esp) {
  Coverage covered;
  const auto add = [&](const Cipher& ike, const Cipher& esp, bool wanted, auto& names, auto name) {
    if (!wanted) return covered.left_out.push_back(std::move(name));
    EXPECT_TRUE(sessions.add(ike, esp)) << name;
    names.push_back(std::move(name));
  };
  for (const Cipher& cipher : ciphers()) {
    if (cipher.serves_ike()) add(cipher, plain, wanted_for_ike(cipher), covered.ike, "IKE " + cipher.name());
    if (cipher.serves_esp()) add(plain, cipher, wanted_for_esp(cipher), covered.esp, "ESP " + cipher.name());
  }
  return covered;
}

}  // namespace mpsec::trace::test
