#include "vectors/core/source.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <sstream>

#include "vectors/core/acvp_reader.hpp"
#include "vectors/core/cavp_reader.hpp"
#include "vectors/core/json.hpp"
#include "vectors/core/mcgrew_reader.hpp"
#include "vectors/core/mpsec_reader.hpp"
#include "vectors/core/packet_reader.hpp"
#include "vectors/core/text.hpp"
#include "vectors/core/wycheproof_reader.hpp"

namespace mpsec::vectors {
namespace {

namespace fs = std::filesystem;

constexpr std::array extensions{".json", ".rsp", ".txt", ".fax"};

Error problem(std::string path, std::string why) {
  return {.blame = Blame::malformed,
          .path = std::move(path),
          .offset = std::nullopt,
          .why = std::move(why),
          .clause = {}};
}

std::optional<std::string> contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  if (!file && !file.eof()) return std::nullopt;
  return std::move(text).str();
}

std::optional<VectorFile> read_json(const Json& document, std::string name,
                                    const std::function<std::optional<std::string>()>& answers) {
  if (looks_like_wycheproof(document)) return read_wycheproof(document, std::move(name));
  if (looks_like_mcgrew(document)) return read_mcgrew(document, std::move(name));
  if (looks_like_packets(document)) return read_packets(document, std::move(name));
  if (!looks_like_acvp(document) || is_acvp_answers(document)) return std::nullopt;
  if (!needs_acvp_answers(document) || !answers) return read_acvp(document, std::move(name));
  const auto text = answers();
  const auto other = text ? parse_json(*text, name) : Result<Json>(document);
  return read_acvp(other ? join_acvp(document, *other) : document, std::move(name));
}

// Our own files say so in "format"; a file with "vectors" that says nothing else is taken for ours, so that a
// misspelt "format" is an error and not a file passed over.
bool looks_like_ours(const Json& document) {
  if (!document.is_object()) return false;
  if (document.contains("format") && document["format"].is_string())
    return document["format"].get<std::string>().starts_with("mpsec");
  const auto vectors = document.find("vectors");
  return vectors != document.end() && vectors->is_array() && !looks_like_mcgrew(document) &&
         !looks_like_packets(document);
}

// "prompt.json" and "aes-prompt.json" are answered by "expectedResults.json" and "aes-expectedResults.json".
std::optional<std::string> acvp_answers(const fs::path& prompt) {
  std::string name = prompt.filename().string();
  const std::size_t place = name.rfind("prompt");
  if (place == std::string::npos) return std::nullopt;
  return contents(prompt.parent_path() / name.replace(place, 6, "expectedResults"));
}

bool holds_acvp_answers(std::string_view text, const fs::path& path) {
  if (path.extension() != ".json") return false;
  const auto document = parse_json(text, path.string());
  return document && looks_like_acvp(*document) && is_acvp_answers(*document);
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) &&
        std::ranges::find(extensions, entry->path().extension()) != extensions.end())
      files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

class Collector {
 public:
  explicit Collector(Sources& sources) : sources_(sources) {}

  void path(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      for (const fs::path& file : files_below(path))
        this->file(file, false);
      return;
    }
    if (fs::exists(path, error)) return file(path, true);
    refuse(path, "no such file or folder");
  }

 private:
  void file(const fs::path& path, bool named) {
    const auto text = contents(path);
    if (!text) return refuse(path, "cannot be read");
    auto read = read_text(*text, path.string(), [&] { return acvp_answers(path); });
    if (read) return sources_.files.push_back(*std::move(read));
    if (holds_acvp_answers(*text, path))
      sources_.passed_over.push_back(path.string() + ": answers, read together with their ACVP prompt");
    else if (named)
      refuse(path, "no vector file: expected our own JSON, Wycheproof, ACVP or packet JSON, or a CAVP text");
    else
      sources_.passed_over.push_back(path.string() + ": no vectors in a form known here");
  }

  void refuse(const fs::path& path, std::string why) {
    VectorFile file{.name = path.string(), .format = "unknown", .cases = {}, .problems = {}};
    file.problems.push_back(problem(path.string(), std::move(why)));
    sources_.files.push_back(std::move(file));
  }

  Sources& sources_;
};

}  // namespace

std::optional<VectorFile> read_text(std::string_view text, std::string name,
                                    const std::function<std::optional<std::string>()>& answers) {
  const bool json = trimmed(text.substr(0, 4096)).starts_with('{') || name.ends_with(".json") ||
                    trimmed(text.substr(0, 64)).starts_with("[\n") ||
                    trimmed(text.substr(0, 64)).starts_with("[{");
  if (!json && looks_like_cavp(text)) return read_cavp(text, std::move(name));
  if (!json) return std::nullopt;
  const auto document = parse_json(text, name);
  if (!document) {
    VectorFile file{
        .name = std::move(name), .format = "unknown", .cases = {}, .problems = {document.error()}};
    return file;
  }
  if (looks_like_ours(*document)) return read_mpsec(text, std::move(name));
  return read_json(*document, std::move(name), answers);
}

Sources read_paths(const std::vector<fs::path>& paths) {
  Sources sources;
  Collector collector(sources);
  for (const fs::path& path : paths)
    collector.path(path);
  return sources;
}

}  // namespace mpsec::vectors
