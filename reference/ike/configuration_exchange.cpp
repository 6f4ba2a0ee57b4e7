#include "ike/configuration_exchange.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <utility>

namespace mpsec::ike {
namespace {

using wire::ike::ConfigurationAttribute;
using wire::ike::ConfigurationType;
using wire::ike::NotifyType;
using Type = wire::ike::ConfigurationAttributeType;

// How long the value is when there is one (RFC 7296 3.15.1).
struct Shape {
  Type type;
  std::size_t octets;  // 0: any length
};
constexpr std::array shapes = {
    Shape{Type::internal_ip4_address, 4},  Shape{Type::internal_ip4_netmask, 4},
    Shape{Type::internal_ip4_dns, 4},      Shape{Type::application_version, 0},
    Shape{Type::internal_ip6_address, 17}, Shape{Type::internal_ip6_dns, 16},
    Shape{Type::internal_ip4_subnet, 8},   Shape{Type::supported_attributes, 0},
    Shape{Type::internal_ip6_subnet, 17},
};

const Shape* shape_of(Type type) {
  const auto at = std::ranges::find(shapes, type, &Shape::type);
  return at == shapes.end() ? nullptr : &*at;
}

Error error(Blame blame, std::string path, std::string why) {
  return {.blame = blame,
          .path = std::move(path),
          .offset = std::nullopt,
          .why = std::move(why),
          .clause = "RFC 7296 3.15.1"};
}

//= rfc7296/3.15.1/unknown-attributes-are-ignored
// Fails on a known attribute of a length that it cannot have.
Result<> check_lengths(const wire::ike::Configuration& configuration) {
  for (std::size_t i = 0; i < configuration.attributes.size(); ++i) {
    const ConfigurationAttribute& attribute = configuration.attributes[i];
    const Shape* const shape = shape_of(attribute.type);
    if (shape == nullptr || shape->octets == 0 || attribute.value.empty()) continue;
    if (attribute.value.size() != shape->octets)
      return std::unexpected(
          error(Blame::malformed, fmt::format("CP/Attribute[{}]/Length", i),
                fmt::format("expected 0 or {}, found {}", shape->octets, attribute.value.size())));
  }
  return {};
}

ConfigurationAttribute attribute_of(Type type, Octets value = {}) {
  ConfigurationAttribute attribute;
  attribute.type = type;
  attribute.length = static_cast<std::uint16_t>(value.size());
  attribute.value = std::move(value);
  return attribute;
}

Octets octets_of(const IpAddress& address) {
  return Octets(address.octets().begin(), address.octets().end());
}

Octets with_prefix(const IpAddress& address, std::uint8_t prefix_length) {
  Octets value = octets_of(address);
  value.push_back(prefix_length);
  return value;
}

IpAddress address_at(const Octets& value) {
  return value.size() >= 16 ? IpAddress::v6(value.data()) : IpAddress::v4(value.data());
}

// The host bits of a prefix; nothing if the range is none.
std::optional<ipsec::AddressNumber> host_bits(const ipsec::AddressRange& range) {
  const ipsec::AddressNumber first = ipsec::number_of(range.first),
                             hosts = ipsec::number_of(range.last) - first;
  const bool is_mask = (hosts & (hosts + 1)) == 0, is_aligned = (first & hosts) == 0;
  return is_mask && is_aligned ? std::optional(hosts) : std::nullopt;
}

std::optional<ConfigurationAttribute> subnet_attribute(const ipsec::AddressRange& range) {
  const auto hosts = host_bits(range);
  if (!hosts) return std::nullopt;
  if (range.first.is_v4()) {
    Octets value = octets_of(range.first);
    append_be(value, ~static_cast<std::uint32_t>(*hosts));
    return attribute_of(Type::internal_ip4_subnet, std::move(value));
  }
  const int bits = std::popcount(static_cast<std::uint64_t>(*hosts >> 64)) +
                   std::popcount(static_cast<std::uint64_t>(*hosts));
  return attribute_of(Type::internal_ip6_subnet,
                      with_prefix(range.first, static_cast<std::uint8_t>(128 - bits)));
}

// The addresses under a prefix, whatever its host bits say; nothing if the mask or length is none.
std::optional<ipsec::AddressRange> subnet_of(const ConfigurationAttribute& attribute) {
  const IpAddress address = address_at(attribute.value);
  ipsec::AddressNumber hosts = 0;
  if (address.is_v4()) {
    hosts = ~load_be<std::uint32_t>(attribute.value.data() + 4);
    if ((hosts & (hosts + 1)) != 0) return std::nullopt;
  } else {
    const unsigned length = attribute.value[16];
    if (length > 128) return std::nullopt;
    hosts = length == 0 ? ~ipsec::AddressNumber{0} : (ipsec::AddressNumber{1} << (128 - length)) - 1;
  }
  const ipsec::AddressNumber first = ipsec::number_of(address) & ~hosts;
  return ipsec::AddressRange{ipsec::address_of(first, address.version()),
                             ipsec::address_of(first | hosts, address.version())};
}

bool asks_for(const wire::ike::Configuration& request, Type type) {
  return std::ranges::any_of(request.attributes, [type](const auto& each) { return each.type == type; });
}

std::vector<Type> supported() {
  std::vector<Type> types;
  for (const Shape& shape : shapes)
    types.push_back(shape.type);
  return types;
}

// Builds one CFG_REPLY.
class Reply {
 public:
  Reply(const wire::ike::Configuration& request, const ConfigurationOffer& offer, AddressPool* pool,
        std::string_view holder)
      : request_(request), offer_(offer), pool_(pool), holder_(holder) {
    reply_.type = ConfigurationType::reply;
  }

