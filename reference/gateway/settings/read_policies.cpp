// [[policy]]: what is let through or thrown away; [[sa]]: SA pairs without IKE, with a policy each.
#include <algorithm>
#include <fmt/format.h>

#include "gateway/settings/algorithms.hpp"
#include "gateway/settings/values.hpp"

namespace mpsec::gateway {
namespace {

struct Directions {
  bool out = true, in = true;
};

std::vector<ipsec::Selector> read_selectors(TableReader& reader) {
  const std::size_t errors = reader.findings().errors();
  for (const std::string_view key : {"local", "remote"})
    if (!reader.has(key))
      reader.fail(key, "expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address");
  const auto local = read_sides(reader, "local"), remote = read_sides(reader, "remote");
  if (reader.findings().errors() != errors) return {};
  auto selectors = selectors_between(local, remote);
  if (selectors) return *std::move(selectors);
  reader.fail("remote", selectors.error().why, selectors.error().clause);
  return {};
}

void read_policy(TableReader& reader, Reading& reading) {
  static constexpr Named<ipsec::Action> actions[] = {{"bypass", ipsec::Action::bypass},
                                                     {"discard", ipsec::Action::discard}};
  static constexpr Named<Directions> directions[] = {
      {"both", {true, true}}, {"out", {true, false}}, {"in", {false, true}}};
  ipsec::Policy policy;
  Directions direction;
  policy.name = reader.name_of("name").value_or("");
  reader.choice<ipsec::Action>("action", actions, policy.action);
  if (!reader.has("action")) reader.fail("action", "expected \"bypass\" or \"discard\", found none");
  reader.choice<Directions>("direction", directions, direction);
  policy.outbound = direction.out, policy.inbound = direction.in;
  policy.selectors = read_selectors(reader);
  reading.add(std::move(policy), reader.place());
}

// What both halves of an SA have in common.
struct Common {
  std::string name;
  ipsec::Protocol protocol = ipsec::Protocol::esp;
  ipsec::Mode mode = ipsec::Mode::tunnel;
  IpAddress local, remote;
  std::vector<ipsec::Selector> selectors;
  std::optional<std::uint16_t> nat_port;
  bool extended = false;
  std::uint32_t replay_window = 64;
  std::optional<std::string> cluster;
};

void read_addresses(TableReader& reader, const Reading& reading, Common& common) {
  for (const auto& [key, address] :
       {std::pair{"local_address", &common.local}, std::pair{"remote_address", &common.remote}}) {
    if (const auto read = read_address(reader, key)) *address = *read;
    if (!reader.has(key)) reader.fail(key, "expected an address, found none");
  }
  const ListenSettings* const listen = reading.listener(common.local);
  if (reader.has("local_address") && listen == nullptr)
    reader.fail("local_address", fmt::format("no [[listen]] has the address {}", to_string(common.local)));
  bool encapsulation = false;
  reader.boolean("encapsulation", encapsulation);
  if (!encapsulation || listen == nullptr) return;
  common.nat_port = listen->nat_port;
  if (listen->nat_port == 0)
    reader.fail("encapsulation", "its [[listen]] has nat_port = 0; expected a port there");
}

void read_common(TableReader& reader, Reading& reading, Common& common) {
  common.name = reader.name_of("name").value_or("");
  if (!common.name.empty()) reading.sas.declare(common.name, reader.place("name"));
  reader.choice<ipsec::Protocol>("protocol", protocols, common.protocol);
  reader.choice<ipsec::Mode>("mode", modes, common.mode);
  read_addresses(reader, reading, common);
  common.selectors = read_selectors(reader);
  reader.boolean("esn", common.extended);
  reader.number("replay_window", common.replay_window, 0);
  if (const auto cluster = reader.text("cluster"))
    if (reading.clusters.refer(*cluster, reader.place("cluster"), fmt::format("{}.cluster", reader.path())))
      common.cluster = *cluster;
}

void apply(const Common& common, const Reading& reading, ipsec::SaParameters& half) {
  half.protocol = common.protocol, half.mode = common.mode;
  half.selectors = common.selectors;
  half.extended_sequence_numbers = common.extended;
  half.anti_replay = common.replay_window != 0;
  if (common.nat_port) {
    ipsec::UdpEncapsulation& udp = half.udp.emplace();
    udp.source_port = udp.destination_port = *common.nat_port;
  }
  if (common.cluster) half.anti_replay = reading.settings.clusters.at(*common.cluster).wish.anti_replay;
}

// AH has one key, whichever of the two it is called.
void read_keys(TableReader& reader, const ike::ProtectionChoice& choice, ipsec::SaParameters& half) {
  auto key = reader.secret_hex("key_hex"), integrity_key = reader.secret_hex("integrity_key_hex");
  if (half.protocol == ipsec::Protocol::ah && key && integrity_key)
    reader.fail("key_hex", "AH has one key; expected key_hex or integrity_key_hex, found both");
  if (half.protocol == ipsec::Protocol::ah && !integrity_key)
    integrity_key = std::exchange(key, std::nullopt);
  if (integrity_key) half.integrity_key = *std::move(integrity_key);
  if (!key) return;
  half.encryption_key = *std::move(key);
  const crypto::EncryptionTransform& transform = **crypto::find(half.encryption);
  const std::size_t expected = choice.key_bits.value_or(0) / 8u + transform.salt_octets;
  if (choice.key_bits && half.encryption_key.size() != expected)
    reader.fail(
        "key_hex",
        fmt::format("expected {} octets{}, found {}", expected,
                    transform.salt_octets == 0 ? "" : fmt::format(", {} of them salt", transform.salt_octets),
                    half.encryption_key.size()));
}

void read_half(TableReader& sa, std::string_view key, ipsec::SaParameters& half) {
  auto* const table = sa.table(key);
  if (table == nullptr) {
    if (!sa.has(key))
      sa.fail(key, "expected { spi = ..., algorithm = \"...\", key_hex = \"...\" }, found none");
    return;
  }
  TableReader reader(*table, fmt::format("{}.{}", sa.path(), key), sa.findings());
  reader.number("spi", half.spi.value, 256);
  if (!reader.has("spi"))
    reader.fail("spi", "expected a number from 256 to 4294967295, found none", "RFC 4303 2.1");
  const auto words = reader.text("algorithm");
  if (!reader.has("algorithm")) reader.fail("algorithm", "expected an algorithm, as aes128gcm16, found none");
  const auto choice = words ? sa_algorithms_of(*words, half.protocol) : ike::ProtectionChoice{};
  if (!choice) {
    reader.expect({"key_hex", "integrity_key_hex"});
    return reader.fail_at(within({*words, reader.place("algorithm")}, choice.error()), "algorithm",
                          choice.error().why, choice.error().clause);
  }
  half.encryption = choice->encryption.value_or(crypto::EncryptionId::null);
  half.integrity = choice->integrity.value_or(crypto::IntegrityId::none);
  read_keys(reader, *choice, half);
}

// The policy of the SA: one of its own, or that of the cluster's first sub-SA.
ipsec::PolicyId policy_of(const Common& common, Place at, Reading& reading) {
  for (const ManualSa& other : reading.settings.sas)
    if (common.cluster && other.cluster == common.cluster) return other.policy;
  ipsec::Policy policy;
  policy.action = ipsec::Action::protect;
  policy.name = common.name;
  policy.selectors = common.selectors;
  ipsec::ProtectSpec& protect = policy.protect.emplace();
  protect.protocol = common.protocol, protect.mode = common.mode;
  if (common.mode == ipsec::Mode::tunnel)
    protect.endpoints = ipsec::TunnelEndpoints{common.local, common.remote};
  if (common.cluster) protect.by = reading.settings.clusters.at(*common.cluster).id;
  return reading.add(std::move(policy), at);
}

void read_sa(TableReader& reader, Reading& reading) {
  const std::size_t errors = reading.findings.errors();
  Common common;
  read_common(reader, reading, common);
  ManualSa sa{.name = common.name, .policy = {}, .inbound = {}, .outbound = {}, .cluster = common.cluster};
  apply(common, reading, sa.inbound), apply(common, reading, sa.outbound);
  sa.inbound.source = sa.outbound.destination = common.remote;
  sa.inbound.destination = sa.outbound.source = common.local;
  if (common.replay_window != 0) sa.inbound.replay_window = common.replay_window;
  if (common.cluster) sa.inbound.replay_window = reading.settings.clusters.at(*common.cluster).wish.window;
  read_half(reader, "inbound", sa.inbound);
  read_half(reader, "outbound", sa.outbound);
  sa.policy = policy_of(common, reader.place(), reading);
  reading.settings.sas.push_back(std::move(sa));
  const bool clean = reading.findings.errors() == errors &&
                     (!common.cluster || reading.clean_clusters.contains(*common.cluster));
  reading.sa_places.push_back({reader.place(), clean});
}

}  // namespace

void read_policies(TableReader& document, Reading& reading) {
  const auto tables = document.tables("policy");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("policy[{}]", i), reading.findings);
    read_policy(reader, reading);
  }
}

void read_sas(TableReader& document, Reading& reading) {
  const auto tables = document.tables("sa");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("sa[{}]", i), reading.findings);
    read_sa(reader, reading);
  }
}

}  // namespace mpsec::gateway
