#include "pcap-replay/core/sa_opener.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "ipsec/arrival.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Discard;
using ipsec::InboundSa;
using ipsec::Mode;

// A capture may begin in the middle of an SA with extended numbers: so many high halves are tried on its
// first packets.
constexpr std::uint64_t high_halves_tried = 16;

// Whether the keys were right, as far as an ICV told.
bool is_authentic(Discard discard) {
  switch (discard) {
    case Discard::none:
    case Discard::selector_mismatch:
    case Discard::ecn_violation:
    case Discard::bad_next_header:
    case Discard::bad_padding:
    case Discard::dummy:
    case Discard::inner_malformed:
      return true;
    default:
      return false;
  }
}

// Whether the entry and its mode are the stream's, so that the search can end.
bool settles(Discard discard) {
  return discard == Discard::none || discard == Discard::selector_mismatch ||
         discard == Discard::ecn_violation;
}

// Which of two failures says more about the packet.
int rank(Discard discard) {
  if (is_authentic(discard)) return 2;
  return discard == Discard::integrity_failed ? 1 : 0;
}

}  // namespace

OpeningBench::OpeningBench(const crypto::Provider& provider, std::uint64_t sad_seed)
    : provider_(&provider), sad_(sad_seed) {}

Discard OpeningBench::arrive(const Found& found, Octets& storage, ipsec::SealedPacket& sealed,
                             InboundSa*& sa) {
  storage.resize(ipsec::default_headroom + found.packet.size() + ipsec::default_tailroom);
  std::ranges::copy(found.packet, storage.begin() + ipsec::default_headroom);
  ipsec::PacketBuffer buffer(storage, ipsec::default_headroom, found.packet.size());
  const std::uint16_t port = found.kind == FoundKind::esp_in_udp ? found.destination_port : 0;
  const ipsec::Arrival arrival = ipsec::look_at(buffer, sealed, port);
  if (arrival.kind == ipsec::Arrival::Kind::discard) return arrival.discard;
  if (arrival.kind != ipsec::Arrival::Kind::sealed) return Discard::malformed_packet;
  const ipsec::InboundKey key = ipsec::key_of(sealed, arrival.spi);
  sa = sad_.find(key);
  if (sa != nullptr && sa->parameters().protocol != sealed.protocol) sa = nullptr;
  return Discard::none;
}

OpeningResult OpeningBench::receive(InboundSa& sa, const ipsec::SealedPacket& sealed, Instant now) {
  const std::size_t number_at = sealed.protected_at + (sealed.protocol == ipsec::Protocol::esp ? 4 : 8);
  const auto on_wire = load_be<std::uint32_t>(sealed.packet.data() + number_at);
  ipsec::AntiReplay::Hint hint;
  sa.window().check({&on_wire, 1}, {&hint, 1});

  InboundSa::Accepted accepted;
  Discard discard = Discard::none;
  sa.receive({&sealed, 1}, now, {.lifetime = lifetime_, .policy = policy_, .ah = ah_}, accepted,
             {&discard, 1});
  if (sa.wants_resynchronisation()) sa.resynchronise();
  if (accepted.empty()) return {discard, hint.number, {}, {}};
  return {Discard::none, accepted[0].number(), accepted[0].packet().view(), {}};
}

ipsec::InboundParameters parameters_for(const KeyEntry& entry, const StreamKey& stream,
                                        const IpAddress& source, std::uint32_t default_window) {
  ipsec::InboundParameters parameters;
  static_cast<ipsec::SaParameters&>(parameters) = entry.parameters.clone();
  parameters.replay_window = entry.parameters.replay_window;
  parameters.spi = stream.spi;
  parameters.source = source;
  parameters.destination = stream.destination();
  if (entry.window_known) return parameters;
  parameters.anti_replay = default_window != 0;
  if (default_window != 0) parameters.replay_window = default_window;
  parameters.allow_esn_without_anti_replay = true;
  return parameters;
}

SaOpener::SaOpener(const StreamKey& stream, const IpAddress& source,
                   const std::vector<const KeyEntry*>& entries, std::uint32_t default_window,
                   OpeningBench& bench, std::vector<Error>& problems,
                   std::shared_ptr<ipsec::AntiReplay> shared)
    : stream_(stream),
      source_(source),
      default_window_(default_window),
      bench_(&bench),
      shared_(std::move(shared)) {
  for (const KeyEntry* entry : entries)
    add_candidates(*entry, problems);
}

