// The target of a command: the embedded reference, or what a file describes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "interop/suite/network/network_target.hpp"
#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

struct Opened {
  std::unique_ptr<Target> target;    // null: `errors` say why, and how the program ends
  NetworkTarget* network = nullptr;  // the same, where it is one
  std::filesystem::path waivers;
  std::vector<Error> errors;
  int exit = 0;
  std::shared_ptr<const crypto::Provider> packets;
  std::shared_ptr<const crypto::IkeProvider> ike;
  std::shared_ptr<const crypto::PkiProvider> pki;
  Tester::Providers providers() const { return {*packets, *ike}; }
};
// `file`: empty for the reference.
Opened open_target(const std::string& file, double timeout_scale);

// "0.1.0"
std::string version();

}  // namespace mpsec::conformance
