// The drawing of a case: who said what, and when.
#include <fmt/format.h>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance::page {
namespace {

// In the units of the drawing: a character of the small type takes 6.7 of them.
constexpr int width = 760, left = 110, right = 720, middle = (left + right) / 2, first_row = 44, row = 44,
              line = 13;
constexpr std::size_t most_letters = 84, most_lines = 4, most_steps = 200;

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

// "SA, KE, Nonce, ..." taken apart behind commas, so that each line fits; the last says if there was more.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    if (text.size() <= most_letters || lines.size() + 1 == most_lines) {
      lines.emplace_back(text);
      break;
    }
    const std::size_t comma = text.rfind(", ", most_letters - 2);
    const std::size_t end = comma == text.npos ? text.size() : comma + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "IKE_AUTH request 1: IDi, AUTH" stands above its arrow up to the colon, the rest below.
std::string_view above(const StepReport& step) {
  return std::string_view(step.text).substr(0, step.text.find(": "));
}
std::vector<std::string> below(const StepReport& step) {
  const std::size_t colon = step.text.find(": ");
  if (step.kind == Step::Kind::note || colon == step.text.npos) return {};
  return lines_of(std::string_view(step.text).substr(colon + 2));
}

std::string arrow(const StepReport& step, int y, bool decided) {
  const bool sent = step.kind == Step::Kind::sent;
  const int from = sent ? left : right, to = sent ? right : left, back = sent ? -9 : 9;
  std::string svg =
      fmt::format("<g class=\"{}{}\" role=\"listitem\"><title>{}</title>", step.esp ? "esp" : "ike",
                  decided ? " decided" : "", sent ? "tester to target" : "target to tester");
  svg += label(middle, y - 6, centred, above(step));
  svg +=
      fmt::format("<line class=\"arrow\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", from, y, to + back, y);
  svg += fmt::format("<path class=\"head\" d=\"M{} {}l{} -5v10z\"/>", to, y, back);
  int under = y + line;
  for (const std::string& text : below(step)) {
    svg += label(middle, under, small, text);
    under += line;
  }
  return svg;
}

std::string note(const StepReport& step, int y) {
  return fmt::format(
             "<g role=\"listitem\"><rect class=\"note\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"22\" "
             "rx=\"4\"/>",
             left + 30, y - 13, right - left - 60) +
         label(middle, y + 2, small, step.text);
}

// Its height, and what is in it. A time stands where it is not that of the step before.
std::pair<int, std::string> steps_of(const CaseReport& one, std::size_t drawn) {
  const auto decided = deciding_step(one);
  std::string svg;
  int y = first_row + 14;
  for (std::size_t i = 0; i < drawn; ++i) {
    const StepReport& step = one.steps[i];
    svg += step.kind == Step::Kind::note ? note(step, y) : arrow(step, y, decided == i);
    if (i == 0 || step.at != one.steps[i - 1].at)
      svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", left - 16,
                         y + 4, duration_text(step.at));
    svg += "</g>\n";
    y += row + line * std::max(0, static_cast<int>(below(step).size()) - 1);
  }
  return {y - 14 + row, std::move(svg)};
}

}  // namespace

std::string ladder(const CaseReport& one) {
  if (one.steps.empty()) return {};
  const std::size_t drawn = std::min(one.steps.size(), most_steps);
  const auto [height, steps] = steps_of(one, drawn);
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"list\" aria-label=\"Ladder of {} steps\">\n", width,
                  height, one.steps.size());
  for (const auto& [x, name] : {std::pair(left, "tester"), std::pair(right, "target")}) {
    svg += fmt::format(
        "<text class=\"end\" x=\"{}\" y=\"14\" text-anchor=\"middle\" aria-hidden=\"true\">{}</text>", x,
        name);
    svg += fmt::format("<line class=\"life\" x1=\"{}\" y1=\"22\" x2=\"{}\" y2=\"{}\"/>\n", x, x, height - 22);
  }
  svg += steps;
  if (drawn < one.steps.size())
    svg += label(middle, height - 6, small,
                 fmt::format("and {} more steps: see the capture", one.steps.size() - drawn));
  return svg + "</svg>\n";
}

}  // namespace mpsec::conformance::page
