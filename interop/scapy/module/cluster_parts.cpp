// The parts of a cluster by themselves: numbers, leases, window, window size, schedulers.
#include "cluster/leased_sequence.hpp"
#include "cluster/make_scheduler.hpp"
#include "cluster/shared_window.hpp"
#include "cluster/weighted_scheduler.hpp"
#include "cluster/window_size.hpp"
#include "cluster_keywords.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::python {
namespace {

using namespace cluster;

py::object range_of(ipsec::SequenceSource::Range numbers) {
  static constexpr std::uint64_t none = 0;
  const py::handle range(reinterpret_cast<PyObject*>(&PyRange_Type));
  return numbers.count == 0 ? range(none, none) : range(numbers.first, numbers.first + numbers.count);
}

py::dict dict_of(const LeaseReport& report) {
  py::dict dict;
  dict["leases"] = report.leases;
  dict["taken"] = report.taken;
  dict["sent"] = report.sent;
  dict["abandoned_behind"] = report.abandoned_behind;
  dict["abandoned_by_time"] = report.abandoned_by_time;
  dict["held"] = report.held;
  dict["largest_displacement"] = report.largest_displacement;
  return dict;
}

std::unique_ptr<LeasedSequence> leased(SharedSequence& shared, std::uint32_t numbers,
                                       std::uint32_t peer_window, std::int64_t time) {
  const LeaseRules rules{.numbers = numbers, .peer_window = peer_window, .time = Duration(time)};
  value_or_raise(rules.check());
  return std::make_unique<LeasedSequence>(shared, rules);
}

void bind_sequences(py::module_& module) {
  py::class_<SharedSequence>(module, "SharedSequence", "One counter for all sub-SAs of a cluster.")
      .def(py::init<bool, std::uint64_t>(), py::arg("extended") = true, py::arg("last_used") = 0)
      .def(
          "take", [](SharedSequence& source, std::uint32_t wanted) { return range_of(source.take(wanted)); },
          py::arg("wanted"), "The range of numbers that nobody else gets: fewer, at last none, at the end.")
      .def_property_readonly("left", &SharedSequence::left)
      .def_property_readonly("last_used", &SharedSequence::last_used);
  py::class_<LeasedSequence>(module, "LeasedSequence",
                             "One worker's source over a SharedSequence: takes numbers in advance.")
      .def(py::init(&leased), py::arg("shared"), py::arg("numbers") = LeaseRules{}.numbers,
           py::arg("peer_window") = LeaseRules{}.peer_window, py::arg("time") = LeaseRules{}.time.count(),
           py::keep_alive<1, 2>())
      .def(
          "begin_batch", [](LeasedSequence& source, std::int64_t now) { source.begin_batch(instant(now)); },
          py::arg("now"), "Abandons a lease that has become too old to be sent on.")
      .def(
          "take", [](LeasedSequence& source, std::uint32_t wanted) { return range_of(source.take(wanted)); },
          py::arg("wanted"), "Fewer than wanted where the lease ends.")
      .def("abandon", &LeasedSequence::abandon, "Abandons what is held: the worker leaves.")
      .def_property_readonly("left", &LeasedSequence::left)
      .def_property_readonly("report", [](const LeasedSequence& source) { return dict_of(source.report()); });
}

std::unique_ptr<SharedWindow> window(std::uint32_t size, bool extended, std::uint32_t history) {
  value_or_raise(ipsec::ReplayWindow::check_size(size));
  return std::make_unique<SharedWindow>(size, extended, history);
}

py::tuple check(const SharedWindow& window, std::uint32_t on_wire) {
  ipsec::AntiReplay::Hint hint;
  window.check({&on_wire, 1}, {&hint, 1});
  return py::make_tuple(hint.number, name_of(hint.verdict));
}

py::str accept(SharedWindow& window, std::uint64_t number) {
  ipsec::ReplayVerdict verdict{};
  window.accept({&number, 1}, {&verdict, 1});
  return name_of(verdict);
}

void bind_window(py::module_& module) {
  py::class_<SharedWindow>(module, "SharedWindow", "One anti-replay window for all sub-SAs of a cluster.")
      .def(py::init(&window), py::arg("size") = 64, py::arg("extended") = true, py::arg("history") = 0,
           "Remembers numbers up to `history` below the top, for the report; 0: four windows.")
      .def("check", &check, py::arg("on_wire"), "(full number, verdict) for 32 bits; changes nothing")
      .def("accept", &accept, py::arg("number"), "Takes the full number if it is fresh; the verdict.")
      .def("resynchronise", &SharedWindow::resynchronise, py::arg("number"), "Never goes back.")
      .def_property_readonly("top", &SharedWindow::top)
      .def_property_readonly("size", &SharedWindow::size)
      .def_property_readonly("report",
                             [](const SharedWindow& window) { return window_report(window.report()); });
}

std::uint64_t needed(std::uint32_t workers, std::uint32_t lease, std::int64_t skew, std::uint64_t rate) {
  return window_needed({workers, lease, Duration(skew), rate});
}

void check_size(std::uint32_t window, std::uint32_t workers, std::uint32_t lease, std::int64_t skew,
                std::uint64_t rate) {
  value_or_raise(check_window_size(window, {workers, lease, Duration(skew), rate}));
}

void bind_window_size(py::module_& module) {
  const auto workers = py::arg("workers") = 1, lease = py::arg("lease") = 0, skew = py::arg("skew") = 0,
             rate = py::arg("packets_per_second") = 0;
  module.def("window_needed", &needed, workers, lease, skew, rate,
             "workers x lease + skew (nanoseconds) x packets_per_second, rounded up");
  module.def("check_window_size", &check_size, py::arg("window"), workers, lease, skew, rate,
             "Raises mpsec.Error where the window is too small.");
}

// A scheduler with the random numbers it asks for, and what it must not be asked.
class Scheduler {
 public:
  Scheduler(const std::string& text, std::uint64_t seed)
      : rng_(seed), scheduler_(value_or_raise(make_scheduler(text, rng_))) {}

