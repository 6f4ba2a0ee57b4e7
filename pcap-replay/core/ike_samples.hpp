// Captures of two IKE engines that speak to each other in memory, for tests.
#pragma once

#include <list>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "ike/test_pair.hpp"
#include "pcap-replay/core/replay_samples.hpp"

namespace mpsec::replay::samples {

// Keeps every shared secret that the provider it stands before computes.
class SecretKeeper final : public crypto::IkeProvider {
 public:
  std::string description() const override { return real_->description(); }
  bool supports(const crypto::PrfTransform& transform) const noexcept override {
    return real_->supports(transform);
  }
  bool supports(const crypto::KeyExchangeTransform& transform) const noexcept override {
    return real_->supports(transform);
  }
  Result<std::unique_ptr<crypto::Prf>> prf(const crypto::PrfTransform& transform,
                                           OctetView key) const override {
    return real_->prf(transform, key);
  }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(const crypto::KeyExchangeTransform& transform,
                                                            Rng& rng) const override {
    return kept(real_->key_exchange(transform, rng));
  }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange_from(
      const crypto::KeyExchangeTransform& transform, OctetView private_value) const override {
    return kept(real_->key_exchange_from(transform, private_value));
  }
  crypto::Sha1Digest sha1(std::initializer_list<OctetView> parts) const noexcept override {
    return real_->sha1(parts);
  }

  mutable std::vector<std::string> secrets;  // in hexadecimal

 private:
  class Kept final : public crypto::KeyExchange {
   public:
    Kept(std::unique_ptr<crypto::KeyExchange> real, const SecretKeeper& keeper)
        : real_(std::move(real)), keeper_(keeper) {}
    const crypto::KeyExchangeTransform& transform() const noexcept override { return real_->transform(); }
    OctetView public_value() const noexcept override { return real_->public_value(); }
    std::expected<SecretOctets, crypto::PublicValueFault> shared_secret(OctetView peer) noexcept override {
      auto secret = real_->shared_secret(peer);
      if (secret && std::ranges::find(keeper_.secrets, to_hex(secret->view())) == keeper_.secrets.end())
        keeper_.secrets.push_back(to_hex(secret->view()));
      return secret;
    }

   private:
    std::unique_ptr<crypto::KeyExchange> real_;
    const SecretKeeper& keeper_;
  };
  Result<std::unique_ptr<crypto::KeyExchange>> kept(Result<std::unique_ptr<crypto::KeyExchange>> made) const {
    if (!made) return made;
    return std::make_unique<Kept>(*std::move(made), *this);
  }
  std::unique_ptr<crypto::IkeProvider> real_ = crypto::make_openssl_ike_provider();
};

// All keys of the IKE SAs and Child SAs of one end.
class KeyKeeper final : public ike::KeyLog {
 public:
  struct Ike {
    ike::IkeSpis spis;
    ike::Suite suite;
    ike::IkeKeys keys;
  };
  void ike_sa(const IkeSaKeys& keys) override { ikes.push_back({keys.spis, keys.suite, keys.keys.clone()}); }
  void child_sa(const ipsec::InboundParameters& in, const ipsec::OutboundParameters& out) override {
    children.emplace_back(sender_of(in), sender_of(out));
  }

  std::list<Ike> ikes;
  // What sends on the SA: towards this end, and from it.
  std::list<std::pair<ipsec::OutboundParameters, ipsec::OutboundParameters>> children;

 private:
  static ipsec::OutboundParameters sender_of(const ipsec::SaParameters& sa) {
    ipsec::OutboundParameters out;
    static_cast<ipsec::SaParameters&>(out) = sa.clone();
    out.path_mtu = 65535;
    return out;
  }
};

// An IPv4 packet with this datagram in it.
inline Octets ip_packet(const Datagram& sent) {
  wire::UdpHeader udp;
  udp.source_port = sent.local.port, udp.destination_port = sent.remote.port;
  udp.length = static_cast<std::uint16_t>(8 + sent.octets.size());
  wire::Ipv4Header header;
  header.total_length = static_cast<std::uint16_t>(20 + udp.length), header.protocol = 17;
  std::ranges::copy(sent.local.address.octets(), header.source.begin());
  std::ranges::copy(sent.remote.address.octets(), header.destination.begin());
  header.checksum = wire::internet_checksum(wire::encode(header));
  Octets packet = wire::encode(header);
  append(packet, wire::encode(udp));
  append(packet, sent.octets);
  return packet;
}

// Two gateways with what one of them knows, and every packet between them.
struct Recording {
  explicit Recording(const std::function<void(ike::Configuration&)>& change = [](ike::Configuration&) {}) {
    auto settings = ike::test::pre_shared_key_settings(provider(), secrets);
    settings.change = change;
    pair.emplace(settings, nullptr, &keys);
  }