  //= rfc7296/3.15.1/no-more-addresses-than-asked-for
  void add_addresses(Type type, IpVersion version) {
    std::size_t given = 0;
    for (const ConfigurationAttribute& attribute : request_.attributes) {
      if (attribute.type != type) continue;
      asked_ = true;
      if (pool_ == nullptr || given == offer_.most_addresses) continue;
      std::optional<IpAddress> wanted;
      if (!attribute.value.empty()) wanted = address_at(attribute.value);
      const auto address = pool_->lease(version, holder_, wanted);
      if (!address) continue;
      ++given;
      given_.addresses.push_back(*address);
      const bool is_v4 = version == IpVersion::v4;
      if (!is_v4) given_.ip6_prefix_length = offer_.ip6_prefix_length;
      add(type, is_v4 ? octets_of(*address) : with_prefix(*address, offer_.ip6_prefix_length));
    }
  }

  void add_networks() {
    //= rfc7296/3.15.1/netmask-only-with-an-address
    const bool has_v4 = std::ranges::any_of(given_.addresses, &IpAddress::is_v4);
    if (offer_.netmask && has_v4 && asks_for(request_, Type::internal_ip4_netmask)) {
      given_.netmask = offer_.netmask;
      add(Type::internal_ip4_netmask, octets_of(*offer_.netmask));
    }
    for (const IpAddress& server : offer_.dns) {
      const Type type = server.is_v4() ? Type::internal_ip4_dns : Type::internal_ip6_dns;
      if (!asks_for(request_, type)) continue;
      given_.dns.push_back(server);
      add(type, octets_of(server));
    }
    for (const ipsec::AddressRange& subnet : offer_.subnets) {
      auto attribute = subnet_attribute(subnet);
      if (!attribute || !asks_for(request_, attribute->type)) continue;
      given_.subnets.push_back(subnet);
      reply_.attributes.push_back(*std::move(attribute));
    }
  }

  void add_about_us() {
    //= rfc7296/2.20/version-may-be-declined-by-an-empty-string
    if (asks_for(request_, Type::application_version)) {
      given_.application_version = offer_.application_version;
      add(Type::application_version,
          Octets(offer_.application_version.begin(), offer_.application_version.end()));
    }
    if (!asks_for(request_, Type::supported_attributes)) return;
    given_.supported_attributes = supported();
    Octets value;
    for (const Type type : given_.supported_attributes)
      append_be(value, static_cast<std::uint16_t>(type));
    add(Type::supported_attributes, std::move(value));
  }

  bool failed_to_assign() const { return asked_ && given_.addresses.empty(); }
  ConfigurationAnswer take() && { return {std::move(reply_), std::move(given_)}; }

 private:
  void add(Type type, Octets value) { reply_.attributes.push_back(attribute_of(type, std::move(value))); }

