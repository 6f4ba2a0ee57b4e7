// Moves that many cases of IKE make, and payloads that they send.
#pragma once

#include <functional>
#include <vector>

#include "interop/suite/tester.hpp"
#include "interop/suite/ways.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::conformance {

// --- payloads
wire::ike::Payload notify_payload(NotifyType type, Octets data = {});
wire::ike::Payload delete_payload(const std::vector<Spi>& spis);  // of ESP SAs
wire::ike::Payload delete_ike_payload();
// All SPIs of ESP SAs that a message deletes.
std::vector<Spi> deleted_spis(const Message& message);
bool deletes_ike_sa(const Message& message);
bool has_notify(const Message& message, NotifyType type);

// --- the target initiating
// Answers the IKE_SA_INIT request that await_init_request() has left, and gives the IKE_AUTH request. Not a
// control: that it comes is what cases judge.
Message expect_auth_request(Tester& t, IkeSession& sa);
// The whole of it, as `opening` bends the answers: that the target goes on, and that its child carries a
// ping. Not a control but for the first message.
IkeSession& expect_initiation(Tester& t, const Opening& opening);
// The answer to IKE_SA_INIT is bent so that no IKE_AUTH may follow.
void expect_no_auth_request(Tester& t, const std::function<void(Message&)>& bend);

// --- later exchanges
// What the target sends after the hook, unanswered: a control.
Message after_hook(Tester& t, IkeSession& sa, Hook hook, ExchangeType exchange);
// The request that deletes the child at which the tester's peer receives, answered as is usual.
void expect_delete(Tester& t, IkeSession& sa, const EspChild& child);
// The tester deletes it: the answer.
Message delete_child(Tester& t, IkeSession& sa, const EspChild& child);
// The tester makes another child: a control, unsupported where the target takes no more.
EspChild& make_child(Tester& t, IkeSession& sa, const ChildWish& wish = {});
// The tester rekeys `old`: a control.
EspChild& rekey_child(Tester& t, IkeSession& sa, const EspChild& old);
// The tester rekeys the IKE SA: the successor. A control.
IkeSession& rekey_ike(Tester& t, IkeSession& sa);
// The tester deletes the IKE SA: the answer.
Message delete_ike(Tester& t, IkeSession& sa);
// What the target's owner sends comes on this child.
void expect_traffic_on(Tester& t, const EspChild& child);

// A cipher that the target does not offer for its children.
crypto::EncryptionId strange_child_cipher(const Description& target);

}  // namespace mpsec::conformance
