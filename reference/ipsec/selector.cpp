#include "ipsec/selector.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

namespace mpsec::ipsec {
namespace {

std::unexpected<Error> bad_range(std::string_view text, std::string why) {
  return std::unexpected(Error{.blame = Blame::malformed,
                               .path = fmt::format("address range '{}'", text),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = "RFC 4301 4.4.1.1"});
}

AddressNumber host_mask(unsigned prefix_length, unsigned bits) {
  if (prefix_length == 0 && bits == 128) return ~AddressNumber{0};
  return (AddressNumber{1} << (bits - prefix_length)) - 1;
}

Result<AddressRange> parse_prefix(std::string_view text, std::size_t slash) {
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::unexpected(address.error());
  const unsigned bits = address->is_v4() ? 32 : 128;
  unsigned length = 0;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > bits)
    return bad_range(text, fmt::format("expected a prefix length of 0 to {}, found '{}'", bits, digits));
  const AddressNumber hosts = host_mask(length, bits);
  if ((number_of(*address) & hosts) != 0)
    return bad_range(text, fmt::format("expected zeros after the first {} bits", length));
  return AddressRange{*address, address_of(number_of(*address) | hosts, address->version())};
}

Result<AddressRange> parse_pair(std::string_view text, std::size_t dash) {
  const auto first = IpAddress::parse(text.substr(0, dash));
  if (!first) return std::unexpected(first.error());
  const auto last = IpAddress::parse(text.substr(dash + 1));
  if (!last) return std::unexpected(last.error());
  if (first->version() != last->version()) return bad_range(text, "expected two addresses of one family");
  if (*last < *first) return bad_range(text, "expected the lower address first");
  return AddressRange{*first, *last};
}

// Makes the errors of one field of one selector.
struct Field {
  std::string_view path;
  std::string_view name;

  std::string full_path() const {
    return path.empty() ? std::string(name) : fmt::format("{}/{}", path, name);
  }
  std::unexpected<Error> fault(std::string why, std::string clause = "RFC 4301 4.4.1.1") const {
    return std::unexpected(Error{.blame = Blame::local_fault,
                                 .path = full_path(),
                                 .offset = std::nullopt,
                                 .why = std::move(why),
                                 .clause = std::move(clause)});
  }
};

//= rfc4301/4.4.1.1/local-and-remote-of-one-family
Result<> validate_addresses(const std::vector<AddressRange>& ranges, std::optional<IpVersion>& family,
                            const Field& field) {
  for (const AddressRange& range : ranges) {
    if (auto valid = validate(range, field.full_path()); !valid) return valid;
    if (family && *family != range.first.version())
      return field.fault(
          fmt::format("{}: IPv4 and IPv6 mixed in one selector; allowed: one family", to_string(range)));
    family = range.first.version();
  }
  return {};
}

Result<> validate_ports(const PortSelector& ports, const ProtocolSelector& protocol, const Field& field) {
  //= rfc4301/7.1/any-protocol-needs-any-port
  if (protocol.is_any() && !ports.is_any())
    return field.fault("port given while the protocol is ANY; allowed: ANY", "RFC 4301 7.1");
  if (protocol.is_opaque() && !ports.is_trivial())
    return field.fault("port given while the protocol is OPAQUE; allowed: ANY or OPAQUE", "RFC 4301 4.4.1.3");
  if (ports.is_trivial()) return {};
  const auto number = static_cast<std::uint8_t>(protocol.first());
  //= rfc4301/4.4.1.3/portless-protocol-has-opaque-ports
  if (next_layer_fields(number) == NextLayerFields::none)
    return field.fault(fmt::format("protocol {} has no ports; allowed: ANY or OPAQUE", number),
                       "RFC 4301 4.4.1.3");
  if (ports.ranges().empty()) return field.fault("empty list; allowed: ANY, OPAQUE or at least one range");
  for (const PortRange& range : ports.ranges()) {
    if (range.last < range.first)
      return field.fault(fmt::format("{}-{}: range reversed", range.first, range.last));
  }
  return {};
}

std::size_t combinations(const Selector& selector) {
  std::size_t product = 1;
  for (const std::size_t size : {selector.local.size(), selector.remote.size(),
                                 selector.local_port.ranges().size(), selector.remote_port.ranges().size()}) {
    if (size != 0 && product <= most_combinations) product *= size;
  }
  return product;
}

std::string addresses_text(const std::vector<AddressRange>& ranges) {
  if (ranges.empty()) return "ANY";
  std::vector<std::string> texts;
  for (const AddressRange& range : ranges)
    texts.push_back(to_string(range));
  return fmt::format("{}", fmt::join(texts, ","));
}

std::string ports_text(const PortSelector& ports) {
  if (ports.is_any()) return "ANY";
  if (ports.is_opaque()) return "OPAQUE";
  std::vector<std::string> texts;
  for (const PortRange& range : ports.ranges())
    texts.push_back(range.first == range.last ? std::to_string(range.first)
                                              : fmt::format("{}-{}", range.first, range.last));
  return fmt::format("{}", fmt::join(texts, ","));
}

std::string protocol_text(const ProtocolSelector& protocol) {
  if (protocol.is_any()) return "ANY";
  return protocol.is_opaque() ? "OPAQUE" : std::to_string(protocol.first());
}

bool addresses_match(const std::vector<AddressRange>& ranges, AddressNumber number, IpVersion version) {
  return ranges.empty() || std::ranges::any_of(ranges, [&](const AddressRange& range) {
           return range.first.version() == version && number_of(range.first) <= number &&
                  number <= number_of(range.last);
         });
}

}  // namespace

