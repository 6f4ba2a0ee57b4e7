#include <nlohmann/json.hpp>

#include "interop/report/formats.hpp"
#include "interop/report/json_form.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace {

using Json = nlohmann::ordered_json;  // members keep their order

Json json_of(const TargetReport& target) {
  return {{"name", target.name},
          {"tester_identity", target.tester_identity},
          {"target_identity", target.target_identity},
          {"paths", target.paths},
          {"features", target.features},
          {"hooks", target.hooks},
          {"window", target.window},
          {"encapsulate", target.encapsulate}};
}

Json json_of(const StepReport& step) {
  Json json{{"kind", to_string(step.kind)}, {"esp", step.esp}, {"text", step.text}};
  if (!step.tree.empty()) json["tree"] = step.tree;
  return json;
}

Json json_of(const CaseReport& one) {
  Json json{{"id", one.id},
            {"verdict", to_string(one.verdict)},
            {"rules", one.rules},
            {"clause", one.clause},
            {"level", one.level},
            {"side", one.side},
            {"does", one.does},
            {"lawful", one.lawful},
            {"hint", one.hint},
            {"miss", to_string(one.miss)},
            {"expected", one.expected},
            {"actual", one.actual},
            {"waiver", one.waiver},
            {"tries", one.tries},
            {"failures", one.failures},
            {"evidence", one.evidence},
            {"steps", Json::array()}};
  for (const StepReport& step : one.steps)
    json["steps"].push_back(json_of(step));
  return json;
}

Json totals_json(const std::vector<CaseReport>& cases) {
  const Totals totals = totals_of(cases);
  Json json{{"cases", totals.cases}};
  for (std::size_t i = 0; i < verdicts; ++i)
    json[std::string(to_string(static_cast<Verdict>(i)))] = totals.counts[i];
  return json;
}

Json times_json(const Run& run) {
  Json json{{"began", nullptr}, {"began_text", ""}, {"took_ns", run.took.count()}, {"cases", Json::array()}};
  if (run.began) {
    json["began"] = *run.began;
    json["began_text"] = calendar_text(*run.began);
  }
  if (run.way)
    json["way"] = {{"exchanges", run.way->exchanges},
                   {"lost", run.way->lost},
                   {"shortest_ns", run.way->shortest.count()},
                   {"median_ns", run.way->median.count()},
                   {"longest_ns", run.way->longest.count()}};
  for (const CaseReport& one : run.cases) {
    Json steps = Json::array();
    for (const StepReport& step : one.steps)
      steps.push_back(step.at.count());
    json["cases"].push_back({{"took_ns", one.took.count()}, {"steps_ns", std::move(steps)}});
  }
  return json;
}

}  // namespace

std::string to_json(const Run& run) {
  Json json{{"format", form::name},     {"format_version", form::version}, {"seed", run.seed},
            {"versions", run.versions}, {"arguments", run.arguments},      {"target", json_of(run.target)},
            {"planned", run.planned},   {"ended_early", run.ended_early},  {"totals", totals_json(run.cases)},
            {"cases", Json::array()}};
  for (const CaseReport& one : run.cases)
    json["cases"].push_back(json_of(one));
  json["times"] = times_json(run);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace mpsec::conformance