  void on_paths(const py::list& paths) {
    std::vector<PathView> views;
    for (const py::handle path : paths)
      views.push_back(view(py::kwargs(path.attr("copy")())));
    for (std::size_t i = 0; i < views.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (views[i].id == views[j].id)
          throw py::value_error(fmt::format("id: {} stands in the paths twice", views[i].id.value));
    scheduler_->on_paths(views);
    paths_ = views.size();
  }
  py::tuple choose(std::uint64_t flow, std::uint32_t wanted) {
    if (paths_ == 0) throw py::value_error("there is no path to choose: call on_paths first");
    if (wanted == 0) throw py::value_error("wanted: expected at least 1, found 0");
    const auto choice = scheduler_->choose(flow, wanted);
    return py::make_tuple(choice.path, choice.packets, choice.copy);
  }

 private:
  static PathView view(py::kwargs words) {
    PathView view;
    view.id = SubSaId{taken<std::uint32_t>(words, "id", 0)};
    view.weight = taken<std::uint32_t>(words, "weight", 1);
    if (const auto trip = taken<std::optional<std::int64_t>>(words, "round_trip", std::nullopt))
      view.round_trip = Duration(*trip);
    view.loss = taken(words, "loss", 0.0);
    if (!(view.loss >= 0 && view.loss <= 1))
      throw py::value_error(fmt::format("loss: expected 0 to 1, found {}", view.loss));
    value_or_raise(check_weight(view.weight, fmt::format("sub-SA {}", view.id.value)));
    refuse_rest(words);
    return view;
  }

  SeededRng rng_;
  std::unique_ptr<PathScheduler> scheduler_;
  std::size_t paths_ = 0;
};

void bind_scheduler(py::module_& module) {
  py::class_<Scheduler>(module, "PathScheduler",
                        R"(Which path carries the next packets: a name and options, as "weighted burst=8".)")
      .def(py::init<const std::string&, std::uint64_t>(), py::arg("text"), py::arg("seed") = 0)
      .def("on_paths", &Scheduler::on_paths, py::arg("paths"),
           "[{id, weight, round_trip (nanoseconds or None), loss}]: what may be used now.")
      .def("choose", &Scheduler::choose, py::arg("flow") = 0, py::arg("wanted") = 1,
           "(path, packets, path of the copy or None): paths are positions in what on_paths was given.");
}

}  // namespace

py::dict window_report(const WindowReport& report) {
  py::dict dict;
  dict["accepted"] = report.accepted;
  dict["duplicates"] = report.duplicates;
  dict["too_old"] = report.too_old;
  dict["late_authentic"] = report.late_authentic;
  dict["size_that_would_have_held"] = report.size_that_would_have_held;
  return dict;
}

void bind_cluster_parts(py::module_& module) {
  bind_sequences(module);
  bind_window(module);
  bind_window_size(module);
  bind_scheduler(module);
}

}  // namespace mpsec::python
