// The Python module "mpsec": codec, ESP and AH, replay window, IKEv2, SA clusters. Errors of the engine
// become mpsec.Error.
#include "bind.hpp"

namespace mpsec::python {
namespace {

// Borrowed from the module, which lives as long as the interpreter.
PyObject* error_type = nullptr;

void bind_error(py::module_& module) {
  error_type = PyErr_NewExceptionWithDoc("mpsec.Error",
                                         "What the engine refused: blame, path, offset, why and clause.",
                                         PyExc_Exception, nullptr);
  if (error_type == nullptr) throw py::error_already_set();
  module.add_object("Error", error_type);
}

}  // namespace

void raise(const Error& error) {
  const py::object exception = py::reinterpret_borrow<py::object>(error_type)(to_string(error));
  exception.attr("blame") = text_of(to_string(error.blame));
  exception.attr("path") = error.path;
  exception.attr("offset") = error.offset;
  exception.attr("why") = error.why;
  exception.attr("clause") = error.clause;
  PyErr_SetObject(error_type, exception.ptr());
  throw py::error_already_set();
}

}  // namespace mpsec::python

PYBIND11_MODULE(mpsec, module) {
  using namespace mpsec::python;
  module.doc() = "mpsec's reference engine: wire codec, ESP and AH, anti-replay window, IKEv2, SA clusters";
  bind_error(module);
  bind_codec(module);
  bind_ike(module);
  bind_ike_keys(module);
  bind_ike_protection(module);
  bind_ike_engine(module);
  bind_transforms(module);
  bind_sa(module);
  bind_replay_window(module);
  bind_cluster_parts(module);
  bind_cluster_end(module);
}
