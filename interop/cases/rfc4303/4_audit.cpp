// RFC 4303 4 and the clauses that it gathers: what is written down of packets that are not let through.
#include <algorithm>
#include <span>

#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using Event = AuditEntry::Event;

// The last entry of that event among those since there were `logged` of them. Logs may lag.
AuditEntry expect_new(Tester& t, Event event, std::size_t logged) {
  const Instant until = t.now() + t.link().patience();
  for (;;) {
    const auto entries = t.audit();
    const auto fresh = std::span(entries).subspan(std::min(logged, entries.size()));
    const auto found = std::ranges::find(fresh.rbegin(), fresh.rend(), event, &AuditEntry::event);
    if (found != fresh.rend()) return *found;
    if (t.now() >= until)
      t.fail("an entry in the audit log: " + std::string(to_string(event)),
             std::to_string(fresh.size()) + " new entries, none of that event");
    t.wait(t.link().silence());
  }
}

// What each entry has to name beside what happened.
void expect_named(Tester& t, const AuditEntry& entry, Spi spi, const ike::Path& path) {
  t.check(entry.has_time, "an entry with the time", "one without");
  t.check(entry.spi == spi, "an entry with the SPI " + std::to_string(spi.value),
          entry.spi ? std::to_string(entry.spi->value) : "none");
  t.check(entry.source == path.local.address && entry.destination == path.remote.address,
          "an entry with the packet's addresses", "other addresses, or none");
}
void expect_number(Tester& t, const AuditEntry& entry, std::uint64_t number) {
  t.check(entry.number == static_cast<std::uint32_t>(number), "an entry with the packet's number",
          entry.number ? std::to_string(*entry.number) : "none");
}

constexpr std::uint64_t number_used = 1;
// Each of them leaves one entry; the SPI that it is about.
Spi sends_for_no_sa(Tester& t, EspChild& child) {
  EspPacket packet = child.seal(ping_text(t, t.fresh_mark()), 21);
  packet.octets[3] ^= 1;
  t.send(packet);
  t.wait(t.link().silence());
  return spi_of(packet);
}
Spi sends_a_replay(Tester& t, EspChild& child) {
  expect_refused(t, child, number_used, "a number that was used");
  return child.terms().peer;
}
Spi sends_a_wrong_icv(Tester& t, EspChild& child) {
  t.send(damaged(child.seal(ping_text(t, t.fresh_mark()), 21), -1));
  t.wait(t.link().silence());
  return child.terms().peer;
}
Spi uses_up_numbers(Tester& t, EspChild& child) {
  t.call(Hook::set_outbound_sequence, 0xffff'fffe);
  for (int i = 0; i < 5; ++i)
    t.send_ping(child);
  t.wait(t.link().silence());
  return child.terms().own;
}

Opening separate(Tester& t) {
  ike::ChildProposal one = t.target().child_proposals.at(0);
  std::erase_if(one.encryption,
                [](const auto& cipher) { return cipher.id != crypto::EncryptionId::aes_cbc; });
  if (one.encryption.empty()) t.unsupported("the target is described without AES-CBC");
  Opening opening;
  opening.child.proposals = std::vector{one};
  return opening;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/4/packet-without-an-sa-is-audited",
        .rules = {"rfc4303/4/no-sa-is-an-auditable-event",
                  "rfc4303/3.4.2/no-sa-found-is-discarded-and-audited",
                  "rfc4303/2.1/no-match-is-discarded-and-audited",
                  "rfc4303/4/esp-audits-where-the-system-does"},
        .hooks = {Hook::read_audit}, .does = "A packet arrives with an SPI under which the target has no SA.",
        .lawful = "Its audit log has an entry of that.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          sends_for_no_sa(t, child_of(sa));
          expect_new(t, Event::no_sa, logged);
        });

MPSEC_CASE(
        .id = "rfc4303/4/entry-of-a-packet-without-an-sa-names-it",
        .rules = {"rfc4303/4/no-sa-record-names-spi-time-addresses-number-and-flow",
                  "rfc4303/3.4.2/no-sa-audit-names-spi-time-addresses-number-and-flow",
                  "rfc4303/4/each-event-has-its-minimum-of-data"},
        .hooks = {Hook::read_audit}, .does = "A packet arrives with an SPI under which the target has no SA.",
        .lawful = "The entry names SPI, time, addresses and sequence number.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          EspChild& child = child_of(sa);
          const Spi spi = sends_for_no_sa(t, child);
          const auto entry = t.control([&] { return expect_new(t, Event::no_sa, logged); });
          expect_named(t, entry, spi, child.terms().path);
          expect_number(t, entry, 21);
        });

