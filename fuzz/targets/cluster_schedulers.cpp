// Any scheduler under any changes of its paths: an octet for its name, then steps. An odd octet is followed
// by new paths, an even one asks for packets.
// depends: cluster fuzz_support
#include "cluster/make_scheduler.hpp"
#include "support/scheduler_law.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static constexpr const char* names[] = {"round-robin burst=5", "weighted",        "flow-hash paths=3",
                                          "least-round-trip",    "random burst=3",  "adaptive burst=2",
                                          "duplicate adaptive",  "duplicate random"};
  mpsec::SeededRng rng(1);
  mpsec::fuzz::Draw draw({octets, size});
  const auto scheduler = mpsec::cluster::make_scheduler(names[draw.below(std::size(names))], rng).value();
  for (std::size_t paths = 0; !draw.empty();) {
    const std::uint8_t step = draw.octet();
    if (step % 2 == 1) {
      const auto drawn = mpsec::fuzz::draw_paths(draw);
      scheduler->on_paths(drawn);
      paths = drawn.size();
    } else if (paths > 0) {
      mpsec::fuzz::require_lawful_choice(*scheduler, paths, step);
    }
  }
  return 0;
}
