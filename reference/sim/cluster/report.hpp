// What a run was: for people, for programs, and as data with a script that draws them. The same world gives
// the same octets.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/world.hpp"

namespace mpsec::sim {

// Of whom the report is: the name by which it was asked for, and the seed.
struct RunName {
  std::string scenario;
  std::uint64_t seed = 0;
};

std::string text_report(const RunName& run, const World& world);
std::string json_report(const RunName& run, const World& world);

struct ReportFile {
  std::string name, content;
};
// displacement.csv, occupancy.csv, goodput.csv; and plots.gp, which makes an SVG of each with gnuplot.
std::vector<ReportFile> data_files(const World& world);
std::string plot_script(const RunName& run, const World& world);

}  // namespace mpsec::sim
