// The drawing of a case: who said what, and when.
#include <fmt/format.h>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance::page {
namespace {

// In the units of the drawing: a character of the small type takes 6.7 of them.
constexpr int width = 760, left = 110, right = 720, middle = (left + right) / 2, first_row = 44, row = 44;
constexpr std::size_t most_letters = 84, most_steps = 200;

// The first so many characters, and a sign that there were more. UTF-8 is not cut in the middle.
std::string shortened(std::string_view text, std::size_t letters) {
  std::string whole = clean_line(text);
  std::size_t count = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if ((static_cast<unsigned char>(whole[i]) & 0xc0) == 0x80) continue;
    if (++count > letters) return whole.substr(0, i) + "\xe2\x80\xa6";
  }
  return whole;
}

std::string label(int x, int y, std::string_view attributes, std::string_view text) {
  return fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>", x, y, attributes,
                     escape_markup(shortened(text, most_letters)));
}

constexpr std::string_view centred = " text-anchor=\"middle\"",
                           small = " text-anchor=\"middle\" class=\"soft\"";

// "IKE_AUTH request 1: IDi, AUTH" stands above its arrow up to the colon, the rest below.
std::string arrow(const StepReport& step, int y, bool decided) {
  const bool sent = step.kind == Step::Kind::sent;
  const int from = sent ? left : right, to = sent ? right : left, back = sent ? -9 : 9;
  const std::size_t colon = step.text.find(": ");
  const std::string_view text = step.text;
  std::string svg = fmt::format("<g class=\"{}{}\">", step.esp ? "esp" : "ike", decided ? " decided" : "");
  svg += label(middle, y - 6, centred, text.substr(0, colon));
  svg +=
      fmt::format("<line class=\"arrow\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", from, y, to + back, y);
  svg += fmt::format("<path class=\"head\" d=\"M{} {}l{} -5v10z\"/>", to, y, back);
  if (colon != text.npos) svg += label(middle, y + 13, small, text.substr(colon + 2));
  return svg + "</g>\n";
}

std::string note(const StepReport& step, int y) {
  return fmt::format("<rect class=\"note\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"22\" rx=\"4\"/>",
                     left + 30, y - 13, right - left - 60) +
         label(middle, y + 2, small, step.text) + "\n";
}

}  // namespace

std::string ladder(const CaseReport& one) {
  if (one.steps.empty()) return {};
  const std::size_t drawn = std::min(one.steps.size(), most_steps);
  const auto decided = deciding_step(one);
  const int height = first_row + row * static_cast<int>(drawn + 1);
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"group\" aria-label=\"Ladder of {} steps\">\n", width,
                  height, one.steps.size());
  for (const auto& [x, name] : {std::pair(left, "tester"), std::pair(right, "target")}) {
    svg += fmt::format("<text class=\"end\" x=\"{}\" y=\"14\" text-anchor=\"middle\">{}</text>", x, name);
    svg += fmt::format("<line class=\"life\" x1=\"{}\" y1=\"22\" x2=\"{}\" y2=\"{}\"/>\n", x, x, height - 22);
  }
  for (std::size_t i = 0; i < drawn; ++i) {
    const StepReport& step = one.steps[i];
    const int y = first_row + row * static_cast<int>(i) + 14;
    svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", left - 16,
                       y + 4, duration_text(step.at));
    svg += step.kind == Step::Kind::note ? note(step, y) : arrow(step, y, decided == i);
  }
  if (drawn < one.steps.size())
    svg += label(middle, height - 6, small,
                 fmt::format("and {} more steps: see the capture", one.steps.size() - drawn));
  return svg + "</svg>\n";
}

}  // namespace mpsec::conformance::page
