// The engine's inbound path for one stream: the SA that a key file describes, found out as far as the file is
// silent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipsec/ah_authenticator.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/sad.hpp"
#include "pcap-replay/core/stream.hpp"
#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// What the engine made of a packet.
struct OpeningResult {
  ipsec::Discard discard = ipsec::Discard::none;
  std::uint64_t number = 0;  // the full sequence number, as far as the engine could tell
  OctetView inner;           // where not discarded: the clear IP packet
  OctetView copy;  // where a shared window had the number already: what was in the packet, if authentic
};

// What all openers share: provider, seams, SAD.
class OpeningBench {
 public:
  OpeningBench(const crypto::Provider& provider, std::uint64_t sad_seed);

  const crypto::Provider& provider() const { return *provider_; }
  ipsec::InboundSad<ipsec::InboundSa>& sad() { return sad_; }
  // The engine's first look at a packet, copied to `storage`, and the SA that its SAD names; nullptr if none.
  ipsec::Discard arrive(const Found& found, Octets& storage, ipsec::SealedPacket& sealed,
                        ipsec::InboundSa*& sa);
  // Gives one packet to one SA of the engine. The inner packet is left where the packet was.
  OpeningResult receive(ipsec::InboundSa& sa, const ipsec::SealedPacket& sealed, Instant now);

 private:
  const crypto::Provider* provider_;
  ipsec::InboundSad<ipsec::InboundSa> sad_;
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy policy_;
  ipsec::AhAuthenticator ah_;
};

// The parameters of an entry for a stream: its SPI and addresses, the window to take where the file names
// none.
ipsec::InboundParameters parameters_for(const KeyEntry& entry, const StreamKey& stream,
                                        const IpAddress& source, std::uint32_t default_window);

// Several entries may fit a stream (wildcards), and most files do not tell the mode. Until a packet opens,
// all are tried on each; the first that opens one stays, and is installed in the SAD.
class SaOpener {
 public:
  // `entries` fit the stream, best first; they outlive this object. What cannot be built is left out;
  // `problems` says why. `shared` is a cluster's window: it judges from the packet on that settles which
  // entry it is, that packet included, so that no wrong try touches it.
  SaOpener(const StreamKey& stream, const IpAddress& source, const std::vector<const KeyEntry*>& entries,
           std::uint32_t default_window, OpeningBench& bench, std::vector<Error>& problems,
           std::shared_ptr<ipsec::AntiReplay> shared = nullptr);

  // False if no entry could be built.
  bool usable() const { return !candidates_.empty() || installed_ != nullptr; }
  // `packet` is a whole IP datagram with ESP or AH in it, and `storage` room for it and the headers to come.
  OpeningResult open(const Found& found, Instant now, Octets& storage);

  // The entry that opens the stream, once one did.
  const KeyEntry* entry() const { return entry_; }
  const ipsec::InboundSa* sa() const { return installed_.get(); }

 private:
  struct Candidate {
    const KeyEntry* entry;
    std::unique_ptr<ipsec::InboundSa> sa;
  };

  OpeningResult try_candidates(const Found& found, Instant now, Octets& storage);
  OpeningResult try_high_halves(ipsec::InboundSa& sa, const Found& found, Instant now, Octets& storage);
  OpeningResult try_one(ipsec::InboundSa& sa, const Found& found, Instant now, Octets& storage);
  void install(Candidate& candidate);
  std::unique_ptr<ipsec::InboundSa> over_shared_window(const ipsec::InboundSa& sa) const;
  void judge_by_shared_window(OpeningResult& result);
  OpeningResult open_copy(const OpeningResult& result, const Found& found, Instant now, Octets& storage);
  void add_candidates(const KeyEntry& entry, std::vector<Error>& problems);

  StreamKey stream_;
  IpAddress source_;
  std::uint32_t default_window_;
  OpeningBench* bench_;
  std::shared_ptr<ipsec::AntiReplay> shared_;
  std::vector<Candidate> candidates_;
  std::unique_ptr<ipsec::InboundSa> installed_;
  // With a shared window: the same SA with a window of its own, for what the shared one turns away unopened.
  std::unique_ptr<ipsec::InboundSa> alone_;
  const KeyEntry* entry_ = nullptr;
};

}  // namespace mpsec::replay
