// RFC 4303 2.1, 3.4.2 and 3.4.4: the SA of a packet, and its ICV.
#include <algorithm>

#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

// What the target is described with, cut down to combined-mode ciphers, or to the others.
Opening with_ciphers(Tester& t, bool combined) {
  ike::ChildProposal one = t.target().child_proposals.at(0);
  std::erase_if(one.encryption, [&](const ike::AllowedEncryption& cipher) {
    const auto* transform = crypto::find(cipher.id).value_or(nullptr);
    return transform == nullptr || transform->combined() != combined;
  });
  if (one.encryption.empty()) t.unsupported("the target is described with no such cipher");
  if (combined) one.integrity.clear();
  Opening opening;
  opening.child.proposals = std::vector{one};
  return opening;
}

// A ping whose packet is changed by `change`, then the packet as it should be.
void tries_damage(Tester& t, IkeSession& sa, const std::function<EspPacket(EspChild&, EspPacket)>& change) {
  EspChild& child = child_of(sa);
  const auto mark = t.fresh_mark();
  const EspPacket packet = child.seal(ping_text(t, mark));
  t.send(change(child, packet));
  t.expect_no_pong(mark, "a packet that was changed on its way");
  t.send(packet);
  t.expect_pong(mark);
  t.expect_alive(sa);
}

std::ptrdiff_t text_of(const EspChild& child) {
  return static_cast<std::ptrdiff_t>(child.text_at()) + 30;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/3.4.4.1/packet-with-a-changed-icv-is-discarded",
        .rules = {"rfc4303/3.4.4.1/failed-icv-is-discarded",
                  "rfc4303/3.4.3/failed-icv-is-discarded-and-audited"},
        .does = "With separate algorithms, the last octet of a packet's ICV is changed.",
        .lawful = "The packet is discarded; sent as it was, it is taken.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, false));
          tries_damage(t, sa, [](EspChild&, EspPacket packet) { return damaged(std::move(packet), -1); });
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.4.1/packet-with-a-changed-text-is-discarded",
        .rules = {"rfc4303/3.4.4.1/failed-icv-is-discarded", "rfc4303/3.4.4.1/integrity-before-decryption",
                  "rfc4303/3.3.2.1/encrypt-before-integrity"},
        .does = "With separate algorithms, an octet of what is encrypted is changed.",
        .lawful = "The packet is discarded; sent as it was, it is taken.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, false));
          tries_damage(t, sa, [](EspChild& child, EspPacket packet) {
            return damaged(std::move(packet), text_of(child) + 18);
          });
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.4.2/packet-with-a-changed-tag-is-discarded",
        .rules = {"rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited"},
        .does = "With a combined-mode cipher, the last octet of a packet's tag is changed.",
        .lawful = "The packet is discarded; sent as it was, it is taken.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, true));
          tries_damage(t, sa, [](EspChild&, EspPacket packet) { return damaged(std::move(packet), -1); });
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.4.2/packet-with-a-changed-text-is-discarded",
        .rules = {"rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited"},
        .does = "With a combined-mode cipher, an octet of what is encrypted is changed.",
        .lawful = "The packet is discarded; sent as it was, it is taken.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, true));
          tries_damage(t, sa, [](EspChild& child, EspPacket packet) {
            return damaged(std::move(packet), text_of(child) + 18);
          });
        });

MPSEC_CASE(
        .id = "rfc4106/5/packet-under-another-number-is-discarded",
        .rules = {"rfc4106/5/aad-is-spi-and-sequence-number",
                  "rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited"},
        .does = "With a combined-mode cipher, a packet's sequence number is counted up on its way.",
        .lawful = "The number is authenticated: the packet is discarded; sent as it was, it is taken.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, true));
          tries_damage(t, sa, [](EspChild&, EspPacket packet) {
            store_be(packet.octets.data() + 4, number_on_wire(packet) + 1);
            return packet;
          });
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.2/packet-of-an-unknown-spi-is-discarded",
        .rules = {"rfc4303/3.4.2/no-sa-found-is-discarded-and-audited",
                  "rfc4303/2.1/no-match-is-discarded-and-audited"},
        .does = "A packet of the child arrives with a neighbouring SPI, under which the target has no SA.",
        .lawful = "It is discarded; the target may tell of it, and lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          tries_damage(t, sa, [](EspChild&, EspPacket packet) {
            packet.octets[3] ^= 1;
            return packet;
          });
        });

MPSEC_CASE(
        .id = "rfc4303/2.1/each-sa-is-found-by-its-spi",
        .rules = {"rfc4303/2.1/unicast-sa-is-found-by-spi",
                  "rfc4303/2.1/search-finds-what-the-ordered-search-finds"},
        .does = "The tester makes three children with the same selectors, and pings over each in turn.",
        .lawful = "Each packet is taken under the SA that its SPI names.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& first = child_of(sa);
          EspChild& second = further_child(t, sa);
          EspChild& third = further_child(t, sa);
          for (int round = 0; round < 2; ++round)
            for (EspChild* child : {&third, &first, &second})
              expect_taken(t, *child, child->next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/2.1/spis-are-not-of-the-reserved-ones",
        .rules = {"rfc4303/2.1/spi-1-to-255-reserved", "rfc4303/2.1/spi-0-is-local"}, .side = Side::responder,
        .does = "The tester asks for a child.",
        .lawful = "The SPI that the target chooses for it is 256 or more.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Message response = t.control([&] { return t.ask(sa, sa.auth_request()); });
          const auto* answered = wire::ike::find<wire::ike::SecurityAssociation>(response.payloads);
          t.control([&] { t.check(answered != nullptr, "an SA payload in IKE_AUTH", "none"); });
          const auto spi = wire::ike::child_spi(answered->proposals.at(0).spi);
          t.check(spi && spi->value > 255, "an SPI above 255", spi ? std::to_string(spi->value) : "none");
        });

MPSEC_CASE(
        .id = "rfc4106/3.1/no-iv-is-used-twice", .rules = {"rfc4106/3.1/iv-never-repeats-under-one-key"},
        .does = "With a combined-mode cipher, the target answers twelve pings.",
        .lawful = "No two of its packets have the same IV.", .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, true));
          EspChild& child = child_of(sa);
          std::vector<Octets> ivs;
          for (int i = 0; i < 12; ++i) {
            const Octets packet = t.ping(child).packet.octets;
            ivs.emplace_back(packet.begin() + 8,
                             packet.begin() + static_cast<std::ptrdiff_t>(child.text_at()));
          }
          std::ranges::sort(ivs);
          t.check(std::ranges::adjacent_find(ivs) == ivs.end(), "twelve different IVs", "one of them twice");
        });

MPSEC_CASE(
        .id = "rfc3602/3/iv-cannot-be-foretold", .rules = {"rfc3602/3/iv-is-random"},
        .does = "With AES-CBC, the target answers six pings.",
        .lawful = "The IVs are random: no two are equal, and they do not differ by a constant.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish(with_ciphers(t, false));
          EspChild& child = child_of(sa);
          std::vector<std::uint64_t> starts;
          for (int i = 0; i < 6; ++i)
            starts.push_back(load_be<std::uint64_t>(t.ping(child).packet.octets.data() + 8));
          std::vector<std::uint64_t> steps;
          for (std::size_t i = 1; i < starts.size(); ++i)
            steps.push_back(starts[i] - starts[i - 1]);
          t.check(std::ranges::count(steps, steps[0]) < 3 && std::ranges::count(starts, starts[0]) == 1,
                  "IVs without a pattern", "equal ones, or a constant between them");
        });

}  // namespace mpsec::conformance
