#include "interop/suite/tester.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "wire/ike/notify_data.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

std::string payload_names(const Payloads& payloads) {
  std::string text;
  for (const Payload& payload : payloads) {
    text += text.empty() ? "" : ", ";
    if (const auto* notify = std::get_if<Notify>(&payload.body))
      text += fmt::format("N({})", name_of(notify->type));
    else
      text += name_of(payload.body);
  }
  return text.empty() ? "empty" : text;
}

std::string summary(const Message& message) {
  return fmt::format("{} {} {}: {}", name_of(message.header.exchange_type),
                     message.header.response ? "response" : "request", message.header.message_id.value,
                     payload_names(message.payloads));
}

bool is_liveness_check(const Message& message) {
  return !message.header.response && message.header.exchange_type == ExchangeType::informational &&
         message.payloads.empty();
}

}  // namespace

Tester::Tester(Target& target, const Providers& providers, std::uint64_t seed)
    : target_(target), providers_(providers), rng_(seed) {}
Tester::~Tester() = default;

// --- judging

void Tester::fail(std::string expected, std::string actual, Miss miss) {
  throw Stop{controls_ > 0 ? Verdict::inconclusive : Verdict::fail, std::move(expected), std::move(actual),
             miss};
}

void Tester::unsupported(std::string why) {
  throw Stop{Verdict::unsupported, {}, std::move(why)};
}

void Tester::note(std::string text) {
  steps_.push_back({.at = now(), .kind = Step::Kind::note, .text = std::move(text)});
}

void Tester::record(const Message& message, const ike::Path& path, bool sent, OctetView octets) {
  steps_.push_back({.at = now(),
                    .kind = sent ? Step::Kind::sent : Step::Kind::received,
                    .text = summary(message),
                    .tree = wire::ike::dump(message),
                    .path = path,
                    .octets = Octets(octets.begin(), octets.end())});
}

// --- IKE SAs

IkeSession& Tester::adopt(std::unique_ptr<IkeSession> session) {
  sessions_.push_back(std::move(session));
  return *sessions_.back();
}

IkeSession& Tester::begin(const Opening& opening) {
  return adopt(std::make_unique<IkeSession>(*this, ike::Role::initiator, opening));
}

IkeSession& Tester::half_open(const Opening& opening) {
  return control([&]() -> IkeSession& {
    IkeSession& sa = begin(opening);
    Message response = ask(sa, sa.init_request());
    for (int i = 0; i < 3 && find<KeyExchange>(response.payloads) == nullptr; ++i)
      response = ask(sa, sa.init_request_after(response));
    sa.agree(response);
    return sa;
  });
}

IkeSession& Tester::establish(const Opening& opening) {
  IkeSession& sa = half_open(opening);
  control([&] {
    const Message response = ask(sa, sa.auth_request());
    expect_no_error(response);
    EspChild* const child = sa.take_auth(response);
    if (child == nullptr && !opening.childless)
      fail("a Child SA with the IKE SA", "no SA payload in IKE_AUTH");
    if (child != nullptr) static_cast<void>(ping(*child));
  });
  return sa;
}

IkeSession& Tester::await_init_request(const Opening& opening) {
  return control([&]() -> IkeSession& {
    call(Hook::initiate, opening.path);
    const auto arrived = receive_unknown(request_patience());
    if (!arrived) fail("an IKE_SA_INIT request after the hook 'initiate'", "nothing arrived");
    IkeSession& sa = adopt(std::make_unique<IkeSession>(*this, ike::Role::responder, opening));
    sa.path() = {arrived->local, arrived->remote};
    const auto request = sa.open(arrived->octets);
    if (!request || request->header.exchange_type != ExchangeType::ike_sa_init)
      fail("an IKE_SA_INIT request after the hook 'initiate'", "something else");
    sa.last_received = arrived->octets;
    sa.keep_request(*request, arrived->octets);
    sa.waiting.push_back(*request);
    return sa;
  });
}

IkeSession& Tester::await_initiation(const Opening& opening) {
  IkeSession& sa = await_init_request(opening);
  control([&] {
    const Message init = sa.waiting.front();
    sa.waiting.pop_front();
    sa.take_init_request(init);
    sa.send(sa.init_response(init));
    sa.keep_own_init();
    const Message request = expect_request(sa, ExchangeType::ike_auth);
    if (!sa.proof_is_good(request))
      fail("an AUTH payload that proves the target's identity", "one that does not");
    sa.next_expected = 2;
    sa.send(sa.auth_response(request));
    if (sa.made_child() != nullptr) static_cast<void>(ping(*sa.made_child()));
  });
  return sa;
}

