// What holds for every file of a gateway.
#pragma once

#include <algorithm>
#include <string_view>

#include "gateway/settings/read_settings.hpp"
#include "ipsec/spd.hpp"
#include "support/place_law.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

// What is read serves the engine without another look.
inline void require_whole(const gateway::Settings& settings) {
  require(ike::check(settings.ike).has_value(), "the engine takes the peers");
  require(!settings.listen.empty(), "there is a local address");
  require(settings.pad.size() == settings.ike.peers.size(), "each peer has its entry of the PAD");
  for (const ipsec::PadEntry& entry : settings.pad)
    require(ipsec::validate(entry).has_value(), "the PAD takes each entry");
  ipsec::Spd spd;
  for (const ipsec::Policy& policy : settings.policies)
    require(spd.append(policy).has_value(), "the SPD takes each policy");
  for (const ike::PeerConfiguration& peer : settings.ike.peers)
    for (const ike::ChildConfiguration& child : peer.children)
      require(spd.find(child.policy) != nullptr && settings.peers.contains(peer.name),
              "a child has its policy, and a peer what stands beside it");
  for (const gateway::ManualSa& sa : settings.sas)
    require(ipsec::check(sa.inbound).has_value() && ipsec::check(sa.outbound).has_value() &&
                spd.find(sa.policy) != nullptr,
            "the data path takes each SA");
}

inline void require_settings_law(std::string_view text, const crypto::PkiProvider& pki) {
  const auto no_file = [](const std::filesystem::path& path) -> Result<Octets> {
    if (path == "key") return Octets(20, 0x2a);
    return std::unexpected(Error{Blame::local_fault, path.string(), std::nullopt, "no such file", ""});
  };
  const auto settings = gateway::read_settings(text, "input", {.read_file = no_file, .pki = pki});
  if (settings) require_whole(*settings);
  require(settings || !settings.error().empty(), "what is refused is told why");
  for (const Error& error : settings ? settings->warnings : settings.error()) {
    require_place(error, text);
    require(!error.why.empty(), "an error says why");
  }
}

}  // namespace mpsec::fuzz
