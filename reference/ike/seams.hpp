// What policy may replace and the world must provide. Everything outlives the engine.
#pragma once

#include "crypto/ike_provider.hpp"
#include "crypto/provider.hpp"
#include "ike/address_pool.hpp"
#include "ike/authentication.hpp"
#include "ike/collisions.hpp"
#include "ike/cookie_jar.hpp"
#include "ike/keys.hpp"
#include "ike/message_tap.hpp"
#include "ike/narrowing.hpp"
#include "ike/retransmission.hpp"
#include "ike/types.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ike {

// Asked-for export of keys, for traces that others shall decrypt. Whoever keeps them guards them.
class KeyLog {
 public:
  virtual ~KeyLog() = default;
  struct IkeSaKeys {
    const IkeSpis& spis;
    const Suite& suite;
    const IkeKeys& keys;
  };
  virtual void ike_sa(const IkeSaKeys& keys) = 0;
  virtual void child_sa(const ipsec::InboundParameters& inbound,
                        const ipsec::OutboundParameters& outbound) = 0;
};

// What the data path knows and IKE asks for.
class Traffic {
 public:
  virtual ~Traffic() = default;
  // When the last packet left on the child's outbound SA; nothing: none has.
  virtual std::optional<Instant> last_sent(ChildId child) const = 0;
};

struct Seams {
  Rng& rng;
  const crypto::Provider& provider;
  const crypto::IkeProvider& ike_provider;
  const ipsec::PeerAuthorization& pad;
  const ProofChecker& checker;
  CookieJar& cookies;
  AddressPools& pools;
  const RetransmissionPolicy& retransmission;
  const NarrowingPolicy& narrowing;
  const CollisionPolicy& collisions;
  MessageTap* tap = nullptr;
  KeyLog* key_log = nullptr;
  const Traffic* traffic = nullptr;  // null: keepalives are sent beside traffic
};

}  // namespace mpsec::ike