  void deliver_all() {
    for (int most = 1000; !pair->wire.empty() && most > 0; --most) {
      packets.push_back(ip_packet(pair->wire.front()));
      pair->deliver(pair->take());
    }
  }
  template <class Act>
  void at_a(Act act) {
    pair->at(pair->a, act);
    deliver_all();
  }
  void handshake() {
    pair->initiate(pair->a);
    deliver_all();
  }
  ike::IkeStatus status() { return pair->a.engine().status().front(); }
  void rekey_ike() {
    at_a([&](ike::Engine& engine, ike::Actions& actions) {
      static_cast<void>(engine.rekey_ike(status().id, pair->now, actions));
    });
  }
  void rekey_child() {
    at_a([&](ike::Engine& engine, ike::Actions& actions) {
      static_cast<void>(engine.rekey_child(status().children.front().id, pair->now, actions));
    });
  }
  void close() {
    at_a([&](ike::Engine& engine, ike::Actions& actions) {
      static_cast<void>(engine.close(status().id, pair->now, actions));
    });
  }
  // A packet each way on the newest Child SA.
  void exchange_esp() {
    auto& [to_a, from_a] = keys.children.back();
    for (ipsec::OutboundParameters* out : {&from_a, &to_a}) {
      ipsec::InboundParameters in;
      static_cast<ipsec::SaParameters&>(in) = out->clone();
      ipsec::OutboundParameters copy;
      static_cast<ipsec::SaParameters&>(copy) = out->clone();
      copy.path_mtu = 65535;
      copy.selectors.clear(), in.selectors.clear();
      ipsec::test::SaPair sa(std::move(copy), std::move(in), provider());
      packets.push_back(sa.protect(inner_packet(out == &from_a)));
    }
  }

  SecretKeeper secrets;
  KeyKeeper keys;
  std::optional<ike::test::GatewayPair> pair;
  std::vector<Octets> packets;

 private:
  // Between the networks of the two gateways.
  static Octets inner_packet(bool from_a) {
    const Endpoint a{ip("10.1.0.1"), 1111}, b{ip("10.2.0.1"), 2222};
    return ip_packet({from_a ? a : b, from_a ? b : a, Octets(40, 7)});
  }
};

// A line of Wireshark's table; empty where it has no name for the suite.
inline std::string ikev2_table_line(const KeyKeeper::Ike& sa) {
  const auto& protection = sa.suite.protection;
  std::string cipher(protection.encryption->name.substr(5));  // without "ENCR_"
  const std::size_t bits = protection.cipher_key_octets * 8;
  if (cipher.starts_with("AES_GCM") || cipher.starts_with("AES_CCM"))
    cipher = fmt::format("AES-{}-{} with {} octet ICV [RFC5282]", cipher.substr(4, 3), bits,
                         protection.encryption->icv_octets);
  else if (cipher.starts_with("AES"))
    cipher = fmt::format("AES-{}-{} [RFC3602]", cipher.substr(4), bits);
  const std::string integrity = protection.integrity == nullptr
                                    ? "NONE [RFC4306]"
                                    : std::string(protection.integrity->name.substr(5)) + " [RFC4868]";
  return fmt::format("{:016x},{:016x},{},{},\"{}\",{},{},\"{}\"\n", sa.spis.initiator.value,
                     sa.spis.responder.value, to_hex(sa.keys.ei.view()), to_hex(sa.keys.er.view()), cipher,
                     to_hex(sa.keys.ai.view()), to_hex(sa.keys.ar.view()), integrity);
}

// A table [[ike]] of our own key file, with what is asked for.
struct TomlParts {
  bool messages = true, d = true, secrets = true;
};
inline std::string ike_toml(const Recording& recording, const KeyKeeper::Ike& sa,
                            const TomlParts& parts = {}) {
  const auto& protection = sa.suite.protection;
  std::string text = fmt::format("[[ike]]\ninitiator_spi = \"{:016x}\"\nresponder_spi = \"{:016x}\"\n",
                                 sa.spis.initiator.value, sa.spis.responder.value);
  if (parts.messages) {
    text += fmt::format("encryption = \"{}\"\nsk_ei = \"{}\"\nsk_er = \"{}\"\n", protection.encryption->name,
                        to_hex(sa.keys.ei.view()), to_hex(sa.keys.er.view()));
    if (protection.integrity != nullptr)
      text += fmt::format("integrity = \"{}\"\nsk_ai = \"{}\"\nsk_ar = \"{}\"\n", protection.integrity->name,
                          to_hex(sa.keys.ai.view()), to_hex(sa.keys.ar.view()));
  }
  if (parts.d) text += fmt::format("sk_d = \"{}\"\n", to_hex(sa.keys.d.view()));
  if (!parts.secrets) return text;
  std::string secrets;
  for (const std::string& secret : recording.secrets.secrets)
    secrets += fmt::format("{}\"{}\"", secrets.empty() ? "" : ", ", secret);
  return text + fmt::format("g_ir = [{}]\n", secrets);
}

}  // namespace mpsec::replay::samples
