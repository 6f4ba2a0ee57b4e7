// What the responder takes of the proposed traffic (RFC 7296 2.9): the seam, and the standard policy.
#pragma once

#include <span>

#include "ike/refusal.hpp"
#include "ike/traffic_selectors.hpp"

namespace mpsec::ike {

struct NarrowingRequest {
  const TrafficSelectorPair& proposed;          // TSr as local, TSi as remote
  std::span<const ipsec::Selector> allowed;     // by our policy for this Child SA
  const TrafficSelectorPair* in_use = nullptr;  // of the Child SA that is rekeyed; null: a new one
};

struct Narrowed {
  TrafficSelectorPair selectors{};   // what to answer, and to install
  bool additional_possible = false;  // say ADDITIONAL_TS_POSSIBLE
};

class NarrowingPolicy {
 public:
  virtual ~NarrowingPolicy() = default;
  // Refuses with TS_UNACCEPTABLE or SINGLE_PAIR_REQUIRED.
  virtual Granted<Narrowed> narrow(const NarrowingRequest& request) const = 0;
};

// All that is proposed and allowed, as far as one SA can carry it:
//   - everything as it was proposed, if all of it is allowed;
//   - else what is allowed of it, and the first selectors of both payloads are in it if they are allowed;
//   - of parts that no one SA can carry together, the first; the others are said to be possible.
// A rekeyed SA keeps what the old one carried.
class StandardNarrowing final : public NarrowingPolicy {
 public:
  struct Settings {
    bool one_address_pair = false;     // each pair of addresses has an SA of its own
    bool announce_additional = true;   // send ADDITIONAL_TS_POSSIBLE
    std::size_t most_considered = 32;  // selectors of a payload; those behind are narrowed away
  };

  StandardNarrowing() = default;
  explicit StandardNarrowing(const Settings& settings) : settings_(settings) {}
  Granted<Narrowed> narrow(const NarrowingRequest& request) const override;

 private:
  Settings settings_{};
};

}  // namespace mpsec::ike
