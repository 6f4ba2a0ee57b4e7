#include "sa_parameters.hpp"

namespace mpsec::python {
namespace {

using namespace ipsec;

IpAddress address(py::kwargs& given, const char* name) {
  return value_or_raise(IpAddress::parse(taken<std::string>(given, name, "")));
}

SecretOctets key(py::kwargs& given, const char* name) {
  return SecretOctets(view_of(taken<py::bytes>(given, name, py::bytes())));
}

void fill_algorithms(SaParameters& parameters, py::kwargs& given) {
  const auto encryption = taken<std::string>(given, "encryption", "");
  const auto integrity = taken<std::string>(given, "integrity", "");
  if (!encryption.empty()) parameters.encryption = value_or_raise(crypto::find_encryption(encryption))->id;
  if (!integrity.empty()) parameters.integrity = value_or_raise(crypto::find_integrity(integrity))->id;
  parameters.encryption_key = key(given, "encryption_key");
  parameters.integrity_key = key(given, "integrity_key");
}

void fill(SaParameters& parameters, py::kwargs& given) {
  parameters.protocol = choice<Protocol>(given, "protocol", {{"esp", Protocol::esp}, {"ah", Protocol::ah}});
  parameters.mode = choice<Mode>(given, "mode", {{"tunnel", Mode::tunnel}, {"transport", Mode::transport}});
  parameters.spi = Spi{taken<std::uint32_t>(given, "spi", 0)};
  parameters.source = address(given, "source");
  parameters.destination = address(given, "destination");
  using Ports = std::optional<std::pair<std::uint16_t, std::uint16_t>>;
  if (const auto ports = taken<Ports>(given, "udp", std::nullopt)) {
    parameters.udp = UdpEncapsulation{};
    parameters.udp->source_port = ports->first;
    parameters.udp->destination_port = ports->second;
  }
  fill_algorithms(parameters, given);
  parameters.extended_sequence_numbers = taken(given, "extended", false);
  parameters.anti_replay = taken(given, "anti_replay", true);
  parameters.allow_esn_without_anti_replay = taken(given, "esn_without_anti_replay", false);
}

}  // namespace

const crypto::Provider& taken_provider(py::kwargs& given) {
  return provider_named(taken<std::string>(given, "provider", "best"));
}

OutboundParameters outbound_parameters(py::kwargs given) {
  OutboundParameters parameters;
  fill(parameters, given);
  parameters.path_mtu = taken(given, "path_mtu", parameters.path_mtu);
  parameters.tfc_multiple = taken(given, "tfc_multiple", parameters.tfc_multiple);
  parameters.last_sequence_number = taken(given, "last_sequence_number", parameters.last_sequence_number);
  refuse_rest(given);
  return parameters;
}

InboundParameters inbound_parameters(py::kwargs given) {
  InboundParameters parameters;
  fill(parameters, given);
  parameters.replay_window = taken(given, "replay_window", parameters.replay_window);
  refuse_rest(given);
  return parameters;
}

}  // namespace mpsec::python
