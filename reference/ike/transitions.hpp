// The states of an IKE SA and of a Child SA, and what leads from one to the next.
//
//   initiator                       responder                     either end, once authenticated
//
//   idle                            idle                          established <----------.
//    | initiate                      | init_request                | start_rekey         | rekey_refused
//   init_sent --.                   init_answered                 rekeying --------------'
//    |          | init_retry         | auth_request                | rekey_reply, rekey_request -> rekeyed
//    | init_reply                    |                            rekeyed
//   auth_sent                       established                    | start_delete
//    | auth_reply                                                 closing
//   established                                                    | delete_reply, delete_request
//                                                                 closed
#pragma once

#include "base/transition_table.hpp"

namespace mpsec::ike {

enum class IkeState : std::uint8_t {
  idle,
  init_sent,      // initiator: IKE_SA_INIT is on its way
  auth_sent,      // initiator: IKE_AUTH is on its way
  init_answered,  // responder: half open
  established,
  rekeying,  // our CREATE_CHILD_SA that replaces this SA is on its way
  rekeyed,   // a successor has its Child SAs; only the Delete is left
  closing,   // our Delete is on its way
  closed,
  count
};
std::string_view to_string(IkeState state);

enum class IkeEvent : std::uint8_t {
  initiate,
  init_request,
  init_retry,  // with a cookie, another group
  init_reply,
  auth_round,  // an IKE_AUTH exchange that is not the last
  auth_request,
  auth_reply,
  authentication_failed,
  start_rekey,
  rekey_request,  // the peer's rekey, which we answered
  rekey_reply,
  rekey_refused,
  start_delete,
  delete_request,
  delete_reply,
  gave_up,      // no answer to our retransmissions, or no IKE_AUTH in time
  fatal_error,  // INVALID_SYNTAX and its like, said or heard
  count
};
std::string_view to_string(IkeEvent event);

// clang-format off
inline constexpr std::array ike_transition_rows{
    Transition{IkeState::idle,          IkeEvent::initiate,              IkeState::init_sent,     "RFC 7296 1.2"},
    Transition{IkeState::idle,          IkeEvent::init_request,          IkeState::init_answered, "RFC 7296 1.2"},
    Transition{IkeState::idle,          IkeEvent::rekey_request,         IkeState::established,   "RFC 7296 2.18"},
    Transition{IkeState::idle,          IkeEvent::rekey_reply,           IkeState::established,   "RFC 7296 2.18"},
    Transition{IkeState::idle,          IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.1"},
    Transition{IkeState::init_sent,     IkeEvent::init_retry,            IkeState::init_sent,     "RFC 7296 2.6"},
    Transition{IkeState::init_sent,     IkeEvent::init_reply,            IkeState::auth_sent,     "RFC 7296 1.2"},
    Transition{IkeState::init_sent,     IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::init_sent,     IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.1"},
    Transition{IkeState::init_sent,     IkeEvent::start_delete,          IkeState::closed,        "RFC 7296 1.4.1"},
    Transition{IkeState::auth_sent,     IkeEvent::auth_round,            IkeState::auth_sent,     "RFC 7296 2.16"},
    Transition{IkeState::auth_sent,     IkeEvent::auth_reply,            IkeState::established,   "RFC 7296 1.2"},
    Transition{IkeState::auth_sent,     IkeEvent::authentication_failed, IkeState::closed,        "RFC 7296 2.21.2"},
    Transition{IkeState::auth_sent,     IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::auth_sent,     IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.2"},
    Transition{IkeState::auth_sent,     IkeEvent::start_delete,          IkeState::closed,        "RFC 7296 1.4.1"},
    Transition{IkeState::init_answered, IkeEvent::auth_round,            IkeState::init_answered, "RFC 7296 2.16"},
    Transition{IkeState::init_answered, IkeEvent::auth_request,          IkeState::established,   "RFC 7296 1.2"},
    Transition{IkeState::init_answered, IkeEvent::authentication_failed, IkeState::closed,        "RFC 7296 2.21.2"},
    Transition{IkeState::init_answered, IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::init_answered, IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.2"},
    Transition{IkeState::init_answered, IkeEvent::start_delete,          IkeState::closed,        "RFC 7296 1.4.1"},
    Transition{IkeState::established,   IkeEvent::start_rekey,           IkeState::rekeying,      "RFC 7296 2.8"},
    Transition{IkeState::established,   IkeEvent::rekey_request,         IkeState::rekeyed,       "RFC 7296 2.18"},
    Transition{IkeState::established,   IkeEvent::start_delete,          IkeState::closing,       "RFC 7296 1.4.1"},
    Transition{IkeState::established,   IkeEvent::delete_request,        IkeState::closed,        "RFC 7296 1.4.1"},
    Transition{IkeState::established,   IkeEvent::authentication_failed, IkeState::closed,        "RFC 7296 2.21.2"},
    Transition{IkeState::established,   IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::established,   IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.3"},
    Transition{IkeState::rekeying,      IkeEvent::rekey_request,         IkeState::rekeying,      "RFC 7296 2.8.2"},
    Transition{IkeState::rekeying,      IkeEvent::rekey_reply,           IkeState::rekeyed,       "RFC 7296 2.18"},
    Transition{IkeState::rekeying,      IkeEvent::rekey_refused,         IkeState::established,   "RFC 7296 2.25"},
    Transition{IkeState::rekeying,      IkeEvent::start_delete,          IkeState::closing,       "RFC 7296 1.4.1"},
    Transition{IkeState::rekeying,      IkeEvent::delete_request,        IkeState::closed,        "RFC 7296 2.25.2"},
    Transition{IkeState::rekeying,      IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::rekeying,      IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.3"},
    Transition{IkeState::rekeyed,       IkeEvent::start_delete,          IkeState::closing,       "RFC 7296 2.8"},
    Transition{IkeState::rekeyed,       IkeEvent::delete_request,        IkeState::closed,        "RFC 7296 2.8"},
    Transition{IkeState::rekeyed,       IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::rekeyed,       IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.3"},
    Transition{IkeState::closing,       IkeEvent::delete_request,        IkeState::closed,        "RFC 7296 2.25.2"},
    Transition{IkeState::closing,       IkeEvent::delete_reply,          IkeState::closed,        "RFC 7296 1.4.1"},
    Transition{IkeState::closing,       IkeEvent::gave_up,               IkeState::closed,        "RFC 7296 2.4"},
    Transition{IkeState::closing,       IkeEvent::fatal_error,           IkeState::closed,        "RFC 7296 2.21.3"},
};
// clang-format on
inline constexpr TransitionTable<IkeState, IkeEvent> ike_transitions{ike_transition_rows};
static_assert(ike_transitions.is_deterministic());
static_assert(ike_transitions.all_reachable_from(IkeState::idle));
static_assert(ike_transitions.all_lead_to(IkeState::closed));
static_assert(ike_transitions.is_final(IkeState::closed));

//   requested -- created --> installed -- start_rekey --> rekeying -- replaced --> replaced
//                             |   ^                        |                        |
//                             |   '---- rekey_refused -----'                        | start_delete
//                             '-- start_delete -------------------------------->  closing -- deleted -->
//                             closed
enum class ChildState : std::uint8_t {
  requested,  // in our request: there are no keys yet
  installed,
  rekeying,  // our CREATE_CHILD_SA that replaces this SA is on its way
  replaced,  // a successor carries the traffic; who made that one deletes this one
  closing,   // our Delete is on its way
  closed,
  count
};
std::string_view to_string(ChildState state);

enum class ChildEvent : std::uint8_t {
  created,
  refused,
  start_rekey,
  rekey_refused,
  replaced,  // by our rekey or the peer's
  start_delete,
  delete_request,
  delete_reply,
  lost,  // the peer does not know it (CHILD_SA_NOT_FOUND), or its IKE SA is gone
  count
};
std::string_view to_string(ChildEvent event);

// clang-format off
inline constexpr std::array child_transition_rows{
    Transition{ChildState::requested, ChildEvent::created,        ChildState::installed, "RFC 7296 1.3.1"},
    Transition{ChildState::requested, ChildEvent::refused,        ChildState::closed,    "RFC 7296 1.3.1"},
    Transition{ChildState::requested, ChildEvent::lost,           ChildState::closed,    "RFC 7296 1.4.1"},
    Transition{ChildState::installed, ChildEvent::start_rekey,    ChildState::rekeying,  "RFC 7296 1.3.3"},
    Transition{ChildState::installed, ChildEvent::replaced,       ChildState::replaced,  "RFC 7296 2.8"},
    Transition{ChildState::installed, ChildEvent::start_delete,   ChildState::closing,   "RFC 7296 1.4.1"},
    Transition{ChildState::installed, ChildEvent::delete_request, ChildState::closed,    "RFC 7296 1.4.1"},
    Transition{ChildState::installed, ChildEvent::lost,           ChildState::closed,    "RFC 7296 1.4.1"},
    Transition{ChildState::rekeying,  ChildEvent::rekey_refused,  ChildState::installed, "RFC 7296 2.25"},
    Transition{ChildState::rekeying,  ChildEvent::replaced,       ChildState::replaced,  "RFC 7296 2.8"},
    Transition{ChildState::rekeying,  ChildEvent::start_delete,   ChildState::closing,   "RFC 7296 1.4.1"},
    Transition{ChildState::rekeying,  ChildEvent::delete_request, ChildState::closed,    "RFC 7296 2.25.1"},
    Transition{ChildState::rekeying,  ChildEvent::lost,           ChildState::closed,    "RFC 7296 2.25"},
    Transition{ChildState::replaced,  ChildEvent::replaced,       ChildState::replaced,  "RFC 7296 2.8.1"},
    Transition{ChildState::replaced,  ChildEvent::start_delete,   ChildState::closing,   "RFC 7296 2.8"},
    Transition{ChildState::replaced,  ChildEvent::delete_request, ChildState::closed,    "RFC 7296 2.8"},
    Transition{ChildState::replaced,  ChildEvent::lost,           ChildState::closed,    "RFC 7296 1.4.1"},
    Transition{ChildState::closing,   ChildEvent::delete_request, ChildState::closing,   "RFC 7296 1.4.1"},
    Transition{ChildState::closing,   ChildEvent::delete_reply,   ChildState::closed,    "RFC 7296 1.4.1"},
    Transition{ChildState::closing,   ChildEvent::lost,           ChildState::closed,    "RFC 7296 1.4.1"},
};
// clang-format on
inline constexpr TransitionTable<ChildState, ChildEvent> child_transitions{child_transition_rows};
static_assert(child_transitions.is_deterministic());
static_assert(child_transitions.all_reachable_from(ChildState::requested));
static_assert(child_transitions.all_lead_to(ChildState::closed));
static_assert(child_transitions.is_final(ChildState::closed));

}  // namespace mpsec::ike
