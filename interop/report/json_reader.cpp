#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "interop/report/formats.hpp"
#include "interop/report/json_form.hpp"

namespace mpsec::conformance {
namespace {

using Json = nlohmann::json;

constexpr std::string_view remedy =
    "take a report.json that mpsec-conformance has written and nobody has changed";

constexpr std::int64_t end_of_calendar = 253'402'300'799;  // 9999-12-31T23:59:59Z

// The first thing that is wrong; later ones follow from it as often as not.
struct Fault {
  std::string file;
  std::optional<Error> first{};

  void say(std::string_view where, std::string why) {
    if (first) return;
    first = Error{Blame::malformed,
                  fmt::format("{}:{}", file, where),
                  std::nullopt,
                  fmt::format("{}; {}", why, remedy),
                  {}};
  }
};

// An object whose members are asked for by name and kind; what is not as it should be becomes the fault, and
// a value of nothing.
class Members {
 public:
  Members(const Json& object, std::string path, Fault& fault)
      : object_(object), path_(std::move(path)), fault_(fault) {
    if (!object.is_object()) fault.say(path_, "expected an object");
  }

  std::string text(const char* name) const {
    const Json* const found = member(name);
    if (found == nullptr || !found->is_string()) return wrong(name, "a text"), std::string{};
    return found->get<std::string>();
  }
  std::string text_or_none(const char* name) const { return has(name) ? text(name) : std::string{}; }
  bool flag(const char* name) const {
    const Json* const found = member(name);
    if (found == nullptr || !found->is_boolean()) return wrong(name, "true or false"), false;
    return found->get<bool>();
  }
  template <class Number>
  Number number(const char* name) const {
    const Json* const found = member(name);
    if (found == nullptr) return wrong(name, "a number"), Number{};
    return number_of<Number>(*found, name);
  }
  Duration duration(const char* name) const {
    const Json* const found = member(name);
    if (found == nullptr) return wrong(name, "nanoseconds"), Duration{};
    return duration_of(*found, name);
  }
  std::vector<Duration> durations(const char* name) const {
    std::vector<Duration> all;
    for (const Json& one : list(name))
      all.push_back(duration_of(one, name));
    return all;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> all;
    for (const Json& one : list(name))
      if (one.is_string())
        all.push_back(one.get<std::string>());
      else
        wrong(name, "a list of texts");
    return all;
  }
  const Json& list(const char* name) const {
    static const Json none = Json::array();
    const Json* const found = member(name);
    if (found == nullptr || !found->is_array()) return wrong(name, "a list"), none;
    return *found;
  }
  const Json& object(const char* name) const {
    static const Json none = Json::object();
    const Json* const found = member(name);
    if (found == nullptr || !found->is_object()) return wrong(name, "an object"), none;
    return *found;
  }
  bool has(const char* name) const { return member(name) != nullptr && !member(name)->is_null(); }
  void wrong(const char* name, std::string_view expected) const {
    fault_.say(where(name), fmt::format("expected {}", expected));
  }
  std::string where(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}/{}", path_, name);
  }

 private:
  const Json* member(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }
  template <class Number>
  Number number_of(const Json& json, const char* name) const {
    using Limits = std::numeric_limits<Number>;
    const bool fits = json.is_number_unsigned()
                          ? json.get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max())
                          : json.is_number_integer() && Limits::is_signed &&
                                json.get<std::int64_t>() >= static_cast<std::int64_t>(Limits::min());
    if (!fits) return wrong(name, fmt::format("a whole number of at most {}", Limits::max())), Number{};
    return json.get<Number>();
  }

  Duration duration_of(const Json& json, const char* name) const {
    const Duration duration(number_of<std::int64_t>(json, name));
    if (duration < Duration{}) return wrong(name, "nanoseconds, which are not negative"), Duration{};
    return duration;
  }

  const Json& object_;
  std::string path_;
  Fault& fault_;
};

TargetReport read_target(const Members& from) {
  return {.name = from.text("name"),
          .tester_identity = from.text("tester_identity"),
          .target_identity = from.text("target_identity"),
          .paths = from.texts("paths"),
          .features = from.texts("features"),
          .hooks = from.texts("hooks"),
          .window = from.number<std::uint32_t>("window"),
          .encapsulate = from.flag("encapsulate")};
}

StepReport read_step(const Members& from) {
  StepReport step{.text = from.text("text"), .tree = from.text_or_none("tree"), .esp = from.flag("esp")};
  const std::string kind = from.text("kind");
  for (const auto one : {Step::Kind::sent, Step::Kind::received, Step::Kind::note})
    if (to_string(one) == kind) return step.kind = one, step;
  from.wrong("kind", "sent, received or note");
  return step;
}

