// What comes outside of every IKE SA, and what is said to it without protection.
#include "ike/engine.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

// The unprotected form, which anybody can send.
bool is_invalid_spi(const IkeHeader& header, OctetView octets) {
  if (header.exchange_type != ExchangeType::informational || header.next_payload != PayloadType::notify)
    return false;
  const auto message = decode_message(octets);
  return message && find_notify(message->payloads, NotifyType::invalid_spi) != nullptr;
}

}  // namespace

void Engine::on_unknown_spi(const IkeHeader& header, OctetView octets, const Path& path, Turn& turn) {
  ++counters_.unknown_spi;
  //= rfc7296/1.5/unprotected-invalid-spi-is-not-answered
  if (is_invalid_spi(header, octets)) return hint(path.remote.address, turn);
  refuse({Blame::peer_misbehaved, to_string(header.exchange_type), std::nullopt, "no IKE SA has this SPI",
          "RFC 7296 2.21.4"},
         path, turn);
  //= rfc7296/2.21.4/no-answer-to-a-stray-response
  if (header.response) return;
  reply_unprotected(header, make_notify(NotifyType::invalid_ike_spi), path, turn);
}

//= rfc7296/2.5/higher-major-version-is-answered
void Engine::on_other_version(const IkeHeader& header, const Path& path, Turn& turn) {
  ++counters_.other_version;
  refuse({Blame::no_common_ground, "IKE Header/Major Version", 17,
          fmt::format("2 is allowed, found {}", header.major_version), "RFC 7296 2.5"},
         path, turn);
  if (header.major_version > 2 && !header.response)
    reply_unprotected(header, make_notify(NotifyType::invalid_major_version), path, turn);
}

//= rfc7296/2.21.4/replies-to-unprotected-messages-are-limited
void Engine::reply_unprotected(const IkeHeader& to, Notify notify, const Path& path, Turn& turn) {
  if (unprotected_replies_.allow(turn.now)) send_unprotected(to, std::move(notify), path, turn);
}

void Engine::send_unprotected(const IkeHeader& to, Notify notify, const Path& path, Turn& turn) {
  Message reply;
  reply.header.initiator_spi = to.initiator_spi;
  reply.header.responder_spi = to.responder_spi;
  reply.header.exchange_type = to.exchange_type;
  reply.header.response = true;
  reply.header.initiator = !to.initiator;
  reply.header.message_id = to.message_id;
  reply.payloads.push_back(make_payload(std::move(notify)));
  if (!complete(reply)) return;
  if (seams_.tap != nullptr) seams_.tap->outgoing(reply);
  turn.actions.datagrams.push_back(to_datagram(path, encode(reply)));
}

}  // namespace mpsec::ike
