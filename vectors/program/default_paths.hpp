// Where vectors are when nobody says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mpsec::vectors {

struct DefaultPaths {
  std::vector<std::filesystem::path> here;
  std::vector<std::string> absent;  // "NAME: why"
};

// Our own vectors (MPSEC_VECTORS_DIR), the package of NIST CAVP files (MPSEC_CAVP_DIR) and the collections
// beside the project (MPSEC_SHARED_DIR/data). Each may be named by the environment; else it is where the
// build found it.
DefaultPaths default_paths();

}  // namespace mpsec::vectors
