// What the settings say, in the form in which the engine's seams ask for it, and how new settings take the
// place of old ones.
#pragma once

#include <memory>
#include <unordered_map>

#include "gateway/settings/settings.hpp"
#include "ike/authentication.hpp"
#include "ipsec/pad.hpp"
#include "ipsec/spd.hpp"

namespace mpsec::gateway {

// The PAD as it is now: another takes its place while IKE SAs live, which keep the entries they were let in
// by.
class CurrentPad final : public ipsec::PeerAuthorization {
 public:
  void use(std::shared_ptr<const ipsec::PadSnapshot> pad) { pad_ = std::move(pad); }
  ipsec::PadResult<std::shared_ptr<const ipsec::PadEntry>> find(const ipsec::Identity& peer) const override {
    return pad_->find(peer);
  }
  ipsec::PadResult<ipsec::ChildLookup> authorize_child(
      const ipsec::PadEntry& entry, const ipsec::Identity& peer,
      std::span<const ipsec::AddressRange> remote) const override {
    return pad_->authorize_child(entry, peer, remote);
  }

 private:
  std::shared_ptr<const ipsec::PadSnapshot> pad_ = ipsec::Pad().snapshot();
};

// Likewise the trust anchors. A proof that is on its way is checked by what there was when it began.
class CurrentChecker final : public ike::ProofChecker {
 public:
  void use(std::shared_ptr<const ike::ProofChecker> checker) { checker_ = std::move(checker); }
  wire::ike::Payloads requests() const override { return checker_->requests(); }
  std::unique_ptr<ike::Verifier> begin() const override;

 private:
  std::shared_ptr<const ike::ProofChecker> checker_;
};

// Shared keys, and signatures under the anchors.
std::shared_ptr<const ike::ProofChecker> make_checker(const Settings& settings,
                                                      const crypto::PkiProvider& pki,
                                                      crypto::CalendarSeconds at_start);
Result<ipsec::Spd> make_spd(const Settings& settings);
Result<std::shared_ptr<const ipsec::PadSnapshot>> make_pad(std::vector<ipsec::PadEntry> entries);

// The policies of children, and the clusters, that both have by name keep in `fresh` the IDs that they have
// in `current`; the others get IDs that `current` does not have.
void keep_ids(Settings& fresh, const Settings& current);

// Fails (local fault) naming what of it is read at the start only: sockets, the tunnel interface, control,
// workers, pools, cookies.
Result<> may_replace(const Settings& current, const Settings& fresh);

// The child that a policy was made for.
struct PolicyOwner {
  const ike::PeerConfiguration* peer = nullptr;
  const ike::ChildConfiguration* child = nullptr;
};
// Of all policies; they point into `settings`.
std::unordered_map<ipsec::PolicyId, PolicyOwner> policy_owners(const Settings& settings);

}  // namespace mpsec::gateway
