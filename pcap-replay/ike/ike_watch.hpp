// All IKE SAs of a capture.
#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "pcap-replay/ike/ike_session.hpp"

namespace mpsec::replay {

struct IkeWatchOptions {
  std::size_t most_sas = 65536;         // without a key; messages of further ones are counted together
  std::size_t most_successors = 65536;  // IKE SAs whose keys came to light on the way
};

class IkeWatch {
 public:
  // The providers outlive the watch.
  IkeWatch(const crypto::Provider& provider, const crypto::IkeProvider& ike_provider,
           const IkeWatchOptions& options = {})
      : provider_(&provider), ike_provider_(&ike_provider), options_(options) {}

  void add_keys(const std::vector<IkeKeyEntry>& entries);

  // Whether `payload`, of a UDP datagram between other ports than IKE's, may be a message of an IKE SA that
  // keys are there for; the octets before it (0, or 4 of the non-ESP marker).
  std::optional<std::size_t> find_message(OctetView payload) const;

  // What the message says, and the keys that it brought to light.
  IkeRecord read(const IkeMessage& message, std::vector<KeyEntry>& children);

  // In the order of their first messages.
  const std::deque<IkeSession>& sessions() const { return sessions_; }
  // Messages of IKE SAs that there was no room for.
  std::uint64_t not_tracked() const { return not_tracked_; }
  // IKEv1 by exchange type.
  const std::map<std::uint8_t, std::uint64_t>& v1_exchanges() const { return v1_exchanges_; }
  std::vector<Error> take_problems() { return std::exchange(problems_, {}); }

 private:
  IkeSession* session_of(const wire::ike::IkeHeader& header);
  IkeSession* add_session(const ike::IkeSpis& spis);
  void learn(std::shared_ptr<const IkeKeyEntry> entry);
  IkeSession::Tools tools() { return {*provider_, *ike_provider_, problems_}; }

  const crypto::Provider* provider_;
  const crypto::IkeProvider* ike_provider_;
  IkeWatchOptions options_;
  std::map<ike::IkeSpis, IkeEntries> entries_;
  std::size_t learnt_ = 0;
  std::deque<IkeSession> sessions_;  // which stay where they are
  std::map<ike::IkeSpis, IkeSession*> by_spis_;
  std::map<std::uint8_t, std::uint64_t> v1_exchanges_;
  std::uint64_t not_tracked_ = 0;
  std::vector<Error> problems_;
};

}  // namespace mpsec::replay
