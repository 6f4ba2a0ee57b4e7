// From Python's dicts to the configuration of an IKE engine.
#pragma once

#include "bind.hpp"
#include "ike/configuration.hpp"

namespace mpsec::python {

inline constexpr const char* engine_keywords =
    R"(An IKEv2 engine: datagrams, commands and the time (nanoseconds) in; what is to be done comes out as a dict.

peers: a list of dicts:
  name, local_id, remote_id (domain, mailbox or address), key (bytes: a shared key),
  ike: [{encryption: [name or (name, key bits)], prf: [name], integrity: [name], key_exchange: [name]}],
  children: [{name, protocol "esp" | "ah", mode "tunnel" | "transport", local: [range], remote: [range],
              proposals: [{encryption, integrity, key_exchange, esn: [bool]}], rekey_after, end_after, replay_window,
              cluster: {name, most_sub_sas, anti_replay, window, duplication}}],
  childless, initial_contact, window, fragment_beyond, liveness_after, rekey_after, end_after (seconds)
seed: of its randomness. cookies_from: half-open IKE SAs. tries, first_wait (seconds): of retransmission.
outgoing, incoming: functions that see, and may change, each IkeMessage before it is sealed and after it is opened.
Raises mpsec.Error where the engine refuses them, KeyError for a name that is none of these.)";

struct EnginePeers {
  ike::Configuration configuration;
  // In the order of the peers.
  std::vector<std::pair<ipsec::Identity, Octets>> keys;
};
EnginePeers engine_peers(const py::list& peers);

ipsec::Identity identity_named(const std::string& text);

}  // namespace mpsec::python
