#include "interop/suite/ways.hpp"

#include <algorithm>

#include "interop/suite/moves.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

constexpr auto unused_type = static_cast<PayloadType>(200);

class Rsa final : public ike::SingleRoundCredential {
 public:
  explicit Rsa(const Signer& signer) : signer_(signer) {}
  Result<ike::Proof> prove(const ike::ProofContext& context, const ike::PeerAbilities&,
                           const Payloads&) const override {
    const auto octets = ike::signed_octets(context);
    if (!octets) return std::unexpected(octets.error());
    const auto* algorithm =
        crypto::find_signature(crypto::SignatureScheme::rsa_pkcs1, crypto::HashId::sha2_256);
    ike::Proof proof;
    for (const auto& one : signer_.chain)
      proof.payloads.push_back(
          make_payload(Certificate{.data = Octets(one->der().begin(), one->der().end())}));
    proof.payloads.push_back(
        make_payload(Authentication{.method = AuthenticationMethod::rsa_digital_signature,
                                    .data = signer_.key->sign(*algorithm, {*octets}).value()}));
    return proof;
  }

 private:
  Signer signer_;
};

bool has_keys(const Message& response) {
  return find<KeyExchange>(response.payloads) != nullptr;
}

// A target that has enough half-open IKE SAs asks for a cookie first, whatever the request is.
bool asks_for_cookie(const std::optional<Message>& response) {
  return response && find_notify(response->payloads, NotifyType::cookie) != nullptr;
}

// What comes back for a request that may be refused without an answer.
std::optional<Message> answer_to_init(
    Tester& t, IkeSession& sa, const std::function<void(Octets&)>& bend = [](Octets&) {}) {
  Message request = sa.init_request();
  std::optional<Message> response;
  for (int i = 0; i < 2; ++i) {
    Octets octets = sa.seal(request);
    bend(octets);
    sa.send_octets(std::move(octets));
    response = t.response_to(sa, request, t.link().patience());
    if (!asks_for_cookie(response)) break;
    request = sa.init_request_after(*response);
  }
  return response;
}

}  // namespace

Payload unknown_payload(bool critical) {
  return make_payload(UnknownPayload{.type = unused_type, .octets = {1, 2, 3, 4}}, critical);
}

bool has_error(const Message& message) {
  return std::ranges::any_of(find_all<Notify>(message.payloads),
                             [](const Notify* one) { return is_error(one->type); });
}

Message ask_init(Tester& t, IkeSession& sa) {
  Message response = t.ask(sa, sa.init_request());
  return asks_for_cookie(response) ? t.ask(sa, sa.init_request_after(response)) : response;
}

void expect_answer_again(Tester& t, IkeSession& sa, const Message& request) {
  for (unsigned left = t.link().sendings(); left > 1; --left) {
    sa.send_again();
    if (t.response_to(sa, request, t.link().patience())) return;
  }
  sa.send_again();
  t.expect_response(sa, request);
}

IkeSession& expect_agreed(Tester& t, const Opening& opening) {
  IkeSession& sa = t.begin(opening);
  Message response = t.ask(sa, sa.init_request());
  for (int i = 0; i < 3 && !has_keys(response); ++i) {
    t.expect_no_error(response);
    response = t.ask(sa, sa.init_request_after(response));
  }
  sa.agree(response);
  return sa;
}

Message expect_init_taken(Tester& t, const Opening& opening) {
  IkeSession& sa = t.begin(opening);
  Message response = ask_init(t, sa);
  t.expect_no_error(response);
  t.check(has_keys(response), "an IKE_SA_INIT response with a KE payload", "one without");
  return response;
}

IkeSession& expect_established(Tester& t, const Opening& opening) {
  IkeSession& sa = expect_agreed(t, opening);
  const Message response = t.ask(sa, sa.auth_request());
  t.expect_no_error(response);
  EspChild* const child = sa.take_auth(response);
  if (opening.childless) return sa;
  t.check(child != nullptr, "a Child SA with the IKE SA", "no SA payload in IKE_AUTH");
  static_cast<void>(t.ping(*child));
  return sa;
}

AuthAnswer ask_auth(Tester& t, const Opening& opening) {
  IkeSession& sa = t.half_open(opening);
  return {sa, t.ask(sa, sa.auth_request())};
}

Message await_auth_request(Tester& t, IkeSession& sa) {
  return t.control([&] { return expect_auth_request(t, sa); });
}

std::shared_ptr<const ike::Credential> rsa_credential(const Signer& signer) {
  return std::make_shared<Rsa>(signer);
}

void expect_init_refused(Tester& t, const Opening& opening, NotifyType why) {
  t.half_open();
  IkeSession& sa = t.begin(opening);
  if (const auto response = answer_to_init(t, sa)) {
    t.expect_notify(*response, why);
    t.check(!has_keys(*response), "a refusal alone", "a KE payload beside it");
  }
  t.expect_target_alive();
}

void expect_init_octets_refused(Tester& t, const std::function<void(Octets&)>& bend) {
  t.half_open();
  IkeSession& sa = t.begin({});
  if (const auto response = answer_to_init(t, sa, bend)) {
    t.expect_notify(*response, NotifyType::invalid_syntax);
    t.check(!has_keys(*response), "a refusal alone", "a KE payload beside it");
  }
  t.expect_target_alive();
}

void expect_auth_refused(Tester& t, const Opening& opening, std::initializer_list<NotifyType> whys) {
  t.establish();
  const auto [sa, response] = ask_auth(t, opening);
  t.check(find<SecurityAssociation>(response.payloads) == nullptr, "no Child SA", "an SA payload");
  const auto is_there = [&, &answered = response](NotifyType why) {
    return find_notify(answered.payloads, why) != nullptr;
  };
  if (std::ranges::none_of(whys, is_there)) t.expect_notify(response, *whys.begin());
  t.expect_target_alive();
}

Message expect_informational(Tester& t, IkeSession& sa, Payloads payloads) {
  Message response = t.ask(sa, sa.informational(std::move(payloads)));
  t.expect_no_error(response);
  t.expect_alive(sa);
  return response;
}

}  // namespace mpsec::conformance
