// depends: ipsec crypto_open
#include "support/esp_ends.hpp"

#include <algorithm>

namespace mpsec::fuzz {

using namespace ipsec;

namespace {

template <class Parameters>
Parameters parameters(Mode mode) {
  Parameters parameters;
  parameters.mode = mode;
  parameters.spi = Spi{0x1000};
  parameters.source = ip("192.0.2.1");
  parameters.destination = ip("192.0.2.2");
  parameters.encryption = crypto::EncryptionId::aes_gcm_16;
  parameters.encryption_key = SecretOctets(Octets(20, 7));
  return parameters;
}

// An IPv4 packet between the SA's addresses that is `payload` octets long behind its header.
Octets carrier(std::size_t payload) {
  Octets packet = hex("4500 0000 0000 0000 40 11 0000 c0000201 c0000202");
  store_be(packet.data() + 2, static_cast<std::uint16_t>(20 + payload));
  packet.resize(20 + payload);
  return packet;
}

}  // namespace

void TextReplacer::before_sealing(PacketBuffer&, MutableOctets text) noexcept {
  std::copy_n(octets_.begin(), std::min(octets_.size(), text.size()), text.begin());
  octets_ = {};
}

EspEnds::EspEnds(Mode mode) : path_({}, {rng_, lifetime_, policy_}) {
  const auto provider = crypto::make_open_provider();
  auto out = parameters<OutboundParameters>(mode);
  out.path_mtu = 65535;
  peer_ = OutboundSa::make(std::move(out), *provider).value();
  static_cast<void>(path_.add(InboundSa::make(parameters<InboundParameters>(mode), *provider).value()));
  Spd spd;
  Policy protect;
  protect.id = PolicyId{1}, protect.action = Action::protect;
  protect.selectors = {Selector{}};
  protect.protect = ProtectSpec{};
  protect.protect->mode = mode;
  if (mode == Mode::tunnel) protect.protect->endpoints = TunnelEndpoints{ip("192.0.2.2"), ip("192.0.2.1")};
  static_cast<void>(spd.append(protect));
  path_.use(spd);
  auto back = parameters<OutboundParameters>(mode);
  back.path_mtu = 600;
  path_.add(PolicyId{1}, OutboundSa::make(std::move(back), *provider).value());
}

void EspEnds::receive(OctetView datagram) {
  actions_.clear();  // before the packet that they view
  arrived_.emplace(datagram);
  path_.receive({&arrived_->buffer(), 1}, {}, actions_);
  ++received_;
  delivered_ += actions_.deliveries.size();
}

void EspEnds::receive_sealed(OctetView text) {
  if (text.size() < 2 || text.size() > 1400) return;
  const bool tunnel = peer_->parameters().mode == Mode::tunnel;
  // As many octets as make a text of this size or the next that is aligned.
  const std::size_t payload = text.size() - 2;
  HeldPacket held(tunnel ? carrier(payload < 20 ? 0 : payload - 20) : carrier(payload));
  replacer_.replace_with(text);
  Outgoing outgoing{.packet = held.buffer()};
  peer_->protect({&outgoing, 1}, {}, {rng_, lifetime_, authenticator_, &replacer_});
  if (outgoing.discard == Discard::none) receive(outgoing.packet.view());
}

void EspEnds::send(OctetView packet) {
  HeldPacket held(packet);
  Outgoing outgoing{.packet = held.buffer()};
  Fate fate{};
  actions_.clear();
  path_.send({&outgoing, 1}, {}, {&fate, 1}, actions_);
}

}  // namespace mpsec::fuzz
