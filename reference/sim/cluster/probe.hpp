// A stand-in for IKE's liveness checks: requests and answers over the links of one path, as one end asks.
#pragma once

#include <functional>
#include <optional>

#include "base/octets.hpp"
#include "cluster/round_trip.hpp"
#include "sim/virtual_time.hpp"

namespace mpsec::sim {

// A request or its answer, as the payload of a datagram between the addresses of the path.
struct ProbeMessage {
  bool answer = false;
  std::uint8_t attempt = 0;  // of the request
  std::uint32_t id = 0;

  Octets encode() const;
  static std::optional<ProbeMessage> decode(OctetView octets);
};

// Asks, and asks again when no answer comes in time; after an answer the next request waits for its turn.
class Probe {
 public:
  struct Seams {
    VirtualTime& time;
    std::function<void(OctetView)> send;
    std::function<void(std::optional<Duration> round_trip)> on_answer;  // no time where it was sent twice
    std::function<void()> on_unanswered;
  };
  Probe(Seams seams, Duration interval) : seams_(std::move(seams)), interval_(interval) {}
  Probe(const Probe&) = delete;

  // Until `end`.
  void start(Instant end);
  void receive(const ProbeMessage& answer);

  std::uint64_t requests() const { return requests_; }
  std::uint64_t unanswered() const { return unanswered_; }

 private:
  void ask();
  void send();
  void give_up();

  Seams seams_;
  Duration interval_;
  Instant end_{};
  cluster::RoundTrip round_trip_;
  ProbeMessage request_;
  bool waits_ = false;
  Instant asked_{};  // this request first
  VirtualTime::EventId timer_{};
  std::uint64_t requests_ = 0, unanswered_ = 0;
};

}  // namespace mpsec::sim
