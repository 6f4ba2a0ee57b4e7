#include "ipsec/inbound_sa.hpp"

#include <algorithm>
#include <utility>

#include "ipsec/ah_side.hpp"
#include "ipsec/decapsulation.hpp"
#include "ipsec/packet_tap.hpp"
#include "ipsec/replay_window.hpp"
#include "wire/esp.hpp"
#include "wire/in_place.hpp"

namespace mpsec::ipsec {
namespace {

Discard discard_for(ReplayVerdict verdict) {
  switch (verdict) {
    case ReplayVerdict::fresh:
      return Discard::none;
    case ReplayVerdict::duplicate:
      return Discard::replay_duplicate;
    case ReplayVerdict::too_old:
      return Discard::replay_too_old;
    case ReplayVerdict::below_zero:
      return Discard::replay_below_zero;
    case ReplayVerdict::redundant:
      return Discard::redundant;
  }
  return Discard::replay_too_old;
}

// Keeps the packets for which `judge` finds no cause, in order, and notes the causes of the others.
template <class Packets, class Judge>
void retain(Packets& packets, std::span<const SealedPacket> run, std::span<Discard> discards, Judge judge) {
  std::size_t kept = 0;
  const std::size_t count = packets.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Discard cause = judge(i);
    if (cause == Discard::none) [[likely]] {
      if (kept != i) packets[kept] = packets[i];
      ++kept;
    } else {
      discards[static_cast<std::size_t>(&packets[i].arrived() - run.data())] = cause;
    }
  }
  packets.truncate(kept);
}

}  // namespace

std::shared_ptr<AntiReplay> make_window(const InboundParameters& parameters) {
  if (!parameters.anti_replay) return std::make_shared<UncheckedReplay>(parameters.extended_sequence_numbers);
  return std::make_shared<ReplayWindow>(parameters.replay_window, parameters.extended_sequence_numbers);
}

InboundSa::InboundSa(std::unique_ptr<InboundParameters> parameters, std::shared_ptr<AntiReplay> window,
                     bool shared)
    : window_(window.get()),
      protocol_(parameters->protocol),
      mode_(parameters->mode),
      judges_selectors_(!parameters->selectors.empty()),
      shares_window_(shared),
      resynchronise_after_(parameters->extended_sequence_numbers && parameters->anti_replay
                               ? parameters->resynchronise_after
                               : 0),
      lifetime_(parameters->lifetime),
      matcher_(parameters->selectors, Direction::inbound),
      parameters_(std::move(parameters)),
      owned_window_(std::move(window)) {}

InboundSa::~InboundSa() = default;

Result<std::unique_ptr<InboundSa>> InboundSa::make(InboundParameters parameters,
                                                   const crypto::Provider& provider,
                                                   std::shared_ptr<AntiReplay> window) {
  if (auto checked = check(parameters); !checked) return std::unexpected(checked.error());
  const bool shared = window != nullptr;
  if (!shared) window = make_window(parameters);
  auto cold = std::make_unique<InboundParameters>(std::move(parameters));
  std::unique_ptr<InboundSa> sa(new InboundSa(std::move(cold), std::move(window), shared));
  if (auto made = sa->make_crypto(provider); !made) return std::unexpected(made.error());
  return sa;
}

Result<> InboundSa::make_crypto(const crypto::Provider& provider) {
  if (protocol_ == Protocol::ah) {
    auto ah = AhSide::make(provider, *parameters_);
    if (!ah) return std::unexpected(ah.error());
    ah_ = *std::move(ah);
    return {};
  }
  auto cipher = EspCipher::make(provider, *parameters_);
  if (!cipher) return std::unexpected(cipher.error());
  esp_.emplace(*std::move(cipher));
  head_octets_ = esp_header_octets + esp_->iv_octets();
  icv_octets_ = esp_->icv_octets();
  block_mask_ = esp_->block_octets() - 1;
  return {};
}

void InboundSa::receive(std::span<const SealedPacket> run, Instant now, const InboundSeams& seams,
                        Accepted& accepted, std::span<Discard> discards) noexcept {
  assert(run.size() <= largest_run && discards.size() >= run.size());
  Scratch<AntiReplay::Hint, largest_run> hints;
  hint(run, hints, discards);
  Opened opened;
  esp_ ? open_esp(run, hints.span(), opened, discards) : open_ah(run, hints.span(), seams, opened, discards);
  accept(opened, run, seams.taken, discards);
  charge(opened, run, now, seams, discards);
  finish(opened, run, seams, accepted, discards);
}

