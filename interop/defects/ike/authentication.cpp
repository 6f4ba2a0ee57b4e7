// Against RFC 7296 2.15, 2.16 and 2.21.2.
#include <set>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using Lenient = std::function<bool(const Payloads&)>;

// Believes what is no proof, if `lenient` says so.
class Believing final : public ike::ProofChecker {
 public:
  explicit Believing(Lenient lenient) : lenient_(std::move(lenient)) {}
  Payloads requests() const override { return inner_.requests(); }
  std::unique_ptr<ike::Verifier> begin() const override {
    return std::make_unique<Judging>(inner_.begin(), lenient_);
  }

 private:
  class Judging final : public ike::Verifier {
   public:
    Judging(std::unique_ptr<Verifier> inner, Lenient lenient)
        : inner_(std::move(inner)), lenient_(std::move(lenient)) {}
    Result<ike::Check> check(const ike::ProofContext& context, const ipsec::PadEntry& entry,
                             const ipsec::Identity& peer, const Payloads& payloads, Instant now) override {
      auto checked = inner_->check(context, entry, peer, payloads, now);
      if (!checked && lenient_(payloads)) return ike::Check{true, {}};
      return checked;
    }

   private:
    std::unique_ptr<Verifier> inner_;
    Lenient lenient_;
  };
  ike::PreSharedKeyChecker inner_;
  Lenient lenient_;
};

Bent believing(Lenient lenient) {
  const auto checker = std::make_shared<Believing>(std::move(lenient));
  Bent bent;
  bent.seams.checker = checker.get();
  bent.state = checker;
  return bent;
}

// Of a proof by a shared key.
std::size_t proof_octets(const Payloads& payloads) {
  const auto* proof = find<Authentication>(payloads);
  const bool is_mac =
      proof != nullptr && proof->method == AuthenticationMethod::shared_key_message_integrity_code;
  return is_mac ? proof->data.size() : SIZE_MAX;
}

// Takes an IKE_AUTH request that `amend` has changed, whatever it proves.
Bent taking_amended(std::function<bool(Message&)> amend) {
  const auto amended = std::make_shared<bool>(false);
  return with_tap(believing([=](const Payloads&) { return *amended; }), incoming([=](Message& message) {
                    if (message.header.exchange_type == ExchangeType::ike_auth)
                      *amended = !message.header.response && amend(message);
                  }));
}

// Answers IKE_AUTH requests, as `of` picks them, with another error than the one that is due.
Bent another_error(std::function<bool(const Message&)> of) {
  const auto picked = std::make_shared<bool>(false);
  return incoming_and_outgoing(
      [=](Message& message) {
        if (message.header.exchange_type == ExchangeType::ike_auth) *picked = of(message);
      },
      [=](Message& message) {
        if (message.header.exchange_type != ExchangeType::ike_auth || !*picked) return;
        for (Payload& payload : message.payloads)
          if (auto* notify = std::get_if<Notify>(&payload.body)) notify->type = NotifyType::no_additional_sas;
      });
}

// Refuses INFORMATIONAL of that kind on IKE SAs whose child was refused.
Bent refusing_without_child(std::function<bool(const Message&)> kind) {
  const auto childless = std::make_shared<std::set<std::uint64_t>>();
  return incoming_and_outgoing(
      [=](Message& message) {
        if (message.header.exchange_type == ExchangeType::informational && kind(message) &&
            childless->contains(message.header.responder_spi.value))
          message.payloads = {make_payload(UnknownPayload{.type = static_cast<PayloadType>(250)}, true)};
      },
      [=](Message& message) {
        if (message.header.exchange_type == ExchangeType::ike_auth &&
            find_notify(message.payloads, NotifyType::no_proposal_chosen) != nullptr)
          childless->insert(message.header.responder_spi.value);
      });
}

}  // namespace

MPSEC_DEFECT(
        .id = "believes-any-proof", .rule = "rfc7296/1.2/signatures-and-macs-are-verified",
        .does = "Takes any AUTH payload of the usual length for a proof.", .make = [] {
          return believing([](const Payloads& payloads) {
            return proof_octets(payloads) >= 16 && proof_octets(payloads) < 1000;
          });
        });

MPSEC_DEFECT(
        .id = "believes-an-empty-proof", .rule = "rfc7296/1.2/signatures-and-macs-are-verified",
        .does = "Takes an AUTH payload without data for a proof.", .make = [] {
          return believing([](const Payloads& payloads) { return proof_octets(payloads) == 0; });
        });

MPSEC_DEFECT(
        .id = "believes-the-first-octets-of-a-proof", .rule = "rfc7296/1.2/signatures-and-macs-are-verified",
        .does = "Compares no more of the AUTH payload than there is.", .make = [] {
          return believing([](const Payloads& payloads) {
            return proof_octets(payloads) > 0 && proof_octets(payloads) < 16;
          });
        });

MPSEC_DEFECT(
        .id = "tells-a-stranger-another-error",
        .rule = "rfc7296/2.21.2/every-failure-to-authenticate-is-told",
        .does = "Answers a name that it does not know with NO_ADDITIONAL_SAS.", .make = [] {
          return another_error([](const Message& message) {
            const auto* id = find<IdentificationInitiator>(message.payloads);
            return id != nullptr && id->data.size() == 16 && id->data[0] == 's';
          });
        });

