// Text from a target made safe for where it is shown, and how times are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace mpsec::conformance {

// Valid UTF-8 without control characters but line feed and tab: what is neither becomes U+FFFD. So nothing
// from a target steers a terminal or breaks an XML document.
std::string clean(std::string_view text);
// The same on one line.
std::string clean_line(std::string_view text);
// Cleaned, and & < > " ' as character references: for text and for quoted attributes of HTML and XML.
std::string escape_markup(std::string_view text);
// Cleaned, on one line, without meaning to GitHub-flavoured Markdown: no cells, links, mentions or markup.
std::string escape_markdown(std::string_view text);

// A command of these words as a shell reads it: words that a shell would take apart are quoted.
std::string shell_text(const std::vector<std::string>& words);

// "850 us", "12.3 ms", "4.56 s", "2:05 min", "1:02:05 h".
std::string duration_text(Duration duration);
// "2026-01-31 12:00:00 UTC".
std::string calendar_text(std::int64_t seconds_since_1970);

}  // namespace mpsec::conformance
