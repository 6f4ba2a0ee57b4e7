// Checksum repair behind NAT: only the checksum changes, and only if said so; what was recomputed stays.
// depends: ipsec
#include "ipsec/nat_checksum.hpp"

#include "support/require.hpp"

using namespace mpsec::ipsec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size < 9) return 0;  // how, and the original addresses
  const auto how = static_cast<ChecksumRepair>(octets[0] % 4);
  const OriginalAddresses original{mpsec::IpAddress::v4(octets + 1), mpsec::IpAddress::v4(octets + 5)};
  const mpsec::Octets before(octets + 9, octets + size);
  mpsec::Octets packet = before;
  const RepairOutcome outcome = repair_checksum(packet, how, original);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < packet.size(); ++i)
    changed += packet[i] != before[i] ? 1 : 0;
  mpsec::fuzz::require(changed <= (outcome == RepairOutcome::repaired ? 2 : 0), "only the checksum changes");
  if (outcome != RepairOutcome::repaired || how == ChecksumRepair::by_difference) return 0;
  const mpsec::Octets repaired = packet;
  repair_checksum(packet, how, original);
  mpsec::fuzz::require(packet == repaired, "what was computed anew is as it should be");
  return 0;
}
