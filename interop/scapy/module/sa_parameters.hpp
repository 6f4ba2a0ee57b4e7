// From Python's keywords to the parameters of an SA.
#pragma once

#include "base/rng.hpp"
#include "bind.hpp"
#include "ipsec/sa.hpp"
#include "keywords.hpp"
#include "provider.hpp"

namespace mpsec::python {

inline constexpr const char* sa_keywords = R"(An SA; its parameters are keywords.

Both ends: protocol "esp" | "ah", mode "tunnel" | "transport", spi, source, destination, encryption (IANA name),
encryption_key (salt behind it), integrity (IANA name), integrity_key, udp (source port, destination port),
extended, anti_replay, esn_without_anti_replay, provider.
Outbound: path_mtu, tfc_multiple, last_sequence_number, seed (of IVs).  Inbound: replay_window.
Raises mpsec.Error where the engine refuses them, TypeError for a keyword that is none of these.)";

const crypto::Provider& taken_provider(py::kwargs& given);
ipsec::OutboundParameters outbound_parameters(py::kwargs given);
ipsec::InboundParameters inbound_parameters(py::kwargs given);

}  // namespace mpsec::python