Result<AddressRange> AddressRange::parse(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != text.npos) return parse_prefix(text, slash);
  if (const std::size_t dash = text.find('-'); dash != text.npos) return parse_pair(text, dash);
  const auto address = IpAddress::parse(text);
  if (!address) return std::unexpected(address.error());
  return of(*address);
}

std::string to_string(const AddressRange& range) {
  if (range.first == range.last) return to_string(range.first);
  return to_string(range.first) + "-" + to_string(range.last);
}

std::string to_string(const Selector& selector) {
  return fmt::format("local {} port {}, remote {} port {}, protocol {}", addresses_text(selector.local),
                     ports_text(selector.local_port), addresses_text(selector.remote),
                     ports_text(selector.remote_port), protocol_text(selector.protocol));
}

bool PortSelector::matches(std::uint32_t port) const {
  if (is_any()) return true;
  if (is_opaque()) return port == unavailable_port;
  return std::ranges::any_of(
      ranges_, [port](const PortRange& range) { return range.first <= port && port <= range.last; });
}

Result<> validate(const AddressRange& range, std::string_view path) {
  const Field field{{}, path};
  if (range.first.version() != range.last.version())
    return field.fault(fmt::format("{}: families mixed in one range", to_string(range)));
  if (range.last < range.first) return field.fault(fmt::format("{}: range reversed", to_string(range)));
  return {};
}

Result<> validate(const Selector& selector, std::string_view path) {
  std::optional<IpVersion> family;
  if (auto valid = validate_addresses(selector.local, family, {path, "local"}); !valid) return valid;
  if (auto valid = validate_addresses(selector.remote, family, {path, "remote"}); !valid) return valid;
  if (selector.protocol.is_opaque() && family == IpVersion::v4)
    return Field{path, "protocol"}.fault("OPAQUE with IPv4 addresses; allowed: a number or ANY");
  if (auto valid = validate_ports(selector.local_port, selector.protocol, {path, "local_port"}); !valid)
    return valid;
  if (auto valid = validate_ports(selector.remote_port, selector.protocol, {path, "remote_port"}); !valid)
    return valid;
  if (combinations(selector) > most_combinations)
    return Field{path, "lists"}.fault(
        fmt::format("too many combinations of their ranges; allowed: {}, or several policies",
                    most_combinations),
        "");
  return {};
}

bool matches(const Selector& selector, const PacketSelectors& packet) {
  if (!addresses_match(selector.local, packet.local, packet.version)) return false;
  if (!addresses_match(selector.remote, packet.remote, packet.version)) return false;
  if (!selector.protocol.matches(packet.protocol)) return false;
  const bool shown = packet.protocol != unavailable_protocol && selector.protocol.is_number();
  if (shown && has_sender_field_only(next_layer_fields(static_cast<std::uint8_t>(packet.protocol)))) {
    //= rfc4301/4.4.1.3/local-field-to-send-remote-field-to-receive
    const bool outbound = packet.direction == Direction::outbound;
    return outbound ? selector.local_port.matches(packet.local_port)
                    : selector.remote_port.matches(packet.remote_port);
  }
  return selector.local_port.matches(packet.local_port) && selector.remote_port.matches(packet.remote_port);
}

}  // namespace mpsec::ipsec
