#include "gateway/settings/document.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/secret.hpp"
#include "gateway/settings/table_reader.hpp"

namespace mpsec::gateway {
namespace {

// The parser quotes what it stumbled over: of more than a character, which may be part of a secret, nothing
// is shown.
std::string without_quotations(std::string_view text) {
  constexpr std::size_t escaped_character = 2;
  std::string result;
  while (!text.empty()) {
    const std::size_t open = text.find('\'');
    result += text.substr(0, open);
    if (open == text.npos) break;
    const std::size_t size = std::min(text.find('\'', open + 1), text.size()) - open - 1;
    result += size <= escaped_character ? text.substr(open, size + 2) : "...";
    text.remove_prefix(std::min(open + size + 2, text.size()));
  }
  return result;
}

// Texts of the document, whatever became of them: a key may stand where none is expected.
void wipe_texts(toml::node& node) {
  if (auto* const text = node.as_string())
    wipe({reinterpret_cast<std::uint8_t*>(text->get().data()), text->get().size()});
  if (auto* const list = node.as_array())
    for (toml::node& element : *list)
      wipe_texts(element);
  if (auto* const table = node.as_table())
    for (auto&& [key, value] : *table)
      wipe_texts(value);
}

}  // namespace

bool read_document(std::string_view document, Findings& findings,
                   const std::function<void(toml::table&)>& read) {
  try {
    toml::table table = toml::parse(document);
    read(table);
    wipe_texts(table);
    return true;
  } catch (const toml::parse_error& failure) {
    findings.error(place_of(failure.source()), fmt::format("expected TOML, found otherwise: {}",
                                                           without_quotations(failure.description())));
    return false;
  }
}

}  // namespace mpsec::gateway
