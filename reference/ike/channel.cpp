#include "ike/channel.hpp"

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Error refusal(Blame blame, const IkeHeader& header, std::string why, std::string clause) {
  return {blame, to_string(header.exchange_type), std::nullopt, std::move(why), std::move(clause)};
}

// Of a peer that has not shown who it is: enough for any IKE_AUTH message.
constexpr FragmentReassembly::Limits before_trust{.fragments = 64, .octets = 32 << 10};

OctetView without_marker(const Datagram& sent) {
  return OctetView(sent.octets).subspan(has_marker({sent.local, sent.remote}) ? 4 : 0);
}

template <class... Alternatives>
Inbound widen(std::variant<Alternatives...>&& narrow) {
  return std::visit(
      [](auto&& value) -> Inbound {
        if constexpr (std::is_constructible_v<Inbound, decltype(value)>) return std::move(value);
        return NothingNew{};
      },
      std::move(narrow));
}

bool is_newer(const std::optional<std::uint32_t>& newest, MessageId id) {
  return !newest || id.value > *newest;
}

}  // namespace

bool has_marker(const Path& path) {
  if (path.local.port == nat_port) return true;
  return path.local.port != ike_port && path.remote.port != ike_port;
}

Datagram to_datagram(const Path& path, OctetView message) {
  Datagram datagram{path.local, path.remote, {}};
  if (has_marker(path)) datagram.octets.assign(4, 0);
  append(datagram.octets, message);
  return datagram;
}

Channel::Channel(Role role, const IkeSpis& spis, const Path& path, const Settings& settings)
    : role_(role),
      spis_(spis),
      path_(path),
      tap_(settings.tap),
      requests_(*settings.retransmission, settings.first),
      responses_(settings.window, settings.first),
      request_fragments_(before_trust),
      response_fragments_(before_trust) {}

void Channel::protect(MessageSealer sealer, MessageOpener opener) {
  sealer_.emplace(std::move(sealer));
  opener_.emplace(std::move(opener));
}

// --- out

IkeHeader Channel::header_of(ExchangeType exchange, MessageId id, bool response) const {
  IkeHeader header;
  header.initiator_spi = spis_.initiator;
  header.responder_spi = spis_.responder;
  header.exchange_type = exchange;
  header.response = response;
  header.initiator = role_ == Role::initiator;
  header.message_id = id;
  return header;
}

Result<Channel::Sent> Channel::send_request(ExchangeType exchange, Payloads payloads, Turn& turn) {
  const auto id = requests_.next_id();
  if (!id) return std::unexpected(id.error());
  auto packed = pack({header_of(exchange, *id, false), std::move(payloads)}, path_, turn);
  if (!packed) return std::unexpected(std::move(packed).error());
  std::ranges::copy(packed->datagrams, std::back_inserter(turn.actions.datagrams));
  requests_.sent(std::move(packed->datagrams), turn.now, turn.rng);
  asked_[*id] = exchange;
  return Sent{*id, std::move(packed->message)};
}

Result<Channel::Sent> Channel::replace_request(MessageId id, ExchangeType exchange, Payloads payloads,
                                               Turn& turn) {
  auto packed = pack({header_of(exchange, id, false), std::move(payloads)}, path_, turn);
  if (!packed) return std::unexpected(std::move(packed).error());
  std::ranges::copy(packed->datagrams, std::back_inserter(turn.actions.datagrams));
  requests_.replace(id, std::move(packed->datagrams), turn.now, turn.rng);
  return Sent{id, std::move(packed->message)};
}

Result<Channel::Sent> Channel::send_response(ExchangeType exchange, MessageId id, Payloads payloads,
                                             const Path& path, Turn& turn) {
  auto packed = pack({header_of(exchange, id, true), std::move(payloads)}, path, turn);
  if (!packed) return std::unexpected(std::move(packed).error());
  std::ranges::copy(packed->datagrams, std::back_inserter(turn.actions.datagrams));
  responses_.record(id, std::move(packed->datagrams));
  return Sent{id, std::move(packed->message)};
}

Result<Channel::Packed> Channel::pack(Message message, const Path& path, Turn& turn) {
  if (auto completed = complete(message); !completed) return std::unexpected(std::move(completed).error());
  if (tap_ != nullptr) tap_->outgoing(message);
  Packed packed;
  if (!sealer_) {
    packed.message = encode(message);
    packed.datagrams.push_back(to_datagram(path, packed.message));
    return packed;
  }
  const Octets plaintext = encode(message.payloads);
  const PayloadType first =
      message.payloads.empty() ? PayloadType::none : type_of(message.payloads.front().body);
  const FragmentFrame frame = this->frame(path);
  if (fragment_beyond_ == 0 || fits_whole(plaintext.size(), frame)) {
    auto sealed = seal(message.header, PayloadType::encrypted, {first, plaintext}, turn);
    if (!sealed) return std::unexpected(std::move(sealed).error());
    packed.datagrams.push_back(to_datagram(path, *sealed));
    packed.message = *std::move(sealed);
    return packed;
  }
  const auto pieces = split(plaintext, frame);
  if (!pieces) return std::unexpected(pieces.error());
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    //= rfc7383/2.5/first-payload-named-in-the-first-fragment
    const SealedPart part{i == 0 ? first : PayloadType::none, (*pieces)[i], static_cast<std::uint16_t>(i + 1),
                          static_cast<std::uint16_t>(pieces->size())};
    auto sealed = seal(message.header, PayloadType::encrypted_fragment, part, turn);
    if (!sealed) return std::unexpected(std::move(sealed).error());
    packed.datagrams.push_back(to_datagram(path, *sealed));
  }
  return packed;
}

