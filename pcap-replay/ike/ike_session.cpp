#include "pcap-replay/ike/ike_session.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "pcap-replay/ike/payload_chain.hpp"

namespace mpsec::replay {

using namespace wire::ike;
using ike::FragmentReassembly;
using ike::OpenFault;

namespace {

constexpr FragmentReassembly::Limits fragment_limits{
    .fragments = 1024, .octets = 256 << 10, .messages = 8, .timeout = std::chrono::minutes(2)};

IkeVerdict verdict_of(OpenFault fault) {
  switch (fault) {
    case OpenFault::too_short:
      return IkeVerdict::too_short;
    case OpenFault::misaligned:
      return IkeVerdict::misaligned;
    case OpenFault::not_authentic:
      return IkeVerdict::not_authentic;
    case OpenFault::bad_padding:
      return IkeVerdict::bad_padding;
  }
  return IkeVerdict::malformed;
}

// Which of two failures tells more: the one that a right key gives.
int rank(OpenFault fault) {
  return fault == OpenFault::bad_padding ? 2 : fault == OpenFault::not_authentic ? 1 : 0;
}

// Where two texts begin to differ; nothing if they do not.
std::optional<std::string> difference(OctetView sent, OctetView encoded) {
  const auto [ours, theirs] = std::ranges::mismatch(sent, encoded);
  if (ours == sent.end() && theirs == encoded.end()) return std::nullopt;
  return fmt::format("encodes differently from offset {:#x} on: {} octets were sent, {} come out",
                     ours - sent.begin(), sent.size(), encoded.size());
}

std::size_t body_octets(const Payload& last) {
  const auto* whole = std::get_if<Encrypted>(&last.body);
  return whole != nullptr ? whole->octets.size() : std::get<EncryptedFragment>(last.body).octets.size();
}

bool is_protected(const Message& message) {
  if (message.payloads.empty()) return false;
  const Body& last = message.payloads.back().body;
  return std::holds_alternative<Encrypted>(last) || std::holds_alternative<EncryptedFragment>(last);
}

void fail(IkeRecord& record, IkeVerdict verdict, std::string why) {
  record.verdict = verdict;
  record.why = std::move(why);
}

}  // namespace

void IkeSession::add_entry(std::shared_ptr<const IkeKeyEntry> entry, const Tools& tools) {
  if (entry->messages && settled_) return;
  if (entry->messages) {
    auto opener = IkeOpener::create(tools.provider, *entry->messages);
    if (opener) {
      // Those that tell right from wrong are tried first.
      const auto place =
          opener->icv_checked()
              ? std::ranges::find_if(candidates_,
                                     [](const Candidate& one) { return !one.opener.icv_checked(); })
              : candidates_.end();
      candidates_.insert(place, Candidate{entry, *std::move(opener)});
    } else {
      Error error = std::move(opener).error();
      error.path = fmt::format("{}: {}", entry->where, error.path);
      tools.problems.push_back(std::move(error));
    }
  }
  entries_.push_back(std::move(entry));
}

void IkeSession::set_responder_spi(IkeSpi spi) {
  spis_.responder = spi;
  const auto is_other = [&](const IkeKeyEntry& entry) { return entry.responder_spi != spi; };
  std::erase_if(entries_, [&](const auto& entry) { return is_other(*entry); });
  std::erase_if(candidates_, [&](const Candidate& one) { return is_other(*one.entry); });
}

void IkeSession::read(const IkeMessage& message, IkeRecord& record, const Tools& tools,
                      DisclosedKeys& disclosed) {
  auto decoded = decode_message(message.octets);
  if (!decoded)
    fail(record, IkeVerdict::malformed, to_string(decoded.error()));
  else
    read_decoded(message, *decoded, record, tools, disclosed);
  count(record);
}

void IkeSession::count(const IkeRecord& record) {
  if (messages++ == 0) {
    first_frame = record.frame;
    first_time = last_time = record.time;
    initiator = record.header.initiator ? record.source : record.destination;
    responder = record.header.initiator ? record.destination : record.source;
  }
  last_frame = record.frame;
  first_time = std::min(first_time, record.time);
  last_time = std::max(last_time, record.time);
  ++by_verdict[static_cast<std::size_t>(record.verdict)];
  completed += record.fragments != 0 ? 1 : 0;
  if (!is_failure(record.verdict)) return;
  const auto known = std::ranges::find(failures, record.verdict, &std::pair<IkeVerdict, FrameList>::first);
  auto& list = known == failures.end() ? failures.emplace_back(record.verdict, FrameList{}) : *known;
  list.second.add(record.frame);
}

void IkeSession::read_decoded(const IkeMessage& message, const Message& decoded, IkeRecord& record,
                              const Tools& tools, DisclosedKeys& disclosed) {
  record.chain = chain_of(decoded.payloads);
  if (auto differs = difference(message.octets, encode(decoded)))
    return fail(record, IkeVerdict::differs, *std::move(differs));
  if (!is_protected(decoded)) {
    record.verdict = IkeVerdict::clear;
    if (decoded.header.exchange_type == ExchangeType::ike_sa_init)
      follow(decoded.header, decoded.payloads, message.frame, tools, disclosed);
    return;
  }
  auto opened = open(message, decoded, record);
  if (opened) opened = gather(decoded, *std::move(opened), record);
  if (opened) read_inside(decoded, *opened, record, tools, disclosed);
}

void IkeSession::read_inside(const Message& decoded, const Opened& opened, IkeRecord& record,
                             const Tools& tools, DisclosedKeys& disclosed) {
  const auto inner = decode_payloads(opened.first, opened.plaintext);
  if (!inner) {
    Error error = inner.error();
    error.path = fmt::format("{}/SK/{}", to_string(decoded.header.exchange_type), error.path);
    return fail(record, IkeVerdict::inner_malformed,
                to_string(error) + ", counted from the first payload inside");
  }
  record.chain = chain_of(decoded.payloads, *inner);
  if (auto differs = difference(opened.plaintext, encode(*inner)))
    return fail(record, IkeVerdict::inner_differs, *std::move(differs));
  record.verdict = opened.checked ? IkeVerdict::opened : IkeVerdict::opened_unchecked;
  follow(decoded.header, *inner, record.frame, tools, disclosed);
}

std::optional<IkeSession::Opened> IkeSession::open(const IkeMessage& message, const Message& decoded,
                                                   IkeRecord& record) {
  record.verdict = IkeVerdict::no_key;
  const Payload& last = decoded.payloads.back();
  const std::size_t body_at = message.octets.size() - body_octets(last);
  std::optional<OpenFault> worst;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    IkeOpener& opener = candidates_[i].opener;
    IkeBodyOpener& side = decoded.header.initiator ? opener.from_initiator() : opener.from_responder();
    Octets copy(message.octets.begin(), message.octets.end());
    const auto plain = side.open(copy, body_at);
    if (plain) {
      const bool checked = opener.icv_checked();
      Opened opened{last.header.next_payload, Octets(plain->begin(), plain->end()), checked};
      // Where nothing is checked, sense is what tells a right key, as far as a whole message has any.
      const bool makes_sense =
          checked || candidates_.size() == 1 || decode_payloads(opened.first, opened.plaintext).has_value();
      if (makes_sense) {
        settle(i);
        return opened;
      }
    }
    const OpenFault fault = plain ? OpenFault::bad_padding : plain.error();
    if (!worst || rank(fault) > rank(*worst)) worst = fault;
  }
  if (worst) fail(record, verdict_of(*worst), to_string(error_of(*worst)));
  return std::nullopt;
}

