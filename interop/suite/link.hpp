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
  std::optional<std::uint16_t> udp_checksum{};  // as it arrived in UDP, where the link can tell
  bool in_udp() const { return path.local.port != 0; }
};

// A whole IP packet that is neither IKE nor ESP: what should have been protected, or is sent to see whether
// it is let in.
struct ClearPacket {
  Octets octets;
};

struct Arrival {
  Instant at{};
  std::variant<Datagram, EspPacket, ClearPacket>
      what;  // a datagram is IKE, with its non-ESP marker on port 4500
};

class Link {
 public:
  virtual ~Link() = default;
  virtual Instant now() const = 0;
  // Address pairs between tester and target, the ports those of IKE_SA_INIT. At least one.
  virtual const std::vector<ike::Path>& paths() const = 0;
  virtual void send(const Datagram& datagram) = 0;
  virtual void send(const EspPacket& packet) = 0;
  // Whether clear packets of the target are seen, and can be sent to it; else cases about them cannot be run.
  virtual bool handles_clear() const { return false; }
  virtual void send(const ClearPacket&) {}
  // The next that arrives; nothing: it is `until`, and nothing came.
  virtual std::optional<Arrival> receive(Instant until) = 0;

  // How long a target may take to answer, path and loss reckoned in.
  virtual Duration patience() const = 0;
  // How often a request goes out before it counts as unanswered.
  virtual unsigned sendings() const { return 2; }
  // How long nothing has to come before it can be said that nothing comes.
  virtual Duration silence() const = 0;
};

}  // namespace mpsec::conformance