void SaOpener::add_candidates(const KeyEntry& entry, std::vector<Error>& problems) {
  // Tunnel mode first: it accepts IP packets only, transport mode anything.
  for (const Mode mode : {Mode::tunnel, Mode::transport}) {
    if (entry.mode_known && mode != entry.parameters.mode) continue;
    ipsec::InboundParameters parameters = parameters_for(entry, stream_, source_, default_window_);
    parameters.mode = mode;
    auto sa = InboundSa::make(std::move(parameters), bench_->provider());
    if (sa) {
      candidates_.push_back({&entry, *std::move(sa)});
      continue;
    }
    Error error = std::move(sa).error();
    error.path = fmt::format("{}: {}", entry.where, error.path);
    problems.push_back(std::move(error));
    return;
  }
}

OpeningResult SaOpener::open(const Found& found, Instant now, Octets& storage) {
  if (!installed_) return try_candidates(found, now, storage);
  ipsec::SealedPacket sealed;
  InboundSa* sa = nullptr;
  const Discard discard = bench_->arrive(found, storage, sealed, sa);
  if (discard != Discard::none) return {discard, found.sequence_number, {}, {}};
  const OpeningResult result = bench_->receive(sa != nullptr ? *sa : *installed_, sealed, now);
  return alone_ && result.discard == Discard::replay_duplicate ? open_copy(result, found, now, storage)
                                                               : result;
}

// A window turns numbers away that it has, before the ICV: anybody can have sent those packets. Here it is
// told whether the peer did.
OpeningResult SaOpener::open_copy(const OpeningResult& result, const Found& found, Instant now,
                                  Octets& storage) {
  const OpeningResult opened = try_one(*alone_, found, now, storage);
  if (opened.discard == Discard::integrity_failed) return opened;
  return {result.discard, result.number, {}, opened.inner};
}

OpeningResult SaOpener::try_candidates(const Found& found, Instant now, Octets& storage) {
  OpeningResult best{Discard::unknown_spi, found.sequence_number, {}, {}};
  for (Candidate& candidate : candidates_) {
    OpeningResult result = try_high_halves(*candidate.sa, found, now, storage);
    if (settles(result.discard)) {
      install(candidate);
      if (shared_) judge_by_shared_window(result);
      return result;
    }
    if (best.discard == Discard::unknown_spi || rank(result.discard) > rank(best.discard)) best = result;
  }
  return best;
}

OpeningResult SaOpener::try_high_halves(InboundSa& sa, const Found& found, Instant now, Octets& storage) {
  const bool extended = sa.parameters().extended_sequence_numbers;
  const std::uint64_t start = sa.window().top();
  OpeningResult result = try_one(sa, found, now, storage);
  for (std::uint64_t high = 1; extended && high <= high_halves_tried; ++high) {
    if (result.discard != Discard::integrity_failed) return result;
    const std::uint64_t number = high << 32 | found.sequence_number;
    // The window is put so far below that packets a little late are not taken for old.
    sa.window().resynchronise(number - sa.parameters().replay_window);
    result = try_one(sa, found, now, storage);
  }
  if (result.discard == Discard::integrity_failed && extended) sa.window().resynchronise(start);
  return result;
}

OpeningResult SaOpener::try_one(InboundSa& sa, const Found& found, Instant now, Octets& storage) {
  ipsec::SealedPacket sealed;
  InboundSa* other = nullptr;
  const Discard discard = bench_->arrive(found, storage, sealed, other);
  if (discard != Discard::none) return {discard, found.sequence_number, {}, {}};
  return bench_->receive(sa, sealed, now);
}

void SaOpener::install(Candidate& candidate) {
  entry_ = candidate.entry;
  installed_ = shared_ ? over_shared_window(*candidate.sa) : std::move(candidate.sa);
  if (shared_) alone_ = std::move(candidate.sa);
  candidates_.clear();
  // An ESP and an AH stream with the same SPI and destination would share a place in the SAD: then the second
  // is found by its stream alone.
  const auto inserted =
      bench_->sad().insert(ipsec::SadKey::of(stream_.spi, stream_.destination()), *installed_);
  static_cast<void>(inserted);
}

std::unique_ptr<InboundSa> SaOpener::over_shared_window(const InboundSa& sa) const {
  ipsec::InboundParameters parameters = parameters_for(*entry_, stream_, source_, default_window_);
  parameters.mode = sa.parameters().mode;
  parameters.anti_replay = true;
  return InboundSa::make(std::move(parameters), bench_->provider(), shared_).value();
}

void SaOpener::judge_by_shared_window(OpeningResult& result) {
  ipsec::ReplayVerdict verdict = ipsec::ReplayVerdict::fresh;
  shared_->accept({&result.number, 1}, {&verdict, 1});
  const Discard discard = discard_for(verdict);
  if (discard != Discard::none) result = {discard, result.number, {}, result.inner};
}

}  // namespace mpsec::replay
