// Two gateways, A and B, and the wire between them, for fuzzers and benchmarks: over any provider and any
// method of authentication, and without a test framework. Tests have test_world.hpp.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ike/engine.hpp"

namespace mpsec::ike::test {

// What both gateways are made from. The providers outlive them.
struct PairSettings {
  const crypto::Provider& provider;
  const crypto::IkeProvider& ike_provider;
  std::shared_ptr<const Credential> credential;
  std::shared_ptr<const ProofChecker> checker;
  // How the PAD entry of the peer demands its proof.
  std::function<void(ipsec::PadEntry&)> authenticate;
  crypto::KeyExchangeId group = crypto::KeyExchangeId::curve25519;
  std::function<void(Configuration&)> change = [](Configuration&) {};
  StatelessCookieJar::Settings cookies{.demand_from = 1000, .relax_below = 1000};
  ExponentialBackOff::Settings back_off{.tries = 5, .jitter = 0};
  std::uint64_t seed = 1;
  MessageTap* tap = nullptr;                    // of both
  const CollisionPolicy* collisions = nullptr;  // of both; null: the standard one
};

inline PairSettings pre_shared_key_settings(const crypto::Provider& provider,
                                            const crypto::IkeProvider& ike_provider) {
  const Octets key = hex("6b6579");
  return {.provider = provider,
          .ike_provider = ike_provider,
          .credential = std::make_shared<PreSharedKeyCredential>(SecretOctets(key)),
          .checker = std::make_shared<PreSharedKeyChecker>(),
          .authenticate = [key](ipsec::PadEntry& entry) {
            entry.authentication.emplace_back(ipsec::PreSharedKey{SecretOctets(key)});
          }};
}

struct Seat {
  std::string_view name;
  IpAddress address;
  std::string_view network;
};

class Gateway {
 public:
  Gateway(const Seat& own, const Seat& peer, const PairSettings& settings, MessageTap* tap, KeyLog* key_log)
      : path_{{own.address, 500}, {peer.address, 500}},
        rng_(settings.seed * 2 + (own.address < peer.address ? 0 : 1)),
        checker_(settings.checker),
        back_off_(settings.back_off) {
    ipsec::Pad pad;
    ipsec::PadEntry entry;
    entry.id = ipsec::PadEntryId{1};
    entry.identities = {ipsec::IdentityPattern::dns(peer.name).value()};
    entry.children = ipsec::ChildrenByAddress{{ipsec::AddressRange::parse("0.0.0.0/0").value()}};
    settings.authenticate(entry);
    static_cast<void>(pad.append(std::move(entry)));
    pad_ = pad.snapshot();
    cookies_ = StatelessCookieJar::make(settings.cookies, settings.ike_provider, rng_, {}).value();
    const Seams seams{rng_,
                      settings.provider,
                      settings.ike_provider,
                      *pad_,
                      *checker_,
                      *cookies_,
                      pools_,
                      back_off_,
                      narrowing_,
                      settings.collisions == nullptr ? collisions_ : *settings.collisions,
                      tap == nullptr ? settings.tap : tap,
                      key_log};
    engine_ = Engine::make(configuration(own, peer, settings), seams).value();
  }

  Engine& engine() { return *engine_; }
  const Engine& engine() const { return *engine_; }
  const Path& path() const { return path_; }

