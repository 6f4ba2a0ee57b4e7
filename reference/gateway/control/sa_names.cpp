#include "gateway/control/sa_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mpsec::gateway {
namespace {

bool is_established(const IkeReport& sa) {
  return sa.ike.state == ike::IkeState::established || sa.ike.state == ike::IkeState::rekeying;
}
bool is_gone(const IkeReport& sa) {
  return sa.ike.state == ike::IkeState::closed || sa.ike.state == ike::IkeState::closing;
}

// The one that was found; `what` as in "IKE SA with 'a'".
template <class Id>
Result<Id> only(const std::vector<std::uint64_t>& found, std::string path, std::string_view what) {
  if (found.size() == 1) return Id{found.front()};
  std::string why = fmt::format("there is no {}", what);
  if (!found.empty())
    why = fmt::format("there are {} of {}: name one by its number, {}", found.size(), what,
                      fmt::join(found, ", "));
  return std::unexpected(Error{Blame::local_fault, std::move(path), std::nullopt, std::move(why), ""});
}

}  // namespace

Result<> known_peer(const Core& core, std::string_view peer) {
  if (core.settings().peers.contains(std::string(peer))) return {};
  std::vector<std::string> names;
  for (const ike::PeerConfiguration& one : core.settings().ike.peers)
    names.push_back(one.name);
  return std::unexpected(unknown_name("request/peer", "peer", peer, names));
}

std::vector<ike::IkeSaId> ike_sas_of(const Core& core, std::string_view peer) {
  std::vector<ike::IkeSaId> all;
  for (const IkeReport& sa : core.status().ike_sas)
    if (sa.ike.peer == peer && !is_gone(sa)) all.push_back(sa.ike.id);
  return all;
}

std::vector<ike::IkeSaId> all_ike_sas(const Core& core) {
  std::vector<ike::IkeSaId> all;
  for (const IkeReport& sa : core.status().ike_sas)
    if (!is_gone(sa)) all.push_back(sa.ike.id);
  return all;
}

Result<ike::IkeSaId> find_ike_sa(const Core& core, const NumberOrName& name) {
  if (const auto* number = std::get_if<std::uint64_t>(&name)) return ike::IkeSaId{*number};
  const auto& peer = std::get<std::string>(name);
  if (auto known = known_peer(core, peer); !known) return std::unexpected(std::move(known).error());
  std::vector<std::uint64_t> found;
  for (const IkeReport& sa : core.status().ike_sas)
    if (sa.ike.peer == peer && is_established(sa)) found.push_back(sa.ike.id.value);
  return only<ike::IkeSaId>(found, "request/peer", fmt::format("established IKE SA with '{}'", peer));
}

Result<ike::ChildId> find_child(const Core& core, const NumberOrName& name,
                                const std::optional<std::string>& peer) {
  if (const auto* number = std::get_if<std::uint64_t>(&name)) return ike::ChildId{*number};
  if (peer)
    if (auto known = known_peer(core, *peer); !known) return std::unexpected(std::move(known).error());
  const auto& wanted = std::get<std::string>(name);
  std::vector<std::uint64_t> found;
  for (const IkeReport& sa : core.status().ike_sas) {
    if (peer && sa.ike.peer != *peer) continue;
    for (const ChildReport& child : sa.children)
      if (child.ike.name == wanted && child.ike.state == ike::ChildState::installed)
        found.push_back(child.ike.id.value);
  }
  const std::string of = peer ? fmt::format(" of '{}'", *peer) : std::string();
  return only<ike::ChildId>(found, "request/child", fmt::format("installed Child SA '{}'{}", wanted, of));
}

}  // namespace mpsec::gateway
