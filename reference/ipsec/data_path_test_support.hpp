// A gateway with policies, for the tests of the data path.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/data_path.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::ipsec::test {

inline const crypto::Provider& provider() {
  static const auto openssl = crypto::make_openssl_provider();
  return *openssl;
}

inline constexpr PolicyId protect_id{1}, bypass_id{2}, discard_id{3};

inline AddressRange range(const char* text) {
  return AddressRange::parse(text).value();
}

// One gateway with the policies: UDP between the two test networks is protected, 192.0.2.0/24 passes clear,
// the rest of 198.51.100.0/24 is discarded; what no policy names is discarded too.
class Gateway {
 public:
  explicit Gateway(DataPath::Options options = {})
      : path_(with_addresses(options), {rng_, lifetime_, policy_}) {
    Spd spd;
    Policy protect;
    protect.id = protect_id, protect.action = Action::protect, protect.name = "protect";
    Selector networks;
    networks.protocol = ProtocolSelector::number(17);
    protect.selectors = {networks};
    protect.protect = ProtectSpec{};
    protect.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("192.0.2.2")};
    Policy bypass;
    bypass.id = bypass_id, bypass.action = Action::bypass, bypass.name = "bypass";
    Selector outside;
    outside.remote = {range("192.0.2.0/24")};
    bypass.selectors = {outside};
    Policy discard;
    discard.id = discard_id, discard.action = Action::discard, discard.name = "discard";
    Selector rest;
    rest.remote = {range("198.51.100.0/24")};
    discard.selectors = {rest};
    for (Policy* policy : {&protect, &bypass, &discard}) {
      const auto appended = spd.append(*policy);
      EXPECT_TRUE(appended) << to_string(appended.error());
    }
    path_.use(spd);
  }

  void add(const SaPlan& plan) { add(test::outbound_parameters(plan), test::inbound_parameters(plan)); }
  void add(OutboundParameters out, InboundParameters in) {
    out_ = path_.add(protect_id, OutboundSa::make(std::move(out), provider()).value());
    in_ = path_.add(InboundSa::make(std::move(in), provider()).value()).value();
  }

  struct Sent {
    Fate fate;
    Discard discard;
    Octets packet;
  };
  Sent send(OctetView clear, Instant now = {}) {
    actions_.clear();
    HeldPacket held(clear);
    Outgoing outgoing{.packet = held.buffer()};
    Fate fate{};
    path_.send({&outgoing, 1}, now, {&fate, 1}, actions_);
    const auto view = outgoing.packet.view();
    return {fate, outgoing.discard, Octets(view.begin(), view.end())};
  }
  // What was delivered.
  std::vector<Octets> receive(OctetView datagram, Instant now = {}) {
    actions_.clear();
    HeldPacket held(datagram);
    path_.receive({&held.buffer(), 1}, now, actions_);
    std::vector<Octets> delivered;
    for (const Delivery& delivery : actions_.deliveries) {
      const auto view = delivery.packet.view();
      delivered.emplace_back(view.begin(), view.end());
    }
    return delivered;
  }
  template <class Kind>
  std::vector<Kind> events() const {
    std::vector<Kind> found;
    for (const Event& event : actions_.events) {
      if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    }
    return found;
  }

  DataPath& path() { return path_; }
  Actions& actions() { return actions_; }
  OutboundSa& out() { return *out_; }
  InboundSa& in() { return *in_; }

 private:
  static DataPath::Options with_addresses(DataPath::Options options) {
    options.own_v4 = ip("192.0.2.1");
    options.own_v6 = ip("2001:db8::1");
    return options;
  }
  SeededRng rng_{7};
  StandardLifetimePolicy lifetime_;
  StandardInboundPolicy policy_;
  DataPath path_;
  Actions actions_;
  OutboundSa* out_ = nullptr;
  InboundSa* in_ = nullptr;
};

}  // namespace mpsec::ipsec::test
