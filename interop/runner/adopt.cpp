#include "interop/runner/adopt.hpp"

#include <fmt/format.h>

#include "base/octets.hpp"
#include "interop/runner/live_fuzz.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::size_t digits_in_a_line = 96;

// A C++ text of the octets, over as many lines as it needs.
std::string quoted(OctetView octets, std::string_view indent) {
  const std::string digits = to_hex(octets);
  std::string text;
  for (std::size_t at = 0; at < std::max<std::size_t>(digits.size(), 1); at += digits_in_a_line)
    text += fmt::format("{}{}\"{}\"", at == 0 ? "" : "\n", indent, digits.substr(at, digits_in_a_line));
  return text;
}

// "rfc7296/2.5" of "rfc7296/2.5/undefined-payloads-are-skipped".
std::string_view clause_of(std::string_view rule) {
  return rule.substr(0, rule.rfind('/'));
}

}  // namespace

Result<std::vector<Octets>> read_found(std::string_view text, std::string_view file) {
  const auto wrong = [&](std::string why) {
    return std::unexpected(Error{Blame::malformed, std::string(file), std::nullopt, std::move(why), ""});
  };
  if (text.empty()) return wrong("there is nothing in it");
  if (!file.ends_with(".jsonl")) return std::vector<Octets>{Octets(text.begin(), text.end())};
  if (text.substr(0, text.find('\n')).contains("\"authenticated\":true"))
    return wrong(
        "its messages are under the keys of one session; repeat it by 'fuzz --seed' with the seed that it "
        "names");
  auto sent = read_reproducer(text, file);
  if (!sent) return std::unexpected(std::move(sent).error());
  std::vector<Octets> datagrams;
  for (FuzzedDatagram& one : *sent)
    datagrams.push_back(std::move(one.octets));
  if (datagrams.empty()) return wrong("it has no datagram: expected a line with \"octets\" for each");
  return datagrams;
}

std::string case_of(const Found& found) {
  std::string datagrams;
  for (const Octets& one : found.datagrams)
    datagrams += fmt::format("{}{}", datagrams.empty() ? "" : ",\n", quoted(one, "                      "));
  return fmt::format(R"(// Kept by fuzzing, under its number.
#include "interop/suite/found.hpp"

namespace mpsec::conformance {{

// clang-format off
MPSEC_CASE(
        .id = "{0}/found-{1:04}-is-survived", .rules = {{"{2}"}}, .side = Side::responder,
        .does = "The tester sends, in clear, datagrams that fuzzing has kept: {3} in all.",
        .lawful = "Whatever the target makes of it, it answers a new IKE_SA_INIT request.", .run = [](Tester& t) {{
          survive(t, {{
{4}}});
        }});
// clang-format on

}}  // namespace mpsec::conformance
)",
                     clause_of(found.rule), found.number, found.rule, found.datagrams.size(), datagrams);
}

std::string defect_of(const Found& found) {
  return fmt::format(R"(// What the case of the same number has to notice.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {{

// clang-format off
MPSEC_DEFECT(
        .id = "dies-of-found-{0:04}", .rule = "{1}",
        .does = "Answers nothing any more after the datagram that was found.", .make = [] {{
          return dies_of(
{2});
        }});
// clang-format on

}}  // namespace mpsec::conformance
)",
                     found.number, found.rule, quoted(found.datagrams.back(), "              "));
}

}  // namespace mpsec::conformance
