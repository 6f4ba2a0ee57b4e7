// What to answer when both ends act on one SA at once (RFC 7296 2.8.1, 2.8.2, 2.25).
#pragma once

#include <optional>

#include "base/octets.hpp"
#include "ike/transitions.hpp"

namespace mpsec::ike {

enum class CollisionAnswer : std::uint8_t {
  proceed,            // as if nothing else were going on
  temporary_failure,  // TEMPORARY_FAILURE: ask again later
  not_found,          // CHILD_SA_NOT_FOUND
  without_delete,     // a Delete is answered, but not by one of ours
};

// The two nonces of an exchange that made an SA.
struct NoncePair {
  Octets initiator, responder;
  const Octets& lower() const { return initiator < responder ? initiator : responder; }
};

// A seam: a wrong answer here is what a peer's collisions look like.
class CollisionPolicy {
 public:
  virtual ~CollisionPolicy() = default;

  // A request to rekey the child that is in this state; nothing: there is no such child. `creating`: a
  // request of ours that makes a child is not answered yet, so that the peer may know one that we do not.
  virtual CollisionAnswer on_rekey_child(IkeState ike, std::optional<ChildState> child,
                                         bool creating) const = 0;
  // A request for a new child.
  virtual CollisionAnswer on_create_child(IkeState ike) const = 0;
  // A request to delete the child that is in this state.
  virtual CollisionAnswer on_delete_child(std::optional<ChildState> child) const = 0;
  // A request to rekey the IKE SA. `children_busy`: we are creating, rekeying or closing a child of it.
  virtual CollisionAnswer on_rekey_ike(IkeState ike, bool children_busy) const = 0;
  // Both ends have made a successor: is it ours that goes?
  virtual bool ours_is_redundant(const NoncePair& ours, const NoncePair& theirs) const = 0;
};

class StandardCollisionPolicy : public CollisionPolicy {
 public:
  CollisionAnswer on_rekey_child(IkeState ike, std::optional<ChildState> child, bool creating) const override;
  CollisionAnswer on_create_child(IkeState ike) const override;
  CollisionAnswer on_delete_child(std::optional<ChildState> child) const override;
  CollisionAnswer on_rekey_ike(IkeState ike, bool children_busy) const override;
  bool ours_is_redundant(const NoncePair& ours, const NoncePair& theirs) const override;
};

}  // namespace mpsec::ike
