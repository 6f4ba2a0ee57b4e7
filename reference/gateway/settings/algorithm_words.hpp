// The words for algorithms, of the registries' lines that can be computed here. Private to algorithms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/prf.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::gateway::words {

enum class Kind : std::uint8_t { encryption, integrity, prf, key_exchange, sequence_numbers };

// "a PRF"
std::string_view to_string(Kind kind);

struct Word {
  std::string text;
  Kind kind;
  std::uint16_t id;
  std::optional<std::uint16_t> key_bits{};
};

// Two words of different kinds may be spelt alike: GMAC is a cipher of ESP and an integrity algorithm of AH.
const std::vector<Word>& vocabulary();

// Of the same hash or cipher; nothing for a GMAC.
std::optional<crypto::PrfId> prf_like(crypto::IntegrityId id);

inline constexpr std::string_view extended = "esn", not_extended = "noesn";

}  // namespace mpsec::gateway::words
