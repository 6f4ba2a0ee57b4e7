// What the engine knows of algorithms, and the providers that compute them.
#include <map>

#include "bind.hpp"
#include "crypto/select/select_provider.hpp"
#include "provider.hpp"

namespace mpsec::python {

const crypto::Provider& provider_named(const std::string& name) {
  static auto* made = new std::map<std::string, std::unique_ptr<crypto::Provider>>;
  auto& provider = (*made)[name];
  if (!provider) provider = value_or_raise(crypto::select_provider(name));
  return *provider;
}

namespace {

py::list encryption_transforms(const std::string& provider) {
  py::list all;
  for (const auto& transform : crypto::encryption_transforms()) {
    if (!provider_named(provider).supports(transform)) continue;
    py::dict line;
    line["name"] = text_of(transform.name);
    line["key_sizes"] = std::vector<unsigned>(transform.key_sizes.begin(), transform.key_sizes.end());
    line["salt_octets"] = transform.salt_octets;
    line["iv_octets"] = transform.wire_iv_octets();
    line["block_octets"] = transform.block_octets;
    line["icv_octets"] = transform.icv_octets;
    line["combined"] = transform.combined();
    all.append(line);
  }
  return all;
}

py::list integrity_transforms(const std::string& provider) {
  py::list all;
  for (const auto& transform : crypto::integrity_transforms()) {
    if (!provider_named(provider).supports(transform)) continue;
    py::dict line;
    line["name"] = text_of(transform.name);
    line["key_octets"] = transform.key_octets;
    line["salt_octets"] = transform.salt_octets;
    line["iv_octets"] = transform.iv_octets;
    line["icv_octets"] = transform.icv_octets;
    all.append(line);
  }
  return all;
}

}  // namespace

void bind_transforms(py::module_& module) {
  module.def("encryption_transforms", &encryption_transforms, py::arg("provider") = "best",
             "The transforms of type 1 that the provider computes, a dict each.");
  module.def("integrity_transforms", &integrity_transforms, py::arg("provider") = "best",
             "The transforms of type 3 that the provider computes, a dict each.");
  module.def("providers", [] {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& provider : crypto::available_providers())
      all.emplace_back(provider->name(), provider->description());
    return all;
  });
}

}  // namespace mpsec::python
