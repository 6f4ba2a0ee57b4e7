#include "interop/runner/live_fuzz.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/field_mutator.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::conformance {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t most_changes = 3;

// A message as a peer would send it in this state, to be changed.
Message lawful(Tester& t, IkeSession& sa) {
  if (!sa.has_keys()) return sa.init_request();
  switch (t.rng().below(5)) {
    case 0:
      return sa.auth_request();
    case 1:
      return sa.create_child_request({});
    case 2:
      return sa.rekey_request();
    case 3:
      return sa.informational(
          {wire::ike::make_payload(wire::ike::make_notify(NotifyType::set_window_size, Octets{0, 0, 0, 4}))});
    default:
      return sa.informational({wire::ike::make_payload(
          wire::ike::Delete{.protocol = wire::ike::ProtocolId::esp, .spi_size = 4})});
  }
}

// As it is sent: lengths are made right of one half of all, so that what is behind the first look is met too.
Octets changed(Tester& t, IkeSession& sa, Message message, std::string& plain) {
  static_cast<void>(wire::ike::complete(message));
  fuzz::FieldMutator mutator(t.rng().next_u64());
  for (std::uint64_t left = 1 + t.rng().below(most_changes); left > 0; --left) {
    // A header that changes is another SA's message: mostly the payloads are meant.
    if (t.rng().below(4) == 0)
      mutator.mutate(message);
    else
      mutator.mutate(message.payloads);
  }
  if (t.rng().below(2) == 0) static_cast<void>(wire::ike::complete(message));
  plain = wire::ike::dump(message);
  if (!sa.has_keys()) return wire::ike::encode(message);
  const auto first =
      message.payloads.empty() ? wire::ike::PayloadType::none : type_of(message.payloads.front().body);
  return sa.seal_plain(message.header, first, wire::ike::encode(message.payloads));
}

}  // namespace

FuzzRound fuzz_round(Target& target, const Tester::Providers& providers, std::uint64_t seed,
                     const FuzzPlan& plan) {
  FuzzRound round;
  round.seed = seed;
  round.authenticated = seed % 2 == 1;
  if (const auto prepared = target.prepare({}); !prepared) {
    round.why = to_string(prepared.error());
    return round;
  }
  Tester t(target, providers, seed);
  try {
    IkeSession& sa = round.authenticated ? t.establish() : t.begin();
    for (std::size_t i = 0; i < plan.messages; ++i) {
      FuzzedDatagram one{sa.path(), {}, {}};
      const std::uint32_t next = sa.next_request;
      one.octets = changed(t, sa, lawful(t, sa), one.plain);
      sa.next_request = next + (sa.has_keys() && t.rng().below(2) == 0 ? 1 : 0);
      t.link().send(ike::to_datagram(one.path, one.octets));
      round.sent.push_back(std::move(one));
      t.wait(plan.between);
    }
  } catch (const Stop& stop) {
    // What is in order may fail too after what was sent before: the last word has the liveness check.
    t.note(stop.actual);
  }
  for (int tries = 0; tries < 3; ++tries) {
    try {
      t.expect_target_alive();
      if (target.remembers()) t.clean_up();
      return round;
    } catch (const Stop&) {
      round.why = "the target answers no IKE_SA_INIT request any more";
    }
  }
  return round;
}

std::vector<FuzzedDatagram> minimised(std::vector<FuzzedDatagram> sent,
                                      const std::function<bool(const std::vector<FuzzedDatagram>&)>& fails) {
  for (std::size_t piece = std::max<std::size_t>(sent.size() / 2, 1); !sent.empty();) {
    bool smaller = false;
    for (std::size_t at = 0; at < sent.size();) {
      std::vector<FuzzedDatagram> without = sent;
      const auto from = without.begin() + static_cast<std::ptrdiff_t>(at);
      without.erase(from, from + static_cast<std::ptrdiff_t>(std::min(piece, sent.size() - at)));
      if (!without.empty() && fails(without)) {
        sent = std::move(without);
        smaller = true;
      } else {
        at += piece;
      }
    }
    if (piece == 1 && !smaller) break;
    if (!smaller) piece = std::max<std::size_t>(piece / 2, 1);
  }
  return sent;
}

std::string to_text(const FuzzRound& found) {
  std::string text =
      Json{{"seed", found.seed}, {"authenticated", found.authenticated}, {"why", found.why}}.dump() + "\n";
  for (const FuzzedDatagram& one : found.sent)
    text += Json{{"tester", to_string(one.path.local)},
                 {"target", to_string(one.path.remote)},
                 {"octets", to_hex(one.octets)},
                 {"plain", one.plain}}
                .dump(-1, ' ', true, Json::error_handler_t::replace) +
            "\n";
  return text;
}

Result<std::vector<FuzzedDatagram>> read_reproducer(std::string_view text, std::string_view file) {
  std::vector<FuzzedDatagram> sent;
  std::size_t line = 0;
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Json value = Json::parse(text.substr(0, end), nullptr, false);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto wrong = [&](std::string why) {
      return std::unexpected(
          Error{Blame::malformed, fmt::format("{}:{}", file, line), std::nullopt, std::move(why), ""});
    };
    if (!value.is_object()) return wrong("expected a JSON object on each line");
    if (!value.contains("octets")) continue;
    if (!value["octets"].is_string()) return wrong("octets: expected a text of hexadecimal digits");
    auto octets = from_hex(value["octets"].get<std::string>());
    if (!octets) return wrong(octets.error().why);
    sent.push_back({{}, *std::move(octets), value.value("plain", "")});
  }
  return sent;
}

}  // namespace mpsec::conformance
