// Two IKEv2 engines without secrecy, A and B, with the octets of a fuzzer in the place of what reaches one of
// them, and the laws that hold whatever these are.
#pragma once

#include <string>

#include "ike/protection.hpp"
#include "ike/test_pair.hpp"

namespace mpsec::fuzz {

// How far A, the initiator, and B have come before the fuzzer's octets arrive.
enum class IkeStage : std::uint8_t {
  nothing,
  init_sent,    // A has sent IKE_SA_INIT, which is held back
  half_open,    // B has answered; A's IKE_AUTH is held back
  answered,     // B is established; its IKE_AUTH response is held back
  established,  // both are, with one Child SA
};

// What a user may ask for, in the order of the numbers that a fuzzer draws.
enum class IkeCommand : std::uint8_t {
  none,
  check_liveness,
  create_child,
  rekey_child,
  rekey_ike,
  delete_child,
  close,
  initiate,
};
inline constexpr unsigned ike_commands = 8;

enum class IkeEnd : std::uint8_t { a, b };
class IkeEnds;

// What a test puts in the place of the usual: other cryptography, or a wrong seam whose work a law must see.
struct IkeWorld {
  bool clusters = false;                              // the children of both ends are to be sub-SAs of one
  const crypto::Provider* provider = nullptr;         // null: the open one
  const crypto::IkeProvider* ike_provider = nullptr;  // likewise
  std::function<void(ike::test::PairSettings&)> change = [](ike::test::PairSettings&) {};
  // Before and after what the input says arrives at an end.
  std::function<void(IkeEnds&, IkeEnd)> before = [](IkeEnds&, IkeEnd) {}, after = before;
};

// Remembers the keys of an engine's newest IKE SA: with them a fuzzer is its peer's peer.
class KeyKeeper final : public ike::KeyLog {
 public:
  struct Kept {
    ike::IkeSpis spis;
    ike::Protection protection;
    ike::IkeKeys keys;
  };
  void ike_sa(const IkeSaKeys& keys) override {
    kept.emplace(keys.spis, keys.suite.protection, keys.keys.clone());
  }
  void child_sa(const ipsec::InboundParameters&, const ipsec::OutboundParameters&) override {}
  std::optional<Kept> kept;
};

// The words that stand for what a seed cannot know; they are replaced before the octets are used.
//   "SPI_INIT" "SPI_RESP"   the SPIs of the IKE SA
//   "SPIa" "SPIb"           the SPIs at which A and B receive on their first Child SA
//   "SPIn"                  another number every time
//   "CLUSTER1"              the ID of their first cluster
class IkeEnds {
 public:
  explicit IkeEnds(IkeStage stage, bool cookies = false, const IkeWorld& world = {});

  using End = IkeEnd;
  struct FragmentPlace {
    std::uint16_t number, total;
  };
  void command(End end, IkeCommand command, std::size_t which = 0);
  // A datagram as it is, as if the other end had sent it: nobody has authenticated it.
  void receive_raw(End at, Octets octets);
  // The payloads `plaintext`, sealed by the other end under the header given: its exchange, flags and Message
  // ID stay, its SPIs and lengths are made right. Whole, or as a fragment.
  void receive_sealed(End at, OctetView header, wire::ike::PayloadType first, OctetView plaintext,
                      std::optional<FragmentPlace> place = std::nullopt);
  Octets with_words_replaced(OctetView octets);

  ike::test::GatewayPair& pair() { return pair_; }
  // Lets what was held back go on, and everything come to its end.
  void release();
  bool is_established(End at) const;
  // Everything that is established at an end, as text.
  std::string established(End at) const;
  // Why the ends do not agree on their SAs; empty if they do.
  std::string disagreement() const;
  // The laws that an engine which should hold nothing breaks.
  static std::vector<const char*> leftovers(const ike::Engine& engine);

  // --- laws; each ends the run if it does not hold (tests/ike_laws_test.cpp shows that each can)
  void require_bounded() const;
  void require_unchanged(End at, const std::string& before) const;
  // Talk comes to an end, and no end works on and on.
  void require_rest(Duration duration);
  // The end's first IKE SA is good: what it asks for over it is answered at once.
  void require_alive(End end = End::a);
  // After both close, nothing is left: no SA, no SPI, no deadline.
  void require_nothing_left();

 private:
  ike::test::Gateway& gateway(End end) { return end == End::a ? pair_.a : pair_.b; }
  const ike::test::Gateway& gateway(End end) const { return end == End::a ? pair_.a : pair_.b; }

  const crypto::Provider& provider_;
  KeyKeeper keys_;
  ike::test::GatewayPair pair_;
  std::deque<Datagram> held_back_;
  unsigned attempts_ = 0;      // at an IKE SA
  std::size_t asked_for_ = 0;  // commands that may make an SA
  std::uint32_t fresh_ = 0;    // the last "SPIn"
};

// What the targets do with an input, as their comments say.
void fuzz_ike_responder(OctetView input, const IkeWorld& world = {});
void fuzz_ike_initiator_reply(OctetView input, const IkeWorld& world = {});
void fuzz_ike_authenticated(OctetView input, const IkeWorld& world = {});
void fuzz_ike_fragments(OctetView input, const IkeWorld& world = {});
void fuzz_ike_session(OctetView input, const IkeWorld& world = {});

// mutate_ike_message() for inputs whose message stands behind `prefix` octets, which are left to libFuzzer.
std::size_t mutate_ike_message_behind(std::size_t prefix, std::uint8_t* data, std::size_t size,
                                      std::size_t max_size, unsigned seed);

}  // namespace mpsec::fuzz
