// Runs a fuzz target over files, once each, where libFuzzer is not at hand: every compiler can replay a
// corpus.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

// libFuzzer's own interface: these names and types are its.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* octets, std::size_t size, std::size_t max_size);

// A target's custom mutator may call it; nothing mutates here.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t) {
  return size;
}

namespace {

namespace fs = std::filesystem;

// The files that the arguments name, those of a directory in the order of their names.
std::vector<fs::path> inputs(int count, char** arguments) {
  std::vector<fs::path> found;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(arguments[i])) {
      found.emplace_back(arguments[i]);
      continue;
    }
    const auto first = static_cast<std::ptrdiff_t>(found.size());
    for (const auto& entry : fs::directory_iterator(arguments[i]))
      if (entry.is_regular_file()) found.push_back(entry.path());
    std::sort(found.begin() + first, found.end());
  }
  return found;
}

bool run(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    return false;
  }
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  // A copy of exactly this size, so that a sanitizer sees the first octet past its end.
  const std::vector<std::uint8_t> octets(content.begin(), content.end());
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
  return true;
}

}  // namespace

int main(int count, char** arguments) try {
  const auto paths = inputs(count, arguments);
  if (paths.empty()) {
    std::fprintf(stderr, "usage: %s FILE-OR-DIRECTORY...   found no file to run\n", arguments[0]);
    return 2;
  }
  for (const auto& path : paths) {
    std::printf("%s\n", path.c_str());  // printed first, so that a crash names its input
    std::fflush(stdout);
    if (!run(path)) return 1;
  }
  std::printf("%zu inputs replayed\n", paths.size());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", arguments[0], error.what());
  return 2;
}
