// SAs as a request names them: by their numbers, or by the names of their peer and their configuration.
#pragma once

#include <vector>

#include "gateway/control/members.hpp"
#include "gateway/core/core.hpp"

namespace mpsec::gateway {

using NumberOrName = std::variant<std::uint64_t, std::string>;

// Fails naming the peers that there are.
Result<> known_peer(const Core& core, std::string_view peer);
// Of one peer, those that are running or being made; may be none.
std::vector<ike::IkeSaId> ike_sas_of(const Core& core, std::string_view peer);
std::vector<ike::IkeSaId> all_ike_sas(const Core& core);
// A number as it stands, or the one IKE SA that is established with the peer of that name. Fails where there
// is none or there are several, naming their numbers.
Result<ike::IkeSaId> find_ike_sa(const Core& core, const NumberOrName& name);
// Likewise a Child SA by its number, or by its name, of one peer where that is given.
Result<ike::ChildId> find_child(const Core& core, const NumberOrName& name,
                                const std::optional<std::string>& peer);

}  // namespace mpsec::gateway
