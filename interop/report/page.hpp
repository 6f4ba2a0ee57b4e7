// The parts of the HTML page. All that comes from a run is escaped here; what is given as a class, an ID or a
// number is ours.
#pragma once

#include <string>

#include "interop/report/formats.hpp"

namespace mpsec::conformance::page {

// Of how a verdict looks: "unexpected-pass" in classes, and one sign for who sees no colours.
std::string class_of(Verdict verdict);
std::string_view sign_of(Verdict verdict);
std::string badge(Verdict verdict);
// "case-3": where the case of that index in the run stands on the page.
std::string anchor(std::size_t index);

// The step whose message decided: the last IKE message that was sent or received, if there is one.
std::optional<std::size_t> deciding_step(const CaseReport& one);
// Tester left, target right, times at the side: an <svg>; empty without steps.
std::string ladder(const CaseReport& one);

// What came of it in a sentence.
std::string headline(const Run& run);
// What has to be looked at, each with the reason: a section; empty: nothing has.
std::string attention(const Run& run, const Register& rules);
// Why the other cases did not pass: a section; empty: they did.
std::string reasons(const Run& run);

// Every case, those to be looked at first. `earlier` may be null.
std::string cases(const Run& run, const Register& rules, const Run* earlier);
// By document a row of cells for each section; with the legend.
std::string clause_map(const Run& run, const Register& rules);

}  // namespace mpsec::conformance::page