// Whether the packet can be one of this SA's at all.
inline Discard InboundSa::check_shape(const SealedPacket& packet) const noexcept {
  if (use_.hard_reached) return Discard::lifetime_expired;
  //= rfc7296/2.23/encapsulated-or-not-both-are-processed
  if (packet.protocol != protocol_) return Discard::wrong_encapsulation;
  const std::uint32_t have = packet.packet.size() - packet.protected_at;
  // open_ah() looks at the rest of the header.
  if (protocol_ == Protocol::ah) return have < wire::Ah::fixed_size ? Discard::ah_bad_length : Discard::none;
  const std::uint32_t frame = head_octets_ + icv_octets_;
  if (have < frame + esp_trailer_octets) return Discard::esp_too_short;
  return (have - frame) & block_mask_ ? Discard::misaligned_ciphertext : Discard::none;
}

//= rfc4303/3.4.3/duplicates-rejected-before-the-icv
void InboundSa::hint(std::span<const SealedPacket> run, Scratch<AntiReplay::Hint, largest_run>& hints,
                     std::span<Discard> discards) const noexcept {
  std::array<std::uint32_t, largest_run> on_wire;
  const std::uint32_t number_at = protocol_ == Protocol::esp ? 4 : 8;
  for (std::size_t i = 0; i < run.size(); ++i) {
    discards[i] = check_shape(run[i]);
    const std::uint8_t* number = run[i].packet.data() + run[i].protected_at + number_at;
    on_wire[i] = discards[i] == Discard::none ? load_be<std::uint32_t>(number) : 0;
    hints.emplace_back();
  }
  window_->check(std::span(on_wire).first(run.size()), hints.span());
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (discards[i] == Discard::none) discards[i] = discard_for(hints[i].verdict);
  }
}

void InboundSa::open_esp(std::span<const SealedPacket> run, Hints hints, Opened& opened,
                         std::span<Discard> discards) noexcept {
  Scratch<EspJob, largest_run> jobs;
  const std::uint32_t frame = head_octets_ + icv_octets_;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (discards[i] != Discard::none) continue;
    if (resynchronise_after_ != 0) keep_candidate(run[i]);
    const std::uint32_t text = run[i].packet.size() - run[i].protected_at - frame;
    jobs.emplace_back(EspJob{
        .esp = run[i].packet.data() + run[i].protected_at, .text_octets = text, .number = hints[i].number});
  }
  esp_->open(jobs.span());
  std::size_t next = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (discards[i] != Discard::none) continue;
    const EspJob& job = jobs[next++];
    if (resynchronise_after_ != 0) note_result(job.authentic);
    if (job.authentic) {
      opened.emplace_back(OpeningRight(), run[i], job.number, run[i].protected_at + head_octets_,
                          job.text_octets);
    } else {
      //= rfc4303/3.4.4.1/failed-icv-is-discarded
      discards[i] = Discard::integrity_failed;
    }
  }
}

void InboundSa::open_ah(std::span<const SealedPacket> run, Hints hints, const InboundSeams& seams,
                        Opened& opened, std::span<Discard> discards) noexcept {
  Scratch<AhJob, largest_run> jobs;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (discards[i] != Discard::none) continue;
    const MutableOctets packet = run[i].packet.writable();
    const auto place = ah_locate(packet);
    discards[i] = place ? ah_check_length(packet, *place, ah_->layout) : place.error();
    if (discards[i] != Discard::none) continue;
    if (resynchronise_after_ != 0) keep_candidate(run[i]);
    jobs.emplace_back(AhJob{.packet = packet, .place = *place, .number = hints[i].number});
  }
  seams.ah.verify(*ah_->mac, ah_->layout, jobs.span());
  std::size_t next = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (discards[i] != Discard::none) continue;
    const AhJob& job = jobs[next++];
    discards[i] = job.discard;
    // A packet that AH could not even be read from says nothing about numbers, one way or the other.
    const bool judged = job.discard == Discard::none || job.discard == Discard::integrity_failed;
    if (resynchronise_after_ != 0 && judged) note_result(job.discard == Discard::none);
    if (job.discard != Discard::none) continue;
    opened.emplace_back(OpeningRight(), run[i], job.number, job.place.end(),
                        run[i].packet.size() - job.place.end());
  }
}

//= rfc4303/3.4.3/window-updated-only-after-icv
void InboundSa::accept(Opened& opened, std::span<const SealedPacket> run, std::span<std::uint64_t> taken,
                       std::span<Discard> discards) noexcept {
  std::array<std::uint64_t, largest_run> numbers;
  std::array<ReplayVerdict, largest_run> verdicts;
  for (std::size_t i = 0; i < opened.size(); ++i)
    numbers[i] = opened[i].number();
  window_->accept(std::span(numbers).first(opened.size()), std::span(verdicts).first(opened.size()));
  if (!taken.empty()) {
    for (std::size_t i = 0; i < opened.size(); ++i) {
      if (verdicts[i] == ReplayVerdict::fresh)
        taken[static_cast<std::size_t>(&opened[i].arrived() - run.data())] = numbers[i];
    }
  }
  retain(opened, run, discards, [&](std::size_t i) { return discard_for(verdicts[i]); });
}

