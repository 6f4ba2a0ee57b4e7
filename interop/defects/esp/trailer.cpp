// Against RFC 4303 2.4 to 2.7: what stands behind the payload.
#include "interop/defects/esp_bends.hpp"

namespace mpsec::conformance {
namespace {

// Of the text of a tunnel's packet: octets between the inner IPv4 packet and the padding.
std::size_t octets_behind(OctetView text) {
  const std::size_t pad = text[text.size() - 2], stated = load_be<std::uint16_t>(text.data() + 2);
  const std::size_t payload = text.size() < pad + 2 ? 0 : text.size() - 2 - pad;
  return payload > stated && text[0] >> 4 == 4 ? payload - stated : 0;
}

}  // namespace

MPSEC_DEFECT(
        .id = "refuses-long-padding", .rule = "rfc4303/2.4/up-to-255-octets-of-padding",
        .does = "Takes padding of more than 200 octets for an error.", .make = [] {
          return trailers([](const auto& trailer, ipsec::Discard standard) {
            return trailer.padding.size() > 200 ? ipsec::Discard::bad_padding : standard;
          });
        });

MPSEC_DEFECT(
        .id = "does-not-look-at-padding", .rule = "rfc4303/2.4/receiver-should-inspect-padding",
        .does = "Takes padding off without a look at it.", .make = [] {
          return trailers([](const auto&, ipsec::Discard standard) {
            return standard == ipsec::Discard::bad_padding ? ipsec::Discard::none : standard;
          });
        });

MPSEC_DEFECT(
        .id = "takes-pad-length-modulo", .rule = "rfc4303/2.5/pad-length-within-the-payload",
        .does = "Takes no padding off where the pad length is too large, and delivers.", .make = [] {
          return opening([](auto&, MutableOctets text) {
            if (text[text.size() - 2] + 2u > text.size()) text[text.size() - 2] = 0;
          });
        });

MPSEC_DEFECT(
        .id = "pads-with-zeros", .rule = "rfc4303/2.4/padding-counts-up-from-one",
        .does = "Fills the padding with zeros.", .make = [] {
          return sealing([](auto&, MutableOctets text) {
            const std::size_t pad = text[text.size() - 2];
            for (std::size_t i = 0; i < pad; ++i)
              text[text.size() - 3 - i] = 0;
          });
        });

MPSEC_DEFECT(
        .id = "does-not-align-the-trailer", .rule = "rfc4303/2.4/padding-aligns-the-trailer",
        .does = "Sends texts that are one octet too long.", .make = [] {
          return texts(
              [](Octets& text) { text.insert(text.end() - 2 - text[text.size() - 2], std::uint8_t{0}); });
        });

MPSEC_DEFECT(
        .id = "delivers-dummy-packets", .rule = "rfc4303/2.6/dummy-packets-are-dropped-without-prejudice",
        .does = "Delivers what a dummy packet holds, if it looks like a packet.", .make = [] {
          return opening([](auto&, MutableOctets text) {
            if (text.back() == 59 && text[0] == 0x45) text.back() = 4;
          });
        });

MPSEC_DEFECT(
        .id = "gives-up-after-strange-dummies", .rule = "rfc4303/2.6/dummy-payload-may-be-anything",
        .does = "Discards all that follows a dummy packet whose payload is no IP packet.", .make = [] {
          const auto upset = std::make_shared<bool>(false);
          return opening([=](auto&, MutableOctets text) {
            *upset |= text.back() == 59 && text.size() > 60 && text[0] >> 4 != 4 && text[0] != 0;
            if (*upset) text.back() = 59;
          });
        });

MPSEC_DEFECT(
        .id = "dummies-leave-their-number", .rule = "rfc4303/2.6/dummy-packets-have-all-fields",
        .does = "Does not mark the number of a dummy packet.", .make = [] {
          const auto after_dummy = std::make_shared<bool>(false);
          Bent bent = window({.accept = [=](auto, auto standard, auto) {
            const bool again = *after_dummy && standard == ipsec::ReplayVerdict::duplicate;
            return again ? ipsec::ReplayVerdict::fresh : standard;
          }});
          Bent seen = opening([=](auto&, MutableOctets text) { *after_dummy = text.back() == 59; });
          bent.seams.packets = seen.seams.packets;
          bent.state = seen.state;
          return bent;
        });

MPSEC_DEFECT(
        .id = "refuses-tfc-padding", .rule = "rfc4303/2.7/receiver-drops-what-follows-the-inner-packet",
        .does = "Takes an inner packet that is shorter than the payload for malformed.", .make = [] {
          return opening([](auto&, MutableOctets text) {
            if (octets_behind(text) > 16) text[0] = 0xf5;
          });
        });

MPSEC_DEFECT(
        .id = "wants-tfc-padding-of-zeros", .rule = "rfc4303/2.7/tfc-padding-has-any-value",
        .does = "Discards packets whose TFC padding is not zero.", .make = [] {
          return opening([](auto&, MutableOctets text) {
            const std::size_t behind = octets_behind(text), pad = text[text.size() - 2];
            if (behind > 16 && text[text.size() - 4 - pad] != 0) text[0] = 0xf5;
          });
        });

MPSEC_DEFECT(
        .id = "sends-tfc-padding-unasked", .rule = "rfc4303/2.7/tfc-padding-is-negotiated",
        .does = "Puts sixteen octets behind each inner packet, whatever the peer has said.", .make = [] {
          return texts([](Octets& text) {
            const auto at = text.end() - 2 - text[text.size() - 2];
            text.insert(at, 16, std::uint8_t{0});
          });
        });

MPSEC_DEFECT(
        .id = "refuses-more-padding-than-needed-in-transport-mode",
        .rule = "rfc4303/2.4/all-can-add-and-remove-padding",
        .does = "In transport mode takes padding beyond 64 octets for an error.", .make = [] {
          return trailers([](const auto& trailer, ipsec::Discard standard) {
            const bool transport = trailer.mode == ipsec::Mode::transport;
            return transport && trailer.padding.size() > 64 ? ipsec::Discard::bad_padding : standard;
          });
        });

MPSEC_DEFECT(
        .id = "gives-up-after-a-dummy-in-transport-mode",
        .rule = "rfc4303/2.6/dummy-packets-are-dropped-without-prejudice",
        .does = "In transport mode discards all that follows a dummy packet.", .make = [] {
          const auto upset = std::make_shared<bool>(false);
          return trailers([=](const auto& trailer, ipsec::Discard standard) {
            *upset |= trailer.mode == ipsec::Mode::transport && trailer.next_header == 59;
            return *upset ? ipsec::Discard::dummy : standard;
          });
        });

}  // namespace mpsec::conformance
