#include "sim/cluster/read_parts.hpp"

#include <algorithm>
#include <charconv>

namespace mpsec::sim {
namespace {

constexpr std::size_t most_paths = 256;
constexpr double most_per_second = 1e6;

constexpr Named<End> ends[] = {{"SGW1", End::sgw1}, {"SGW2", End::sgw2}};

std::string path_names(const Scenario& scenario) {
  static constexpr std::size_t shown = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(shown, scenario.paths.size()); ++i)
    names += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", scenario.paths[i].name);
  return scenario.paths.size() > shown ? names + ", ..." : names;
}

// The place of the path that `key` names.
std::size_t read_path_name(TomlReader& reader, std::string_view key, const Scenario& scenario,
                           std::size_t otherwise = 0) {
  if (otherwise != 0 && !reader.has(key)) {
    reader.take(key);
    return otherwise - 1;
  }
  std::string name;
  reader.text(key, name);
  const auto found = std::ranges::find(scenario.paths, name, &PathPlan::name);
  if (found != scenario.paths.end()) return static_cast<std::size_t>(found - scenario.paths.begin());
  reader.fail(
      key, fmt::format("expected the name of a path, one of {}, found \"{}\"", path_names(scenario), name));
  return 0;
}

void read_link(TomlReader& reader, LinkProfile& link) {
  reader.duration("delay", link.delay);
  reader.duration("jitter", link.jitter);
  reader.fraction("loss", link.loss);
  reader.fraction("duplicate", link.duplicate);
  reader.duration("duplicate_after", link.duplicate_after);
  reader.fraction("reorder", link.reorder);
  reader.duration("reorder_by", link.reorder_by);
  reader.fraction("corrupt", link.corrupt);
  reader.rate("rate", link.octets_per_second);
  reader.number("queue", link.queue_octets, 0, 1u << 30);
  reader.number("mtu", link.mtu, 0, 65535);
}

// Both directions: as the keys say, and the way back otherwise where `back` says so.
void read_links(TomlReader& reader, LinkProfile& there, LinkProfile& back) {
  const bool alike = there == back;
  read_link(reader, there);
  if (alike) back = there;
  TomlReader other(reader.table("back"), reader.path() + "back.", reader.error());
  read_link(other, back);
}

void read_path(TomlReader& reader, Scenario& scenario) {
  PathPlan path;
  std::uint32_t count = 1;
  Duration step{0};
  reader.text("name", path.name);
  reader.number("count", count, 1, most_paths);
  reader.duration("delay_step", step);
  reader.number("weight", path.weight, 1, 1u << 16);
  reader.number("path_mtu", path.path_mtu, 576, 65535);
  reader.duration("lifetime", path.lifetime);
  read_links(reader, path.there, path.back);
  if (path.name.empty() || path.name.find_first_of(". \t\n\",") != std::string::npos)
    reader.fail("name", "expected a name without dots, commas and spaces");
  if (scenario.paths.size() + count > most_paths)
    reader.fail("count", fmt::format("expected at most {} paths in all", most_paths));
  for (std::uint32_t i = 1; i <= count && scenario.paths.size() < most_paths; ++i) {
    PathPlan one = path;
    if (count > 1) one.name += std::to_string(i);
    one.there.delay += step * (i - 1), one.back.delay += step * (i - 1);
    if (std::ranges::find(scenario.paths, one.name, &PathPlan::name) != scenario.paths.end())
      reader.fail("name", fmt::format("two paths are named \"{}\"", one.name));
    scenario.paths.push_back(std::move(one));
  }
}

void read_flow(TomlReader& reader, Scenario& scenario) {
  static constexpr Named<ArrivalProcess> processes[] = {{"constant", ArrivalProcess::constant},
                                                        {"poisson", ArrivalProcess::poisson}};
  FlowPlan flow;
  reader.choice<End>("from", ends, flow.from);
  reader.number("count", flow.count, 1, 4096);
  reader.real("rate", flow.packets_per_second, 0.001, most_per_second);
  reader.number("size", flow.octets, 64, 9000);
  reader.choice<ArrivalProcess>("arrivals", processes, flow.arrivals);
  reader.duration("start", flow.start);
  reader.duration("stop", flow.stop);
  scenario.flows.push_back(flow);
}

enum class Doing : std::uint8_t { down, up, change, join, leave, ike_sa_deleted, rekey, abandon };
constexpr Named<Doing> doings[] = {{"path_down", Doing::down}, {"path_up", Doing::up},
                                   {"change", Doing::change},  {"join", Doing::join},
                                   {"leave", Doing::leave},    {"ike_sa_deleted", Doing::ike_sa_deleted},
                                   {"rekey", Doing::rekey},    {"abandon_leases", Doing::abandon}};

// Keys that are not given are as the path began.
Deed read_change(TomlReader& reader, const Scenario& scenario, std::size_t path) {
  SetLink change{path, {}, {}};
  if (path < scenario.paths.size())
    change.there = scenario.paths[path].there, change.back = scenario.paths[path].back;
  read_links(reader, change.there, change.back);
  return change;
}

Deed read_deed(TomlReader& reader, const Scenario& scenario) {
  Doing doing{};
  if (!reader.has("do")) reader.fail("do", "expected what happens: do = \"path_down\" or another");
  reader.choice<Doing>("do", doings, doing);
  if (doing == Doing::abandon) {
    AbandonLeases abandon;
    reader.choice<End>("gateway", ends, abandon.end);
    reader.number("workers", abandon.workers, 1, 1024);
    reader.number("numbers", abandon.numbers, 1, 64);
    return abandon;
  }
  const std::size_t path = read_path_name(reader, "path", scenario);
  switch (doing) {
    case Doing::change:
      return read_change(reader, scenario, path);
    case Doing::join:
      return JoinPath{path};
    case Doing::leave:
    case Doing::ike_sa_deleted:
      return LeavePath{path, doing == Doing::ike_sa_deleted};
    case Doing::rekey:
      return RekeyPath{path};
    default:
      return SetPathUp{path, doing == Doing::up};
  }
}

void read_happening(TomlReader& reader, Scenario& scenario) {
  static constexpr Duration least_period = std::chrono::milliseconds(1);
  Happening happening;
  happening.until = scenario.duration;
  reader.duration("at", happening.at);
  reader.duration("every", happening.every);
  reader.duration("until", happening.until);
  if (happening.every && *happening.every < least_period) reader.fail("every", "expected at least 1ms");
  happening.deed = read_deed(reader, scenario);
  scenario.happenings.push_back(std::move(happening));
}

void read_attack(TomlReader& reader, Scenario& scenario) {
  static constexpr Named<AttackKind> kinds[] = {{"replay", AttackKind::replay},
                                                {"foreign_spi", AttackKind::foreign_spi},
                                                {"flood", AttackKind::flood},
                                                {"far_ahead", AttackKind::far_ahead},
                                                {"hold_back", AttackKind::hold_back}};
  AttackPlan attack;
  if (!reader.has("kind")) reader.fail("kind", "expected a kind of attack: kind = \"replay\" or another");
  reader.choice<AttackKind>("kind", kinds, attack.kind);
  attack.path = read_path_name(reader, "path", scenario);
  attack.over = read_path_name(reader, "over", scenario, attack.path + 1);
  reader.real("rate", attack.packets_per_second, 0.001, most_per_second);
  reader.number("ahead", attack.ahead, 1, 0x7fffffff);
  reader.fraction("share", attack.share);
  reader.duration("by", attack.by);
  reader.duration("start", attack.start);
  reader.duration("stop", attack.stop);
  scenario.attacks.push_back(attack);
}

}  // namespace