  const wire::ike::Configuration& request_;
  const ConfigurationOffer& offer_;
  AddressPool* pool_;
  std::string_view holder_;
  wire::ike::Configuration reply_;
  AssignedConfiguration given_;
  bool asked_ = false;
};

Result<> read_attribute(const ConfigurationAttribute& attribute, AssignedConfiguration& assigned,
                        std::size_t index) {
  const Octets& value = attribute.value;
  if (value.empty()) return {};
  switch (attribute.type) {
    case Type::internal_ip6_address:
      assigned.ip6_prefix_length = value[16];
      [[fallthrough]];
    case Type::internal_ip4_address:
      assigned.addresses.push_back(address_at(value));
      break;
    case Type::internal_ip4_netmask:
      assigned.netmask = address_at(value);
      break;
    case Type::internal_ip4_dns:
    case Type::internal_ip6_dns:
      assigned.dns.push_back(address_at(value));
      break;
    case Type::internal_ip4_subnet:
    case Type::internal_ip6_subnet:
      if (const auto subnet = subnet_of(attribute))
        assigned.subnets.push_back(*subnet);
      else
        return std::unexpected(error(Blame::malformed, fmt::format("CP/Attribute[{}]/Value", index),
                                     "expected a prefix, found a mask with holes or a length beyond 128"));
      break;
    case Type::application_version:
      assigned.application_version.assign(value.begin(), value.end());
      break;
    case Type::supported_attributes:
      for (std::size_t i = 0; i + 1 < value.size(); i += 2)
        assigned.supported_attributes.push_back(
            static_cast<Type>(load_be<std::uint16_t>(value.data() + i) & 0x7fff));
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

std::optional<wire::ike::Configuration> request_configuration(const ConfigurationWanted& wanted) {
  wire::ike::Configuration request;
  const auto ask = [&](bool is_wanted, Type type, Octets value = {}) {
    if (is_wanted) request.attributes.push_back(attribute_of(type, std::move(value)));
  };
  for (const auto& address : wanted.ip4_addresses)
    ask(true, Type::internal_ip4_address, address ? octets_of(*address) : Octets{});
  for (const auto& address : wanted.ip6_addresses)
    ask(true, Type::internal_ip6_address, address ? with_prefix(*address, 128) : Octets{});
  const bool v4 = !wanted.ip4_addresses.empty(), v6 = !wanted.ip6_addresses.empty();
  ask(wanted.netmask && v4, Type::internal_ip4_netmask);
  ask(wanted.dns && v4, Type::internal_ip4_dns);
  ask(wanted.dns && v6, Type::internal_ip6_dns);
  ask(wanted.subnets && v4, Type::internal_ip4_subnet);
  ask(wanted.subnets && v6, Type::internal_ip6_subnet);
  ask(wanted.application_version, Type::application_version);
  ask(wanted.supported_attributes, Type::supported_attributes);
  if (request.attributes.empty()) return std::nullopt;
  return request;
}

Result<AssignedConfiguration> read_configuration(const wire::ike::Configuration& reply) {
  if (reply.type != ConfigurationType::reply)
    return std::unexpected(
        error(Blame::peer_misbehaved, "CP/CFG Type",
              fmt::format("expected CFG_REPLY (2), found {}", static_cast<unsigned>(reply.type))));
  if (auto right = check_lengths(reply); !right) return std::unexpected(right.error());
  AssignedConfiguration assigned;
  for (std::size_t i = 0; i < reply.attributes.size(); ++i)
    if (auto read = read_attribute(reply.attributes[i], assigned, i); !read)
      return std::unexpected(read.error());
  return assigned;
}

Granted<ConfigurationAnswer> answer_configuration(const wire::ike::Configuration* request,
                                                  const ConfigurationOffer& offer, AddressPool* pool,
                                                  std::string_view holder) {
  const bool asks = request != nullptr && request->type == ConfigurationType::request;
  //= rfc7296/2.19/failed-cp-required
  if (!asks && offer.required)
    return std::unexpected(
        Refusal{.notify = NotifyType::failed_cp_required,
                .error = error(Blame::no_common_ground, "CP", "expected a CFG_REQUEST, found none")});
  if (!asks) return ConfigurationAnswer{};
  if (auto right = check_lengths(*request); !right) return std::unexpected(refusal_of(right.error()));
  Reply reply(*request, offer, pool, holder);
  reply.add_addresses(Type::internal_ip4_address, IpVersion::v4);
  reply.add_addresses(Type::internal_ip6_address, IpVersion::v6);
  //= rfc7296/3.15.4/no-address-to-give
  if (reply.failed_to_assign())
    return std::unexpected(
        Refusal{.notify = NotifyType::internal_address_failure,
                .error = error(Blame::no_common_ground, "CP", "there is no address left to give")});
  reply.add_networks();
  reply.add_about_us();
  return std::move(reply).take();
}

Granted<std::optional<wire::ike::Configuration>> answer_later_configuration(
    const wire::ike::Configuration& request, const ConfigurationOffer& offer) {
  if (request.type == ConfigurationType::set) return acknowledge(request);
  if (request.type != ConfigurationType::request) return std::nullopt;
  if (auto right = check_lengths(request); !right) return std::unexpected(refusal_of(right.error()));
  Reply reply(request, offer, nullptr, {});
  reply.add_networks();
  reply.add_about_us();
  return std::move(std::move(reply).take().reply);
}

void give_back(AddressPool& pool, const AssignedConfiguration& given) {
  for (const IpAddress& address : given.addresses)
    pool.release(address);
}

//= rfc7296/3.15.1/ack-has-what-was-accepted-without-values
wire::ike::Configuration acknowledge(const wire::ike::Configuration& set, std::span<const Type> accepted) {
  wire::ike::Configuration ack;
  ack.type = ConfigurationType::ack;
  for (const ConfigurationAttribute& attribute : set.attributes)
    if (std::ranges::find(accepted, attribute.type) != accepted.end())
      ack.attributes.push_back(attribute_of(attribute.type));
  return ack;
}

}  // namespace mpsec::ike
