// Finding NATs (RFC 7296 2.23): each end says from where and to where it believes to send, as a hash, and
// sees whether that is what arrived.
#pragma once

#include <optional>

#include "base/datagram.hpp"
#include "crypto/ike_provider.hpp"
#include "ike/channel.hpp"
#include "ike/types.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

//= rfc7296/2.23/hash-of-spis-address-and-port
// SHA-1(SPIi | SPIr | address | port), the SPIs as they stand in the header of the message.
crypto::Sha1Digest nat_hash(const crypto::IkeProvider& provider, const IkeSpis& spis,
                            const Endpoint& endpoint);

// NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP of a message that goes along `path`. Where we do
// not know which of several addresses it will leave from, there is a source for each of `other_sources` too.
wire::ike::Payloads nat_detection_payloads(const crypto::IkeProvider& provider, const IkeSpis& spis,
                                           const Path& path, std::span<const Endpoint> other_sources = {});

struct NatState {
  bool we_are_behind = false;
  bool peer_is_behind = false;
  bool forced = false;  // there may be none, but ESP goes in UDP as if we were behind one

  bool any() const { return we_are_behind || peer_is_behind || forced; }
  bool operator==(const NatState&) const = default;

  //= rfc7296/2.23/keepalives-from-behind-a-nat
  bool send_keepalives() const { return we_are_behind; }
  //= rfc7296/2.23/peer-behind-a-nat-may-move
  //= rfc7296/2.23/no-address-update-behind-a-nat
  // Whether the peer's address follows its newest authenticated packet (without MOBIKE).
  bool follow_peer() const { return peer_is_behind && !we_are_behind; }
};

// The path to speak of in them where ESP is to go in UDP whatever lies between: the peer finds that no
// message comes from port 0, and takes us for one behind a NAT.
Path pretend_nat(const Path& path);

// What the payloads of a message that came along `path` tell. Nothing if the peer does not know NAT
// traversal: one kind of payload is missing. A hash of the wrong length matches nothing.
std::optional<NatState> detect_nat(const crypto::IkeProvider& provider, const IkeSpis& spis, const Path& path,
                                   const wire::ike::Payloads& payloads);

//= rfc7296/2.23/float-to-4500
// Where the initiator goes on after IKE_SA_INIT: to port 4500 at both ends if there is a NAT and it is on
// port 500.
Path path_after_detection(const Path& path, const std::optional<NatState>& nat);

}  // namespace mpsec::ike
