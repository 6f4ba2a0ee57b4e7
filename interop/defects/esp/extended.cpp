// Against RFC 4303 2.8, A2.2 and A3: the half of the number that is not sent.
#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {

using ipsec::AntiReplay;
using ipsec::ReplayVerdict;

namespace {

constexpr std::uint64_t run = std::uint64_t{1} << 32;

bool extended(const ipsec::InboundParameters& sa) {
  return sa.extended_sequence_numbers;
}

class Deaf final : public AntiReplay {
 public:
  explicit Deaf(std::shared_ptr<AntiReplay> inner) : inner_(std::move(inner)) {}
  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override {
    inner_->check(on_wire, hints);
  }
  void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept override {
    inner_->accept(numbers, verdicts);
  }
  std::uint64_t top() const noexcept override { return inner_->top(); }
  void resynchronise(std::uint64_t) noexcept override {}

 private:
  std::shared_ptr<AntiReplay> inner_;
};

}  // namespace

MPSEC_DEFECT(
        .id = "refuses-long-steps-with-esn", .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does = "With extended numbers takes a step of 65000 within a run for one from far below.",
        .make = [] {
          return window_where(extended, {.accept = [](auto number, auto standard, auto top) {
                                return top == 5000 && number > top + 60'000 ? ReplayVerdict::too_old
                                                                            : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "forgets-the-window-with-esn", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "With extended numbers remembers only the highest one within a run.", .make = [] {
          return window_where(extended, {.accept = [](auto number, auto standard, auto top) {
                                const bool again = standard == ReplayVerdict::duplicate && number < top;
                                return again && top < run ? ReplayVerdict::fresh : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "takes-old-numbers-of-the-run", .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does = "Takes a number below the window for one of the same run, and delivers it.", .make = [] {
          return window_where(
              extended, {.accept =
                             [](auto number, auto standard, auto top) {
                               return number == 300 && top == 1u << 22 ? ReplayVerdict::fresh : standard;
                             },
                         .check =
                             [](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t top) {
                               if (number == 300 && top == 1u << 22)
                                 return AntiReplay::Hint{number, ReplayVerdict::fresh};
                               return standard;
                             }});
        });

MPSEC_DEFECT(
        .id = "never-raises-the-high-half", .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does = "Takes each number for one of the first run.", .make = [] {
          return window_where(extended, {.check = [](std::uint32_t number, AntiReplay::Hint standard, auto) {
                                return standard.number >= run && number < 7
                                           ? AntiReplay::Hint{number, ReplayVerdict::fresh}
                                           : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "never-lowers-the-high-half", .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does = "Takes a late number of the run before for one of the present run.", .make = [] {
          return window_where(
              extended, {.check = [](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t top) {
                if (top >= run && standard.number < run)
                  return AntiReplay::Hint{run | number, ReplayVerdict::fresh};
                return standard;
              }});
        });

MPSEC_DEFECT(
        .id = "forgets-the-run-before", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "Clears its window when a run ends.", .make = [] {
          return window_where(extended, {.accept = [](auto number, auto standard, auto top) {
                                const bool before = number < run && top >= run;
                                return before && standard == ReplayVerdict::duplicate ? ReplayVerdict::fresh
                                                                                      : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "forgets-the-new-run", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "Remembers of a new run only the highest number.", .make = [] {
          return window_where(extended, {.accept = [](auto number, auto standard, auto top) {
                                const bool new_run = number >= run && number < top;
                                return new_run && standard == ReplayVerdict::duplicate ? ReplayVerdict::fresh
                                                                                       : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "takes-numbers-ahead-for-old-ones", .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does = "With its window across the end of a run, takes numbers ahead for ones of the run before.",
        .make = [] {
          return window_where(
              extended, {.check = [](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t top) {
                if (top == run + 5 && standard.number > top + 64)
                  return AntiReplay::Hint{number, ReplayVerdict::fresh};
                return standard;
              }});
        });

MPSEC_DEFECT(
        .id = "takes-old-numbers-of-the-run-before",
        .rule = "rfc4303/A2.2/high-half-by-position-of-the-window",
        .does =
            "With its window across the end of a run, delivers numbers of the run before that lie below it.",
        .make = [] {
          return window_where(
              extended,
              {.accept = [](auto number, auto standard,
                            auto) { return number == 0x9000'0000 ? ReplayVerdict::fresh : standard; },
               .check =
                   [](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t top) {
                     if (top == run + 5 && number == 0x9000'0000)
                       return AntiReplay::Hint{number, ReplayVerdict::fresh};
                     return standard;
                   }});
        });

MPSEC_DEFECT(
        .id = "raises-the-high-half-before-the-icv", .rule = "rfc4303/3.4.3/window-updated-only-after-icv",
        .does = "Goes into the next run with a number whose ICV it has not looked at.", .make = [] {
          const auto raised = std::make_shared<bool>(false);
          return window_where(extended,
                              {.check = [=](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t) {
                                if (*raised) standard.number = run | number;
                                *raised |= standard.number > run + 99'999;
                                return standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "leaves-the-high-half-out-of-the-icv",
        .rule = "rfc4303/2.8/icv-covers-the-high-half-that-is-not-sent",
        .does = "Takes a packet whatever high half its ICV was made with.", .make = [] {
          return esp_with_keys(
              [](EspKeys& keys, EspPacket packet) {
                EspKeys::Sa* const sa = keys.of(packet);
                const std::uint64_t number = number_on_wire(packet);
                if (sa != nullptr && sa->extended && number < 10)
                  if (const auto text = EspKeys::text_of(*sa, packet, run | number))
                    packet = EspKeys::sealed(*sa, packet, *text, number, 0);
                return std::vector{packet};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "sends-with-high-half-zero", .rule = "rfc4303/2.8/icv-covers-the-high-half-that-is-not-sent",
        .does = "Computes the ICVs of what it sends with a high half of zero.",
        .make = [] { return numbers([](std::uint64_t number) { return number & 0xffff'ffffu; }); });

MPSEC_DEFECT(
        .id = "never-finds-back-after-a-loss", .rule = "rfc4303/A3/resynchronisation-should-be-implemented",
        .does = "Never tries another high half than the one that fits its window.", .make = [] {
          Bent bent;
          bent.seams.window = [](auto inner, const auto&) {
            return std::make_shared<Deaf>(std::move(inner));
          };
          return bent;
        });

}  // namespace mpsec::conformance
