#include "interop/runner/waivers.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include "gateway/settings/document.hpp"
#include "gateway/settings/table_reader.hpp"

namespace mpsec::conformance {

using gateway::TableReader;

std::expected<std::vector<Waiver>, std::vector<Error>> read_waivers(std::string_view document,
                                                                    const std::filesystem::path& file) {
  gateway::Findings findings(file.string());
  std::vector<Waiver> waivers;
  gateway::read_document(document, findings, [&](toml::table& table) {
    TableReader all(table, "", findings);
    const auto tables = all.tables("waiver");
    for (std::size_t i = 0; i < tables.size(); ++i) {
      TableReader reader(*tables[i], fmt::format("waiver[{}]", i), findings);
      Waiver one;
      reader.text("case", one.glob);
      reader.text("reason", one.reason);
      reader.text("link", one.link);
      reader.text("version", one.version);
      std::string verdict(to_string(one.verdict));
      reader.text("verdict", verdict);
      if (const auto named = to_verdict(verdict); named == Verdict::fail || named == Verdict::inconclusive)
        one.verdict = *named;
      else
        reader.fail("verdict", "expected \"fail\" or \"inconclusive\"");
      if (one.glob.empty()) reader.fail("case", "expected the ID of a case, or a glob");
      if (one.reason.empty()) reader.fail("reason", "expected why the case fails, in words");
      waivers.push_back(std::move(one));
    }
  });
  if (findings.errors() != 0) return std::unexpected(findings.all_errors());
  return waivers;
}

const Waiver* find_waiver(const std::vector<Waiver>& waivers, std::string_view id) {
  const std::string text(id);
  for (const Waiver& one : waivers)
    if (::fnmatch(one.glob.c_str(), text.c_str(), 0) == 0) return &one;
  return nullptr;
}

void apply(const std::vector<Waiver>& waivers, CaseReport& report) {
  const Waiver* const waiver = find_waiver(waivers, report.id);
  if (waiver == nullptr) return;
  report.waiver =
      waiver->link.empty() ? waiver->reason : fmt::format("{} ({})", waiver->reason, waiver->link);
  if (report.verdict == waiver->verdict)
    report.verdict = Verdict::waived;
  else if (report.verdict == Verdict::pass)
    report.verdict = Verdict::unexpected_pass;
}

std::string waivers_for(const Run& run) {
  std::string text =
      fmt::format("# Failures that are expected of {}. Give each its reason.\n", run.target.name);
  // Texts of a target are shown as TOML takes them.
  const auto quoted = [](std::string_view words) {
    std::string safe;
    for (const char letter : words)
      safe += letter == '"' || letter == '\\'            ? fmt::format("\\{}", letter)
              : static_cast<unsigned char>(letter) < ' ' ? std::string(" ")
                                                         : std::string(1, letter);
    return safe;
  };
  for (const CaseReport& one : run.cases)
    if (one.verdict == Verdict::fail || one.verdict == Verdict::flaky || one.verdict == Verdict::waived)
      text += fmt::format("\n[[waiver]]\ncase = \"{}\"\nreason = \"{}\"\n# expected: {}\n# actual: {}\n",
                          one.id, one.waiver.empty() ? "TO BE SAID" : quoted(one.waiver),
                          quoted(one.expected), quoted(one.actual));
  return text;
}

}  // namespace mpsec::conformance
