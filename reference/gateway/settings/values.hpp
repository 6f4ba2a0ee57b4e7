// Values of several parts of the document: addresses, lists of them, names of algorithms, lifetimes.
#pragma once

#include <optional>
#include <vector>

#include "gateway/settings/reading.hpp"
#include "gateway/settings/selectors.hpp"

namespace mpsec::gateway {

std::optional<IpAddress> read_address(TableReader& reader, std::string_view key);
// "10.10.1.1/24", or without a length for the address alone.
std::vector<InterfaceAddress> read_interface_addresses(TableReader& reader, std::string_view key);
// Nothing where the range is no prefix.
std::optional<InterfaceAddress> prefix_of(const ipsec::AddressRange& range);
std::vector<ipsec::AddressRange> read_ranges(TableReader& reader, std::string_view key);
std::vector<SelectorSide> read_sides(TableReader& reader, std::string_view key);
// `after`, `end` and `jitter` of the table, where they are given. An `end` that is absent is a sixth behind
// `after`.
void read_lifetime(TableReader& table, ike::SaLifetime& lifetime);
// A list of proposals, each read by `parse`, whose error's offset becomes the place. Empty where it is
// absent.
template <class Parse>
auto read_proposals(TableReader& reader, std::string_view key, Parse parse) {
  std::vector<typename decltype(parse(std::string_view()))::value_type> proposals;
  const std::size_t errors = reader.findings().errors();
  const auto list = reader.texts(key);
  if (list.empty() && reader.has(key) && reader.findings().errors() == errors)
    reader.fail(key, "expected at least one proposal, found none");
  for (const PlacedText& words : list) {
    auto proposal = parse(std::string_view(words.text));
    if (proposal)
      proposals.push_back(*std::move(proposal));
    else
      reader.fail_at(within(words, proposal.error()), key, proposal.error().why, proposal.error().clause);
  }
  return proposals;
}
// Where in the document the error's offset is: behind the quotation mark.
Place within(const PlacedText& text, const Error& error);

inline constexpr Named<ipsec::Protocol> protocols[] = {{"esp", ipsec::Protocol::esp},
                                                       {"ah", ipsec::Protocol::ah}};
inline constexpr Named<ipsec::Mode> modes[] = {{"tunnel", ipsec::Mode::tunnel},
                                               {"transport", ipsec::Mode::transport}};

}  // namespace mpsec::gateway