CaseReport read_case(const Members& from, Fault& fault) {
  CaseReport one{.id = from.text("id"),
                 .rules = from.texts("rules"),
                 .clause = from.text("clause"),
                 .level = from.text("level"),
                 .side = from.text("side"),
                 .does = from.text("does"),
                 .lawful = from.text("lawful"),
                 .hint = from.text("hint"),
                 .expected = from.text("expected"),
                 .actual = from.text("actual"),
                 .waiver = from.text("waiver"),
                 .tries = from.number<unsigned>("tries"),
                 .failures = from.number<unsigned>("failures"),
                 .evidence = from.text("evidence")};
  const auto verdict = to_verdict(from.text("verdict"));
  if (!verdict) from.wrong("verdict", "pass, fail or another verdict");
  one.verdict = verdict.value_or(Verdict::harness_error);
  const std::string miss = from.text("miss");
  if (miss != "outcome" && miss != "notify") from.wrong("miss", "outcome or notify");
  one.miss = miss == "notify" ? Miss::notify : Miss::outcome;
  for (const Json& step : from.list("steps"))
    one.steps.push_back(
        read_step({step, fmt::format("{}[{}]", from.where("steps"), one.steps.size()), fault}));
  return one;
}

void read_times(const Members& from, Run& run, Fault& fault) {
  if (from.has("began")) run.began = from.number<std::int64_t>("began");
  if (run.began && (*run.began < 0 || *run.began > end_of_calendar))
    return from.wrong("began", "seconds since 1970, in a year of at most four digits");
  run.took = from.duration("took_ns");
  if (from.has("way")) {
    const Members way(from.object("way"), from.where("way"), fault);
    run.way = {way.number<unsigned>("exchanges"), way.number<unsigned>("lost"), way.duration("shortest_ns"),
               way.duration("median_ns"), way.duration("longest_ns")};
  }
  const Json& cases = from.list("cases");
  if (cases.size() != run.cases.size())
    return from.wrong("cases", fmt::format("as many entries as there are cases: {}", run.cases.size()));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CaseReport& one = run.cases[i];
    const Members times(cases[i], fmt::format("{}[{}]", from.where("cases"), i), fault);
    one.took = times.duration("took_ns");
    const auto steps = times.durations("steps_ns");
    if (steps.size() != one.steps.size())
      return times.wrong("steps_ns",
                         fmt::format("as many numbers as the case has steps: {}", one.steps.size()));
    for (std::size_t j = 0; j < steps.size(); ++j)
      one.steps[j].at = steps[j];
  }
}

Run read_run(const Json& json, Fault& fault) {
  const Members from(json, "", fault);
  Run run;
  if (from.text("format") != form::name) from.wrong("format", fmt::format("'{}'", form::name));
  if (from.number<unsigned>("format_version") != form::version)
    from.wrong("format_version", fmt::format("{}, the only one that this program reads", form::version));
  run.seed = from.number<std::uint64_t>("seed");
  const Json& versions = from.object("versions");
  for (const auto& [name, version] : versions.items())
    run.versions[name] = Members(versions, "versions", fault).text(name.c_str());
  run.arguments = from.texts("arguments");
  run.target = read_target({from.object("target"), "target", fault});
  run.planned = from.number<std::size_t>("planned");
  run.ended_early = from.text("ended_early");
  for (const Json& one : from.list("cases"))
    run.cases.push_back(read_case({one, fmt::format("cases[{}]", run.cases.size()), fault}, fault));
  if (!fault.first) read_times({from.object("times"), "times", fault}, run, fault);
  return run;
}

}  // namespace

Result<Run> read_json(std::string_view text, std::string_view file) {
  Fault fault{std::string(file)};
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return std::unexpected(Error{Blame::malformed,
                                 std::string(file),
                                 error.byte,
                                 fmt::format("the text is no JSON, or ends too soon; {}", remedy),
                                 {}});
  }
  Run run = read_run(json, fault);
  if (fault.first) return std::unexpected(*std::move(fault.first));
  return run;
}

Result<Run> read_json_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::string text;
  if (file != nullptr) {
    std::array<char, 65536> piece{};
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), file.get())) != 0;)
      text.append(piece.data(), got);
  }
  if (file == nullptr || std::ferror(file.get()) != 0)
    return std::unexpected(Error{Blame::local_fault,
                                 path,
                                 std::nullopt,
                                 fmt::format("the report cannot be read: {}", std::strerror(errno)),
                                 {}});
  return read_json(text, path);
}

}  // namespace mpsec::conformance
