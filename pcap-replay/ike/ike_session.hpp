// One IKE SA as a capture shows it.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "ike/fragmentation.hpp"
#include "pcap-replay/capture/frame_list.hpp"
#include "pcap-replay/ike/ike_follower.hpp"
#include "pcap-replay/ike/ike_opener.hpp"
#include "pcap-replay/ike/ike_record.hpp"

namespace mpsec::replay {

using IkeEntries = std::vector<std::shared_ptr<const IkeKeyEntry>>;

class IkeSession {
 public:
  explicit IkeSession(const ike::IkeSpis& spis) : spis_(spis) {}

  const ike::IkeSpis& spis() const { return spis_; }
  // The responder has chosen its SPI: keys of other IKE SAs with the same initiator's SPI do not count.
  void set_responder_spi(IkeSpi spi);

  struct Tools {
    const crypto::Provider& provider;
    const crypto::IkeProvider& ike_provider;
    std::vector<Error>& problems;  // entries that cannot be used, and why
  };
  // More keys that may be its own: each is tried until one opens a message; none is, after that.
  void add_entry(std::shared_ptr<const IkeKeyEntry> entry, const Tools& tools);
  bool has_entries() const { return !entries_.empty(); }

  // Reads a message of this IKE SA, whose header is in `record`, into `record`.
  void read(const IkeMessage& message, IkeRecord& record, const Tools& tools, DisclosedKeys& disclosed);
  // A message that was not read: cut, or not of IKEv2.
  void count(const IkeRecord& record);

  // --- for reports
  std::uint64_t messages = 0;
  std::array<std::uint64_t, ike_verdicts> by_verdict{};
  std::vector<std::pair<IkeVerdict, FrameList>> failures;  // in the order of first appearance
  std::uint64_t first_frame = 0, last_frame = 0;
  Instant first_time{}, last_time{};
  Endpoint initiator, responder;  // where its first message went from and to
  std::uint64_t completed = 0;    // messages put together from fragments

  // What opens its messages; null until one was opened.
  const IkeKeyEntry* key() const { return settled_ ? candidates_.front().entry.get() : nullptr; }
  const IkeFollower* follower() const { return follower_.get(); }

 private:
  struct Candidate {
    std::shared_ptr<const IkeKeyEntry> entry;
    IkeOpener opener;
  };
  struct Opened {
    wire::ike::PayloadType first;
    Octets plaintext;
    bool checked = true;
  };

  void read_decoded(const IkeMessage& message, const wire::ike::Message& decoded, IkeRecord& record,
                    const Tools& tools, DisclosedKeys& disclosed);
  void read_inside(const wire::ike::Message& decoded, const Opened& opened, IkeRecord& record,
                   const Tools& tools, DisclosedKeys& disclosed);
  std::optional<Opened> open(const IkeMessage& message, const wire::ike::Message& decoded, IkeRecord& record);
  std::optional<Opened> gather(const wire::ike::Message& decoded, Opened piece, IkeRecord& record);
  void follow(const wire::ike::IkeHeader& header, const wire::ike::Payloads& payloads, std::uint64_t frame,
              const Tools& tools, DisclosedKeys& disclosed);
  void settle(std::size_t candidate);

  ike::IkeSpis spis_;
  IkeEntries entries_;
  std::vector<Candidate> candidates_;
  bool settled_ = false;
  std::unique_ptr<std::array<ike::FragmentReassembly, 4>> fragments_;  // by sender, requests and responses
  std::unique_ptr<IkeFollower> follower_;
};

}  // namespace mpsec::replay
