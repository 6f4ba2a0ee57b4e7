#include "pcap-replay/keys/quoted_fields.hpp"

#include <algorithm>
#include <optional>

namespace mpsec::replay {
namespace {

// One octet of a field, and how many characters spelt it; nothing at the closing quotation mark.
struct Spelt {
  std::uint8_t octet;
  std::size_t size;
};

std::optional<Spelt> next_octet(std::string_view text) {
  if (text.starts_with("\"\"")) return Spelt{'"', 2};
  if (text.starts_with("\\\"")) return Spelt{'"', 2};
  if (text.front() == '"') return std::nullopt;
  if (text.starts_with("\\x") && text.size() >= 4) {
    const auto number = number_of("0x" + std::string(text.substr(2, 2)));
    if (number) return Spelt{static_cast<std::uint8_t>(*number), 4};
  }
  return Spelt{static_cast<std::uint8_t>(text.front()), 1};
}

}  // namespace

class FieldSplitter {
 public:
  FieldSplitter(std::string_view file, Word line, BareFields bare)
      : file_(file), bare_(bare == BareFields::allowed), reader_(line) {
    fields_.storage_ = SecretOctets(line.text.size());  // no field is longer than the line
    fields_.end_ = line.part(line.text.size());
  }

  Result<QuotedFields> split() {
    while (true) {
      const Word& start = reader_.rest();
      const bool quoted = start.text.starts_with('"');
      if (!quoted && !bare_)
        return std::unexpected(expected_secret(file_, start, "a field that starts with a quotation mark"));
      if (auto taken = quoted ? take_quoted(start) : take_bare(start); !taken)
        return std::unexpected(std::move(taken).error());
      if (reader_.at_end()) return std::move(fields_);
      if (reader_.rest().text.front() != ',')
        return std::unexpected(expected_secret(file_, reader_.rest(), "a comma or the end of the line"));
      reader_ = LineReader(reader_.rest().part(1));
    }
  }

 private:
  Result<> take_quoted(Word rest) {
    begin(rest.column);
    rest = rest.part(1);
    while (true) {
      if (rest.empty()) return std::unexpected(expected(file_, rest, "a closing quotation mark"));
      const auto spelt = next_octet(rest.text);
      rest = rest.part(spelt ? spelt->size : 1);
      if (!spelt) break;
      add(spelt->octet);
    }
    reader_ = LineReader(rest);
    return {};
  }

  Result<> take_bare(Word rest) {
    begin(rest.column);
    const std::size_t size = std::min(rest.text.find_first_of(", \t"), rest.text.size());
    for (const char character : rest.text.substr(0, size))
      add(static_cast<std::uint8_t>(character));
    reader_ = LineReader(rest.part(size));
    return {};
  }

  void begin(std::size_t column) { fields_.fields_.push_back({used_, 0, column}); }
  void add(std::uint8_t octet) {
    fields_.storage_.writable()[used_++] = octet;
    ++fields_.fields_.back().size;
  }

  std::string_view file_;
  bool bare_;
  LineReader reader_;
  QuotedFields fields_;
  std::size_t used_ = 0;
};

Result<QuotedFields> split_fields(std::string_view file, Word line, BareFields bare) {
  return FieldSplitter(file, line, bare).split();
}

}  // namespace mpsec::replay
