// RFC 7296 2.5, 3: what an initiator has to pass over in the answers to its initial exchanges.
#include "interop/suite/moves.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

void fill_reserved(Message& message) {
  for (Payload& payload : message.payloads) {
    payload.header.reserved = 0x7f;
    if (auto* sa = std::get_if<SecurityAssociation>(&payload.body))
      for (Proposal& proposal : sa->proposals) {
        proposal.reserved = 0xff;
        for (Transform& one : proposal.transforms)
          one.reserved_1 = one.reserved_2 = 0xff;
      }
    if (auto* ke = std::get_if<KeyExchange>(&payload.body)) ke->reserved = 0xffff;
    if (auto* proof = std::get_if<Authentication>(&payload.body)) proof->reserved = 0xffffff;
    if (auto* ts = std::get_if<TrafficSelectorsInitiator>(&payload.body)) ts->reserved = 0xffffff;
    if (auto* ts = std::get_if<TrafficSelectorsResponder>(&payload.body)) ts->reserved = 0xffffff;
  }
}

void add_unknown_payload(Message& message) {
  message.payloads.insert(message.payloads.begin() + 1,
                          make_payload(UnknownPayload{PayloadType{200}, Octets(9, 0x55)}));
}

void reverse(Message& message) {
  std::ranges::reverse(message.payloads);
}

void add_unknown_status(Message& message) {
  message.payloads.insert(message.payloads.begin(), notify_payload(NotifyType{40959}, Octets(5, 0x11)));
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-does-not-look-at-reserved",
        .rules = {"rfc7296/2.5/reserved-is-not-looked-at",
                  "rfc7296/3.2/reserved-bits-of-a-payload-are-ignored",
                  "rfc7296/3.3.1/reserved-of-a-proposal-is-ignored",
                  "rfc7296/3.3.2/reserved-of-a-transform-is-ignored",
                  "rfc7296/3.8/reserved-of-auth-is-ignored", "rfc7296/3.13/reserved-of-selectors-is-ignored"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH with ones in the RESERVED fields.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.init = fill_reserved, .auth = fill_reserved}); });

MPSEC_CASE(
        .id = "rfc7296/3.1/initiator-does-not-look-at-unused-flags",
        .rules = {"rfc7296/3.1/unused-flags-are-ignored", "rfc7296/3.1/version-flag-is-ignored"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH with the Version flag and all unused flags set.",
        .lawful = "The IKE SA and its child work.", .run = [](Tester& t) {
          const auto bend = [](Message& message) {
            message.header.higher_version = true;
            message.header.reserved_high = 3, message.header.reserved_low = 7;
          };
          expect_initiation(t, {.init = bend, .auth = bend});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-takes-a-later-minor-version",
        .rules = {"rfc7296/2.5/higher-minor-version-is-ignored",
                  "rfc7296/3.1/minor-version-received-does-not-matter"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH in version 2.9.",
        .lawful = "The IKE SA and its child work.", .run = [](Tester& t) {
          const auto bend = [](Message& message) { message.header.minor_version = 9; };
          expect_initiation(t, {.init = bend, .auth = bend});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-skips-unknown-payloads-of-ike-sa-init",
        .rules = {"rfc7296/2.5/unknown-uncritical-payload-is-ignored",
                  "rfc7296/2.5/undefined-payloads-are-skipped", "rfc7296/4/every-payload-type-can-be-parsed"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT with a payload of type 200 that is not critical.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.init = add_unknown_payload}); });

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-skips-unknown-payloads-of-ike-auth",
        .rules = {"rfc7296/2.5/unknown-uncritical-payload-is-ignored",
                  "rfc7296/2.5/undefined-payloads-are-skipped", "rfc7296/4/every-payload-type-can-be-parsed"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with a payload of type 200 that is not critical.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.auth = add_unknown_payload}); });

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-takes-payloads-in-any-order",
        .rules = {"rfc7296/2.5/unusual-order-is-valid",
                  "rfc7296/1.7/order-of-payloads-is-no-ground-to-refuse"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH with the payloads in the reverse order.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.init = reverse, .auth = reverse}); });

MPSEC_CASE(
        .id = "rfc7296/3.2/initiator-takes-known-payloads-that-are-critical",
        .rules = {"rfc7296/3.2/critical-flag-of-a-known-payload-is-ignored",
                  "rfc7296/3.2/payload-types-of-this-document-are-known"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH with every payload critical.",
        .lawful = "The IKE SA and its child work.", .run = [](Tester& t) {
          const auto bend = [](Message& message) {
            for (Payload& one : message.payloads)
              one.header.critical = true;
          };
          expect_initiation(t, {.init = bend, .auth = bend});
        });

MPSEC_CASE(
        .id = "rfc7296/3.10.1/initiator-ignores-an-unknown-status-in-ike-sa-init",
        .rules = {"rfc7296/3.10.1/unknown-status-is-ignored",
                  "rfc7296/3.10.1/status-may-stand-in-any-message"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT with a Notify of status type 40959 in front.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.init = add_unknown_status}); });

MPSEC_CASE(
        .id = "rfc7296/3.10.1/initiator-ignores-an-unknown-status-in-ike-auth",
        .rules = {"rfc7296/3.10.1/unknown-status-is-ignored",
                  "rfc7296/3.10.1/status-may-stand-in-any-message"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with a Notify of status type 40959 in front.",
        .lawful = "The IKE SA and its child work.",
        .run = [](Tester& t) { expect_initiation(t, {.auth = add_unknown_status}); });

MPSEC_CASE(
        .id = "rfc7296/3.12/initiator-ignores-an-unknown-vendor-id",
        .rules = {"rfc7296/3.12/unknown-vendor-id-is-ignored", "rfc7296/3.12/several-vendor-ids",
                  "rfc7296/3.12/vendor-id-changes-no-meaning"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_SA_INIT and IKE_AUTH with two Vendor IDs that nobody knows.",
        .lawful = "The IKE SA and its child work.", .run = [](Tester& t) {
          const auto bend = [](Message& message) {
            message.payloads.push_back(make_payload(VendorId{Octets(16, 0x77)}));
            message.payloads.push_back(make_payload(VendorId{Octets(3, 0x78)}));
          };
          expect_initiation(t, {.init = bend, .auth = bend});
        });

}  // namespace mpsec::conformance
