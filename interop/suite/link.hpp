// Between the tester and the target: memory on virtual time, or a network.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/datagram.hpp"
#include "ike/channel.hpp"

namespace mpsec::conformance {

// An ESP packet from its SPI on. In UDP where the ports of `path` are not 0.
struct EspPacket {
  ike::Path path;  // `local` is the tester
  Octets octets;
  bool in_udp() const { return path.local.port != 0; }
};

// An inner packet between the two networks that left the target as it is.
struct ClearPacket {
  Octets octets;
};

struct Arrival {
  Instant at{};
  // A datagram is IKE, with its non-ESP marker on port 4500.
  std::variant<Datagram, EspPacket, ClearPacket> what;
};

class Link {
 public:
  virtual ~Link() = default;
  virtual Instant now() const = 0;
  // Address pairs between tester and target, the ports those of IKE_SA_INIT. At least one.
  virtual const std::vector<ike::Path>& paths() const = 0;
  virtual void send(const Datagram& datagram) = 0;
  virtual void send(const EspPacket& packet) = 0;
  // The next that arrives; nothing: it is `until`, and nothing came.
  virtual std::optional<Arrival> receive(Instant until) = 0;

  // How long a target may take to answer, path and loss reckoned in.
  virtual Duration patience() const = 0;
  // How long nothing has to come before it can be said that nothing comes.
  virtual Duration silence() const = 0;
};

}  // namespace mpsec::conformance
