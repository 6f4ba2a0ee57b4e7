// Against RFC 4303 2.1, 3.4.2 and 3.4.4, RFC 4106 and RFC 3602: SPIs, ICVs and IVs.
#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {
namespace {

bool combined(const EspKeys::Sa& sa) {
  return sa.integrity == crypto::IntegrityId::none;
}
std::optional<std::size_t> last_octet(const EspKeys::Sa&, std::size_t octets) {
  return octets - 1;
}
// Of the text, where the cases that are about it change it.
std::size_t in_the_text(const EspKeys::Sa& sa) {
  return ipsec::esp_header_octets + sa.cipher.iv_octets() + 48;
}

}  // namespace

MPSEC_DEFECT(
        .id = "compares-all-but-the-last-octet-of-an-icv", .rule = "rfc4303/3.4.4.1/failed-icv-is-discarded",
        .does = "Compares one octet too few of an ICV.", .make = [] {
          return blind_to([](const EspKeys::Sa& sa, std::size_t octets) {
            return combined(sa) ? std::nullopt : last_octet(sa, octets);
          });
        });

MPSEC_DEFECT(
        .id = "icv-leaves-part-of-the-text-out", .rule = "rfc4303/3.4.4.1/failed-icv-is-discarded",
        .does = "Leaves part of the text out of an ICV.", .make = [] {
          return blind_to([](const EspKeys::Sa& sa, std::size_t) {
            return combined(sa) ? std::nullopt : std::optional(in_the_text(sa));
          });
        });

MPSEC_DEFECT(
        .id = "compares-all-but-the-last-octet-of-a-tag",
        .rule = "rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited",
        .does = "Compares one octet too few of a combined-mode cipher's tag.", .make = [] {
          return blind_to([](const EspKeys::Sa& sa, std::size_t octets) {
            return combined(sa) ? last_octet(sa, octets) : std::nullopt;
          });
        });

MPSEC_DEFECT(
        .id = "tag-leaves-part-of-the-text-out",
        .rule = "rfc4303/3.4.4.2/combined-mode-failure-is-discarded-and-audited",
        .does = "Leaves part of the text out of a combined-mode cipher's tag.", .make = [] {
          return blind_to([](const EspKeys::Sa& sa, std::size_t) {
            return combined(sa) ? std::optional(in_the_text(sa)) : std::nullopt;
          });
        });

MPSEC_DEFECT(
        .id = "tag-leaves-the-number-out", .rule = "rfc4106/5/aad-is-spi-and-sequence-number",
        .does = "Leaves the sequence number out of the associated data.", .make = [] {
          return esp_with_keys(
              [](EspKeys& keys, EspPacket packet) {
                EspKeys::Sa* const sa = keys.of(packet);
                const std::uint32_t number = number_on_wire(packet);
                if (sa == nullptr || sa->extended || number < 2) return std::vector{packet};
                EspPacket before = packet;
                store_be(before.octets.data() + 4, number - 1);
                if (EspKeys::text_of(*sa, before, number - 1)) return std::vector{before};
                return std::vector{packet};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "looks-at-31-bits-of-an-spi", .rule = "rfc4303/3.4.2/no-sa-found-is-discarded-and-audited",
        .does = "Leaves the last bit of an SPI out of its search.", .make = [] {
          return esp_with_keys(
              [](EspKeys& keys, EspPacket packet) {
                if (keys.of(packet) != nullptr) return std::vector{packet};
                EspPacket neighbour = packet;
                neighbour.octets[3] ^= 1;
                return std::vector{keys.of(neighbour) != nullptr ? neighbour : packet};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "knows-the-newest-sa-alone", .rule = "rfc4303/2.1/unicast-sa-is-found-by-spi",
        .does = "Forgets the inbound SA that it has when two more are made with the same selectors.",
        .make = [] {
          const auto first = std::make_shared<std::uint32_t>(0);
          return esp_with_keys(
              [=](EspKeys& keys, EspPacket packet) {
                if (*first == 0) *first = spi_of(packet).value;
                std::vector<EspPacket> on;
                // Each child has two SPIs.
                if (keys.all().size() < 6 || spi_of(packet).value != *first) on.push_back(std::move(packet));
                return on;
              },
              {});
        });

MPSEC_DEFECT(
        .id = "answers-with-a-reserved-spi", .rule = "rfc4303/2.1/spi-1-to-255-reserved",
        .does = "Names a reserved SPI for its child.",
        .no_ping = "Its peer sends under an SPI that it does not know.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.exchange_type != ExchangeType::ike_auth || !message.header.response) return;
            for (Payload& payload : message.payloads)
              if (auto* sa = std::get_if<wire::ike::SecurityAssociation>(&payload.body))
                for (auto& proposal : sa->proposals)
                  proposal.spi = {0, 0, 0, 77};
          });
        });

MPSEC_DEFECT(
        .id = "repeats-an-iv", .rule = "rfc4106/3.1/iv-never-repeats-under-one-key",
        .does = "Uses a number, and the IV that comes from it, again after eight packets.",
        .make = [] { return numbers([](std::uint64_t number) { return number == 10 ? 2 : number; }); });

MPSEC_DEFECT(
        .id = "counts-its-ivs", .rule = "rfc3602/3/iv-is-random",
        .does = "Takes the IVs of a block cipher from a counter.", .make = [] {
          return esp_with_keys({}, [](EspKeys& keys, EspPacket packet) {
            EspKeys::Sa* const sa = keys.of(packet);
            if (sa == nullptr || sa->cipher.block_octets() < 16) return std::vector{packet};
            const std::uint32_t number = number_on_wire(packet);
            const auto text = EspKeys::text_of(*sa, packet, number);
            if (!text) return std::vector{packet};
            return std::vector{
                EspKeys::sealed(*sa, packet, *text, number, static_cast<std::uint8_t>(number))};
          });
        });

}  // namespace mpsec::conformance
