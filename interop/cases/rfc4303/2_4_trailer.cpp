// RFC 4303 2.4 to 2.7: padding, pad length, dummy packets and TFC padding.
#include <algorithm>
#include <numeric>

#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

// As many octets of default padding as fit, no more than 255.
Octets longest_padding(const EspChild& child, const EspText& text) {
  const std::size_t multiple = child.text_multiple(), bare = text.payload.size() + 2;
  std::size_t octets = (multiple - bare % multiple) % multiple;
  while (octets + multiple <= 255)
    octets += multiple;
  Octets padding(octets);
  std::iota(padding.begin(), padding.end(), std::uint8_t{1});
  return padding;
}

std::size_t stated_length(OctetView inner) {
  if (inner.size() < 20) return 0;
  return inner[0] >> 4 == 4 ? load_be<std::uint16_t>(inner.data() + 2)
                            : std::size_t{40} + load_be<std::uint16_t>(inner.data() + 4);
}

// Pings of several lengths, so that paddings of several lengths come back.
std::vector<Tester::Pong> pongs_of_many_lengths(Tester& t, EspChild& child) {
  std::vector<Tester::Pong> pongs;
  for (std::size_t octets = 56; octets < 62; ++octets) {
    const auto mark = t.fresh_mark();
    EspText text = ping_text(t, mark);
    text.payload = to_packet(
        {.from = t.target().tester_host, .to = t.target().target_host, .mark = mark, .octets = octets});
    t.send(child.seal(text));
    pongs.push_back(t.expect_pong(mark));
  }
  return pongs;
}

// A ping with these octets behind it, in front of the ESP padding.
std::uint32_t send_with_tfc(Tester& t, EspChild& child, std::size_t octets, std::uint8_t step) {
  const auto mark = t.fresh_mark();
  EspText text = ping_text(t, mark);
  for (std::size_t i = 0; i < octets; ++i)
    text.payload.push_back(static_cast<std::uint8_t>(i * step));
  t.send(child.seal(text));
  return mark;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/2.4/receiver-takes-the-longest-padding",
        .rules = {"rfc4303/2.4/up-to-255-octets-of-padding", "rfc4303/2.4/all-can-add-and-remove-padding"},
        .does = "The tester pads a ping with as many octets as the pad length can say and the cipher aligns.",
        .lawful = "The padding is taken off, and the ping answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          EspText text = ping_text(t, mark);
          text.padding = longest_padding(child, text);
          t.send(child.seal(text));
          t.expect_pong(mark);
        });

MPSEC_CASE(
        .id = "rfc4303/2.4/receiver-inspects-the-padding",
        .rules = {"rfc4303/2.4/receiver-should-inspect-padding",
                  "rfc4303/3.4.4.1/padding-is-inspected-before-it-is-removed"},
        .does = "A packet with a right ICV arrives whose padding does not count up from one.",
        .lawful = "It should be discarded; a receiver that delivers it fails a SHOULD.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          EspText text = ping_text(t, mark);
          text.padding = longest_padding(child, text);
          std::ranges::fill(*text.padding, std::uint8_t{0xa5});
          t.send(child.seal(text));
          t.expect_no_pong(mark, "a packet with wrong padding");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/2.5/pad-length-beyond-the-payload-is-discarded",
        .rules = {"rfc4303/2.5/pad-length-within-the-payload"},
        .does =
            "A packet with a right ICV arrives whose pad length is larger than all that stands before it.",
        .lawful = "It is discarded, and the target lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          EspText text = ping_text(t, mark);
          text.pad_length = 0xff;
          t.send(child.seal(text));
          t.expect_no_pong(mark, "a packet whose pad length is beyond its payload");
          t.expect_alive(sa);
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/2.4/sent-padding-counts-up-from-one",
        .rules = {"rfc4303/2.4/padding-counts-up-from-one"},
        .does = "The target answers pings of several lengths.",
        .lawful = "The padding in its packets is 1, 2, 3 and so on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          std::size_t padded = 0;
          for (const auto& pong : pongs_of_many_lengths(t, child_of(sa))) {
            const Octets& padding = pong.opened.padding;
            padded += padding.size();
            for (std::size_t i = 0; i < padding.size(); ++i)
              t.check(padding[i] == i + 1, "padding that counts up from one", "other octets");
          }
          t.check(padded > 0, "padding with some of six lengths", "none with any");
        });

