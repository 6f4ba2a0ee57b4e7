// A seam: sees, and may bend, every message before it is protected and after it is opened.
#pragma once

#include "wire/ike/message.hpp"

namespace mpsec::ike {

class MessageTap {
 public:
  virtual ~MessageTap() = default;
  // About to leave: `message` is complete (RFC 7296 3.2's lengths and chain); what is changed here is sent
  // so, without repair. Of a protected message the payloads are those inside; its header's Next Payload and
  // Length are made when it is sealed.
  virtual void outgoing(wire::ike::Message& message) = 0;
  // Let in: authentic where it was protected.
  virtual void incoming(wire::ike::Message& message) = 0;
};

}  // namespace mpsec::ike
