#include "cluster/make_scheduler.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <vector>

#include "cluster/adaptive_scheduler.hpp"
#include "cluster/duplicating_scheduler.hpp"
#include "cluster/flow_scheduler.hpp"
#include "cluster/least_round_trip.hpp"
#include "cluster/random_scheduler.hpp"
#include "cluster/round_robin.hpp"

namespace mpsec::cluster {
namespace {

// A word of the text, and where it stands.
struct Word {
  std::string_view text;
  std::size_t at;
};

struct Option {
  std::string_view name;
  double value;
  double least;
  double most;
  bool whole;
};

Option packets(std::uint32_t usual) {
  return {"burst", static_cast<double>(usual), 1, 65536, true};
}
Option part(std::string_view name, double usual) {
  return {name, usual, 0, 1, false};
}

using Made = std::unique_ptr<PathScheduler>;
using Options = std::span<const Option>;

std::uint32_t whole(const Option& option) {
  return static_cast<std::uint32_t>(option.value);
}

// A scheduler as it is told apart by name. The options come to `make` in their order here, with their values.
struct Kind {
  std::string_view name;
  std::vector<Option> options;
  Made (*make)(Options, Rng&);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kinds{
      {"round-robin",
       {packets(TurnScheduler::usual_burst)},
       [](Options options, Rng&) -> Made { return std::make_unique<RoundRobin>(whole(options[0])); }},
      {"weighted",
       {packets(TurnScheduler::usual_burst)},
       [](Options options, Rng&) -> Made { return std::make_unique<WeightedScheduler>(whole(options[0])); }},
      {"flow-hash",
       {{"paths", FlowScheduler::usual_most_paths, 1, 65536, true}},
       [](Options options, Rng&) -> Made { return std::make_unique<FlowScheduler>(whole(options[0])); }},
      {"least-round-trip",
       {part("margin", LeastRoundTrip::usual_margin)},
       [](Options options, Rng&) -> Made { return std::make_unique<LeastRoundTrip>(options[0].value); }},
      {"random",
       {packets(1)},
       [](Options options, Rng& rng) -> Made {
         return std::make_unique<RandomScheduler>(rng, whole(options[0]));
       }},
      {"adaptive",
       {packets(TurnScheduler::usual_burst), part("margin", AdaptiveScheduler::Settings{}.margin),
        part("share", AdaptiveScheduler::Settings{}.least_share)},
       [](Options options, Rng&) -> Made {
         return std::make_unique<AdaptiveScheduler>(AdaptiveScheduler::Settings{
             .least_share = options[2].value, .margin = options[1].value, .burst = whole(options[0])});
       }},
  };
  return kinds;
}

std::unexpected<Error> refuse(std::size_t at, std::string why) {
  return std::unexpected(Error{Blame::local_fault, "scheduler", at, std::move(why), ""});
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = text.find_first_not_of(' '); at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back({text.substr(at, end - at), at});
    at = text.find_first_not_of(' ', end);
  }
  return words;
}

// Puts the value of "name=value" into the option of that name.
Result<> set(std::span<Option> options, const Kind& kind, const Word& word) {
  const std::size_t equals = std::min(word.text.find('='), word.text.size());
  const auto name = word.text.substr(0, equals);
  const auto option = std::ranges::find(options, name, &Option::name);
  if (option == options.end()) {
    std::vector<std::string_view> known;
    for (const Option& other : options)
      known.push_back(other.name);
    return refuse(
        word.at, fmt::format("{} has no option '{}'; known are {}", kind.name, name, fmt::join(known, ", ")));
  }
  const auto value = word.text.substr(std::min(equals + 1, word.text.size()));
  double number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool reads = read.ec == std::errc{} && read.ptr == value.data() + value.size();
  const bool fits = number >= option->least && number <= option->most &&
                    (!option->whole || number == std::uint32_t(number));
  if (!reads || !fits)
    return refuse(word.at, fmt::format("{} takes a {}number from {} to {}, not '{}': write {}={}", name,
                                       option->whole ? "whole " : "", option->least, option->most, value,
                                       name, option->value));
  option->value = number;
  return {};
}

Result<Made> made(std::span<const Word> words, std::size_t end, Rng& rng) {
  std::vector<std::string_view> names{"duplicate"};
  for (const Kind& kind : kinds())
    names.push_back(kind.name);
  if (words.empty())
    return refuse(end, fmt::format("a scheduler's name is missing; known are {}", fmt::join(names, ", ")));
  const auto kind = std::ranges::find(kinds(), words[0].text, &Kind::name);
  if (kind == kinds().end())
    return refuse(words[0].at, fmt::format("there is no scheduler '{}'; known are {}", words[0].text,
                                           fmt::join(names, ", ")));
  std::vector<Option> options = kind->options;
  for (const Word& word : words.subspan(1))
    if (auto taken = set(options, *kind, word); !taken) return std::unexpected(taken.error());
  return kind->make(options, rng);
}

}  // namespace

Result<std::unique_ptr<PathScheduler>> make_scheduler(std::string_view text, Rng& rng) {
  const std::vector<Word> words = words_of(text);
  const bool twice = !words.empty() && words[0].text == "duplicate";
  auto scheduler = made(std::span(words).subspan(twice ? 1 : 0), text.size(), rng);
  if (!scheduler || !twice) return scheduler;
  return std::make_unique<DuplicatingScheduler>(*std::move(scheduler));
}

}  // namespace mpsec::cluster
