// Runs for tests: small, of a made-up catalogue, with octets in them that no report may take for its own.
#pragma once

#include "interop/report/formats.hpp"

namespace mpsec::conformance::test {

inline const Register& small_register() {
  static const Register rules = [] {
    Register all;
    static_cast<void>(all.add("rfc7296.json", R"({"document": "rfc7296", "entries": [
      {"id": "rfc7296/2.3/outside-is-dropped", "section": "2.3", "level": "MUST NOT", "rule": "Nothing outside the window is taken."},
      {"id": "rfc7296/2.4/silence-is-no-proof", "section": "2.4", "level": "SHOULD", "rule": "Silence alone proves nothing.", "untestable": "Nobody sees what an end believes."},
      {"id": "rfc7296/2.5/later", "section": "2.5", "level": "MAY", "rule": "A rule that nobody tries yet.", "next": "Comes with the next step."}]})"));
    static_cast<void>(all.add("rfc4303.json", R"({"document": "rfc4303", "entries": [
      {"id": "rfc4303/3.4.3/replay-is-dropped", "section": "3.4.3", "level": "statement", "rule": "What came before is thrown away."}]})"));
    return all;
  }();
  return rules;
}

inline const std::string nasty = "</script><img src=x onerror=alert(1)> \"'&|`@a\x1b[31m\xff\xc0\xaf";

inline CaseReport failed_case() {
  return {.id = "rfc7296/2.3/request-outside-is-dropped",
          .rules = {"rfc7296/2.3/outside-is-dropped"},
          .clause = "RFC 7296 2.3",
          .level = "MUST NOT",
          .side = "responder",
          .does = "The tester sends a request beyond the window.",
          .lawful = "It is not answered.",
          .hint = "Look where the Message ID is compared.",
          .verdict = Verdict::fail,
          .expected = "no response to INFORMATIONAL 4",
          .actual = "INFORMATIONAL response 4: " + nasty,
          .tries = 3,
          .failures = 3,
          .took = std::chrono::milliseconds(1234),
          .steps = {{Step::Kind::note, {}, "hook initiate 0", "", false},
                    {Step::Kind::sent, std::chrono::microseconds(10), "INFORMATIONAL request 4: empty",
                     "Message\n  id 4", false},
                    {Step::Kind::received, std::chrono::milliseconds(20), "INFORMATIONAL response 4: N(x)",
                     "Message\n  " + nasty, false},
                    {Step::Kind::sent, std::chrono::milliseconds(21), "ESP 00001000 number 1", "", true},
                    {Step::Kind::received, std::chrono::seconds(1), "ESP 00002000 number 1, next header 4",
                     "", true}},
          .evidence = "evidence/rfc7296.2.3.request-outside-is-dropped"};
}

inline CaseReport other_case(std::string id, Verdict verdict,
                             std::string rule = "rfc4303/3.4.3/replay-is-dropped") {
  return {.id = std::move(id),
          .rules = {std::move(rule)},
          .clause = "RFC 4303 3.4.3",
          .level = "statement",
          .side = "any",
          .does = "The tester sends a packet twice.",
          .lawful = "It is delivered once.",
          .verdict = verdict,
          .actual = verdict == Verdict::unsupported ? "there is no hook 'initiate'" : ""};
}

// One case of each verdict.
inline Run a_run() {
  Run run{.seed = 7,
          .versions = {{"mpsec", "0.1.0"}, {"target", "5.9.8"}},
          .arguments = {"run", "--seed", "7"},
          .target = {.name = "gateway <b>x</b>",
                     .tester_identity = "tester.example",
                     .target_identity = "gateway.example",
                     .paths = {"192.0.2.1 <-> 192.0.2.2"},
                     .features = {"fragmentation"},
                     .hooks = {"initiate"},
                     .window = 64},
          .planned = verdicts,
          .began = 1'769'860'800,
          .took = std::chrono::seconds(65),
          .way = WayReport{20, 3, std::chrono::milliseconds(1), std::chrono::milliseconds(2),
                           std::chrono::milliseconds(9)},
          .cases = {failed_case()}};
  for (std::size_t i = 0; i < verdicts; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    if (verdict == Verdict::fail) continue;
    run.cases.push_back(other_case("rfc4303/3.4.3/case-number-" + std::to_string(i), verdict));
    CaseReport& one = run.cases.back();
    if (verdict == Verdict::flaky)
      one.tries = 3, one.failures = 1, one.expected = "silence", one.actual = "noise";
    if (verdict == Verdict::harness_error)
      one.expected = "the case runs to its end", one.actual = "bad_alloc";
    if (verdict == Verdict::inconclusive)
      one.expected = "a response to IKE_AUTH 1", one.actual = "no response";
    if (verdict == Verdict::waived || verdict == Verdict::unexpected_pass) one.waiver = "known since 5.9.8";
  }
  return run;
}

}  // namespace mpsec::conformance::test
