// Against the SA cluster profile 5, 7 and 8: schedules, copies, order, and peers without clusters.
#include <map>
#include <set>

#include "interop/defects/bends.hpp"
#include "interop/suite/esp_child.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/replay_window.hpp"
#include "ipsec/sequence_source.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using ipsec::ReplayVerdict;

namespace {

// Always the first path.
class FirstPath final : public cluster::PathScheduler {
 public:
  void on_paths(std::span<const cluster::PathView>) override {}
  Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override { return {0, wanted, std::nullopt}; }
};

// One path after the other, whatever the flow.
class Turning final : public cluster::PathScheduler {
 public:
  void on_paths(std::span<const cluster::PathView> paths) override {
    paths_ = static_cast<std::uint32_t>(paths.size());
  }
  Choice choose(std::uint64_t, std::uint32_t) noexcept override {
    return {next_++ % paths_, 1, std::nullopt};
  }

 private:
  std::uint32_t paths_ = 1, next_ = 0;
};

}  // namespace

MPSEC_DEFECT(
        .id = "uses-the-first-sub-sa-alone", .rule = "draft-zhang/3/traffic-is-split",
        .does = "Sends everything by the first sub-SA.", .make = [] {
          Bent bent;
          bent.seams.scheduler = [](auto) { return std::make_unique<FirstPath>(); };
          return bent;
        });

