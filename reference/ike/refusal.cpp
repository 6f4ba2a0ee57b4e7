#include "ike/refusal.hpp"

#include <fmt/format.h>

namespace mpsec::ike {

Refusal refusal_of(Error error) {
  using wire::ike::NotifyType;
  NotifyType notify = NotifyType::invalid_syntax;
  if (error.blame == Blame::no_common_ground) notify = NotifyType::no_proposal_chosen;
  if (error.blame == Blame::local_fault) notify = NotifyType::temporary_failure;
  return {notify, std::move(error)};
}

Refusal other_group(crypto::KeyExchangeId wanted) {
  Refusal refusal{wire::ike::NotifyType::invalid_ke_payload,
                  {Blame::no_common_ground, "KE", std::nullopt,
                   fmt::format("group {} is wanted", static_cast<unsigned>(wanted)), "RFC 7296 1.2"}};
  append_be(refusal.data, static_cast<std::uint16_t>(wanted));
  return refusal;
}

}  // namespace mpsec::ike
