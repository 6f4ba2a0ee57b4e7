// Goes along with an IKE SA whose messages are open: takes from them what its Child SAs, and the IKE SA that
// replaces it, are keyed with (RFC 7296 2.14, 2.17, 2.18).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ike/keys.hpp"
#include "ike/negotiation.hpp"
#include "pcap-replay/keys/key_entry.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::replay {

// Keys that came to light on the way.
struct DisclosedKeys {
  std::vector<KeyEntry> children;
  std::vector<IkeKeyEntry> ike_sas;  // where several shared secrets may be the right one: one for each
};

// A Child SA that both ends agreed on, or the successor of the IKE SA.
struct IkeOffspring {
  std::uint64_t frame = 0;  // of the response
  std::string what;         // "ESP 0x01020304 to the responder, 0x05060708 to the initiator, tunnel mode"
  std::string algorithms;
  bool keyed = false;
};

class IkeFollower {
 public:
  static constexpr std::size_t most_offers = 64, most_done = 1024, most_offspring = 1000, most_missing = 100;

  IkeFollower(const ike::IkeSpis& spis, const crypto::IkeProvider& provider)
      : spis_(spis), provider_(&provider) {}

  // A message, opened or sent in clear. `entries` are all that is known of this IKE SA, best first.
  struct Seen {
    const wire::ike::IkeHeader& header;
    const wire::ike::Payloads& payloads;
    std::uint64_t frame;
    const std::vector<std::shared_ptr<const IkeKeyEntry>>& entries;
  };
  void see(const Seen& seen, DisclosedKeys& disclosed);

  const std::vector<IkeOffspring>& offspring() const { return offspring_; }
  std::uint64_t offspring_count() const { return offspring_count_; }
  // Why what was agreed on stays closed, each cause once.
  const std::set<std::string>& missing() const { return missing_; }

 private:
  struct Offer {
    wire::ike::SecurityAssociation sa;
    Octets nonce;
    bool key_exchange = false;
    bool transport = false;
  };
  // One exchange, both its messages seen.
  struct Exchange {
    const Seen& seen;  // the response
    const Offer& offer;
    ike::Role from;  // what the sender of the request is in the IKE SA
    ike::ChosenSuite chosen;
    const wire::ike::Proposal* proposal;  // the offered one that was chosen
    ike::Nonces nonces;
  };

  void see_init(const Seen& seen, DisclosedKeys& disclosed);
  void see_request(const Seen& seen);
  void see_response(const Seen& seen, DisclosedKeys& disclosed);
  void note_done(ike::Role from, const wire::ike::IkeHeader& header, bool initial);
  void made(const Exchange& exchange, DisclosedKeys& disclosed);
  void made_child(const Exchange& exchange, DisclosedKeys& disclosed);
  void made_ike_sa(const Exchange& exchange, DisclosedKeys& disclosed);
  void keys_from_init(const Seen& seen, DisclosedKeys& disclosed);
  Result<> disclose_child(const Exchange& exchange, OctetView sk_d, OctetView shared_secret,
                          DisclosedKeys& to);

  const IkeKeyEntry* with_d(const Seen& seen) const;
  const crypto::PrfTransform* prf(const Seen& seen) const;
  std::vector<OctetView> shared_secrets(const Seen& seen) const;
  void miss(std::string why);
  void add(IkeOffspring offspring);

  ike::IkeSpis spis_;
  const crypto::IkeProvider* provider_;
  std::optional<Offer> init_offer_, auth_offer_;
  Octets initiator_nonce_, responder_nonce_;
  std::optional<ike::ChosenSuite> suite_;
  std::map<std::pair<ike::Role, std::uint32_t>, Offer> offers_;
  std::set<std::pair<ike::Role, std::uint32_t>> done_;  // numbers are not used again: these are repetitions
  bool auth_done_ = false;
  std::vector<IkeOffspring> offspring_;
  std::uint64_t offspring_count_ = 0;
  std::set<std::string> missing_;
};

}  // namespace mpsec::replay
