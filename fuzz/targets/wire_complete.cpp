// Completing a datagram: done twice it changes nothing more, and its IPv4 checksum holds.
// depends: wire fuzz_support
#include "support/require.hpp"
#include "support/wire_mutators.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/complete.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  auto packet = mpsec::wire::decode_packet({octets, size});
  if (!packet) return 0;
  const auto completed = complete(*packet);
  const mpsec::wire::Packet once = *packet;
  mpsec::fuzz::require(complete(*packet) == completed && *packet == once, "complete() is done once");
  const auto* ip = packet->find<mpsec::wire::Ipv4Header>();
  const bool holds = !ip || mpsec::wire::OnesComplementSum().add(mpsec::wire::encode(*ip)).holds();
  mpsec::fuzz::require(holds, "the checksum holds");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_packet(data, size, max, seed);
}
