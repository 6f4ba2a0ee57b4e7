// Transitions as data: a table of (state, event -> state, clause), checked by the compiler, looked up when
// the event happens, drawn for the documentation.
//
// A State and an Event are enumerations that count from 0, end with `count`, and have to_string().
#pragma once

#include <array>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mpsec {

template <class State, class Event>
struct Transition {
  State from;
  Event on;
  State to;
  std::string_view clause;
};

template <class State, class Event>
class TransitionTable {
 public:
  using Row = Transition<State, Event>;
  constexpr explicit TransitionTable(std::span<const Row> rows) : rows_(rows) {}

  constexpr std::span<const Row> rows() const { return rows_; }
  constexpr const Row* find(State from, Event on) const {
    for (const Row& row : rows_)
      if (row.from == from && row.on == on) return &row;
    return nullptr;
  }
  constexpr const Row* first_between(State from, State to) const {
    for (const Row& row : rows_)
      if (row.from == from && row.to == to) return &row;
    return nullptr;
  }
  // Where the event leads. Outside the table it is an error (peer misbehaved) that names both.
  Result<State> next(State from, Event on) const {
    if (const Row* row = find(from, on)) return row->to;
    return std::unexpected(Error{Blame::peer_misbehaved, std::string(to_string(from)), std::nullopt,
                                 fmt::format("{} does not happen here", to_string(on)), ""});
  }

  // No state has two answers to one event.
  constexpr bool is_deterministic() const {
    for (std::size_t i = 0; i < rows_.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (rows_[i].from == rows_[j].from && rows_[i].on == rows_[j].on) return false;
    return true;
  }
  constexpr bool all_reachable_from(State start) const { return all_marked(start, false); }
  // From every state there is a way to `end`: nothing is stuck for ever.
  constexpr bool all_lead_to(State end) const { return all_marked(end, true); }
  constexpr bool is_final(State state) const {
    for (const Row& row : rows_)
      if (row.from == state && row.to != state) return false;
    return true;
  }

 private:
  static constexpr auto states = static_cast<std::size_t>(State::count);

  constexpr bool all_marked(State start, bool backwards) const {
    std::array<bool, states> marked{};
    marked[static_cast<std::size_t>(start)] = true;
    for (std::size_t round = 0; round < states; ++round)
      for (const Row& row : rows_) {
        const auto near = static_cast<std::size_t>(backwards ? row.to : row.from);
        const auto far = static_cast<std::size_t>(backwards ? row.from : row.to);
        if (marked[near]) marked[far] = true;
      }
    for (const bool mark : marked)
      if (!mark) return false;
    return true;
  }

  std::span<const Row> rows_;
};

// The table as a Graphviz digraph: an edge per pair of states, its events and their clauses on it.
template <class State, class Event>
std::string to_graphviz(const TransitionTable<State, Event>& table, std::string_view name) {
  std::string out =
      fmt::format("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", name);
  for (const auto& row : table.rows()) {
    if (&row != table.first_between(row.from, row.to)) continue;
    std::string label;
    for (const auto& same : table.rows())
      if (same.from == row.from && same.to == row.to)
        label += fmt::format("{} ({})\\n", to_string(same.on), same.clause);
    out += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"];\n", to_string(row.from), to_string(row.to), label);
  }
  return out + "}\n";
}

// The whole matrix, a line per state and event: what a snapshot in the tests keeps.
template <class State, class Event>
std::string to_matrix(const TransitionTable<State, Event>& table) {
  std::string out;
  for (std::size_t from = 0; from < static_cast<std::size_t>(State::count); ++from)
    for (std::size_t on = 0; on < static_cast<std::size_t>(Event::count); ++on) {
      const auto* row = table.find(static_cast<State>(from), static_cast<Event>(on));
      out += fmt::format("{} | {} | {}\n", to_string(static_cast<State>(from)),
                         to_string(static_cast<Event>(on)),
                         row == nullptr ? "-" : fmt::format("{} ({})", to_string(row->to), row->clause));
    }
  return out;
}

}  // namespace mpsec
