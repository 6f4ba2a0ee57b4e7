#include "ipsec/outbound_sa.hpp"

#include <algorithm>
#include <cstring>

#include "base/scratch.hpp"
#include "ipsec/ah_side.hpp"
#include "ipsec/outbound_frame.hpp"
#include "ipsec/packet_tap.hpp"
#include "wire/checksum.hpp"
#include "wire/esp.hpp"
#include "wire/header_walk.hpp"
#include "wire/in_place.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"

namespace mpsec::ipsec {

using wire::Ipv4Header;
using wire::Ipv6Header;

namespace {

constexpr std::uint32_t largest_datagram = 65535;

}  // namespace

OutboundSa::OutboundSa(std::unique_ptr<OutboundParameters> parameters, std::shared_ptr<SequenceSource> source)
    : source_(source.get()),
      spi_(parameters->spi),
      mode_(parameters->mode),
      udp_octets_(parameters->udp ? 8 : 0),
      path_mtu_(parameters->path_mtu),
      tfc_multiple_(parameters->tfc_multiple),
      outer_(*parameters),
      lifetime_(parameters->lifetime),
      parameters_(std::move(parameters)),
      owned_source_(std::move(source)) {}

OutboundSa::~OutboundSa() = default;

//= profile/8/without-agreement-each-sa-for-itself
std::shared_ptr<SequenceSource> make_sequence(const OutboundParameters& parameters) {
  const AtLimit at_limit = may_roll_over(parameters) ? AtLimit::roll_over : AtLimit::stop;
  return std::make_shared<SequenceCounter>(parameters.extended_sequence_numbers, at_limit,
                                           parameters.last_sequence_number);
}

Result<std::unique_ptr<OutboundSa>> OutboundSa::make(OutboundParameters parameters,
                                                     const crypto::Provider& provider,
                                                     std::shared_ptr<SequenceSource> source) {
  if (auto checked = check(parameters); !checked) return std::unexpected(checked.error());
  if (!source) source = make_sequence(parameters);
  auto cold = std::make_unique<OutboundParameters>(std::move(parameters));
  std::unique_ptr<OutboundSa> sa(new OutboundSa(std::move(cold), std::move(source)));
  const bool esp = sa->parameters().protocol == Protocol::esp;
  if (auto made = esp ? sa->make_esp(provider) : sa->make_ah(provider); !made)
    return std::unexpected(made.error());
  return sa;
}

Result<> OutboundSa::make_esp(const crypto::Provider& provider) {
  auto cipher = EspCipher::make(provider, *parameters_);
  if (!cipher) return std::unexpected(cipher.error());
  esp_.emplace(*std::move(cipher));
  head_octets_ = esp_header_octets + esp_->iv_octets();
  icv_octets_ = esp_->icv_octets();
  trailer_octets_ = esp_trailer_octets;
  pad_multiple_ = esp_->text_multiple();
  return {};
}

void OutboundSa::move(const IpAddress& source, const IpAddress& destination,
                      const std::optional<UdpEncapsulation>& udp) {
  parameters_->source = source;
  parameters_->destination = destination;
  parameters_->udp = udp;
  udp_octets_ = udp ? 8 : 0;
  outer_ = OuterHeader(*parameters_);
}

//= profile/5/nothing-else-changes
//= draft-zhang/3.2/nothing-else-changes-outbound
//= profile/8/one-sub-sa-looks-ordinary
void OutboundSa::protect(std::span<Outgoing> run, Instant now, const OutboundSeams& seams) noexcept {
  Batch batch;
  lay_out_all(batch, run);
  charge(batch, run, now, seams);
  number(batch, run);
  seal(batch, run, seams);
}

//= profile/5/copy-has-the-same-number
void OutboundSa::protect_again(std::span<Outgoing> run, Instant now, const OutboundSeams& seams) noexcept {
  Batch batch;
  lay_out_all(batch, run);
  keep_unsent_numbers(batch, run);
  charge(batch, run, now, seams);
  seal(batch, run, seams);
}

void OutboundSa::lay_out_all(Batch& batch, std::span<Outgoing> run) const noexcept {
  assert(run.size() <= largest_run);
  for (std::size_t i = 0; i < run.size(); ++i) {
    Frame& frame = batch.frames.emplace_back();
    frame.index = static_cast<std::uint32_t>(i);
    run[i].discard = lay_out(run[i].packet, frame);
    if (run[i].discard != Discard::none) batch.frames.pop_back();
  }
}

void OutboundSa::seal(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept {
  esp_ ? seal_esp(batch, run, seams) : seal_ah(batch, run, seams);
}

void OutboundSa::protect_dummy(Outgoing& outgoing, std::uint32_t payload, Instant now,
                               const OutboundSeams& seams) noexcept {
  //= rfc4303/2.6/dummy-packets-have-next-header-59
  Batch batch;
  Frame& frame = batch.frames.emplace_back();
  frame.payload = payload;
  outgoing.discard = esp_ ? finish_layout(outgoing.packet, frame) : Discard::bad_next_header;
  if (outgoing.discard != Discard::none) return;
  outgoing.packet.append(payload);
  seams.rng.fill(outgoing.packet.writable());
  charge(batch, {&outgoing, 1}, now, seams);
  number(batch, {&outgoing, 1});
  seal_esp(batch, {&outgoing, 1}, seams);
}

// Finds out what is protected of `packet` and where it goes, and whether it fits.
Discard OutboundSa::lay_out(const PacketBuffer& packet, Frame& frame) const noexcept {
  if (mode_ == Mode::tunnel) {
    const std::uint32_t version = packet.empty() ? 0 : packet.data()[0] >> 4;
    if (version != 4 && version != 6) return Discard::unsupported_ip_version;
    if (packet.size() < (version == 4 ? 20u : 40u)) return Discard::malformed_packet;
    frame.inner = InnerFields::of(packet.data());
    frame.next_header = frame.inner.v4 ? wire::protocol::ipv4 : wire::protocol::ipv6;
    frame.payload = packet.size();
    return finish_layout(packet, frame);
  }
  const auto walk = wire::walk_headers(packet.view());
  if (!walk || walk->total_length != packet.size()) return Discard::malformed_packet;
  //= rfc4303/3.3.4/transport-mode-takes-whole-datagrams
  if (walk->is_fragment()) return Discard::fragment_for_ipsec;
  frame.ip_octets = walk->per_fragment_end;
  frame.next_at = walk->per_fragment_next_at;
  frame.next_header = packet.data()[frame.next_at];
  frame.payload = packet.size() - frame.ip_octets;
  return finish_layout(packet, frame);
}

// Padding, and whether the protected packet fits path and buffer.
Discard OutboundSa::finish_layout(const PacketBuffer& packet, Frame& frame) const noexcept {
  const std::uint32_t front = frame.ip_octets != 0 ? udp_octets_ : outer_.size();
  const std::uint32_t fixed = frame.ip_octets + front + head_octets_ + icv_octets_;
  const std::uint32_t limit = std::min(path_mtu_, largest_datagram);
  const std::uint32_t mask = ~(pad_multiple_ - 1);
  const std::uint32_t least_text = (frame.payload + trailer_octets_ + pad_multiple_ - 1) & mask;
  if (fixed + least_text > limit) return Discard::packet_too_big;
  //= rfc4303/2.7/tfc-padding-only-where-the-payload-tells-its-length
  if (tfc_multiple_ > 1 && frame.ip_octets == 0) {
    const std::uint32_t over = frame.payload % tfc_multiple_;
    const std::uint32_t room = ((limit - fixed) & mask) - trailer_octets_ - frame.payload;
    frame.tfc = std::min(over == 0 ? 0 : tfc_multiple_ - over, room);
  }
  //= rfc4303/2.4/padding-aligns-the-trailer
  const std::uint32_t text = frame.payload + frame.tfc + trailer_octets_;
  frame.pad = ((text + pad_multiple_ - 1) & mask) - text;
  const std::uint32_t payload_to_come = packet.empty() ? frame.payload : 0;  // of a dummy
  const bool room_behind =
      packet.tailroom() >= frame.tfc + frame.pad + trailer_octets_ + icv_octets_ + payload_to_come;
  return packet.headroom() >= front + head_octets_ && room_behind ? Discard::none : Discard::no_room;
}

// Lifetime first, then numbers: a number that is taken is used.
void OutboundSa::charge(Batch& batch, std::span<Outgoing> run, Instant now,
                        const OutboundSeams& seams) noexcept {
  std::array<std::uint32_t, largest_run> sizes;
  for (std::size_t i = 0; i < batch.frames.size(); ++i)
    sizes[i] = batch.frames[i].payload;
  const std::size_t charged =
      seams.lifetime.charge(lifetime_, use_, std::span(sizes).first(batch.frames.size()), now);
  for (std::size_t i = charged; i < batch.frames.size(); ++i)
    run[batch.frames[i].index].discard = Discard::lifetime_expired;
  batch.frames.truncate(charged);
  if (charged != 0) used_at_ = now;
}

//= profile/4/nothing-is-sent-at-the-end
void OutboundSa::number(Batch& batch, std::span<Outgoing> run) noexcept {
  std::size_t numbered = 0;
  while (numbered < batch.frames.size()) {
    const auto range = source_->take(static_cast<std::uint32_t>(batch.frames.size() - numbered));
    if (range.count == 0) break;
    for (std::uint32_t i = 0; i < range.count; ++i)
      run[batch.frames[numbered++].index].number = range.first + i;
    last_sent_ = range.first + range.count - 1;
  }
  //= rfc4303/3.3.3/exhausted-counter-sends-nothing
  for (std::size_t i = numbered; i < batch.frames.size(); ++i) {
    run[batch.frames[i].index].discard = Discard::sequence_exhausted;
    exhausted_ = true;
  }
  batch.frames.truncate(numbered);
}

// Keys and IVs rest on it: under one key a number is sent once.
//= profile/4/key-and-number-once
//= profile/5/never-twice-on-one-sub-sa
void OutboundSa::keep_unsent_numbers(Batch& batch, std::span<Outgoing> run) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.frames.size(); ++i) {
    Outgoing& packet = run[batch.frames[i].index];
    if (packet.number <= last_sent_) {
      packet.discard = Discard::number_used;
      continue;
    }
    last_sent_ = packet.number;
    batch.frames[kept++] = batch.frames[i];
  }
  batch.frames.truncate(kept);
}

