// What became of one IKE message of a capture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/datagram.hpp"
#include "base/error.hpp"
#include "base/octets.hpp"
#include "wire/ike/header.hpp"

namespace mpsec::replay {

enum class IkeVerdict : std::uint8_t {
  clear,   // nothing in it is protected; it decodes, and encodes to itself
  opened,  // its ICV is right, and so are message and payloads: they decode and encode to themselves
  opened_unchecked,  // the same, but nobody could check the ICV
  fragment,          // a fragment, opened; others are missing
  no_key,            // protected, and no key file tells how
  cut,               // by the capture
  other_version,     // not IKEv2
  // Failures:
  malformed,         // the message cannot be read
  too_short,         // its body is less than IV, Pad Length and ICV
  misaligned,        // the ciphertext is no whole number of blocks
  not_authentic,     // the ICV is wrong: damage, or the wrong key
  bad_padding,       // Pad Length exceeds what is there
  inner_malformed,   // opened, but the payloads inside cannot be read
  differs,           // it decodes, but encodes to something else
  inner_differs,     // the same of the payloads inside
  fragment_refused,  // opened, but it does not fit the other fragments
};
inline constexpr std::size_t ike_verdicts = 16;

// "opened", "not_authentic"
std::string_view to_string(IkeVerdict verdict);
constexpr bool is_failure(IkeVerdict verdict) {
  return verdict >= IkeVerdict::malformed;
}

// A message as the capture has it.
struct IkeMessage {
  std::uint64_t frame = 0;
  Instant time{};
  Endpoint source, destination;
  OctetView octets{};  // without marker
  bool whole = true;   // false: the capture cut it short
};

struct IkeRecord {
  std::uint64_t frame = 0;
  Instant time{};
  Endpoint source, destination;
  wire::ike::IkeHeader header{};  // zeros where the message is shorter
  std::size_t octets = 0;
  IkeVerdict verdict = IkeVerdict::clear;
  std::string chain{};     // "SA KE Ni N(COOKIE)", "SK{IDi AUTH SA TSi TSr}", "SKF(1/3)"
  std::string why{};       // of a failure: path, offset, need and have
  unsigned fragments = 0;  // that this one completed; 0: it was not cut
};

// "IKE_AUTH 1 request I>R"; "IKEv1 Identity Protection (Main Mode)"
std::string title_of(const IkeRecord& record);
// The name of an exchange of IKEv1 (RFC 2408 3.1, RFC 2409), or "exchange type 99".
std::string ike_v1_exchange(std::uint8_t type);

}  // namespace mpsec::replay