MPSEC_CASE(
        .id = "rfc4303/2.4/sent-trailer-ends-on-four-octets",
        .rules = {"rfc4303/2.4/padding-aligns-the-trailer"},
        .does = "The target answers pings of several lengths.",
        .lawful = "What is encrypted in each packet is a multiple of four octets, or of the cipher's block.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          for (const auto& pong : pongs_of_many_lengths(t, child)) {
            const std::size_t text = pong.packet.octets.size() - child.text_at() - child.icv_octets();
            t.check(text % child.text_multiple() == 0, "a trailer that ends on a multiple of four octets",
                    std::to_string(text) + " octets of text");
          }
        });

MPSEC_CASE(
        .id = "rfc4303/2.6/dummy-packet-is-dropped",
        .rules = {"rfc4303/2.6/dummy-packets-are-dropped-without-prejudice",
                  "rfc4303/2.6/dummy-packets-have-next-header-59"},
        .does = "A whole ping arrives with next header 59.",
        .lawful = "It is not delivered, whatever it holds, and nothing else comes of it.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          EspText text = ping_text(t, mark);
          text.next_header = 59;
          t.send(child.seal(text));
          t.expect_no_pong(mark, "a dummy packet");
          t.expect_alive(sa);
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/2.6/dummy-packet-of-random-octets-does-no-harm",
        .rules = {"rfc4303/2.6/dummy-payload-may-be-anything",
                  "rfc4303/2.6/dummy-packets-are-dropped-without-prejudice"},
        .does = "Ten dummy packets with random payloads of several lengths arrive, one of them empty.",
        .lawful = "They are dropped, and the child works on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          for (std::size_t i = 0; i < 10; ++i) {
            EspText text;
            text.next_header = 59;
            for (std::size_t octet = 0; octet < i * 33; ++octet)
              text.payload.push_back(static_cast<std::uint8_t>(t.rng().next_u64()));
            t.send(child.seal(text));
          }
          expect_taken(t, child, child.next_number);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/2.6/dummy-packet-uses-its-number",
        .rules = {"rfc4303/2.6/dummy-packets-have-all-fields", "rfc4303/3.4.3/no-number-is-accepted-twice"},
        .does = "A dummy packet arrives, then a ping with the same number.",
        .lawful = "A dummy packet has a number like any other: the ping comes second, and is refused.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto number = child.next_number++;
          EspText text;
          text.next_header = 59;
          text.payload.assign(40, 0);
          t.send(child.seal(text, number));
          expect_refused(t, child, number, "a number that a dummy packet has used");
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/2.7/tfc-padding-is-taken-off",
        .rules = {"rfc4303/2.7/receiver-drops-what-follows-the-inner-packet"},
        .features = {Feature::tfc_padding},
        .does = "A ping arrives with two hundred octets of zeros behind the inner packet.",
        .lawful = "It is delivered without them, and answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.expect_pong(send_with_tfc(t, child_of(sa), 200, 0));
        });

MPSEC_CASE(
        .id = "rfc4303/2.7/tfc-padding-may-hold-any-octets",
        .rules = {"rfc4303/2.7/tfc-padding-has-any-value"}, .features = {Feature::tfc_padding},
        .does = "A ping arrives with octets of all values behind the inner packet.",
        .lawful = "It is delivered without them, and answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.expect_pong(send_with_tfc(t, child_of(sa), 300, 7));
        });

MPSEC_CASE(
        .id = "rfc4303/2.7/no-tfc-padding-for-a-peer-that-does-not-take-it",
        .rules = {"rfc4303/2.7/tfc-padding-is-negotiated", "rfc7296/1.3.1/tfc-padding-not-supported",
                  "rfc4303/2.7/tfc-padding-leaves-the-inner-length-alone"},
        .side = Side::responder,
        .does = "The tester says ESP_TFC_PADDING_NOT_SUPPORTED with its child, and pings.",
        .lawful = "Nothing stands between the end of the inner packet and the ESP padding of the answers.",
        .run = [](Tester& t) {
          Opening opening;
          opening.auth = [](Message& message) {
            message.payloads.push_back(
                wire::ike::make_payload(wire::ike::make_notify(NotifyType::esp_tfc_padding_not_supported)));
          };
          IkeSession& sa = t.establish(opening);
          for (const auto& pong : pongs_of_many_lengths(t, child_of(sa)))
            t.check(pong.opened.payload.size() == stated_length(pong.opened.payload),
                    "a payload that is the inner packet alone", "octets behind it");
        });

}  // namespace mpsec::conformance
