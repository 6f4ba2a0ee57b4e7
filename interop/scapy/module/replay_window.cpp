// The anti-replay window by itself.
#include "ipsec/replay_window.hpp"

#include "bind.hpp"

namespace mpsec::python {

py::str name_of(ipsec::ReplayVerdict verdict) {
  switch (verdict) {
    case ipsec::ReplayVerdict::fresh:
      return "fresh";
    case ipsec::ReplayVerdict::duplicate:
      return "duplicate";
    case ipsec::ReplayVerdict::too_old:
      return "too_old";
    case ipsec::ReplayVerdict::below_zero:
      return "below_zero";
    case ipsec::ReplayVerdict::redundant:
      return "redundant";
  }
  return "unknown";
}

namespace {

py::tuple check(const ipsec::ReplayWindow& window, std::uint32_t on_wire) {
  ipsec::AntiReplay::Hint hint;
  window.check({&on_wire, 1}, {&hint, 1});
  return py::make_tuple(hint.number, name_of(hint.verdict));
}

}  // namespace

void bind_replay_window(py::module_& module) {
  using ipsec::ReplayWindow;
  py::class_<ReplayWindow>(module, "ReplayWindow", "Which sequence numbers were seen (RFC 4303 3.4.3).")
      .def(py::init([](std::uint32_t size, bool extended) {
             value_or_raise(ReplayWindow::check_size(size));
             return ReplayWindow(size, extended);
           }),
           py::arg("size") = 64, py::arg("extended") = false)
      .def("check", &check, py::arg("on_wire"), "(full number, verdict) for 32 bits; changes nothing")
      .def(
          "accept", [](ReplayWindow& window, std::uint64_t number) { return name_of(window.accept(number)); },
          py::arg("number"), "Takes the full number if it is fresh; the verdict.")
      .def("resynchronise", &ReplayWindow::resynchronise, py::arg("number"))
      .def_property_readonly("top", &ReplayWindow::top)
      .def_property_readonly("size", &ReplayWindow::size);
}

}  // namespace mpsec::python