void Tester::call(Hook hook, std::uint64_t argument) {
  note(fmt::format("hook {} {}", to_string(hook), argument));
  if (!target().hooks.has(hook)) unsupported(fmt::format("there is no hook '{}'", to_string(hook)));
  if (const auto called = target_.call(hook, argument); !called)
    throw Stop{Verdict::inconclusive, fmt::format("the hook '{}' works", to_string(hook)),
               to_string(called.error())};
}

ReplayCounters Tester::replay_counters() {
  if (!target().hooks.has(Hook::read_replay_counters)) unsupported("there is no hook 'read-replay-counters'");
  auto counters = target_.replay_counters();
  if (!counters)
    throw Stop{Verdict::inconclusive, "the hook 'read-replay-counters' works", to_string(counters.error())};
  return *counters;
}

std::vector<AuditEntry> Tester::audit() {
  if (!target().hooks.has(Hook::read_audit)) unsupported("there is no hook 'read-audit'");
  auto entries = target_.audit();
  if (!entries) throw Stop{Verdict::inconclusive, "the hook 'read-audit' works", to_string(entries.error())};
  return *std::move(entries);
}

// --- waiting

bool Tester::take_in(Instant until) {
  const auto arrival = link().receive(until);
  if (!arrival) return false;
  if (const auto* datagram = std::get_if<Datagram>(&arrival->what))
    take_datagram(*datagram);
  else if (const auto* packet = std::get_if<EspPacket>(&arrival->what))
    take_esp(*packet);
  else
    take_clear(std::get<ClearPacket>(arrival->what));
  return true;
}

void Tester::take_datagram(const Datagram& datagram) {
  const ike::Path path{datagram.local, datagram.remote};
  OctetView octets = datagram.octets;
  if (octets.size() == 1 && octets[0] == 0xff) {
    keepalives_.push_back(now());
    return note("a NAT keepalive arrived");
  }
  if (ike::has_marker(path) && octets.size() >= 4) octets = octets.subspan(4);
  // Of an IKE_SA_INIT request the first is known by its octets alone: it has no SPI of the tester's.
  const auto answers = [&](const auto& sa) { return sa->answer_again(path, octets); };
  if (answers_repeats && std::ranges::any_of(sessions_, answers)) return;
  const auto header = decode_header(octets);
  if (header) {
    // The newest first: a successor's SPIs are its own, and a case may use an SPI twice.
    for (const auto& sa : sessions_) {
      const IkeSpi own = sa->role() == ike::Role::initiator ? header->initiator_spi : header->responder_spi;
      if (own != sa->own_spi()) continue;
      auto message = sa->open(octets);
      if (!message) {
        note(fmt::format("a message or fragment for {} arrived that is not whole or cannot be opened",
                         to_string(sa->spis())));
        return;
      }
      record(*message, path, false, octets);
      sa->last_received.assign(octets.begin(), octets.end());
      if (!message->header.response) sa->keep_request(*message, octets);
      // An initiator that has found a NAT goes on over other ports, and is answered there (RFC 7296 2.23).
      if (sa->role() == ike::Role::responder && !message->header.response &&
          message->header.exchange_type == ExchangeType::ike_auth)
        sa->path() = path;
      if (answers_liveness && is_liveness_check(*message)) return answer_liveness(*sa, *message);
      sa->waiting.push_back(*std::move(message));
      return;
    }
    if (const auto message = decode_message(octets)) record(*message, path, false, octets);
  }
  unknown_.push_back({datagram.local, datagram.remote, Octets(octets.begin(), octets.end())});
}

void Tester::answer_liveness(IkeSession& sa, const Message& request) {
  const Octets kept = sa.last_sent;
  sa.send(sa.response(request, {}));
  sa.last_sent = kept;
}

std::optional<Message> Tester::receive(IkeSession& sa, const Wanted& wanted, Duration within) {
  const Instant until = now() + within;
  for (;;) {
    for (auto at = sa.waiting.begin(); at != sa.waiting.end(); ++at) {
      if (!wanted(*at)) continue;
      Message found = std::move(*at);
      sa.waiting.erase(at);
      return found;
    }
    if (!take_in(until)) return std::nullopt;
  }
}

