#include "pcap-replay/keys/key_entry.hpp"

#include <fmt/format.h>

namespace mpsec::replay {
namespace {

std::unexpected<Error> wrong_size(std::string_view file, const Word& at, std::string_view algorithm,
                                  std::string_view sizes, std::size_t found) {
  return std::unexpected(misread(
      file, at, fmt::format("expected a key of {} octets for {}, found {}", sizes, algorithm, found)));
}

}  // namespace

Result<AddressMatch> AddressMatch::parse(std::string_view text) {
  if (text == "*") return any();
  auto range = ipsec::AddressRange::parse(text);
  if (!range) return std::unexpected(std::move(range).error());
  return AddressMatch{*std::move(range)};
}

bool KeyEntry::matches(ipsec::Protocol protocol, Spi packet_spi, const IpAddress& packet_source,
                       const IpAddress& packet_destination) const {
  return parameters.protocol == protocol && spi.matches(packet_spi) &&
         (!version || *version == packet_destination.version()) && source.matches(packet_source) &&
         destination.matches(packet_destination);
}

Result<> check_encryption_key(std::string_view file, const ipsec::InboundParameters& parameters,
                              const Word& at) {
  const auto transform = crypto::find(parameters.encryption);
  if (!transform) return std::unexpected(transform.error());
  const std::size_t salt = (*transform)->salt_octets, size = parameters.encryption_key.size();
  if (size >= salt && (*transform)->takes_key(size - salt)) return {};
  std::string sizes;
  for (const std::size_t one : (*transform)->key_sizes)
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", one + salt);
  return wrong_size(file, at, (*transform)->name, sizes, size);
}

Result<> check_integrity_key(std::string_view file, const ipsec::InboundParameters& parameters,
                             const Word& at) {
  if (parameters.integrity == crypto::IntegrityId::none) return {};
  const auto transform = crypto::find(parameters.integrity);
  if (!transform) return std::unexpected(transform.error());
  const std::size_t wanted = (*transform)->key_octets + std::size_t{(*transform)->salt_octets};
  if (parameters.integrity_key.size() == wanted) return {};
  return wrong_size(file, at, (*transform)->name, std::to_string(wanted), parameters.integrity_key.size());
}

}  // namespace mpsec::replay