MPSEC_DEFECT(
        .id = "compares-identities-without-their-type", .rule = "rfc7296/1.2/shared-key-belongs-to-the-id",
        .does = "Takes a key ID for the name with the same octets.", .make = [] {
          return taking_amended([](Message& message) {
            auto* id = find<IdentificationInitiator>(message.payloads);
            if (id == nullptr || id->type != IdType::key_id) return false;
            id->type = IdType::fqdn;
            return true;
          });
        });

MPSEC_DEFECT(
        .id = "tells-a-broken-address-another-error",
        .rule = "rfc7296/2.21.2/every-failure-to-authenticate-is-told",
        .does = "Answers an IPv4 address of three octets with NO_ADDITIONAL_SAS.", .make = [] {
          return another_error([](const Message& message) {
            const auto* id = find<IdentificationInitiator>(message.payloads);
            return id != nullptr && id->type == IdType::ipv4_addr && id->data.size() != 4;
          });
        });

MPSEC_DEFECT(
        .id = "needs-no-proof", .rule = "rfc7296/2.21.2/broken-request-gets-one-of-two-notifies",
        .does = "Takes an IKE_AUTH request without AUTH.", .make = [] {
          return taking_amended(
              [](Message& message) { return find<Authentication>(message.payloads) == nullptr; });
        });

MPSEC_DEFECT(
        .id = "needs-no-identity", .rule = "rfc7296/2.21.2/broken-request-is-refused-whole",
        .does = "Takes an IKE_AUTH request without IDi, and guesses who it is.", .make = [] {
          return taking_amended([](Message& message) {
            if (find<IdentificationInitiator>(message.payloads) != nullptr) return false;
            message.payloads.push_back(
                ike::identity_payload(ike::Role::initiator, ipsec::Identity::fqdn("tester.example")));
            return true;
          });
        });

MPSEC_DEFECT(
        .id = "answers-malformed-ike-auth-with-another-error",
        .rule = "rfc7296/2.21.2/broken-request-gets-one-of-two-notifies",
        .does = "Says TEMPORARY_FAILURE to an IKE_AUTH request that it cannot read.", .make = [] {
          const auto was_read = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) { *was_read = message.header.exchange_type == ExchangeType::ike_auth; },
              [=](Message& message) {
                const bool due = message.header.exchange_type == ExchangeType::ike_auth && !*was_read;
                auto* notify = due ? find<Notify>(message.payloads) : nullptr;
                if (notify != nullptr) notify->type = NotifyType::temporary_failure;
              });
        });

MPSEC_DEFECT(
        .id = "goes-on-after-failed-authentication",
        .rule = "rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete",
        .does = "Answers INFORMATIONAL on an IKE SA whose peer has not proved who it is.", .make = [] {
          const auto failed = std::make_shared<std::set<std::uint64_t>>();
          return with_tap(answering([=](const Message& request) -> std::optional<Message> {
                            if (request.header.exchange_type != ExchangeType::informational ||
                                !failed->contains(request.header.responder_spi.value))
                              return std::nullopt;
                            return response_to(request);
                          }),
                          outgoing([=](Message& message) {
                            if (find_notify(message.payloads, NotifyType::authentication_failed) != nullptr)
                              failed->insert(message.header.responder_spi.value);
                          }));
        });

MPSEC_DEFECT(
        .id = "ends-the-ike-sa-with-the-child", .rule = "rfc7296/2.21.2/child-failure-leaves-the-ike-sa",
        .does = "Answers no liveness check once the first child was refused.", .make = [] {
          return refusing_without_child([](const Message& message) { return message.payloads.empty(); });
        });

MPSEC_DEFECT(
        .id = "keeps-an-ike-sa-without-child", .rule = "rfc7296/2.21.2/ike-sa-without-a-child-may-be-deleted",
        .does = "Refuses to delete an IKE SA on which the first child was refused.", .make = [] {
          return refusing_without_child(
              [](const Message& message) { return find<Delete>(message.payloads) != nullptr; });
        });

MPSEC_DEFECT(
        .id = "takes-a-wrong-icv-for-the-request", .rule = "rfc7296/3.14/checksum-over-the-encrypted-message",
        .does = "Hears no IKE_AUTH request after one that was not authentic.", .make = [] {
          const auto first = std::make_shared<std::map<std::uint64_t, Octets>>();
          return datagrams(
              [=](Datagram one) {
                const bool marker = ike::has_marker({one.local, one.remote});
                const auto header = decode_header(OctetView(one.octets).subspan(marker ? 4 : 0));
                std::vector<Datagram> on;
                const bool is_auth = header && header->exchange_type == ExchangeType::ike_auth;
                if (!is_auth ||
                    first->try_emplace(header->responder_spi.value, one.octets).first->second == one.octets)
                  on.push_back(std::move(one));
                return on;
              },
              {});
        });

}  // namespace mpsec::conformance
