#include "ike/collisions.hpp"

namespace mpsec::ike {
namespace {

// The IKE SA has a successor, or will be gone: nothing new may begin on it.
bool is_ending(IkeState ike) {
  return ike == IkeState::rekeyed || ike == IkeState::closing || ike == IkeState::closed;
}

}  // namespace

CollisionAnswer StandardCollisionPolicy::on_rekey_child(IkeState ike, std::optional<ChildState> child,
                                                        bool creating) const {
  //= rfc7296/2.25.2/no-child-while-rekeying-the-ike-sa
  if (ike == IkeState::rekeying || is_ending(ike)) return CollisionAnswer::temporary_failure;
  //= rfc7296/2.25.1/rekey-of-an-unknown-child
  if (!child || *child == ChildState::closed || *child == ChildState::requested)
    return creating ? CollisionAnswer::temporary_failure : CollisionAnswer::not_found;
  //= rfc7296/2.25.1/rekey-of-a-child-that-is-closing
  // A replaced child has had its rekey; what is left of it is the Delete.
  if (*child == ChildState::closing || *child == ChildState::replaced)
    return CollisionAnswer::temporary_failure;
  //= rfc7296/2.25.1/rekey-of-a-child-that-is-rekeying
  return CollisionAnswer::proceed;
}

//= rfc7296/2.25.2/no-child-while-rekeying-the-ike-sa
CollisionAnswer StandardCollisionPolicy::on_create_child(IkeState ike) const {
  return ike == IkeState::established ? CollisionAnswer::proceed : CollisionAnswer::temporary_failure;
}

CollisionAnswer StandardCollisionPolicy::on_delete_child(std::optional<ChildState> child) const {
  //= rfc7296/2.25.1/delete-of-a-child-that-is-closing
  //= rfc7296/2.25.1/delete-of-an-unknown-child
  if (!child || *child == ChildState::closing || *child == ChildState::closed)
    return CollisionAnswer::without_delete;
  //= rfc7296/2.25.1/delete-of-a-child-that-is-rekeying
  return CollisionAnswer::proceed;
}

CollisionAnswer StandardCollisionPolicy::on_rekey_ike(IkeState ike, bool children_busy) const {
  //= rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-closing
  if (is_ending(ike)) return CollisionAnswer::temporary_failure;
  //= rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-rekeying
  if (ike == IkeState::rekeying) return CollisionAnswer::proceed;
  //= rfc7296/2.25.1/no-ike-rekey-while-children-are-busy
  return children_busy ? CollisionAnswer::temporary_failure : CollisionAnswer::proceed;
}

//= rfc7296/2.8.1/lowest-nonce-goes
// Octet by octet, and a nonce that ends is lower than one that goes on: the order of std::vector.
bool StandardCollisionPolicy::ours_is_redundant(const NoncePair& ours, const NoncePair& theirs) const {
  return ours.lower() < theirs.lower();
}

}  // namespace mpsec::ike
