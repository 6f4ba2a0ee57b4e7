// Policies for the tests of this folder.
#pragma once

#include <string>
#include <utility>

#include "ipsec/policy.hpp"
#include "ipsec/selector_generators.hpp"

namespace mpsec::ipsec {

inline Policy make_policy(std::uint32_t id, Action action, Selector selector, std::string name = "p") {
  Policy policy{
      .id = PolicyId{id}, .action = action, .name = std::move(name), .selectors = {std::move(selector)}};
  if (action == Action::protect) {
    policy.protect = ProtectSpec{};
    policy.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("192.0.2.2")};
  }
  return policy;
}

inline rc::Gen<Policy> some_policy(std::uint32_t id) {
  return rc::gen::exec([id] {
    const Action action = *rc::gen::element(Action::discard, Action::bypass, Action::protect);
    Policy policy = make_policy(id, action, *some_selector());
    if (*rc::gen::inRange(0, 4) == 0) policy.selectors.push_back(*some_selector());
    if (action != Action::protect) {
      policy.outbound = *rc::gen::inRange(0, 3) != 0;
      policy.inbound = !policy.outbound || *rc::gen::arbitrary<bool>();
    }
    return policy;
  });
}

}  // namespace mpsec::ipsec