std::optional<Message> Tester::response_to(IkeSession& sa, const Message& request, Duration within) {
  const auto wanted = [&](const Message& message) {
    return message.header.response && message.header.message_id == request.header.message_id;
  };
  return receive(sa, wanted, within);
}

Message Tester::expect_response(IkeSession& sa, const Message& request) {
  auto response = response_to(sa, request, link().patience());
  if (!response)
    fail(fmt::format("a response to {} {}", name_of(request.header.exchange_type),
                     request.header.message_id.value),
         "no response");
  return *std::move(response);
}

Message Tester::ask(IkeSession& sa, const Message& request) {
  sa.send(request);
  const Octets sent = sa.last_sent;
  // Again, as a path that loses packets may need it; the last wait is judged.
  for (unsigned left = link().sendings(); left > 1; --left) {
    if (auto response = response_to(sa, request, link().patience())) return *std::move(response);
    sa.send_octets(sent);
  }
  return expect_response(sa, request);
}

Message Tester::expect_request(IkeSession& sa, ExchangeType exchange, Duration within) {
  const auto wanted = [&](const Message& message) {
    return !message.header.response && message.header.exchange_type == exchange;
  };
  auto request = receive(sa, wanted, within == Duration{} ? request_patience() : within);
  if (!request) fail(fmt::format("a request {}", name_of(exchange)), "none came");
  sa.next_expected = std::max(sa.next_expected, request->header.message_id.value + 1);
  return *std::move(request);
}

void Tester::expect_silence(IkeSession& sa, const Wanted& unwanted, std::string_view of_what) {
  if (const auto message = receive(sa, unwanted, link().silence()))
    fail(fmt::format("no {}", of_what), summary(*message));
}

void Tester::expect_no_response(IkeSession& sa, const Message& request) {
  if (const auto response = response_to(sa, request, link().silence()))
    fail(fmt::format("no response to {} {}", name_of(request.header.exchange_type),
                     request.header.message_id.value),
         summary(*response));
}

std::optional<Datagram> Tester::receive_unknown(Duration within) {
  const Instant until = now() + within;
  while (unknown_.empty())
    if (!take_in(until)) return std::nullopt;
  Datagram first = std::move(unknown_.front());
  unknown_.pop_front();
  return first;
}

void Tester::wait(Duration duration) {
  const Instant until = now() + duration;
  while (take_in(until)) {
  }
}

// --- judging what came

void Tester::expect_notify(const Message& message, NotifyType type) {
  if (find_notify(message.payloads, type) != nullptr) return;
  const bool refused = std::ranges::any_of(find_all<Notify>(message.payloads),
                                           [](const Notify* one) { return is_error(one->type); });
  fail(fmt::format("a Notify {}", name_of(type)), summary(message), refused ? Miss::notify : Miss::outcome);
}

void Tester::expect_no_error(const Message& message) {
  for (const Notify* notify : find_all<Notify>(message.payloads))
    if (is_error(notify->type)) fail("a response without an error", summary(message));
}

void Tester::expect_alive(IkeSession& sa) {
  const Message answered = ask(sa, sa.informational());
  check(std::ranges::none_of(find_all<Notify>(answered.payloads),
                             [](const Notify* one) { return is_error(one->type); }),
        "the IKE SA lives: its liveness check is answered", summary(answered));
}

void Tester::expect_dead(IkeSession& sa) {
  const auto answered = [&] {
    const Message request = sa.informational();
    sa.send(request);
    const auto response = response_to(sa, request, link().silence());
    const bool refused = response && find_notify(response->payloads, NotifyType::invalid_ike_spi) != nullptr;
    return refused ? std::nullopt : response;
  };
  if (!answered()) return;
  // It may have overtaken what ends the IKE SA, on the way or in a target of several threads.
  wait(link().silence());
  if (const auto response = answered()) fail("the IKE SA is gone", summary(*response));
}

void Tester::expect_target_alive() {
  IkeSession& sa = begin({});
  Message response = ask(sa, sa.init_request());
  for (int i = 0; i < 3 && find<KeyExchange>(response.payloads) == nullptr; ++i)
    response = ask(sa, sa.init_request_after(response));
  sa.agree(response);
}

}  // namespace mpsec::conformance
