// depends: cluster
#include "support/cluster_window_law.hpp"

#include <vector>

#include "cluster/shared_window.hpp"
#include "cluster/test_window_model.hpp"
#include "support/draw.hpp"

namespace mpsec::fuzz {

namespace {

using cluster::SharedWindow;
using cluster::WindowModel;
using ipsec::ReplayVerdict;

// A number near the top, or at a distance of any order of magnitude from it.
std::uint64_t draw_number(Draw& draw, std::uint64_t top) {
  const unsigned magnitude = draw.below(4) == 0 ? draw.below(53) : 0;
  const std::int64_t step = (std::int64_t{draw.octet()} - 100) * (std::int64_t{1} << magnitude);
  const auto number = static_cast<std::int64_t>(top) + step;
  return number < 0 || number >= std::int64_t{1} << 62 ? 0 : static_cast<std::uint64_t>(number);
}

bool judged_alike(SharedWindow& window, WindowModel& model, const std::vector<std::uint64_t>& numbers) {
  const std::vector<std::uint32_t> on_wire(numbers.begin(), numbers.end());
  std::vector<ipsec::AntiReplay::Hint> hints(numbers.size());
  std::vector<ReplayVerdict> verdicts(numbers.size());
  window.check(on_wire, hints);
  window.accept(numbers, verdicts);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (verdicts[i] != model.accept(numbers[i])) return false;
    const bool same = hints[i].number == numbers[i];
    if (same && hints[i].verdict != ReplayVerdict::fresh && verdicts[i] == ReplayVerdict::fresh) return false;
  }
  return window.top() == model.top();
}

}  // namespace

bool cluster_window_agrees(OctetView octets) {
  Draw draw(octets);
  const std::uint32_t size = 32 + 17 * draw.octet();
  SharedWindow window(size, true, draw.below(2));
  WindowModel model(size);
  while (!draw.empty()) {
    const std::uint8_t count = draw.below(20);
    if (count == 0) {
      const std::uint64_t number = draw_number(draw, model.top());
      window.resynchronise(number), model.resynchronise(number);
    }
    std::vector<std::uint64_t> numbers;
    for (std::uint8_t i = 0; i < count; ++i)
      numbers.push_back(draw_number(draw, model.top()));
    if (!judged_alike(window, model, numbers)) return false;
  }
  return true;
}

}  // namespace mpsec::fuzz
