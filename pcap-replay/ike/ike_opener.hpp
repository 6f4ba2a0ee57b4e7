// Opens SK and SKF payloads with the keys of a key file, those too whose ICV nobody can check.
#pragma once

#include <memory>
#include <optional>

#include "ike/protection.hpp"
#include "pcap-replay/keys/ike_entry.hpp"

namespace mpsec::replay {

// Of one direction.
class IkeBodyOpener {
 public:
  // Fails (local_fault) where the provider lacks an algorithm.
  static Result<IkeBodyOpener> create(const crypto::Provider& provider, const IkeMessageKeys& keys,
                                      const SecretOctets& encryption_key, const SecretOctets& integrity_key);

  // Decrypts, in place, the body from `body_at` to the end; the payloads without padding.
  std::expected<MutableOctets, ike::OpenFault> open(MutableOctets message, std::size_t body_at);

 private:
  IkeBodyOpener() = default;
  std::expected<MutableOctets, ike::OpenFault> open_by_parts(MutableOctets message, std::size_t body_at);

  std::optional<ike::MessageOpener> checked_;  // or, where the engine would not open it:
  ike::BodyLayout layout_;
  SecretOctets salt_;
  std::unique_ptr<crypto::Cipher> cipher_;  // null: the text is clear
  std::unique_ptr<crypto::Mac> mac_;        // null: unchecked
};

// Both directions of an IKE SA.
class IkeOpener {
 public:
  static Result<IkeOpener> create(const crypto::Provider& provider, const IkeMessageKeys& keys);
  bool icv_checked() const { return icv_checked_; }
  IkeBodyOpener& from_initiator() { return from_initiator_; }
  IkeBodyOpener& from_responder() { return from_responder_; }

 private:
  IkeOpener(IkeBodyOpener from_initiator, IkeBodyOpener from_responder, bool icv_checked)
      : from_initiator_(std::move(from_initiator)),
        from_responder_(std::move(from_responder)),
        icv_checked_(icv_checked) {}
  IkeBodyOpener from_initiator_, from_responder_;
  bool icv_checked_;
};

}  // namespace mpsec::replay
