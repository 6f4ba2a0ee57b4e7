// Against the SA cluster profile 4 and 6: numbers and windows.
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

using SourceOf = decltype(gateway::Replacements::sequence);
Bent with(SourceOf source) {
  Bent bent;
  bent.seams.sequence = std::move(source);
  return bent;
}

// Gives numbers from the beginning once there are none left.
class RollingOver final : public ipsec::SequenceSource {
 public:
  explicit RollingOver(std::shared_ptr<SequenceSource> inner) : inner_(std::move(inner)) {}
  Range take(std::uint32_t wanted) noexcept override {
    const Range range = inner_->take(wanted);
    return range.count != 0 ? range : Range{++again_, 1};
  }
  std::uint64_t left() const noexcept override { return 1'000'000; }

 private:
  std::shared_ptr<SequenceSource> inner_;
  std::uint64_t again_ = 0;
};

// Counts, over all sub-SAs, the numbers that were given: what `bend` gets beside each.
Bent counted(std::function<std::uint64_t(std::uint64_t number, std::size_t count)> bend) {
  const auto count = std::make_shared<std::size_t>(0);
  return numbers([=, bend = std::move(bend)](std::uint64_t number) { return bend(number, (*count)++); });
}

// Asks the standard policy nothing about selectors.
class NoSelectors final : public ipsec::InboundPolicy {
 public:
  void judge_trailers(std::span<const Trailer> trailers,
                      std::span<ipsec::Discard> verdicts) noexcept override {
    standard_.judge_trailers(trailers, verdicts);
  }
  void judge_selectors(const ipsec::SelectorMatcher&, std::span<const ipsec::PacketSelectors>,
                       std::span<ipsec::Discard> verdicts) noexcept override {
    std::ranges::fill(verdicts, ipsec::Discard::none);
  }

 private:
  ipsec::StandardInboundPolicy standard_;
};

}  // namespace

// --- numbers

MPSEC_DEFECT(
        .id = "counter-per-sub-sa", .rule = "profile/4/one-counter", .does = "Counts on every sub-SA from 1.",
        .make = [] {
          return with(
              [](auto, const ipsec::OutboundParameters& sa) -> std::shared_ptr<ipsec::SequenceSource> {
                return std::make_shared<ipsec::SequenceCounter>(sa.extended_sequence_numbers);
              });
        });

MPSEC_DEFECT(
        .id = "number-twice-under-one-key", .rule = "profile/4/key-and-number-once",
        .does = "Gives its fourteenth number to the fifteenth packet too, and to the sixteenth.", .make = [] {
          const auto kept = std::make_shared<std::uint64_t>(0);
          return counted([=](std::uint64_t number, std::size_t count) {
            if (count == 13) *kept = number;
            return count == 14 || count == 15 ? *kept : number;
          });
        });

MPSEC_DEFECT(
        .id = "counts-in-steps-of-a-thousand", .rule = "profile/4/in-steps-of-one",
        .does = "Leaves a thousand numbers out behind each packet.",
        .make = [] { return numbers([](std::uint64_t number) { return (number - 1) * 1000 + 1; }); });

MPSEC_DEFECT(
        .id = "keeps-a-lease-that-was-left-behind", .rule = "profile/4/lease-left-behind",
        .does = "Sends its thirtieth packet under the number that should have been the fifth.", .make = [] {
          const auto kept = std::make_shared<std::uint64_t>(0);
          return counted([=](std::uint64_t number, std::size_t count) {
            if (count == 4) *kept = number, ++number;
            if (count >= 5 && count < 30) return number + 1;
            return count == 30 ? *kept : number + (count > 30 ? 1 : 0);
          });
        });

MPSEC_DEFECT(
        .id = "keeps-a-lease-for-ever", .rule = "profile/4/lease-has-a-time",
        .does = "Leaves its eighth number to a worker that uses it four packets later.", .make = [] {
          const auto kept = std::make_shared<std::uint64_t>(0);
          return counted([=](std::uint64_t number, std::size_t count) {
            if (count == 7) *kept = number;
            if (count == 12) return *kept;
            return number + (count >= 7 ? 1 : 0);
          });
        });