FragmentFrame Channel::frame(const Path& path) const {
  const BodyLayout& layout = sealer_->layout();
  FragmentFrame frame;
  frame.ip_header_octets = path.remote.address.is_v4() ? 20 : 40;
  frame.largest_datagram = fragment_beyond_;
  frame.non_esp_marker = has_marker(path);
  frame.sealing = {layout.iv, layout.icv, layout.block};
  return frame;
}

Result<Octets> Channel::seal(const IkeHeader& header, PayloadType type, const SealedPart& part, Turn& turn) {
  Octets message;
  IkeHeader outer = header;
  outer.next_payload = type;
  wire::write(message, outer);
  PayloadHeader payload;
  payload.next_payload = part.first;
  wire::write(message, payload);
  if (part.total != 0) {
    append_be(message, part.number);
    append_be(message, part.total);
  }
  const std::size_t body = sealer_->layout().sealed(part.plaintext.size());
  if (auto fits = set_lengths(message, IkeHeader::octets, body); !fits)
    return std::unexpected(std::move(fits).error());
  if (auto sealed = sealer_->seal(message, part.plaintext, turn.rng); !sealed) {
    return std::unexpected(Error{Blame::local_fault, to_string(header.exchange_type), std::nullopt,
                                 std::string(to_string(sealed.error())), "RFC 5282 3"});
  }
  return message;
}

// --- in

Inbound Channel::receive(const IkeHeader& header, OctetView message, const Path& path, Turn& turn) {
  last_was_newest_ = last_was_fresh_ = false;
  last_round_trip_.reset();
  return is_protected() ? receive_sealed(header, message, path, turn) : receive_plain(header, message);
}

// IKE_SA_INIT, whose only request and response are number 0.
Inbound Channel::receive_plain(const IkeHeader& header, OctetView message) {
  auto decoded = decode_message(message);
  if (!decoded) return Refused{std::move(decoded).error()};
  if (header.response ? !requests_.is_outstanding(header.message_id)
                      : responses_.classify(header.message_id) != RequestKind::fresh)
    return NothingNew{};
  return accept(*std::move(decoded));
}

Inbound Channel::receive_sealed(const IkeHeader& header, OctetView message, const Path& path, Turn& turn) {
  auto decoded = decode_message(message);
  if (!decoded) return Refused{std::move(decoded).error()};
  //= rfc7296/1.2/all-after-ike-sa-init-is-protected
  if (decoded->payloads.empty())
    return Refused{refusal(Blame::peer_misbehaved, header, "nothing is protected", "RFC 7296 3.14")};
  const Payload& last = decoded->payloads.back();
  auto opening = open(header, last, message, turn);
  if (!std::holds_alternative<Opened>(opening)) return widen(std::move(opening));
  // Only now: a number means nothing before its message is authentic.
  if (auto verdict = judge_number(header, last, path, turn)) return *std::move(verdict);
  opening = gather(header, last, std::get<Opened>(std::move(opening)), turn);
  if (!std::holds_alternative<Opened>(opening)) return widen(std::move(opening));

  note_number(header);
  if (header.response) last_round_trip_ = requests_.since_only_sending(header.message_id, turn.now);
  const auto& opened = std::get<Opened>(opening);
  auto payloads = decode_payloads(opened.first, opened.plaintext);
  if (!payloads) {
    header.response ? forget_request(header.message_id)
                    : static_cast<void>(responses_.received(header.message_id));
    return Unreadable{header.exchange_type, header.message_id, !header.response, std::move(payloads).error()};
  }
  return accept({header, *std::move(payloads)});
}

Channel::Opening Channel::open(const IkeHeader& header, const Payload& last, OctetView message, Turn&) {
  const auto* whole = std::get_if<Encrypted>(&last.body);
  const auto* fragment = std::get_if<EncryptedFragment>(&last.body);
  if (whole == nullptr && fragment == nullptr)
    return Refused{refusal(Blame::peer_misbehaved, header, "nothing is protected", "RFC 7296 3.14")};
  //= rfc7383/2.4/fragments-only-where-negotiated
  if (fragment != nullptr && fragment_beyond_ == 0)
    return Refused{refusal(Blame::peer_misbehaved, header, "a fragment, and fragmentation was not negotiated",
                           "RFC 7383 2.4")};
  Octets copy(message.begin(), message.end());
  const std::size_t body = whole != nullptr ? whole->octets.size() : fragment->octets.size();
  const auto plain = opener_->open(copy, copy.size() - body);
  if (!plain) return Refused{error_of(plain.error())};
  return Opened{last.header.next_payload, Octets(plain->begin(), plain->end())};
}

