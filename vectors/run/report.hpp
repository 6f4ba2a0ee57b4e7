// Counts what became of every case with every provider, and says it as text or JSON.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vectors/core/json.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

struct Tally {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_run = 0;

  void count(Outcome::Verdict verdict);
  Tally& operator+=(const Tally& other);
  std::size_t all() const { return passed + failed + not_run; }
};

class Report {
 public:
  // The providers in the order of their columns: name and description.
  explicit Report(std::vector<std::pair<std::string, std::string>> providers)
      : providers_(std::move(providers)) {}

  void add(const VectorFile& file, const Case& one, std::string_view provider, const Outcome& outcome);
  void add_problem(const Error& problem) { problems_.push_back(problem); }
  void add_passed_over(std::string file) { passed_over_.push_back(std::move(file)); }
  // Something that is usually tried and is not here: "NAME: why".
  void add_skipped(std::string what) { skipped_.push_back(std::move(what)); }

  Tally total() const;
  bool has_problems() const { return !problems_.empty(); }

  // Ends with the line "N passed, N failed, N not run".
  std::string text() const;
  Json json() const;

 private:
  struct Failure {
    std::string file, id, origin, provider, text;
  };
  struct Row {
    std::string file, kind, provider;
    auto operator<=>(const Row&) const = default;
  };
  struct WhyNot {
    NotRunnable::Cause cause;
    std::string reason;
    auto operator<=>(const WhyNot&) const = default;
  };

  std::string files_text() const;
  std::string why_not_text() const;
  std::string trouble_text() const;

  std::vector<std::pair<std::string, std::string>> providers_;
  std::map<Row, Tally> rows_;
  std::map<WhyNot, std::map<std::string, std::size_t>> why_not_;
  std::vector<Failure> failures_;
  std::vector<Error> problems_;
  std::vector<std::string> passed_over_, skipped_;
};

std::string_view to_string(NotRunnable::Cause cause);

}  // namespace mpsec::vectors