MPSEC_DEFECT(
        .id = "first-number-of-a-cluster-is-two", .rule = "profile/4/first-number-is-one",
        .does = "Begins a cluster with the number 2.", .make = [] {
          const auto clusters = std::make_shared<bool>(false);
          Bent bent = incoming([=](Message& message) { *clusters |= founds_or_joins(message, true); });
          bent.seams.sequence =
              numbers([=](std::uint64_t number) { return *clusters ? number + 1 : number; }).seams.sequence;
          return bent;
        });

MPSEC_DEFECT(
        .id = "numbers-begin-again", .rule = "profile/4/never-cycles",
        .does = "Begins with the number 1 again where a cluster's numbers are used up.", .make = [] {
          return with([](auto inner, const auto&) -> std::shared_ptr<ipsec::SequenceSource> {
            return std::make_shared<RollingOver>(std::move(inner));
          });
        });

MPSEC_DEFECT(
        .id = "warns-of-no-end", .rule = "profile/4/early-warning",
        .does = "Asks for no new cluster before the numbers of the old one are used up.", .make = [] {
          return at_socket({}, [](Message message) {
            std::vector<Message> on;
            const bool founding = !message.header.response &&
                                  message.header.exchange_type == ExchangeType::create_child_sa &&
                                  founds_or_joins(message, true);
            if (!founding) on.push_back(std::move(message));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "rekeys-where-a-new-cluster-is-needed", .rule = "profile/4/only-a-new-cluster-helps",
        .does = "Adds REKEY_SA to a request that founds a new cluster in the place of an old one.",
        .make = [] {
          return outgoing([](Message& message) {
            if (!message.header.response && message.header.exchange_type == ExchangeType::create_child_sa &&
                founds_or_joins(message, true))
              add(message,
                  make_payload(make_notify(NotifyType::rekey_sa, {}, ProtocolId::esp, Octets{1, 2, 3, 4})));
          });
        });

MPSEC_DEFECT(
        .id = "keeps-the-old-cluster", .rule = "profile/4/only-a-new-cluster-helps",
        .does = "Does not delete the sub-SAs of a cluster that was replaced.", .make = [] {
          const auto replaced = std::make_shared<bool>(false);
          return at_socket({}, [=](Message message) {
            std::vector<Message> on;
            *replaced |= !message.header.response &&
                         message.header.exchange_type == ExchangeType::create_child_sa &&
                         founds_or_joins(message, true);
            if (!*replaced || find<Delete>(message.payloads) == nullptr) on.push_back(std::move(message));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "high-half-stays-zero", .rule = "profile/4/key-and-number-once",
        .does = "Counts with 32 bits where numbers are extended.",
        .make = [] { return numbers([](std::uint64_t number) { return number & 0xffff'ffffu; }); });

MPSEC_DEFECT(
        .id = "swaps-two-numbers", .rule = "profile/8/one-sub-sa-looks-ordinary",
        .does = "Sends its third and its fourth packet under each other's numbers.", .make = [] {
          return counted([](std::uint64_t number, std::size_t count) {
            return count == 2 ? number + 1 : count == 3 ? number - 1 : number;
          });
        });

MPSEC_DEFECT(
        .id = "counts-on-by-rekey-of-an-ordinary-sa",
        .rule = "profile/8/without-agreement-each-sa-for-itself",
        .does = "Goes on with the numbers of an ordinary SA when that is rekeyed.", .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          const auto note = [=](Message& message) {
            *rekeyed |= find_notify(message.payloads, NotifyType::rekey_sa) != nullptr &&
                        find_notify(message.payloads, NotifyType::sa_cluster_join) == nullptr;
          };
          Bent bent = outgoing_and_incoming(note, note);
          bent.seams.sequence =
              numbers([=](std::uint64_t number) { return *rekeyed ? number + 100 : number; }).seams.sequence;
          return bent;
        });

// --- the window

MPSEC_DEFECT(
        .id = "window-per-sub-sa", .rule = "profile/6/one-window", .does = "Keeps a window for every sub-SA.",
        .make = [] {
          return with([](auto, const ipsec::InboundParameters& sa) { return ipsec::make_window(sa); });
        });

MPSEC_DEFECT(
        .id = "high-half-per-sub-sa", .rule = "profile/6/high-half-from-the-clusters-top",
        .does = "Infers the high half of a number from what its own sub-SA has seen.", .make = [] {
          return with(
              [](auto inner, const ipsec::InboundParameters& sa) -> std::shared_ptr<ipsec::AntiReplay> {
                if (!sa.extended_sequence_numbers) return inner;
                return ipsec::make_window(sa);
              });
        });

MPSEC_DEFECT(
        .id = "accepts-a-replay", .rule = "draft-zhang/3.3/window-works-as-before",
        .does = "Accepts the number that it accepted last once more.", .make = [] {
          return window({.accept = [](std::uint64_t number, ReplayVerdict standard, std::uint64_t top) {
            return standard == ReplayVerdict::duplicate && number == top ? ReplayVerdict::fresh : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "window-of-64-for-a-cluster", .rule = "profile/6/window-size-when-little-is-known",
        .does = "Says that its window is 1,024, and has one of 64 for the cluster.", .make = [] {
          const auto shared = std::make_shared<std::shared_ptr<ipsec::AntiReplay>>();
          return with(
              [=](auto inner, const ipsec::InboundParameters& sa) -> std::shared_ptr<ipsec::AntiReplay> {
                if (sa.replay_window < 1024) return inner;
                if (!*shared)
                  *shared = std::make_shared<ipsec::ReplayWindow>(64, sa.extended_sequence_numbers);
                return *shared;
              });
        });

MPSEC_DEFECT(
        .id = "accepts-what-is-too-old", .rule = "draft-zhang/3.3/window-works-as-before",
        .does = "Accepts what is below the window.", .make = [] {
          return window({.accept = [](std::uint64_t, ReplayVerdict standard, std::uint64_t) {
            return standard == ReplayVerdict::too_old ? ReplayVerdict::fresh : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "marks-before-the-icv", .rule = "profile/6/decision-after-the-icv",
        .does = "Takes a number for seen, and the window for moved, before the ICV is checked.", .make = [] {
          const auto seen = std::make_shared<std::set<std::uint32_t>>();
          const auto top = std::make_shared<std::uint32_t>(0);
          return window({.check = [=](std::uint32_t number, ipsec::AntiReplay::Hint standard, std::uint64_t) {
            if (standard.verdict != ReplayVerdict::fresh) return standard;
            if (!seen->insert(number).second) standard.verdict = ReplayVerdict::duplicate;
            if (number + 200'000u < *top) standard.verdict = ReplayVerdict::too_old;
            *top = std::max(*top, number);
            return standard;
          }});
        });

MPSEC_DEFECT(
        .id = "checks-every-icv-first", .rule = "profile/6/hint-before-the-icv",
        .does = "Does not ask the window before the ICV is checked.", .make = [] {
          return window({.check = [](std::uint32_t, ipsec::AntiReplay::Hint standard, std::uint64_t) {
            standard.verdict = ReplayVerdict::fresh;
            return standard;
          }});
        });

MPSEC_DEFECT(
        .id = "counts-replays-as-too-old", .rule = "profile/6/causes-are-counted-apart",
        .does = "Counts whatever the window discards as too old.", .make = [] {
          return window({.accept = [](std::uint64_t, ReplayVerdict standard, std::uint64_t) {
            return standard == ReplayVerdict::duplicate ? ReplayVerdict::too_old : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "checks-no-selectors-in-a-cluster", .rule = "profile/6/selectors-still-checked",
        .does = "Delivers whatever inner packet came by a sub-SA.", .make = [] {
          const auto policy = std::make_shared<NoSelectors>();
          Bent bent;
          bent.seams.inbound = policy.get();
          bent.state = policy;
          return bent;
        });

MPSEC_DEFECT(
        .id = "finds-a-sub-sa-by-its-path", .rule = "profile/6/sub-sa-by-spi-and-address",
        .does = "Takes every packet of a path for one of the third sub-SA there, if there is one.",
        .make = [] {
          const auto spis = std::make_shared<std::map<IpAddress, std::vector<std::uint32_t>>>();
          return esp_arriving([=](EspPacket one) {
            auto& known = (*spis)[one.path.local.address];
            const std::uint32_t spi = spi_of(one).value;
            if (std::ranges::find(known, spi) == known.end()) known.push_back(spi);
            std::vector<EspPacket> on;
            if (known.size() < 3 || spi == known[2]) on.push_back(std::move(one));
            return on;
          });
        });

}  // namespace mpsec::conformance
