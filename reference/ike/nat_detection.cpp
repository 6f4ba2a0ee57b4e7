#include "ike/nat_detection.hpp"

#include <algorithm>
#include <array>

namespace mpsec::ike {
namespace {

using wire::ike::Notify;
using wire::ike::NotifyType;
using wire::ike::Payloads;

void add(Payloads& payloads, NotifyType type, const crypto::Sha1Digest& hash) {
  payloads.push_back(wire::ike::make_payload(wire::ike::make_notify(type, Octets(hash.begin(), hash.end()))));
}

struct Seen {
  bool any = false;
  bool matching = false;
};

Seen look_for(const Payloads& payloads, NotifyType type, const crypto::Sha1Digest& expected) {
  Seen seen;
  for (const Notify* notify : wire::ike::find_all<Notify>(payloads)) {
    if (notify->type != type) continue;
    seen.any = true;
    seen.matching = seen.matching || std::ranges::equal(notify->data, expected);
  }
  return seen;
}

}  // namespace

crypto::Sha1Digest nat_hash(const crypto::IkeProvider& provider, const IkeSpis& spis,
                            const Endpoint& endpoint) {
  std::array<std::uint8_t, 16> both;
  store_be(both.data(), spis.initiator.value);
  store_be(both.data() + 8, spis.responder.value);
  std::array<std::uint8_t, 2> port;
  store_be(port.data(), endpoint.port);
  return provider.sha1({both, endpoint.address.octets(), port});
}

//= rfc7296/2.23/several-sources-where-the-address-is-not-known
Payloads nat_detection_payloads(const crypto::IkeProvider& provider, const IkeSpis& spis, const Path& path,
                                std::span<const Endpoint> other_sources) {
  Payloads payloads;
  add(payloads, NotifyType::nat_detection_source_ip, nat_hash(provider, spis, path.local));
  for (const Endpoint& source : other_sources)
    add(payloads, NotifyType::nat_detection_source_ip, nat_hash(provider, spis, source));
  add(payloads, NotifyType::nat_detection_destination_ip, nat_hash(provider, spis, path.remote));
  return payloads;
}

std::optional<NatState> detect_nat(const crypto::IkeProvider& provider, const IkeSpis& spis, const Path& path,
                                   const Payloads& payloads) {
  const Seen source =
      look_for(payloads, NotifyType::nat_detection_source_ip, nat_hash(provider, spis, path.remote));
  const Seen destination =
      look_for(payloads, NotifyType::nat_detection_destination_ip, nat_hash(provider, spis, path.local));
  if (!source.any || !destination.any) return std::nullopt;
  //= rfc7296/2.23/no-source-matches-peer-is-behind
  //= rfc7296/2.23/destination-differs-we-are-behind
  return NatState{.we_are_behind = !destination.matching, .peer_is_behind = !source.matching};
}

Path pretend_nat(const Path& path) {
  Path pretended = path;
  pretended.local.port = 0;
  return pretended;
}

Path path_after_detection(const Path& path, const std::optional<NatState>& nat) {
  if (!nat || !nat->any() || path.local.port != ike_port) return path;
  Path floated = path;
  floated.local.port = floated.remote.port = nat_port;
  return floated;
}

}  // namespace mpsec::ike
