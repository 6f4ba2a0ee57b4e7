// The gateway itself: [gateway], [[listen]], [tun], [ike], [[pool]].
#include <fmt/format.h>

#include "gateway/settings/values.hpp"

namespace mpsec::gateway {
namespace {

constexpr std::size_t longest_interface = 15;  // IFNAMSIZ without its end

void read_interface(TableReader& reader, std::string_view key, std::string& name) {
  const auto text = reader.text(key);
  if (!text) return;
  const bool good = !text->empty() && text->size() <= longest_interface &&
                    text->find_first_of(" /:\t\n") == std::string::npos;
  if (good)
    name = *text;
  else
    reader.fail(key, fmt::format("expected an interface's name of 1 to {} characters, found \"{}\"",
                                 longest_interface, shown(*text)));
}

void read_path(TableReader& reader, std::string_view key, const Reading& reading,
               std::filesystem::path& path) {
  const auto text = reader.text(key);
  if (!text) return;
  if (text->empty())
    reader.fail(key, "expected a file's name; leave the key out for none");
  else
    path = reading.resolve(*text);
}

void read_listener(TableReader& reader, Reading& reading) {
  ListenSettings listen;
  const auto address = read_address(reader, "address");
  read_interface(reader, "interface", listen.interface);
  reader.number("ike_port", listen.ike_port, 0);
  reader.number("nat_port", listen.nat_port, 0);
  reader.boolean("raw", listen.raw);
  if (!reader.has("address")) reader.fail("address", "expected a local address, found none");
  if (!address) return;
  listen.address = *address;
  if (listen.ike_port != 0 && listen.ike_port == listen.nat_port)
    reader.fail("nat_port", fmt::format("ike_port is {} too; expected another port", listen.ike_port),
                "RFC 3948 4");
  if (reading.listener(*address) != nullptr)
    return reader.fail("address", fmt::format("another [[listen]] has {}", to_string(*address)));
  reading.settings.listen.push_back(std::move(listen));
}

void read_retransmission(TableReader& ike, Reading& reading) {
  auto* const table = ike.table("retransmit");
  if (table == nullptr) return;
  constexpr double largest_factor = 100;
  ike::ExponentialBackOff::Settings& settings = reading.settings.retransmission;
  TableReader reader(*table, "ike.retransmit", reading.findings);
  reader.duration("first", settings.first, std::chrono::milliseconds(1));
  reader.real("factor", settings.factor, 1, largest_factor);
  reader.duration("limit", settings.limit);
  reader.number("tries", settings.tries, 1, 100);
  reader.real("jitter", settings.jitter, 0, 1);
  if (settings.limit < settings.first) reader.fail("limit", "expected at least `first`");
}

}  // namespace

void read_gateway(TableReader& document, Reading& reading) {
  auto* const table = document.table("gateway");
  if (table == nullptr) return;
  TableReader reader(*table, "gateway", reading.findings);
  Settings& settings = reading.settings;
  if (reader.has("name"))
    if (auto name = reader.name_of("name")) settings.name = *std::move(name);
  reader.number("workers", settings.workers, 1, 64);
  read_path(reader, "control", reading, settings.control.socket);
  read_path(reader, "journal", reading, settings.control.journal);
  read_path(reader, "key_log", reading, settings.control.key_log);
}

void read_listeners(TableReader& document, Reading& reading) {
  const auto tables = document.tables("listen");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("listen[{}]", i), reading.findings);
    read_listener(reader, reading);
  }
  if (tables.empty())
    document.fail("listen", "expected at least one local address, [[listen]] address = \"...\"");
}

void read_tun(TableReader& document, Reading& reading) {
  auto* const table = document.table("tun");
  if (table == nullptr) return;
  constexpr std::uint32_t least_mtu = 576, least_v6_mtu = 1280, most_mtu = 65535;
  TunSettings& tun = reading.settings.tun;
  TableReader reader(*table, "tun", reading.findings);
  read_interface(reader, "name", tun.name);
  reader.number("mtu", tun.mtu, least_mtu, most_mtu);
  tun.addresses = read_interface_addresses(reader, "addresses");
  for (const ipsec::AddressRange& range : read_ranges(reader, "routes")) {
    const auto prefix = prefix_of(range);
    if (prefix)
      tun.routes.push_back(*prefix);
    else
      reader.fail("routes", fmt::format("expected prefixes, found {}", to_string(range)));
  }
  reader.boolean("policy_routes", tun.policy_routes);
  for (const InterfaceAddress& address : tun.addresses)
    if (!address.address.is_v4() && tun.mtu < least_v6_mtu) {
      reader.fail("mtu", fmt::format("IPv6 needs at least {}, found {}", least_v6_mtu, tun.mtu),
                  "RFC 8200 5");
      break;
    }
}

void read_ike(TableReader& document, Reading& reading) {
  auto* const table = document.table("ike");
  if (table == nullptr) return;
  constexpr Named<crypto::RevocationCheck> revocation_checks[] = {
      {"require", crypto::RevocationCheck::required},
      {"if-present", crypto::RevocationCheck::where_known},
      {"off", crypto::RevocationCheck::none}};
  constexpr std::uint64_t most = 100'000'000;
  Settings& settings = reading.settings;
  TableReader reader(*table, "ike", reading.findings);
  read_retransmission(reader, reading);
  reader.number("cookies_from", settings.cookies.demand_from, 0, most);
  settings.cookies.relax_below = settings.cookies.demand_from / 2;
  reader.duration("half_open_for", settings.ike.half_open_for, std::chrono::milliseconds(1));
  reader.number("most_half_open", settings.ike.most_half_open, 1, most);
  reader.number("most_ike_sas", settings.ike.most_ike_sas, 1, most);
  reader.choice<crypto::RevocationCheck>("revocation", revocation_checks, settings.chain_policy.revocation);
  reader.number("most_intermediates", settings.chain_policy.most_intermediates, 0, 32);
}

void read_pools(TableReader& document, Reading& reading) {
  const auto tables = document.tables("pool");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("pool[{}]", i), reading.findings);
    const auto name = reader.name_of("name");
    auto ranges = read_ranges(reader, "ranges");
    if (!reader.has("ranges")) reader.fail("ranges", "expected at least one range of addresses, found none");
    if (name && reading.pools.declare(*name, reader.place("name")))
      reading.settings.pools.emplace(*name, std::move(ranges));
  }
}

}  // namespace mpsec::gateway