// A packet uses lifetime once it is known to be fresh, whatever becomes of its content.
void InboundSa::charge(Opened& opened, std::span<const SealedPacket> run, Instant now,
                       const InboundSeams& seams, std::span<Discard> discards) noexcept {
  std::array<std::uint32_t, largest_run> sizes;
  for (std::size_t i = 0; i < opened.size(); ++i)
    sizes[i] = opened[i].text_octets();
  const std::size_t within =
      seams.lifetime.charge(lifetime_, use_, std::span(sizes).first(opened.size()), now);
  if (within == opened.size()) return;
  retain(opened, run, discards,
         [&](std::size_t i) { return i < within ? Discard::none : Discard::lifetime_expired; });
}

// Trailers, decapsulation, selectors; then the packets are accepted.
//= profile/6/selectors-still-checked
//= draft-zhang/3.3/nothing-else-changes-inbound
void InboundSa::finish(Opened& opened, std::span<const SealedPacket> run, const InboundSeams& seams,
                       Accepted& accepted, std::span<Discard> discards) noexcept {
  if (opened.empty()) return;
  if (seams.tap) {
    for (OpenedPacket& packet : opened)
      seams.tap->after_opening(packet.packet(), packet.text());
  }
  std::array<Discard, largest_run> verdicts;
  Trailers trailers;
  retain(opened, run, discards, [&](std::size_t i) { return add_trailer(opened[i], trailers); });
  seams.policy.judge_trailers(trailers.span(), verdicts);
  Selectors selectors;
  retain(opened, run, discards, [&](std::size_t i) {
    return verdicts[i] == Discard::none ? uncover(opened[i], trailers[i], selectors) : verdicts[i];
  });
  std::fill_n(verdicts.begin(), opened.size(), Discard::none);
  if (judges_selectors_) seams.policy.judge_selectors(matcher_, selectors.span(), verdicts);
  retain(opened, run, discards, [&](std::size_t i) {
    const OpenedPacket& clear = opened[i];
    if (verdicts[i] == Discard::none)
      accepted.emplace_back(OpeningRight(), clear.packet(), clear.number(), clear.arrived().index, *this);
    return verdicts[i];
  });
}

// Reads the trailer, if the pad length leaves a payload before it.
inline Discard InboundSa::add_trailer(const OpenedPacket& opened, Trailers& trailers) const noexcept {
  if (ah_) {
    const std::uint8_t next_header = opened.packet().data()[opened.arrived().protected_at];
    trailers.emplace_back(InboundPolicy::Trailer{.padding = {}, .next_header = next_header, .mode = mode_});
    return Discard::none;
  }
  const OctetView text = opened.text();
  const std::size_t pad = text[text.size() - 2];
  //= rfc4303/2.5/pad-length-within-the-payload
  if (pad > text.size() - esp_trailer_octets) return Discard::bad_padding;
  trailers.emplace_back(
      InboundPolicy::Trailer{.padding = text.subspan(text.size() - esp_trailer_octets - pad, pad),
                             .next_header = text.back(),
                             .mode = mode_});
  return Discard::none;
}

// Makes the clear packet out of the opened one, and reads what the SA's selectors will be held against.
inline Discard InboundSa::uncover(OpenedPacket& opened, const InboundPolicy::Trailer& trailer,
                                  Selectors& selectors) const noexcept {
  const auto behind = static_cast<std::uint32_t>(ah_ ? 0 : trailer.padding.size() + esp_trailer_octets);
  const std::uint32_t payload = opened.text_octets() - behind;
  if (mode_ == Mode::transport) {
    const Discard cause = restore(opened, payload, trailer.next_header);
    if (cause != Discard::none || !judges_selectors_) return cause;
    return add_selectors(opened, wire::plain_head(opened.packet().view()), selectors);
  }
  const wire::PlainHead head = wire::plain_head({opened.packet().data() + opened.payload_at(), payload});
  const Discard cause = take_inner(opened.packet(), opened.payload_at(), payload, head, trailer.next_header,
                                   opened.arrived().traffic_class);
  return cause == Discard::none && judges_selectors_ ? add_selectors(opened, head, selectors) : cause;
}

