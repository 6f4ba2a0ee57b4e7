// Columns of text for people.
#pragma once

#include <string>
#include <vector>

namespace mpsec::gateway::ctl {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  // As many cells as the head has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // Each column as wide as its widest cell, two spaces between; no spaces at the ends of lines.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mpsec::gateway::ctl
