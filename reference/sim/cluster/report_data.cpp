#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "sim/cluster/report.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {
namespace {

// More lines than these nobody tells apart: then the least, the middle and the most are drawn.
constexpr std::size_t most_lines = 8;
// The goodput of so many samples is one point: of many paths each has its turn more rarely.
constexpr std::size_t samples_a_point(std::size_t paths) {
  return paths <= most_lines ? 4 : 20;
}

template <class... Args>
void add(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

// The direction with more packets; the plots of order are its.
const Stream& busier(const World& world) {
  const Stream &one = world.stream(End::sgw1), &other = world.stream(End::sgw2);
  return other.offered() > one.offered() ? other : one;
}

// RFC 5236 3.6, on arrival and on delivery. Early packets have negative displacements.
std::string displacement(const World& world) {
  const auto arrivals = busier(world).arrivals().report().density;
  const auto deliveries = busier(world).deliveries().report().density;
  const auto early =
      static_cast<std::int64_t>(std::max(arrivals.early().maximum(), deliveries.early().maximum()));
  const auto late =
      static_cast<std::int64_t>(std::max(arrivals.late().maximum(), deliveries.late().maximum()));
  std::string text = "displacement,arrived,delivered\n";
  for (std::int64_t at = -early - 1; at <= late + 1; ++at)
    add(text, "{},{:.6f},{:.6f}\n", at, 100 * arrivals.density(at), 100 * deliveries.density(at));
  return text;
}

std::string occupancy(const World& world) {
  std::string text = "time_s,SGW1,SGW2\n";
  for (const Sample& sample : world.samples())
    add(text, "{:.6f},{},{}\n", seconds(sample.at.time_since_epoch()), sample.held[0], sample.held[1]);
  return text;
}

std::string goodput(const World& world) {
  std::string text = "time_s,least,middle,most";
  for (const PathPlan& path : world.scenario().paths)
    add(text, ",{}", path.name);
  text += '\n';
  const auto& samples = world.samples();
  const std::size_t step = samples_a_point(world.paths());
  for (std::size_t i = step; i < samples.size(); i += step) {
    const Sample &before = samples[i - step], &now = samples[i];
    std::vector<double> mbits;
    for (std::size_t path = 0; path < world.paths(); ++path)
      mbits.push_back(static_cast<double>(now.octets[path] - before.octets[path]) * 8e-6 /
                      seconds(now.at - before.at));
    std::vector<double> sorted = mbits;
    std::ranges::sort(sorted);
    add(text, "{:.6f},{:.6f},{:.6f},{:.6f}", seconds(now.at.time_since_epoch()), sorted.front(),
        sorted[sorted.size() / 2], sorted.back());
    for (const double one : mbits)
      add(text, ",{:.6f}", one);
    text += '\n';
  }
  return text;
}

constexpr std::string_view preamble =
    "set datafile separator ','\n"
    "set terminal svg size 860,400 dynamic font 'sans,13' background '#ffffff'\n"
    "set grid lc rgb '#dddddd'\n"
    "set border 3 lc rgb '#666666'\n"
    "set tics nomirror\n"
    "set key outside right top vertical\n"
    "set lmargin 10\n";

}  // namespace

std::vector<ReportFile> data_files(const World& world) {
  return {{"displacement.csv", displacement(world)},
          {"occupancy.csv", occupancy(world)},
          {"goodput.csv", goodput(world)}};
}

std::string plot_script(const RunName& run, const World& world) {
  std::string text(preamble);
  auto plot = [&](std::string_view name, std::string_view what, std::string_view x, std::string_view y) {
    add(text, "\nset output '{0}.svg'\nset title '{1}: {2}' noenhanced\nset xlabel '{3}'\nset ylabel '{4}'\n",
        name, run.scenario, what, x, y);
  };
  plot("displacement", "how far packets stand from their place (RFC 5236)",
       "displacement in packets (negative: early)", "share of packets in %");
  text +=
      "set logscale y\nset yrange [0.001:200]\nset format y '%g'\n"
      "plot 'displacement.csv' skip 1 using 1:($2 > 0 ? $2 : 1/0) with points pt 7 ps 0.5 lc rgb '#cc4125' "
      "title "
      "'on arrival', \\\n     '' skip 1 using 1:($3 > 0 ? $3 : 1/0) with points pt 6 ps 0.9 lw 2 lc rgb "
      "'#1155cc' title "
      "'on delivery'\nunset logscale y\nset yrange [0:*]\n";
  plot("occupancy", "packets that wait for those before them", "time in s", "packets in the reorder buffer");
  text +=
      "plot 'occupancy.csv' skip 1 using 1:2 with lines lw 2 lc rgb '#cc4125' title 'SGW1', \\\n"
      "     '' skip 1 using 1:3 with lines lw 2 lc rgb '#1155cc' title 'SGW2'\n";
  plot("goodput", "inner octets that each path brought", "time in s", "Mbit/s");
  const bool few = world.paths() <= most_lines;
  const std::size_t lines = few ? world.paths() : 3, first = few ? 5 : 2;
  for (std::size_t i = 0; i < lines; ++i) {
    static constexpr std::string_view of_many[] = {"least of the paths", "middle", "most"};
    add(text, "{}'{}' skip 1 using 1:{} with lines lw 2 title '{}' noenhanced",
        i == 0 ? "plot " : ", \\\n     ", i == 0 ? "goodput.csv" : "", first + i,
        few ? world.scenario().paths[i].name : of_many[i]);
  }
  return text + "\n";
}

}  // namespace mpsec::sim
