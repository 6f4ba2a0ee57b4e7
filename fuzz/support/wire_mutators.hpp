// libFuzzer's custom mutators for what the codec declares. Arguments and result are those of
// LLVMFuzzerCustomMutator: the octets lie at `data`, the new ones are put there, and their count is returned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mpsec::fuzz {

// A whole datagram: changes fields and layers of what decodes, and completes half of the results, so that
// both wrong and right lengths and checksums get past the first look. Octets that do not decode, and now and
// then those that do, are left to libFuzzer.
std::size_t mutate_packet(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);

// The same for a whole IKE message, its payloads and their lengths.
std::size_t mutate_ike_message(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);

// A single header: the same, with one of the registry's headers that the octets are.
std::size_t mutate_header(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);

}  // namespace mpsec::fuzz
