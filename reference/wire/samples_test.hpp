// The samples under vectors/wire/samples: one file a header, a line "# what it is" before each, hexadecimal.
#pragma once

#include <string>

#include "base/octets.hpp"

namespace mpsec::wire {

struct Sample {
  std::string what;
  Octets octets;
};

// The samples of `file` ("udp"); empty where there is no such file.
std::vector<Sample> samples_of(const std::string& file);

// "Hop-by-Hop Options" -> "hop_by_hop_options": the name of the file for a header.
std::string file_name(std::string_view header);

}  // namespace mpsec::wire