MPSEC_DEFECT(
        .id = "wants-sub-sas-in-turn", .rule = "profile/5/choice-is-local",
        .does = "Drops the fourth packet in a row of one sub-SA, where there are two.", .make = [] {
          const auto seen = std::make_shared<std::set<std::uint32_t>>();
          const auto run = std::make_shared<std::pair<std::uint32_t, int>>();
          return esp_arriving([=](EspPacket one) {
            const std::uint32_t spi = spi_of(one).value;
            seen->insert(spi);
            run->second = run->first == spi ? run->second + 1 : 1;
            run->first = spi;
            std::vector<EspPacket> on;
            if (seen->size() < 2 || run->second != 4) on.push_back(std::move(one));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "sends-each-packet-twice", .rule = "profile/1/one-packet-one-sub-sa",
        .does = "Protects every fourth inner packet twice, under two numbers.", .make = [] {
          const auto count = std::make_shared<int>(0);
          Bent bent;
          bent.sent = [=](Octets packet) {
            std::vector<Octets> on{packet};
            if (++*count % 4 == 0) on.push_back(std::move(packet));
            return on;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "pads-with-zeros-on-other-sub-sas", .rule = "profile/5/nothing-else-changes",
        .does = "Pads with zeros in the place of 1, 2, 3.", .make = [] {
          return sealing([](ipsec::PacketBuffer&, MutableOctets text) {
            if (text.size() < 2) return;
            const std::size_t pad = text[text.size() - 2];
            for (std::size_t i = 0; i < pad && i + 2 < text.size(); ++i)
              text[text.size() - 3 - i] = 0;
          });
        });

MPSEC_DEFECT(
        .id = "tears-flows-apart", .rule = "profile/5/flows-stay-together",
        .does = "Takes the sub-SAs in turn, packet by packet, though it is to keep flows together.",
        .make = [] {
          Bent bent;
          bent.seams.scheduler = [](auto) { return std::make_unique<Turning>(); };
          return bent;
        });

MPSEC_DEFECT(
        .id = "sends-a-third-copy", .rule = "profile/5/copy-has-the-same-number",
        .does = "Sends a third copy of what it sends on two sub-SAs.", .make = [] {
          const auto last = std::make_shared<std::optional<EspPacket>>();
          return esp_leaving([=](EspPacket one) {
            std::vector<EspPacket> on{one};
            if (*last && number_on_wire(**last) == number_on_wire(one) && spi_of(**last) != spi_of(one))
              on.push_back(**last);
            *last = std::move(one);
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "copies-on-one-sub-sa", .rule = "profile/5/never-twice-on-one-sub-sa",
        .does = "Sends both copies on one sub-SA where duplication was agreed and there is no other.",
        .make = [] {
          const auto agreed = std::make_shared<bool>(false);
          const auto spis = std::make_shared<std::set<std::uint32_t>>();
          Bent bent = outgoing([=](Message& message) {
            change_join(message, [&](SaClusterJoin& join) { *agreed |= join.duplication; });
          });
          bent.esp_out = [=](EspPacket one) {
            spis->insert(spi_of(one).value);
            std::vector<EspPacket> on{one};
            if (*agreed && spis->size() == 1) on.push_back(std::move(one));
            return on;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "delivers-both-copies", .rule = "profile/6/accepted-once",
        .does = "Accepts a number once on each sub-SA where duplication was agreed.", .make = [] {
          const auto agreed = std::make_shared<bool>(false);
          Bent bent = outgoing([=](Message& message) {
            change_join(message, [&](SaClusterJoin& join) { *agreed |= join.duplication; });
          });
          bent.seams.window =
              window({.accept = [=](std::uint64_t, ReplayVerdict standard, std::uint64_t) {
                return *agreed && standard == ReplayVerdict::redundant ? ReplayVerdict::fresh : standard;
              }}).seams.window;
          return bent;
        });

MPSEC_DEFECT(
        .id = "duplicates-unasked", .rule = "profile/5/duplication-only-if-agreed",
        .does = "Duplicates though the peer has not set bit 2, and leaves it clear in its answer.",
        .make = [] {
          return incoming_and_outgoing(
              [](Message& message) {
                if (message.header.response) return;
                const bool founds = founds_or_joins(message, true);
                if (founds) change_join(message, [](SaClusterJoin& join) { join.duplication = true; });
              },
              [](Message& message) {
                if (message.header.response)
                  change_join(message, [](SaClusterJoin& join) { join.duplication = false; });
              });
        });

// --- order

MPSEC_DEFECT(
        .id = "delivers-twice-what-was-held", .rule = "profile/7/nothing-twice",
        .does = "Delivers a packet once more when the next one with a lower number comes.", .make = [] {
          const auto last = std::make_shared<std::uint32_t>(0);
          const auto again = std::make_shared<bool>(false);
          Bent bent;
          bent.esp_in = [=](EspPacket one) {
            const std::uint32_t number = number_on_wire(one);
            *again = number < *last && number + 64 > *last;
            *last = std::max(*last, number);
            return std::vector{std::move(one)};
          };
          bent.delivered = [=](Octets packet) {
            std::vector<Octets> on{packet};
            if (std::exchange(*again, false)) on.push_back(std::move(packet));
            return on;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "waits-for-a-gap-for-ever", .rule = "profile/7/bounded",
        .does = "Delivers nothing behind a missing number of a cluster.", .make = [] {
          const auto next = std::make_shared<std::uint32_t>(0);
          const auto spis = std::make_shared<std::set<std::uint32_t>>();
          const auto missing = std::make_shared<std::set<std::uint32_t>>();
          return esp_arriving([=](EspPacket one) {
            spis->insert(spi_of(one).value);
            const std::uint32_t number = number_on_wire(one);
            missing->erase(number);
            if (spis->size() == 2 && number == *next + 1) missing->insert(*next);
            *next = std::max(*next, number + 1);
            std::vector<EspPacket> on;
            if (missing->empty() || number < *missing->begin() || number > *missing->begin() + 8)
              on.push_back(std::move(one));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "waits-for-a-dummy-packet", .rule = "profile/7/what-resolves-a-number",
        .does = "Delivers nothing behind a dummy packet.", .make = [] {
          const auto stalled = std::make_shared<bool>(false);
          Bent bent = opening([=](ipsec::PacketBuffer&, MutableOctets text) {
            if (!text.empty() && text.back() == 59) *stalled = true;
          });
          bent.delivered = [=](Octets packet) {
            std::vector<Octets> on;
            if (!*stalled) on.push_back(std::move(packet));
            return on;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "stalls-behind-a-late-packet", .rule = "profile/7/late-packets",
        .does = "Delivers the next packet behind a late one no more.", .make = [] {
          const auto top = std::make_shared<std::uint32_t>(0);
          const auto late = std::make_shared<int>(0);
          return esp_arriving([=](EspPacket one) {
            const std::uint32_t number = number_on_wire(one);
            std::vector<EspPacket> on;
            if (number + 1 == *top && *late == 0)
              *late = 1;
            else if (*late == 1 && number == *top + 1)
              *late = 2;
            if (*late != 2) on.push_back(one);
            if (*late == 2) *late = 3;
            *top = std::max(*top, number);
            return on;
          });
        });

// --- peers without clusters

MPSEC_DEFECT(
        .id = "guesses-a-cluster", .rule = "profile/2/no-guessing",
        .does = "Judges all SAs by the window of the first.", .make = [] {
          const auto shared = std::make_shared<std::shared_ptr<ipsec::AntiReplay>>();
          return with(
              [=](auto inner, const ipsec::InboundParameters& sa) -> std::shared_ptr<ipsec::AntiReplay> {
                if (sa.replay_window >= 1024) return inner;
                if (!*shared) *shared = inner ? inner : ipsec::make_window(sa);
                return *shared;
              });
        });

MPSEC_DEFECT(
        .id = "shares-numbers-with-an-ordinary-peer", .rule = "profile/8/shared-numbers-to-an-ordinary-peer",
        .does = "Counts over all Child SAs of a peer without clusters by one counter.", .make = [] {
          const auto shared = std::make_shared<std::shared_ptr<ipsec::SequenceSource>>();
          const auto clusters = std::make_shared<bool>(false);
          const auto note = [=](Message& message) {
            *clusters |= find_notify(message.payloads, NotifyType::sa_cluster_join) != nullptr;
          };
          Bent bent = incoming_and_outgoing(note, note);
          bent.seams.sequence = [=](auto inner, const auto&) -> std::shared_ptr<ipsec::SequenceSource> {
            if (*clusters) return inner;
            if (!*shared) *shared = inner;
            return *shared;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "speaks-of-clusters-unasked", .rule = "profile/8/no-notifies-unless-configured",
        .does = "Sends the Vendor ID in IKE_AUTH though it has no clusters configured.", .make = [] {
          return outgoing([](Message& message) {
            const bool says =
                std::ranges::any_of(find_all<VendorId>(message.payloads),
                                    [](const VendorId* one) { return knows_sa_clusters(*one); });
            if (message.header.exchange_type == ExchangeType::ike_auth && !says)
              add(message, make_payload(make_sa_cluster_vendor_id()));
          });
        });

MPSEC_DEFECT(
        .id = "sends-on-what-it-has-refused", .rule = "profile/2/agreed-before-traffic",
        .does = "Sends a packet under the SPI of a sub-SA that it has refused.", .make = [] {
          const auto asked = std::make_shared<Octets>();
          const auto refused = std::make_shared<bool>(false);
          Bent bent = incoming_and_outgoing(
              [=](Message& message) {
                const auto* sa = find<SecurityAssociation>(message.payloads);
                if (!message.header.response && sa != nullptr && founds_or_joins(message, false))
                  *asked = sa->proposals.at(0).spi;
              },
              [=](Message& message) {
                *refused |=
                    notify_in(message, NotifyType::sa_cluster_refused) != nullptr && asked->size() == 4;
              });
          bent.esp_out = [=](EspPacket one) {
            std::vector<EspPacket> on{one};
            if (!std::exchange(*refused, false)) return on;
            std::ranges::copy(*asked, one.octets.begin());
            on.push_back(std::move(one));
            return on;
          };
          return bent;
        });

}  // namespace mpsec::conformance