// What is done about a number that is not a new one's; nothing: it is.
std::optional<Inbound> Channel::judge_number(const IkeHeader& header, const Payload& last, const Path& path,
                                             Turn& turn) {
  if (header.response) {
    if (!requests_.is_outstanding(header.message_id)) return NothingNew{};
    if (asked_[header.message_id] == header.exchange_type) return std::nullopt;
    return Refused{refusal(Blame::peer_misbehaved, header,
                           fmt::format("the request was {}", to_string(asked_[header.message_id])),
                           "RFC 7296 2.2")};
  }
  switch (responses_.classify(header.message_id)) {
    case RequestKind::fresh:
      return std::nullopt;
    case RequestKind::behind:
      return NothingNew{};
    case RequestKind::ahead:
      //= rfc7296/2.3/no-response-outside-the-window
      return Refused{
          refusal(Blame::peer_misbehaved, header,
                  fmt::format("message ID {} is beyond the window", header.message_id.value), "RFC 7296 2.3"),
          true, header.message_id};
    case RequestKind::duplicate:
      break;
  }
  const auto* fragment = std::get_if<EncryptedFragment>(&last.body);
  if (fragment != nullptr && !asks_for_response_again(fragment->fragment_number)) return NothingNew{};
  //= rfc7296/2.1/duplicate-request-gets-the-same-response
  if (const Datagrams* reply = responses_.reply(header.message_id)) {
    for (const Datagram& sent : *reply)
      turn.actions.datagrams.push_back(to_datagram(path, without_marker(sent)));
  }
  return NothingNew{};
}

// A whole message, at once or by its last fragment.
Channel::Opening Channel::gather(const IkeHeader& header, const Payload& last, Opened piece, Turn& turn) {
  FragmentReassembly& fragments = header.response ? response_fragments_ : request_fragments_;
  const auto* fragment = std::get_if<EncryptedFragment>(&last.body);
  if (fragment == nullptr) {
    fragments.forget(header.message_id);
    return piece;
  }
  auto added = fragments.add({header.message_id, fragment->fragment_number, fragment->total_fragments,
                              static_cast<std::uint8_t>(piece.first), piece.plaintext},
                             turn.now);
  if (!added) {
    return Refused{
        refusal(Blame::peer_misbehaved, header, std::string(to_string(added.error())), "RFC 7383 2.6")};
  }
  last_was_fresh_ = true;
  if (!added->has_value()) return NothingNew{};
  return Opened{static_cast<PayloadType>((*added)->first_payload), std::move((*added)->plaintext)};
}

Inbound Channel::accept(Message message) {
  if (tap_ != nullptr) tap_->incoming(message);
  const IkeHeader& header = message.header;
  if (header.response) {
    // An IKE_SA_INIT response may ask for the request anew: its number is free again when the SA says so.
    if (is_protected()) forget_request(header.message_id);
    return Response{header.exchange_type, header.message_id, std::move(message.payloads)};
  }
  responses_.received(header.message_id);
  return Request{header.exchange_type, header.message_id, std::move(message.payloads)};
}

void Channel::note_number(const IkeHeader& header) {
  last_was_fresh_ = true;
  auto& newest = header.response ? newest_response_ : newest_request_;
  last_was_newest_ = is_newer(newest, header.message_id);
  if (last_was_newest_) newest = header.message_id.value;
}

void Channel::forget_request(MessageId id) {
  requests_.answered(id);
  asked_.erase(id);
}

void Channel::set_own_window(std::uint32_t size) {
  responses_.grow(size);
  request_fragments_.allow_messages(responses_.size());
}

void Channel::trust() {
  request_fragments_ = response_fragments_ = FragmentReassembly();
  request_fragments_.allow_messages(responses_.size());
}

void Channel::move(const Path& path, Turn& turn) {
  if (path == path_) return;
  const bool marker_stays = has_marker(path) == has_marker(path_);
  path_ = path;
  if (marker_stays) requests_.restart(path.local, path.remote, turn.now);
}

// --- time

std::optional<Instant> Channel::next_deadline() const {
  std::optional<Instant> first;
  for (const auto& deadline :
       {requests_.next_deadline(), request_fragments_.next_deadline(), response_fragments_.next_deadline()})
    if (deadline && (!first || *deadline < *first)) first = deadline;
  return first;
}

Channel::Overdue Channel::on_time(Turn& turn) {
  request_fragments_.expire(turn.now);
  response_fragments_.expire(turn.now);
  auto due = requests_.due(turn.now, turn.rng);
  std::ranges::move(due.datagrams, std::back_inserter(turn.actions.datagrams));
  return {due.sent_again, due.given_up};
}

}  // namespace mpsec::ike
