// Reassembly as one would explain it: keep all pieces, compare each with each. Slow, and hard to get wrong.
#pragma once

#include <map>

#include "ipsec/reassembly.hpp"

namespace mpsec::fuzz {

// A fragment as the fuzzer asks for it, four octets of input.
struct FragmentWish {
  bool six = false, more = false;
  std::uint8_t identification = 0;
  std::uint8_t ecn = 0;
  bool with_option = false;  // IPv4: a header of 24 octets
  std::uint32_t offset = 0;  // in octets
  Octets payload;            // says where it belongs, but for a variant
  std::uint8_t seconds = 0;  // that pass before it comes

  static FragmentWish of(OctetView four);
  Octets packet() const;
};

class ReassemblyModel {
 public:
  // What offering the wish's packet must come to.
  struct Answer {
    Octets datagram;  // empty: none
    bool discarded = false;
  };
  Answer offer(const FragmentWish& wish, Instant now);

 private:
  struct Begun {
    Instant deadline;
    bool abandoned = false;
    std::vector<FragmentWish> pieces;
  };
  static bool contradict(const FragmentWish& one, const FragmentWish& other);
  static Answer join(std::vector<FragmentWish> pieces);

  std::map<std::pair<bool, std::uint8_t>, Begun> begun_;
};

// True if offering each fragment that `octets` asks for comes to what the model says.
bool reassembly_agrees(OctetView octets);

}  // namespace mpsec::fuzz