 private:
  static Configuration configuration(const Seat& own, const Seat& peer, const PairSettings& settings) {
    ChildConfiguration child;
    child.name = "net";
    child.policy = ipsec::PolicyId{1};
    child.proposals = {{.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}}, .key_exchange = {}}};
    child.selectors = {{.local = {ipsec::AddressRange::parse(own.network).value()},
                        .remote = {ipsec::AddressRange::parse(peer.network).value()}}};
    PeerConfiguration configured;
    configured.name = "peer";
    configured.local_id = ipsec::Identity::fqdn(own.name);
    configured.remote_id = ipsec::Identity::fqdn(peer.name);
    configured.proposals = {{.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}},
                             .prf = {crypto::PrfId::hmac_sha2_256},
                             .key_exchange = {settings.group}}};
    configured.credential = settings.credential;
    configured.children.push_back(std::move(child));
    Configuration whole;
    whole.peers.push_back(std::move(configured));
    settings.change(whole);
    return whole;
  }

  Path path_;
  SeededRng rng_;
  std::shared_ptr<const ProofChecker> checker_;
  ExponentialBackOff back_off_;
  std::shared_ptr<const ipsec::PadSnapshot> pad_;
  std::unique_ptr<StatelessCookieJar> cookies_;
  StandardNarrowing narrowing_;
  StandardCollisionPolicy collisions_;
  AddressPools pools_;
  std::unique_ptr<Engine> engine_;
};

class GatewayPair {
 public:
  explicit GatewayPair(const PairSettings& settings, MessageTap* tap_of_a = nullptr,
                       KeyLog* key_log_of_a = nullptr)
      : a(seat_a(), seat_b(), settings, tap_of_a, key_log_of_a),
        b(seat_b(), seat_a(), settings, nullptr, nullptr) {}

  Gateway a, b;
  Instant now{};
  std::deque<Datagram> wire;               // as sent: `local` is the sender
  std::function<void(const Event&)> told;  // hears what either end tells; may be empty

  // act(engine, actions) at a gateway; what it sends goes onto the wire. True if it sent anything.
  template <class Act>
  bool at(Gateway& gateway, Act act) {
    actions_.clear();
    act(gateway.engine(), actions_);
    std::ranges::move(actions_.datagrams, std::back_inserter(wire));
    if (told) std::ranges::for_each(actions_.events, told);
    return !actions_.datagrams.empty();
  }

  void initiate(Gateway& gateway) {
    at(gateway, [&](Engine& engine, Actions& actions) {
      static_cast<void>(engine.initiate("peer", gateway.path(), now, actions));
    });
  }
  Datagram take(std::size_t place = 0) {
    Datagram datagram = std::move(wire.at(place));
    wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(place));
    return datagram;
  }
  void deliver(Datagram sent) {
    Gateway& to = sent.remote.address == a.path().local.address ? a : b;
    const Datagram arrived{sent.remote, sent.local, std::move(sent.octets)};
    at(to, [&](Engine& engine, Actions& actions) { engine.receive(arrived, now, actions); });
  }
  // Everything on the wire, and what that causes. False if it does not end after `most` datagrams.
  bool deliver_all(std::size_t most = 1000) {
    for (; !wire.empty() && most > 0; --most)
      deliver(take());
    return wire.empty();
  }
  std::optional<Instant> next_deadline() const {
    const auto ours = a.engine().next_deadline(), theirs = b.engine().next_deadline();
    return !ours || (theirs && *theirs < *ours) ? theirs : ours;
  }
  void on_time() {
    for (Gateway* gateway : {&a, &b})
      at(*gateway, [&](Engine& engine, Actions& actions) { engine.on_time(now, actions); });
  }
  // Time goes on by so much, and what is sent arrives at once. False if that takes more than `most` steps.
  bool run_for(Duration duration, std::size_t most = 5000) {
    const Instant until = now + duration;
    for (;; --most) {
      if (most == 0 || !deliver_all()) return false;
      const auto next = next_deadline();
      if (!next || *next > until) break;
      now = std::max(now, *next);
      on_time();
    }
    now = until;
    return true;
  }

 private:
  static Seat seat_a() { return {"a.example", IpAddress::v4(0xc0000201), "10.1.0.0/16"}; }
  static Seat seat_b() { return {"b.example", IpAddress::v4(0xc0000202), "10.2.0.0/16"}; }

  Actions actions_;
};

}  // namespace mpsec::ike::test
