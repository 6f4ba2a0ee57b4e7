// What the parts of the Python module share: octets as bytes, errors as exceptions.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "cluster/shared_window.hpp"
#include "ipsec/anti_replay.hpp"

namespace mpsec::python {

namespace py = pybind11;

// The octets of a Python bytes object; good as long as that is.
inline OctetView view_of(const py::bytes& bytes) {
  const std::string_view text = bytes;
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline py::bytes bytes_of(OctetView octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

inline py::str text_of(std::string_view text) {
  return {text.data(), text.size()};
}

py::str name_of(ipsec::ReplayVerdict verdict);
py::dict window_report(const cluster::WindowReport& report);

// Raises mpsec.Error: its text is to_string(error), its attributes blame, path, offset, why and clause.
[[noreturn]] void raise(const Error& error);

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void bind_codec(py::module_& module);
void bind_ike(py::module_& module);
void bind_ike_keys(py::module_& module);
void bind_ike_protection(py::module_& module);
void bind_ike_engine(py::module_& module);
void bind_transforms(py::module_& module);
void bind_sa(py::module_& module);
void bind_replay_window(py::module_& module);
void bind_cluster_parts(py::module_& module);
void bind_cluster_end(py::module_& module);

}  // namespace mpsec::python
