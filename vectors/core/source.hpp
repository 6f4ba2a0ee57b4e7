// From paths to cases: finds vector files, tells their format, and calls the right reader.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vectors/core/case.hpp"

namespace mpsec::vectors {

// What reading some paths brought.
struct Sources {
  std::vector<VectorFile> files;
  std::vector<std::string> passed_over;  // "FILE: why": no vectors, or joined with another file
};

// The reader for a text, by its content alone: our own, Wycheproof, ACVP, the GCM-ESP draft, packets, CAVP.
// Nothing if it is none of them; a JSON text that does not parse is a file with a problem if its name ends in
// ".json". `answers` is asked for the answers that an ACVP prompt lacks; it may return nothing.
std::optional<VectorFile> read_text(std::string_view text, std::string name,
                                    const std::function<std::optional<std::string>()>& answers = {});

// Reads every path: a file must be a vector file (else it has a problem), a folder is searched for *.json,
// *.rsp,
// *.txt and *.fax. Files come in the order of their names.
Sources read_paths(const std::vector<std::filesystem::path>& paths);

}  // namespace mpsec::vectors