void read_paths(TomlReader& document, Scenario& scenario) {
  const auto tables = document.tables("path");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TomlReader reader(*tables[i], fmt::format("path[{}].", i), document.error());
    read_path(reader, scenario);
  }
  if (scenario.paths.empty()) document.fail("path", "expected at least one table [[path]]");
}

void read_flows(TomlReader& document, Scenario& scenario) {
  const auto tables = document.tables("flow");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TomlReader reader(*tables[i], fmt::format("flow[{}].", i), document.error());
    read_flow(reader, scenario);
  }
  if (scenario.flows.empty()) document.fail("flow", "expected at least one table [[flow]]");
}

void read_happenings(TomlReader& document, Scenario& scenario) {
  const auto tables = document.tables("event");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TomlReader reader(*tables[i], fmt::format("event[{}].", i), document.error());
    read_happening(reader, scenario);
  }
}

void read_attacks(TomlReader& document, Scenario& scenario) {
  const auto tables = document.tables("attacker");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TomlReader reader(*tables[i], fmt::format("attacker[{}].", i), document.error());
    read_attack(reader, scenario);
  }
}

std::expected<Expectation, std::string> parse_expectation(const std::string& figure,
                                                          const toml::node& value) {
  static constexpr Named<Relation> relations[] = {{"<=", Relation::at_most},
                                                  {">=", Relation::at_least},
                                                  {"<", Relation::below},
                                                  {">", Relation::above},
                                                  {"=", Relation::equal}};
  if (const auto* truth = value.as_boolean())
    return Expectation{figure, Relation::equal, truth->get() ? 1.0 : 0.0, truth->get() ? "true" : "false"};
  if (const auto number = value.value<double>(); number && value.is_number())
    return Expectation{figure, Relation::equal, *number, "= " + TomlReader::found(value)};
  const auto* text = value.as_string();
  const std::string_view written = text == nullptr ? std::string_view() : std::string_view(text->get());
  for (const auto& [sign, relation] : relations) {
    if (!written.starts_with(sign)) continue;
    auto rest = written.substr(sign.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc{} && end == rest.data() + rest.size())
      return Expectation{figure, relation, number, std::string(written)};
  }
  return std::unexpected("expected a number, true, false, or a bound as \"<= 50\" (=, <, <=, >, >=), found " +
                         TomlReader::found(value));
}

}  // namespace mpsec::sim
