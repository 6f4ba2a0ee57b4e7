// An SA as a key file describes it: some things exactly, some by pattern, some not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "ipsec/sa.hpp"
#include "pcap-replay/keys/ike_entry.hpp"
#include "pcap-replay/keys/key_text.hpp"

namespace mpsec::replay {

// SPIs with the same bits as `value` where `mask` has ones.
struct SpiMatch {
  std::uint32_t value = 0;
  std::uint32_t mask = 0;

  static SpiMatch any() { return {}; }
  static SpiMatch exactly(std::uint32_t value) { return {value, 0xffffffff}; }
  bool matches(Spi spi) const { return ((spi.value ^ value) & mask) == 0; }
  bool operator==(const SpiMatch&) const = default;
};

// Any address, or those of a range.
struct AddressMatch {
  std::optional<ipsec::AddressRange> range;

  static AddressMatch any() { return {}; }
  static AddressMatch exactly(const IpAddress& address) { return {ipsec::AddressRange::of(address)}; }
  // "*", an address, a prefix or a range.
  static Result<AddressMatch> parse(std::string_view text);
  bool matches(const IpAddress& address) const { return !range || range->contains(address); }
  bool operator==(const AddressMatch&) const = default;
};

struct KeyEntry {
  std::string where;  // "keys.txt:3"
  SpiMatch spi = SpiMatch::any();
  AddressMatch source, destination;
  std::optional<IpVersion> version;  // of the outer header, where the file says
  bool mode_known = false;           // false: `parameters.mode` is open, most formats do not tell
  bool window_known = false;         // false: anti-replay is up to whoever replays
  // SPI and addresses are put in when a packet shows them.
  ipsec::InboundParameters parameters;

  bool matches(ipsec::Protocol protocol, Spi packet_spi, const IpAddress& packet_source,
               const IpAddress& packet_destination) const;
};

struct KeyFile {
  std::vector<KeyEntry> entries;
  std::vector<IkeKeyEntry> ike;
  // Lines that are in order but of no use: an algorithm that we do not have, another protocol. Path
  // "FILE:LINE:COLUMN".
  std::vector<Error> warnings;
};

// Whether the key has a size that its algorithm takes. Fails at the place of the key.
Result<> check_encryption_key(std::string_view file, const ipsec::InboundParameters& parameters,
                              const Word& at);
Result<> check_integrity_key(std::string_view file, const ipsec::InboundParameters& parameters,
                             const Word& at);

}  // namespace mpsec::replay
