// Both ends of one ESP SA over the open provider, with the octets of a fuzzer in the place of what is sealed.
#pragma once

#include <optional>

#include "crypto/open/open_provider.hpp"
#include "ipsec/data_path.hpp"
#include "ipsec/packet_tap.hpp"

namespace mpsec::fuzz {

// Replaces the text of the next packet before it is sealed, as far as it reaches.
class TextReplacer final : public ipsec::PacketTap {
 public:
  void replace_with(OctetView octets) { octets_ = octets; }
  void before_sealing(ipsec::PacketBuffer& packet, MutableOctets text) noexcept override;
  void after_opening(ipsec::PacketBuffer&, MutableOctets) noexcept override {}

 private:
  OctetView octets_;
};

class EspEnds {
 public:
  explicit EspEnds(ipsec::Mode mode);

  // A datagram as it is, from the unprotected side.
  void receive(OctetView datagram);
  // A packet with a right ICV around `text`: what an authenticated peer can send.
  void receive_sealed(OctetView text);
  // A clear packet from the protected side.
  void send(OctetView packet);

  const ipsec::DataPath& path() const { return path_; }
  const ipsec::Actions& actions() const { return actions_; }
  std::size_t received() const { return received_; }  // datagrams given to receive()
  std::size_t delivered() const { return delivered_; }

 private:
  SeededRng rng_{1};
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy policy_;
  TextReplacer replacer_;
  ipsec::DataPath path_;
  std::optional<ipsec::HeldPacket> arrived_;
  ipsec::Actions actions_;  // its deliveries are views of arrived_
  std::unique_ptr<ipsec::OutboundSa> peer_;
  ipsec::AhAuthenticator authenticator_;
  std::size_t received_ = 0;
  std::size_t delivered_ = 0;
};

}  // namespace mpsec::fuzz