// The whole message, at once or by its last fragment.
std::optional<IkeSession::Opened> IkeSession::gather(const Message& decoded, Opened piece,
                                                     IkeRecord& record) {
  const auto* fragment = std::get_if<EncryptedFragment>(&decoded.payloads.back().body);
  if (fragment == nullptr) return piece;
  if (!fragments_) {
    fragments_ = std::make_unique<std::array<FragmentReassembly, 4>>();
    fragments_->fill(FragmentReassembly(fragment_limits));
  }
  const IkeHeader& header = decoded.header;
  FragmentReassembly& reassembly = (*fragments_)[(header.initiator ? 2u : 0u) + (header.response ? 1u : 0u)];
  reassembly.expire(record.time);
  auto added = reassembly.add({header.message_id, fragment->fragment_number, fragment->total_fragments,
                               static_cast<std::uint8_t>(piece.first), piece.plaintext},
                              record.time);
  record.verdict = IkeVerdict::fragment;
  if (!added) {
    fail(record, IkeVerdict::fragment_refused, std::string(ike::to_string(added.error())));
    return std::nullopt;
  }
  if (!*added) return std::nullopt;
  record.fragments = (*added)->fragments;
  return Opened{static_cast<PayloadType>((*added)->first_payload), std::move((*added)->plaintext),
                piece.checked};
}

void IkeSession::follow(const IkeHeader& header, const Payloads& payloads, std::uint64_t frame,
                        const Tools& tools, DisclosedKeys& disclosed) {
  if (entries_.empty()) return;
  if (!follower_) follower_ = std::make_unique<IkeFollower>(spis_, tools.ike_provider);
  follower_->see({header, payloads, frame, entries_}, disclosed);
}

// This one is right: the others are not, and neither is what they say of SK_d.
void IkeSession::settle(std::size_t candidate) {
  if (settled_) return;
  settled_ = true;
  Candidate right = std::move(candidates_[candidate]);
  std::erase_if(entries_, [&](const auto& entry) { return entry->messages && entry != right.entry; });
  candidates_.clear();
  candidates_.push_back(std::move(right));
}

}  // namespace mpsec::replay
