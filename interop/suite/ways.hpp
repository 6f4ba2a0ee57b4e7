// Ways that many cases about the initial exchanges go. They judge, unlike the controls of Tester.
#pragma once

#include <initializer_list>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

// The answer to IKE_SA_INIT. A target with half-open IKE SAs enough asks for a cookie first: it gets it back
// (RFC 7296 2.6).
Message ask_init(Tester& t, IkeSession& sa);
// The answer to `request`, which was sent last, when it comes again. A target may drop what comes again while
// it is at work on the first, so it comes as often as the link has it (RFC 7296 2.1: the initiator repeats
// until it is answered).
void expect_answer_again(Tester& t, IkeSession& sa, const Message& request);
// IKE_SA_INIT as `opening` has it is answered by an IKE SA, and gives keys.
IkeSession& expect_agreed(Tester& t, const Opening& opening);
// The same without keys, where what is sent is not what the tester would reckon with.
Message expect_init_taken(Tester& t, const Opening& opening);
// Both initial exchanges, and a ping through the child, if there is to be one.
IkeSession& expect_established(Tester& t, const Opening& opening);
// The response to IKE_AUTH, after the control IKE_SA_INIT.
struct AuthAnswer {
  IkeSession& sa;
  Message response;
};
AuthAnswer ask_auth(Tester& t, const Opening& opening = {});
// The target's IKE_AUTH request, on an IKE SA of which the IKE_SA_INIT request has come: a control.
Message await_auth_request(Tester& t, IkeSession& sa);
// Signatures by method 1, which is not to say its hash, over SHA2-256.
std::shared_ptr<const ike::Credential> rsa_credential(const Signer& signer);

// After the control that a usual request is taken: no IKE SA comes of this one. It is answered with `why`, or
// not at all; and the target lives.
void expect_init_refused(Tester& t, const Opening& opening, NotifyType why);
// The same of the request's octets, lengths included, bent as `bend` has it.
void expect_init_octets_refused(Tester& t, const std::function<void(Octets&)>& bend);
// IKE_AUTH is answered with one of these notifies, the first being the usual one, and gives no child.
void expect_auth_refused(Tester& t, const Opening& opening, std::initializer_list<NotifyType> whys);

// INFORMATIONAL with these payloads is answered without an error, and the IKE SA lives.
Message expect_informational(Tester& t, IkeSession& sa, Payloads payloads);

// A Notify that no document defines.
inline constexpr auto unknown_error = static_cast<NotifyType>(8190);
inline constexpr auto unknown_status = static_cast<NotifyType>(40950);
// A payload of a type that no document defines.
wire::ike::Payload unknown_payload(bool critical);

// Whether it has a Notify with an error.
bool has_error(const Message& message);

template <class Body>
void remove_payloads_of(Message& message) {
  std::erase_if(message.payloads,
                [](const wire::ike::Payload& one) { return std::holds_alternative<Body>(one.body); });
}
// The first payload of a kind, in a message that was made with it.
template <class Body>
Body& body_of(Message& message) {
  return *wire::ike::find<Body>(message.payloads);
}

}  // namespace mpsec::conformance
