// Against RFC 7383 and RFC 6023.
#include <algorithm>
#include <map>
#include <set>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

struct Piece {
  std::uint64_t spi;
  std::uint32_t id;
  std::uint16_t number, total;
  ExchangeType exchange;
};

std::optional<Piece> piece_of(const Datagram& one) {
  const bool marker = ike::has_marker({one.local, one.remote}) && one.octets.size() >= 4;
  const auto message = decode_message(OctetView(one.octets).subspan(marker ? 4 : 0));
  if (!message || message->payloads.empty()) return std::nullopt;
  const auto* body = std::get_if<EncryptedFragment>(&message->payloads.back().body);
  if (body == nullptr) return std::nullopt;
  const IkeHeader& header = message->header;
  return Piece{header.responder_spi.value, header.message_id.value, body->fragment_number,
               body->total_fragments, header.exchange_type};
}

// Fragments of requests: what goes on in the place of one.
Bent fragments(std::function<std::vector<Datagram>(const Piece&, Datagram)> bend) {
  return datagrams(
      [=](Datagram one) {
        const auto piece = piece_of(one);
        return piece ? bend(*piece, std::move(one)) : std::vector{one};
      },
      {});
}

// Answers INFORMATIONAL requests of one fragment that says so.
Bent answering_fragment(std::function<bool(const EncryptedFragment&)> wrong) {
  return answering([=](const Message& request) -> std::optional<Message> {
    if (request.payloads.empty()) return std::nullopt;
    const auto* body = std::get_if<EncryptedFragment>(&request.payloads.back().body);
    return body != nullptr && wrong(*body) ? std::optional(response_to(request)) : std::nullopt;
  });
}

}  // namespace

MPSEC_DEFECT(
        .id = "does-not-announce-childless", .rule = "rfc6023/3/childless-is-announced",
        .does = "Takes IKE_AUTH without a child, and does not say so before.", .make = [] {
          return outgoing(
              [](Message& message) { remove_notify(message, NotifyType::childless_ikev2_supported); });
        });

MPSEC_DEFECT(
        .id = "refuses-childless-ike-auth", .rule = "rfc6023/3/childless-ike-auth",
        .does = "Refuses IKE_AUTH without a child, though it has announced it.", .make = [] {
          return refusing([](const Message& message) {
            return message.header.exchange_type == ExchangeType::ike_auth &&
                   find<SecurityAssociation>(message.payloads) == nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "does-not-announce-fragmentation", .rule = "rfc7383/2.3/fragmentation-where-both-say-so",
        .does = "Takes fragments, and does not say so.", .make = [] {
          return outgoing(
              [](Message& message) { remove_notify(message, NotifyType::ikev2_fragmentation_supported); });
        });

MPSEC_DEFECT(
        .id = "takes-no-ike-auth-in-fragments", .rule = "rfc7383/2.6/plaintexts-are-merged-in-order",
        .does = "Hears no fragments of IKE_AUTH.", .make = [] {
          return fragments([](const Piece& piece, Datagram one) {
            std::vector<Datagram> on;
            if (piece.exchange != ExchangeType::ike_auth) on.push_back(std::move(one));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "wants-fragments-in-order", .rule = "rfc7383/2.6/plaintexts-are-merged-in-order",
        .does = "Hears no fragment before the first of its message.", .make = [] {
          const auto begun = std::make_shared<std::set<std::pair<std::uint64_t, std::uint32_t>>>();
          return fragments([=](const Piece& piece, Datagram one) {
            if (piece.number == 1) begun->insert({piece.spi, piece.id});
            std::vector<Datagram> on;
            if (begun->contains({piece.spi, piece.id})) on.push_back(std::move(one));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "replaces-fragments", .rule = "rfc7383/2.6/fragment-seen-before-is-a-replay",
        .does = "Of two first fragments it takes the second.", .make = [] {
          // The first one waits until it is clear that no other comes.
          const auto held = std::make_shared<std::optional<Datagram>>();
          return fragments([=](const Piece& piece, Datagram one) {
            std::vector<Datagram> on;
            if (piece.number == 1 && piece.total > 1) {
              *held = std::move(one);
              return on;
            }
            on.push_back(std::move(one));
            if (*held) on.push_back(*std::exchange(*held, std::nullopt));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "keeps-to-the-first-total", .rule = "rfc7383/2.6/larger-total-starts-over",
        .does = "Hears no fragment of a larger total than the first that came.", .make = [] {
          const auto totals =
              std::make_shared<std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint16_t>>();
          return fragments([=](const Piece& piece, Datagram one) {
            const auto total = totals->try_emplace({piece.spi, piece.id}, piece.total).first->second;
            std::vector<Datagram> on;
            if (piece.total <= total) on.push_back(std::move(one));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "takes-a-smaller-total", .rule = "rfc7383/2.6/total-does-not-shrink",
        .does = "Puts together whichever fragments of one total are there first.", .make = [] {
          using Key = std::tuple<std::uint64_t, std::uint32_t, std::uint16_t>;
          const auto sets = std::make_shared<std::map<Key, std::map<std::uint16_t, Datagram>>>();
          return fragments([=](const Piece& piece, Datagram one) {
            std::vector<Datagram> on;
            if (piece.number == 0 || piece.number > piece.total) return on;
            auto& set = (*sets)[{piece.spi, piece.id, piece.total}];
            set.try_emplace(piece.number, std::move(one));
            if (set.size() < piece.total) return on;
            for (const auto& [number, datagram] : set)
              on.push_back(datagram);
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "counts-fragments-from-zero", .rule = "rfc7383/2.6/number-and-total-are-not-zero",
        .does = "Takes fragment 0.", .make = [] {
          return answering_fragment([](const EncryptedFragment& one) { return one.fragment_number == 0; });
        });

MPSEC_DEFECT(
        .id = "takes-fragments-of-none", .rule = "rfc7383/2.6/number-and-total-are-not-zero",
        .does = "Takes a fragment of a total of 0.", .make = [] {
          return answering_fragment([](const EncryptedFragment& one) { return one.total_fragments == 0; });
        });

MPSEC_DEFECT(
        .id = "takes-fragments-beyond-the-total", .rule = "rfc7383/2.6/number-is-within-the-total",
        .does = "Takes a fragment with a number beyond the total.", .make = [] {
          return answering_fragment([](const EncryptedFragment& one) {
            return one.total_fragments != 0 && one.fragment_number > one.total_fragments;
          });
        });

MPSEC_DEFECT(
        .id = "takes-fragments-that-were-not-agreed", .rule = "rfc7383/2.4/fragments-only-where-negotiated",
        .does = "Takes fragments from every peer.", .make = [] {
          return incoming([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_sa_init)
              message.payloads.push_back(
                  make_payload(make_notify(NotifyType::ikev2_fragmentation_supported)));
          });
        });

MPSEC_DEFECT(
        .id = "repeats-its-response-for-every-fragment",
        .rule = "rfc7383/2.6.1/only-fragment-1-asks-for-the-response",
        .does = "Sends its response again for each fragment that comes again.", .make = [] {
          const auto seen = std::make_shared<std::map<Octets, Datagram>>();
          const auto first = std::make_shared<std::optional<Datagram>>();
          return fragments([=](const Piece& piece, Datagram one) {
            if (piece.number == 1) *first = one;
            const bool again = !seen->try_emplace(one.octets, one).second;
            return std::vector{again && *first ? **first : one};
          });
        });

}  // namespace mpsec::conformance
