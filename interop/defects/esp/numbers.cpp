// Against RFC 4303 2.2 and 3.3.3: numbers that are sent.
#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {
namespace {

// Begins anew where the standard one ends.
class Endless final : public ipsec::SequenceSource {
 public:
  explicit Endless(std::shared_ptr<SequenceSource> inner) : inner_(std::move(inner)) {}
  Range take(std::uint32_t wanted) noexcept override {
    const Range range = inner_->take(wanted);
    return range.count != 0 || wanted == 0 ? range : Range{++again_, 1};
  }
  std::uint64_t left() const noexcept override { return std::max<std::uint64_t>(inner_->left(), 1000); }

 private:
  std::shared_ptr<SequenceSource> inner_;
  std::uint64_t again_ = 0;
};

}  // namespace

MPSEC_DEFECT(
        .id = "first-number-is-two", .rule = "rfc4303/3.3.3/first-number-is-one",
        .does = "Counts up once too often before its first packet.",
        .make = [] { return numbers([](std::uint64_t number) { return number + 1; }); });

MPSEC_DEFECT(
        .id = "skips-numbers", .rule = "rfc4303/2.2/number-goes-up-with-each-packet",
        .does = "Sends every second number alone.", .make = [] {
          return numbers([](std::uint64_t number) { return number < 40 ? 2 * number - 1 : number; });
        });

MPSEC_DEFECT(
        .id = "begins-anew-when-the-ike-sa-is-rekeyed", .rule = "rfc4303/2.2/new-sa-before-2-to-32-packets",
        .does = "Begins a child's numbers anew when its IKE SA is rekeyed.", .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          Bent bent = numbers([=](std::uint64_t number) { return *rekeyed ? number - 2 : number; });
          Bent seen = outgoing([=](Message& message) {
            if (message.header.exchange_type != ExchangeType::create_child_sa || message.header.response)
              return;
            const auto* sa = wire::ike::find<wire::ike::SecurityAssociation>(message.payloads);
            if (sa != nullptr && sa->proposals.at(0).protocol == wire::ike::ProtocolId::ike) *rekeyed = true;
          });
          bent.seams.messages = seen.seams.messages;
          bent.state = seen.state;
          return bent;
        });

MPSEC_DEFECT(
        .id = "goes-on-after-the-last-number",
        .rule = "rfc4303/3.3.3/counter-must-not-cycle-with-anti-replay",
        .does = "Begins its numbers anew under the same key when they end.", .make = [] {
          Bent bent;
          bent.seams.sequence = [](auto inner, const auto&) -> std::shared_ptr<ipsec::SequenceSource> {
            return std::make_shared<Endless>(std::move(inner));
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "stays-silent-when-numbers-end", .rule = "rfc4303/3.3.3/new-sa-in-anticipation-of-the-end",
        .does = "Does not ask for a new SA when its numbers end.", .make = [] {
          const auto high = std::make_shared<bool>(false);
          Bent bent = datagrams({}, [=](Datagram one) {
            std::vector<Datagram> on;
            const bool request = one.octets.size() > 20 && (one.octets[19] & 0x20) == 0;
            if (!request || !*high) on.push_back(std::move(one));
            return on;
          });
          bent.esp_out = [=](EspPacket packet) {
            *high |= number_on_wire(packet) > 0xffff'fff0;
            return std::vector{std::move(packet)};
          };
          return bent;
        });

}  // namespace mpsec::conformance