void OutboundSa::seal_esp(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept {
  Scratch<EspJob, largest_run> jobs;
  for (const Frame& frame : batch.frames) {
    Outgoing& outgoing = run[frame.index];
    std::uint8_t* esp = esp_frame(outgoing.packet, frame, outgoing.number);
    const std::uint32_t text = frame.payload + frame.tfc + frame.pad + trailer_octets_;
    jobs.emplace_back(EspJob{.esp = esp, .text_octets = text, .number = outgoing.number});
    if (seams.tap) seams.tap->before_sealing(outgoing.packet, {esp + head_octets_, text});
  }
  std::array<std::uint8_t, 16 * largest_run> randoms;
  if (esp_->wants_random_iv()) seams.rng.fill(std::span(randoms).first(jobs.size() * esp_->iv_octets()));
  esp_->seal(jobs.span(), randoms.data());
}

// Lays headers, padding and trailer around the payload. Returns where the ESP header starts.
std::uint8_t* OutboundSa::esp_frame(PacketBuffer& packet, const Frame& frame,
                                    std::uint64_t number) const noexcept {
  const bool tunnel = frame.ip_octets == 0;
  const std::uint32_t front = (tunnel ? outer_.size() : udp_octets_) + head_octets_;
  packet.grow(front, frame.tfc + frame.pad + trailer_octets_ + icv_octets_);
  std::uint8_t* const payload = packet.data() + front + frame.ip_octets;
  if (tunnel) {
    outer_.store(packet.data(), frame.inner, packet.size(), static_cast<std::uint16_t>(number),
                 outer_.protocol());
  } else {
    move_ip_header(packet, frame, front);
  }
  store_trailer(payload + frame.payload, frame);
  std::uint8_t* const esp = payload - head_octets_;
  wire::store<&wire::Esp::spi>(esp, spi_);
  wire::store<&wire::Esp::sequence_number>(esp, static_cast<std::uint32_t>(number));
  return esp;
}

// TFC padding, padding, pad length and next header.
void OutboundSa::store_trailer(std::uint8_t* at, const Frame& frame) noexcept {
  if (frame.tfc != 0) std::memset(at, 0, frame.tfc);
  at += frame.tfc;
  //= rfc4303/2.4/padding-counts-up-from-one
  for (std::uint32_t i = 0; i < frame.pad; ++i)
    at[i] = static_cast<std::uint8_t>(i + 1);
  at[frame.pad] = static_cast<std::uint8_t>(frame.pad);
  at[frame.pad + 1] = frame.next_header;
}

// Transport mode: moves the packet's own IP header over the `room` octets in front of it, so that they lie
// between it and its payload, and mends it.
void OutboundSa::move_ip_header(const PacketBuffer& packet, const Frame& frame,
                                std::uint32_t room) const noexcept {
  std::uint8_t* at = packet.data();
  std::memmove(at, at + room, frame.ip_octets);
  at[frame.next_at] =
      udp_octets_ != 0 ? wire::protocol::udp : static_cast<std::uint8_t>(parameters_->protocol);
  if (at[0] >> 4 == 4) {
    wire::store<&Ipv4Header::total_length>(at, static_cast<std::uint16_t>(packet.size()));
    wire::store<&Ipv4Header::checksum>(at, 0);
    wire::store<&Ipv4Header::checksum>(
        at, wire::internet_checksum({at, wire::load<&Ipv4Header::ihl>(at) * std::size_t{4}}));
  } else {
    wire::store<&Ipv6Header::payload_length>(at, static_cast<std::uint16_t>(packet.size() - 40));
  }
  if (udp_octets_ == 0) return;
  std::uint8_t* udp = at + frame.ip_octets;
  wire::store<&wire::UdpHeader::source_port>(udp, parameters_->udp->source_port);
  wire::store<&wire::UdpHeader::destination_port>(udp, parameters_->udp->destination_port);
  wire::store<&wire::UdpHeader::length>(udp, static_cast<std::uint16_t>(packet.size() - frame.ip_octets));
  wire::store<&wire::UdpHeader::checksum>(udp, 0);
}

std::uint32_t OutboundSa::largest_packet() const noexcept {
  const std::uint32_t ip_octets = mode_ == Mode::tunnel ? 0 : (parameters_->source.is_v4() ? 20 : 40);
  const std::uint32_t front = mode_ == Mode::tunnel ? outer_.size() : ip_octets + udp_octets_;
  const std::uint32_t fixed = front + head_octets_ + icv_octets_;
  const std::uint32_t limit = std::min(path_mtu_, largest_datagram);
  if (limit < fixed + pad_multiple_ + trailer_octets_) return 0;
  return ip_octets + ((limit - fixed) & ~(pad_multiple_ - 1)) - trailer_octets_;
}

std::size_t OutboundSa::memory_octets() const {
  return sizeof *this + sizeof *parameters_ + sizeof(SequenceCounter) + parameters_->encryption_key.size() +
         parameters_->integrity_key.size() + parameters_->selectors.size() * sizeof(Selector);
}

}  // namespace mpsec::ipsec