MPSEC_CASE(
        .id = "rfc4303/4/replayed-packet-is-audited",
        .rules = {"rfc4303/4/failed-replay-check-is-an-auditable-event"}, .hooks = {Hook::read_audit},
        .does = "A packet arrives whose number was used.", .lawful = "The audit log has an entry of that.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          sends_a_replay(t, child_of(sa));
          expect_new(t, Event::replayed, logged);
        });

MPSEC_CASE(
        .id = "rfc4303/4/entry-of-a-replayed-packet-names-it",
        .rules = {"rfc4303/4/replay-record-names-spi-time-addresses-number-and-flow",
                  "rfc4303/3.4.3/audit-entry-names-spi-time-addresses-and-number"},
        .hooks = {Hook::read_audit}, .does = "A packet arrives whose number was used.",
        .lawful = "The entry names SPI, time, addresses and sequence number.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          EspChild& child = child_of(sa);
          const Spi spi = sends_a_replay(t, child);
          const auto entry = t.control([&] { return expect_new(t, Event::replayed, logged); });
          expect_named(t, entry, spi, child.terms().path);
          expect_number(t, entry, number_used);
        });

MPSEC_CASE(
        .id = "rfc4303/4/wrong-icv-is-audited",
        .rules = {"rfc4303/4/failed-icv-is-an-auditable-event",
                  "rfc4303/3.4.3/failed-icv-is-discarded-and-audited"},
        .hooks = {Hook::read_audit}, .does = "With separate algorithms, a packet arrives whose ICV is wrong.",
        .lawful = "The audit log has an entry of that.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(separate(t));
          const std::size_t logged = t.audit().size();
          sends_a_wrong_icv(t, child_of(sa));
          expect_new(t, Event::not_authentic, logged);
        });

MPSEC_CASE(
        .id = "rfc4303/4/entry-of-a-wrong-icv-names-the-packet",
        .rules = {"rfc4303/4/icv-record-names-spi-time-addresses-number-and-flow",
                  "rfc4303/3.4.4.1/icv-audit-names-spi-time-addresses-number-and-flow"},
        .hooks = {Hook::read_audit}, .does = "With separate algorithms, a packet arrives whose ICV is wrong.",
        .lawful = "The entry names SPI, time, addresses and sequence number.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(separate(t));
          const std::size_t logged = t.audit().size();
          EspChild& child = child_of(sa);
          const Spi spi = sends_a_wrong_icv(t, child);
          const auto entry = t.control([&] { return expect_new(t, Event::not_authentic, logged); });
          expect_named(t, entry, spi, child.terms().path);
          expect_number(t, entry, 21);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.4.2/wrong-tag-is-audited",
        .rules = {"rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited",
                  "rfc4303/3.4.4.2/combined-mode-audit-names-spi-time-addresses-number-and-flow"},
        .hooks = {Hook::read_audit},
        .does = "With what the target prefers, a packet arrives whose ICV is wrong.",
        .lawful = "The audit log has an entry that names SPI, time, addresses and sequence number.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          EspChild& child = child_of(sa);
          const Spi spi = sends_a_wrong_icv(t, child);
          const auto entry = expect_new(t, Event::not_authentic, logged);
          expect_named(t, entry, spi, child.terms().path);
          expect_number(t, entry, 21);
        });

MPSEC_CASE(
        .id = "rfc4303/4/end-of-the-numbers-is-audited",
        .rules = {"rfc4303/4/overflow-is-an-auditable-event",
                  "rfc4303/3.3.3/exhausted-counter-sends-nothing"},
        .features = {Feature::sequence_numbers_32}, .hooks = {Hook::set_outbound_sequence, Hook::read_audit},
        .does = "The target is at its last number, and has more to send.",
        .lawful = "The audit log has an entry of the packets that it could not send.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          uses_up_numbers(t, child_of(sa));
          expect_new(t, Event::exhausted, logged);
        });

MPSEC_CASE(
        .id = "rfc4303/4/entry-of-the-end-of-the-numbers-names-the-sa",
        .rules = {"rfc4303/4/overflow-record-names-spi-time-addresses-number-and-flow",
                  "rfc4303/3.3.3/overflow-audit-names-spi-time-addresses-and-flow"},
        .features = {Feature::sequence_numbers_32}, .hooks = {Hook::set_outbound_sequence, Hook::read_audit},
        .does = "The target is at its last number, and has more to send.",
        .lawful = "The entry names the SPI of the SA, the time and the packet's addresses.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const std::size_t logged = t.audit().size();
          const Spi spi = uses_up_numbers(t, child_of(sa));
          const auto entry = t.control([&] { return expect_new(t, Event::exhausted, logged); });
          t.check(entry.has_time && entry.spi == spi && entry.source && entry.destination,
                  "an entry with time, SPI and addresses", "one of them is missing");
        });

}  // namespace mpsec::conformance
