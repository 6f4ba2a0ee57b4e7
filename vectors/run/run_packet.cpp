#include "vectors/run/run_packet.hpp"

#include <array>
#include <fmt/format.h>

#include "ipsec/ah_authenticator.hpp"
#include "ipsec/arrival.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/outbound_sa.hpp"
#include "vectors/run/fixed_iv.hpp"
#include "vectors/run/packet_sa.hpp"

namespace mpsec::vectors {
namespace {

using ipsec::Arrival;
using ipsec::Discard;

constexpr std::uint64_t seed = 1;  // of the SAD's hash; which one is of no account

constexpr std::array reasons{
    std::pair{Discard::malformed_packet, Reason::malformed},
    std::pair{Discard::unsupported_ip_version, Reason::malformed},
    std::pair{Discard::fragment_for_ipsec, Reason::fragment},
    std::pair{Discard::esp_too_short, Reason::too_short},
    std::pair{Discard::misaligned_ciphertext, Reason::misaligned},
    std::pair{Discard::bad_padding, Reason::padding},
    std::pair{Discard::bad_next_header, Reason::next_header},
    std::pair{Discard::inner_malformed, Reason::inner_malformed},
    std::pair{Discard::dummy, Reason::dummy},
    std::pair{Discard::ecn_violation, Reason::ecn},
    std::pair{Discard::unknown_spi, Reason::unknown_spi},
    std::pair{Discard::replay_duplicate, Reason::replay},
    std::pair{Discard::replay_too_old, Reason::replay},
    std::pair{Discard::replay_below_zero, Reason::replay},
    std::pair{Discard::wrong_encapsulation, Reason::encapsulation},
    std::pair{Discard::ah_bad_length, Reason::ah_length},
    std::pair{Discard::integrity_failed, Reason::icv},
};

Outcome judge_discard(const Expectation& expectation, Discard cause) {
  for (const auto& [discard, reason] : reasons)
    if (discard == cause) return judge_tried(expectation, {reason, std::string(to_string(cause))});
  return Outcome::failed(
      fmt::format("expected {}, got discard {}", to_string(expectation), to_string(cause)));
}

// A key of the wrong size is refused when the SA is made.
Outcome judge_installation(const Expectation& expectation, const Error& error) {
  if (error.path.ends_with(" key")) return judge_tried(expectation, {Reason::key_size, to_string(error)});
  return Outcome::failed(
      fmt::format("expected {}, got an SA refused: {}", to_string(expectation), to_string(error)));
}

template <class Parameters>
Parameters with(const ipsec::SaParameters& sa) {
  Parameters parameters;
  static_cast<ipsec::SaParameters&>(parameters) = sa.clone();
  return parameters;
}

Outcome run_outbound(const PacketCase& packet, const ipsec::SaParameters& sa,
                     const crypto::Provider& provider) {
  const FixedIvProvider fixed(provider, packet.iv);
  auto parameters = with<ipsec::OutboundParameters>(sa);
  parameters.path_mtu = 65535;
  parameters.last_sequence_number = packet.sequence.value - 1;
  auto made = ipsec::OutboundSa::make(std::move(parameters), fixed);
  if (!made) return judge_installation(Expectation::pass(), made.error());
  ipsec::HeldPacket held(packet.plain);
  ipsec::Outgoing outgoing{.packet = held.buffer()};
  FixedRng rng(packet.iv);
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::AhAuthenticator ah;
  const bool ah_packet = packet.protocol == PacketCase::Protocol::ah;
  SendersChoice tap(packet.protected_packet, packet.mode == Mode::tunnel,
                    ah_packet ? OctetView(packet.iv) : OctetView());
  (*made)->protect({&outgoing, 1}, {}, {rng, lifetime, ah, &tap});
  if (outgoing.discard != Discard::none)
    return Outcome::failed(fmt::format("outbound: discard {}", to_string(outgoing.discard)));
  return compare("outbound", packet.protected_packet, outgoing.packet.view());
}

// What became of an arriving packet.
struct Received {
  Discard discard = Discard::none;
  Octets packet;
  std::uint64_t number = 0;
};

// The database takes no reserved SPI; vectors of other people have them all the same.
bool claims(ipsec::InboundSa& sa, const ipsec::InboundKey& packet) {
  const Spi spi = sa.parameters().spi;
  if (spi.value < 256) return packet.spi == spi;
  ipsec::InboundSad<ipsec::InboundSa> sad(seed);
  return sad.insert(ipsec::SadKey::of(spi), sa) && sad.find(packet) == &sa;
}

Received receive(ipsec::InboundSa& sa, const PacketCase& packet) {
  ipsec::HeldPacket held(packet.protected_packet);
  const std::uint16_t port =
      sa.parameters().udp ? sa.parameters().udp->destination_port : std::uint16_t{4500};
  ipsec::SealedPacket sealed;
  const Arrival arrival = look_at(held.buffer(), sealed, port);
  if (arrival.kind == Arrival::Kind::fragment) return {.discard = Discard::fragment_for_ipsec, .packet = {}};
  if (arrival.kind == Arrival::Kind::discard) return {.discard = arrival.discard, .packet = {}};
  if (arrival.kind != Arrival::Kind::sealed) return {.discard = Discard::clear_text_refused, .packet = {}};
  if (!claims(sa, key_of(sealed, arrival.spi))) return {.discard = Discard::unknown_spi, .packet = {}};
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::StandardInboundPolicy policy;
  ipsec::AhAuthenticator ah;
  ipsec::InboundSa::Accepted accepted;
  Discard discard = Discard::none;
  sa.receive({&sealed, 1}, {}, {lifetime, policy, ah}, accepted, {&discard, 1});
  if (accepted.empty()) return {.discard = discard, .packet = {}};
  const OctetView clear = accepted[0].packet().view();
  return {.discard = discard, .packet = Octets(clear.begin(), clear.end()), .number = accepted[0].number()};
}

Outcome run_inbound(const PacketCase& packet, const Expectation& expectation, const ipsec::SaParameters& sa,
                    const crypto::Provider& provider) {
  auto made = ipsec::InboundSa::make(with<ipsec::InboundParameters>(sa), provider);
  if (!made) return judge_installation(expectation, made.error());
  // A receiver of extended numbers infers the high half from the numbers before.
  if (packet.extended_sequence_numbers && packet.sequence.value > 1)
    (*made)->window().resynchronise(packet.sequence.value - 1);
  const Received received = receive(**made, packet);
  if (received.discard != Discard::none) {
    Outcome outcome = judge_discard(expectation, received.discard);
    if (outcome.verdict == Outcome::Verdict::failed) outcome.text = "inbound: " + outcome.text;
    return outcome;
  }
  if (expectation.verdict == Expectation::Verdict::refuse)
    return Outcome::failed(fmt::format("inbound: expected {}, got accepted", to_string(expectation)));
  if (received.number != packet.sequence.value)
    return Outcome::failed(
        fmt::format("inbound: expected number {}, got {}", packet.sequence.value, received.number));
  return compare("inbound", packet.plain, received.packet);
}

}  // namespace

Outcome run_packet(const PacketCase& packet, const Expectation& expectation,
                   const crypto::Provider& provider) {
  const auto sa = sa_of(packet, expectation, provider);
  if (!sa) return sa.error();
  const bool valid = expectation.verdict == Expectation::Verdict::pass;
  if (packet.outbound && valid) {
    Outcome outcome = run_outbound(packet, *sa, provider);
    if (outcome.verdict != Outcome::Verdict::passed || !packet.inbound) return outcome;
  }
  return run_inbound(packet, expectation, *sa, provider);
}

}  // namespace mpsec::vectors
