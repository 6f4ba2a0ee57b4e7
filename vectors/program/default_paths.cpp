#include "default_paths.hpp"

#include <cstdlib>
#include <fmt/format.h>

namespace mpsec::vectors {
namespace {

namespace fs = std::filesystem;

fs::path place(const char* variable, const char* otherwise) {
  const char* named = std::getenv(variable);
  return named != nullptr ? fs::path(named) : fs::path(otherwise);
}

void add(DefaultPaths& paths, const fs::path& path, std::string_view what, std::string_view remedy) {
  std::error_code error;
  if (fs::is_directory(path, error))
    paths.here.push_back(path.lexically_normal());
  else
    paths.absent.push_back(
        fmt::format("{}: {} is not there; {}", what, path.lexically_normal().string(), remedy));
}

}  // namespace

DefaultPaths default_paths() {
  DefaultPaths paths;
  const fs::path own = place("MPSEC_VECTORS_DIR", MPSEC_VECTORS_DIR);
  for (const char* folder : {"kat", "wire", "acvp"})
    add(paths, own / folder, "own vectors", "set MPSEC_VECTORS_DIR");
  add(paths, place("MPSEC_CAVP_DIR", MPSEC_CAVP_DIR), "NIST CAVP",
      "install python3-cryptography-vectors or set MPSEC_CAVP_DIR");
  add(paths, place("MPSEC_SHARED_DIR", MPSEC_SHARED_DIR) / "data", "collections of others",
      "set MPSEC_SHARED_DIR");
  return paths;
}

}  // namespace mpsec::vectors