inline Discard InboundSa::add_selectors(const OpenedPacket& clear, const wire::PlainHead& head,
                                        Selectors& selectors) noexcept {
  const OctetView packet = clear.packet().view();
  if (has_plain_ports(packet, head)) [[likely]] {
    selectors.make_back([&] { return plain_selectors(packet, head, Direction::inbound); });
    return Discard::none;
  }
  const auto read = selectors_of(packet, Direction::inbound);
  if (!read) return Discard::inner_malformed;
  selectors.emplace_back(*read);
  return Discard::none;
}

// Transport mode: the payload back behind the packet's own header.
Discard InboundSa::restore(OpenedPacket& opened, std::uint32_t payload,
                           std::uint8_t next_header) const noexcept {
  const SealedPacket& arrived = opened.arrived();
  restore_transport(opened.packet(), arrived.ip_octets, arrived.next_at, opened.payload_at(), payload,
                    next_header);
  if (!arrived.udp || !parameters_->udp) return Discard::none;
  //= rfc3948/3.1.2/checksum-repaired-after-transport-decapsulation
  const auto outcome =
      repair_checksum(opened.packet().writable(), parameters_->udp->repair, parameters_->udp->original);
  return outcome == RepairOutcome::refused ? Discard::inner_malformed : Discard::none;
}

void InboundSa::note_result(bool authentic) noexcept {
  //= rfc4303/A3.1/consecutive-failures-are-counted
  failures_in_a_row_ = authentic ? 0 : failures_in_a_row_ + 1;
  if (failures_in_a_row_ == 1) top_before_failures_ = window_->top();
  if (resynchronise_after_ == 0) return;
  if (authentic)
    candidate_ready_ = false;
  else if (failures_in_a_row_ >= resynchronise_after_ && !candidate_.empty())
    candidate_ready_ = true;
}

// Opening destroys the packet, so the one that may be needed is copied before: only the one that makes the
// trigger point, and only once in a series.
void InboundSa::keep_candidate(const SealedPacket& packet) noexcept {
  if (failures_in_a_row_ + 1 < resynchronise_after_ || candidate_ready_) return;
  if (failures_in_a_row_ + 1 > resynchronise_after_ && !candidate_.empty()) return;
  candidate_.assign(packet.packet.data(), packet.packet.data() + packet.packet.size());
  candidate_at_ = packet.protected_at;
}

//= rfc4303/A3.2/larger-high-halves-are-tried-a-limited-number-of-times
bool InboundSa::resynchronise() noexcept {
  if (!candidate_ready_) return false;
  const Octets kept = std::exchange(candidate_, {});
  candidate_ready_ = false;
  failures_in_a_row_ = 0;  // after a vain try it takes a whole series again
  //= profile/6/resynchronisation
  if (shares_window_ && window_->top() != top_before_failures_) return false;
  const std::uint32_t low =
      load_be<std::uint32_t>(kept.data() + candidate_at_ + (protocol_ == Protocol::esp ? 4 : 8));
  // The number that the window gave the packet, and that was wrong.
  AntiReplay::Hint hint{};
  window_->check({&low, 1}, {&hint, 1});
  const std::uint64_t inferred = hint.number;
  std::optional<AhAuthenticator> authenticator;
  if (ah_) authenticator.emplace(kept.size());
  SecretOctets copy(kept.size());  // opening writes over the text, or makes it clear
  for (std::uint64_t tries = 1; tries <= parameters_->resynchronise_tries; ++tries) {
    const std::uint64_t number = inferred + (tries << 32);
    if (number < inferred) return false;
    std::ranges::copy(kept, copy.writable().begin());
    if (!(ah_ ? would_verify(*authenticator, copy.writable(), number) : would_open(copy.writable(), number)))
      continue;
    window_->resynchronise(number);
    return true;
  }
  return false;
}

bool InboundSa::would_open(MutableOctets packet, std::uint64_t number) noexcept {
  const auto text = static_cast<std::uint32_t>(packet.size()) - candidate_at_ - head_octets_ - icv_octets_;
  EspJob job{.esp = packet.data() + candidate_at_, .text_octets = text, .number = number};
  esp_->open({&job, 1});
  return job.authentic;
}

bool InboundSa::would_verify(AhAuthenticator& authenticator, MutableOctets packet,
                             std::uint64_t number) noexcept {
  const auto place = ah_locate(packet);
  if (!place) return false;
  AhJob job{.packet = packet, .place = *place, .number = number};
  authenticator.verify(*ah_->mac, ah_->layout, {&job, 1});
  return job.discard == Discard::none;
}

std::size_t InboundSa::memory_octets() const {
  const auto* window = dynamic_cast<const ReplayWindow*>(window_);
  return sizeof *this + sizeof *parameters_ + (window ? window->memory_octets() : 0) +
         parameters_->encryption_key.size() + parameters_->integrity_key.size() +
         2 * parameters_->selectors.size() * sizeof(Selector);
}

}  // namespace mpsec::ipsec
