#include "ipsec/sa.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "ipsec/replay_window.hpp"

namespace mpsec::ipsec {
namespace {

std::unexpected<Error> refuse(std::string_view field, std::string why, std::string_view clause,
                              Blame blame = Blame::local_fault) {
  return std::unexpected(Error{.blame = blame,
                               .path = fmt::format("SA/{}", field),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::string(clause)});
}

Result<> within(std::string_view field, Result<> inner) {
  if (!inner) inner.error().path = fmt::format("SA/{}: {}", field, inner.error().path);
  return inner;
}

Result<> check_spi(const SaParameters& parameters) {
  const std::uint32_t spi = parameters.spi.value;
  //= rfc4303/2.1/spi-0-is-local
  //= rfc4303/2.1/spi-1-to-255-reserved
  if (spi > 255 || (spi > 0 && parameters.allow_reserved_spi)) return {};
  return refuse("SPI", fmt::format("{} is reserved; allowed are 256 to 4294967295", spi), "RFC 4303 2.1");
}

Result<> check_addresses(const SaParameters& parameters) {
  if (parameters.source.version() == parameters.destination.version()) return {};
  return refuse("destination",
                fmt::format("{} and the source {} are of different families",
                            to_string(parameters.destination), to_string(parameters.source)),
                "RFC 4301 4.4.2.1");
}

Result<> check_encryption(const SaParameters& parameters, const crypto::EncryptionTransform& transform) {
  const std::size_t have = parameters.encryption_key.size();
  if (transform.kind == crypto::CipherKind::unsupported) {
    return refuse("encryption", fmt::format("{} is known and not supported", transform.name), "RFC 8221 5",
                  Blame::no_common_ground);
  }
  if (have >= transform.salt_octets && transform.takes_key(have - transform.salt_octets)) return {};
  std::string allowed;
  for (const std::uint8_t size : transform.key_sizes) {
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", size + transform.salt_octets);
  }
  return refuse(
      "encryption key",
      fmt::format("{} takes {} octets{}, found {}", transform.name, allowed,
                  transform.salt_octets ? fmt::format(" ({} of them salt)", transform.salt_octets) : "",
                  have),
      transform.document);
}

Result<> check_integrity(const SaParameters& parameters) {
  const auto transform = crypto::find(parameters.integrity);
  if (!transform) return within("integrity", std::unexpected(transform.error()));
  const std::size_t have = parameters.integrity_key.size();
  if (!(*transform)->supported) {
    return refuse("integrity", fmt::format("{} is known and not supported", (*transform)->name), "RFC 8221 6",
                  Blame::no_common_ground);
  }
  const std::size_t want = (*transform)->key_octets + (*transform)->salt_octets;
  if (have == want) return {};
  return refuse("integrity key", fmt::format("{} takes {} octets, found {}", (*transform)->name, want, have),
                (*transform)->document);
}

Result<> check_esp(const SaParameters& parameters) {
  const auto found = crypto::find(parameters.encryption);
  if (!found) return within("encryption", std::unexpected(found.error()));
  const crypto::EncryptionTransform& transform = **found;
  if (auto checked = check_encryption(parameters, transform); !checked) return checked;
  const bool separate = parameters.integrity != crypto::IntegrityId::none;
  if (transform.combined()) {
    if (!separate && parameters.integrity_key.empty()) return {};
    return refuse("integrity", fmt::format("{} brings its own; none may be given", transform.name),
                  "RFC 7296 3.3");
  }
  if (separate) {
    const auto integrity = crypto::find(parameters.integrity);
    if (integrity && (*integrity)->iv_octets != 0) {
      return refuse("integrity",
                    fmt::format("{} is for AH; with ESP it is ENCR_NULL_AUTH_AES_GMAC", (*integrity)->name),
                    "RFC 4543 5");
    }
    return check_integrity(parameters);
  }
  //= rfc8221/4/encryption-without-authentication-must-not-be-used
  //= rfc4303/3.2/null-encryption-and-no-integrity-must-not-meet
  if (parameters.allow_no_integrity && transform.kind != crypto::CipherKind::null) return {};
  return refuse(
      "integrity",
      fmt::format("{} without integrity protects nothing; name an integrity algorithm", transform.name),
      "RFC 8221 4");
}

Result<> check_ah(const SaParameters& parameters) {
  if (parameters.udp)
    return refuse("UDP encapsulation", "AH covers the addresses that a NAT changes; only ESP passes",
                  "RFC 3948 1");
  if (parameters.encryption != crypto::EncryptionId::null || !parameters.encryption_key.empty()) {
    return refuse("encryption", "AH encrypts nothing; no encryption algorithm or key may be given",
                  "RFC 4302 1");
  }
  if (parameters.integrity == crypto::IntegrityId::none) {
    return refuse("integrity", "AH without integrity protects nothing; name an integrity algorithm",
                  "RFC 4302 3.2");
  }
  if (parameters.ah_ipv4_alignment != 4 && parameters.ah_ipv4_alignment != 8) {
    return refuse("AH alignment in IPv4",
                  fmt::format("expected 4 or 8 octets, found {}", parameters.ah_ipv4_alignment),
                  "RFC 4302 2.6");
  }
  return check_integrity(parameters);
}

Result<> check_dscp(const SaParameters& parameters) {
  const TunnelOptions& tunnel = parameters.tunnel;
  if (tunnel.dscp && tunnel.dscp_map)
    return refuse("DSCP", "both a fixed value and a map; allowed: one of them", "RFC 4301 4.4.2.1");
  if (tunnel.dscp_map && parameters.mode == Mode::transport)
    return refuse("DSCP", "a map in transport mode, where the packet keeps its own; allowed: in tunnel mode",
                  "RFC 4301 4.4.2.1");
  const std::uint8_t fixed = tunnel.dscp.value_or(0);
  const std::uint8_t most = tunnel.dscp_map ? *std::ranges::max_element(*tunnel.dscp_map) : fixed;
  if (most <= 63) return {};
  return refuse("DSCP", fmt::format("{} is more than six bits; allowed are 0 to 63", most), "RFC 2474 3");
}

Result<> check_common(const SaParameters& parameters) {
  if (auto checked = check_spi(parameters); !checked) return checked;
  if (auto checked = check_addresses(parameters); !checked) return checked;
  if (auto checked = check_dscp(parameters); !checked) return checked;
  //= rfc4303/3.3.3/esn-needs-anti-replay
  if (parameters.extended_sequence_numbers && !parameters.anti_replay &&
      !parameters.allow_esn_without_anti_replay) {
    return refuse("extended sequence numbers",
                  "the receiver keeps track of the high half by its window; switch anti-replay on, or ask "
                  "for this by name",
                  "RFC 4303 3.3.3");
  }
  for (const Selector& selector : parameters.selectors) {
    if (auto checked = validate(selector, "SA/selectors"); !checked) return checked;
  }
  return parameters.protocol == Protocol::esp ? check_esp(parameters) : check_ah(parameters);
}

}  // namespace

SaParameters SaParameters::clone() const {
  SaParameters copy;
  copy.protocol = protocol, copy.mode = mode, copy.spi = spi;
  copy.source = source, copy.destination = destination, copy.udp = udp;
  copy.encryption = encryption, copy.integrity = integrity;
  copy.encryption_key = encryption_key.clone(), copy.integrity_key = integrity_key.clone();
  copy.extended_sequence_numbers = extended_sequence_numbers, copy.anti_replay = anti_replay;
  copy.ah_ipv4_alignment = ah_ipv4_alignment;
  copy.lifetime = lifetime, copy.selectors = selectors, copy.tunnel = tunnel;
  copy.allow_esn_without_anti_replay = allow_esn_without_anti_replay;
  copy.allow_reserved_spi = allow_reserved_spi;
  copy.allow_no_integrity = allow_no_integrity, copy.unverified_icv_octets = unverified_icv_octets;
  return copy;
}

Result<> check(const OutboundParameters& parameters) {
  const std::uint32_t least = parameters.source.is_v4() ? 68 : 1280;
  if (parameters.path_mtu < least) {
    return refuse("path MTU",
                  fmt::format("expected at least {} octets, found {}", least, parameters.path_mtu),
                  parameters.source.is_v4() ? "RFC 791 3.2" : "RFC 8200 5");
  }
  const std::uint64_t limit = parameters.extended_sequence_numbers ? ~std::uint64_t{0} : 0xffffffffu;
  if (parameters.last_sequence_number > limit) {
    return refuse("last sequence number",
                  fmt::format("{} needs extended sequence numbers; without them the most is {}",
                              parameters.last_sequence_number, limit),
                  "RFC 4303 2.2");
  }
  return check_common(parameters);
}

Result<> check(const InboundParameters& parameters) {
  if (parameters.anti_replay) {
    if (auto checked = ReplayWindow::check_size(parameters.replay_window); !checked)
      return within("replay window", checked);
  }
  return check_common(parameters);
}

//= rfc4303/3.3.3/counter-may-cycle-without-anti-replay
//= rfc8750/7/counter-modes-stop-at-the-last-number
bool may_roll_over(const SaParameters& parameters) {
  if (parameters.anti_replay || parameters.extended_sequence_numbers) return false;
  const auto transform = crypto::find(parameters.encryption);
  const auto integrity = crypto::find(parameters.integrity);
  const bool nonce_from_number =
      (transform && (*transform)->counter_mode()) || (integrity && (*integrity)->iv_octets != 0);
  return !nonce_from_number;
}

}  // namespace mpsec::ipsec
