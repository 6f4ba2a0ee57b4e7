// What a request waits for before it is answered, told apart by the events that end it.
#pragma once

#include <memory>
#include <set>
#include <span>

#include "gateway/control/members.hpp"
#include "gateway/core/core.hpp"

namespace mpsec::gateway {

class Wait {
 public:
  // The reply's further members, or why it was in vain.
  using Outcome = Result<Json>;

  virtual ~Wait() = default;
  // Nothing: it goes on.
  virtual std::optional<Outcome> on(const ike::Event& event, const Core& core) = 0;
  // "for IKE SA 3": what is waited for, in an error about the time that it took.
  virtual std::string text() const = 0;
};

// The IKE SAs are there, each with all Child SAs that its peer's configuration names. In vain with the first
// of them that fails.
std::unique_ptr<Wait> wait_for_initiation(std::span<const ike::IkeSaId> sas,
                                          const ike::PeerConfiguration& peer);
// A further Child SA of that name.
std::unique_ptr<Wait> wait_for_child(ike::IkeSaId sa, std::string child);
std::unique_ptr<Wait> wait_for_ike_rekey(ike::IkeSaId sa);
std::unique_ptr<Wait> wait_for_child_rekey(ike::ChildId child);
std::unique_ptr<Wait> wait_for_ike_end(std::span<const ike::IkeSaId> sas);
std::unique_ptr<Wait> wait_for_child_end(ike::ChildId child);

}  // namespace mpsec::gateway
