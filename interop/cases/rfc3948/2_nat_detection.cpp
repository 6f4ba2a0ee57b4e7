// RFC 7296 2.23: the payloads by which NATs are found.
#include <algorithm>

#include "ike/nat_detection.hpp"
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using wire::ike::find_notify;
using wire::ike::Notify;

// The target's IKE_SA_INIT response, whatever it takes to get it.
struct AnsweredInit {
  IkeSession& sa;
  Message message;
};
AnsweredInit init_response(Tester& t) {
  return t.control([&]() -> AnsweredInit {
    Opening opening;
    opening.pretend_nat = false;
    IkeSession& sa = t.begin(opening);
    Message response = t.ask(sa, sa.init_request());
    for (int i = 0; i < 3 && wire::ike::find<wire::ike::KeyExchange>(response.payloads) == nullptr; ++i)
      response = t.ask(sa, sa.init_request_after(response));
    return {sa, std::move(response)};
  });
}

void expect_both(Tester& t, const Message& message) {
  t.check(find_notify(message.payloads, NotifyType::nat_detection_source_ip) != nullptr,
          "NAT_DETECTION_SOURCE_IP", "none");
  t.check(find_notify(message.payloads, NotifyType::nat_detection_destination_ip) != nullptr,
          "NAT_DETECTION_DESTINATION_IP", "none");
}

void expect_behind_the_nonce(Tester& t, const Message& message) {
  const auto nonce = std::ranges::find_if(message.payloads, [](const wire::ike::Payload& one) {
    return std::holds_alternative<wire::ike::Nonce>(one.body);
  });
  const auto first = std::ranges::find_if(message.payloads, [](const wire::ike::Payload& one) {
    const auto* notify = std::get_if<Notify>(&one.body);
    return notify != nullptr && (notify->type == NotifyType::nat_detection_source_ip ||
                                 notify->type == NotifyType::nat_detection_destination_ip);
  });
  t.check(nonce < first, "NAT detection behind the nonce", "before it");
}

void expect_right_hashes(Tester& t, const ike::IkeSpis& spis, const ike::Path& path, const Message& message) {
  const auto nat = ike::detect_nat(t.providers().ike, spis, path, message.payloads);
  t.check(nat.has_value() && !nat->any(), "SHA-1 of the SPIs, the address and the port, for both ends",
          "a hash that does not fit");
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.23/nat-detection-is-in-the-response",
        .rules = {"rfc7296/2.23/nat-detection-in-both-messages-of-ike-sa-init"}, .side = Side::responder,
        .features = {Feature::nat_traversal}, .does = "The tester begins an IKE SA.",
        .lawful = "The IKE_SA_INIT response has NAT detection for source and destination.",
        .run = [](Tester& t) { expect_both(t, init_response(t).message); });

MPSEC_CASE(
        .id = "rfc7296/2.23/nat-detection-is-in-the-request",
        .rules = {"rfc7296/2.23/nat-detection-in-both-messages-of-ike-sa-init"}, .side = Side::initiator,
        .features = {Feature::nat_traversal}, .hooks = {Hook::initiate},
        .does = "The target begins an IKE SA.",
        .lawful = "The IKE_SA_INIT request has NAT detection for source and destination.",
        .run = [](Tester& t) { expect_both(t, t.await_init_request().waiting.front()); });

MPSEC_CASE(
        .id = "rfc7296/2.23/nat-detection-stands-behind-the-nonce",
        .rules = {"rfc7296/2.23/nat-detection-after-the-nonce"}, .side = Side::responder,
        .features = {Feature::nat_traversal}, .does = "The tester begins an IKE SA.",
        .lawful = "In the response, NAT detection follows the nonce.", .run = [](Tester& t) {
          const Message response = init_response(t).message;
          t.control([&] { expect_both(t, response); });
          expect_behind_the_nonce(t, response);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/nat-detection-hashes-fit-in-the-response",
        .rules = {"rfc7296/2.23/hash-of-spis-address-and-port"}, .side = Side::responder,
        .features = {Feature::nat_traversal},
        .does = "The tester begins an IKE SA, without a NAT between the two.",
        .lawful =
            "Both hashes in the response are those of the SPIs, the addresses and the ports as they are. A "
            "target that pretends to be behind a NAT fails this.",
        .run = [](Tester& t) {
          auto [sa, response] = init_response(t);
          t.control([&] { expect_both(t, response); });
          expect_right_hashes(t, {response.header.initiator_spi, response.header.responder_spi}, sa.path(),
                              response);
        });

MPSEC_CASE(
        .id = "rfc7296/2.23/nat-detection-hashes-fit-in-the-request",
        .rules = {"rfc7296/2.23/hash-of-spis-address-and-port"}, .side = Side::initiator,
        .features = {Feature::nat_traversal}, .hooks = {Hook::initiate},
        .does = "The target begins an IKE SA, without a NAT between the two.",
        .lawful =
            "Both hashes in the request fit, the responder's SPI being zero. A target that pretends to be "
            "behind "
            "a NAT fails this.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message request = sa.waiting.front();
          t.control([&] { expect_both(t, request); });
          expect_right_hashes(t, {request.header.initiator_spi, {}}, sa.path(), request);
        });

}  // namespace mpsec::conformance
