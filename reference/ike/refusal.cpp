#include "ike/refusal.hpp"

namespace mpsec::ike {

Refusal refusal_of(Error error) {
  using wire::ike::NotifyType;
  NotifyType notify = NotifyType::invalid_syntax;
  if (error.blame == Blame::no_common_ground) notify = NotifyType::no_proposal_chosen;
  if (error.blame == Blame::local_fault) notify = NotifyType::temporary_failure;
  return {notify, std::move(error)};
}

}  // namespace mpsec::ike
