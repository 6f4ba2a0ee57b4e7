#include "gateway/settings/algorithms.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/settings/algorithm_words.hpp"
#include "gateway/settings/findings.hpp"

namespace mpsec::gateway {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using crypto::KeyExchangeId;
using crypto::PrfId;
using wire::ike::SequenceNumbers;
using words::Kind;
using words::vocabulary;
using words::Word;

// The lists that a proposal's words make, whatever it is for.
struct Lists {
  std::vector<ike::AllowedEncryption> encryption;
  std::vector<IntegrityId> integrity;
  std::vector<PrfId> prf;
  std::vector<KeyExchangeId> key_exchange;
  std::vector<SequenceNumbers> sequence_numbers;
};

std::unexpected<Error> refuse(std::size_t at, std::string why, std::string clause = {}) {
  return std::unexpected(Error{Blame::local_fault, "proposal", at, std::move(why), std::move(clause)});
}

// What is proposed, and the kinds of words that it is made of.
struct Use {
  std::string_view name;
  std::vector<Kind> kinds;
  bool key_exchange_is_optional = false;

  bool takes(Kind kind) const { return std::ranges::count(kinds, kind) != 0; }
};

Result<const Word*> find(std::string_view text, std::size_t at, const Use& use) {
  const Word* other = nullptr;
  std::vector<std::string_view> known;
  for (const Word& word : vocabulary()) {
    const bool taken = use.takes(word.kind);
    if (word.text == text && taken) return &word;
    if (word.text == text) other = &word;
    if (taken && std::ranges::count(known, word.text) == 0) known.push_back(word.text);
  }
  if (other != nullptr)
    return refuse(at,
                  fmt::format("'{}' is {}, which {} does not have", text, to_string(other->kind), use.name));
  const bool near = !near_words(text, known).empty();
  return refuse(at, fmt::format("there is no algorithm '{}' for {}; {}", shown(text), use.name,
                                near ? advice(text, known) : "docs/gateway.md has those that there are"));
}

void add(Lists& lists, const Word& word) {
  switch (word.kind) {
    case Kind::encryption:
      lists.encryption.push_back({static_cast<EncryptionId>(word.id), word.key_bits});
      break;
    case Kind::integrity:
      lists.integrity.push_back(static_cast<IntegrityId>(word.id));
      break;
    case Kind::prf:
      lists.prf.push_back(static_cast<PrfId>(word.id));
      break;
    case Kind::key_exchange:
      lists.key_exchange.push_back(static_cast<KeyExchangeId>(word.id));
      break;
    case Kind::sequence_numbers:
      lists.sequence_numbers.push_back(static_cast<SequenceNumbers>(word.id));
      break;
  }
}

Result<Lists> lists_of(std::string_view words, const Use& use) {
  Lists lists;
  std::vector<const Word*> seen;
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find('-', at), words.size());
    const auto word = find(words.substr(at, end - at), at, use);
    if (!word) return std::unexpected(word.error());
    if (std::ranges::count(seen, *word) != 0)
      return refuse(at, fmt::format("'{}' stands there twice", (*word)->text));
    seen.push_back(*word);
    add(lists, **word);
    at = end + 1;
  }
  return lists;
}

bool is_combined(const ike::AllowedEncryption& encryption) {
  return (*crypto::find(encryption.id))->combined();
}

using Fit = Result<ike::Protection> (*)(const ike::ProtectionChoice&);

// Whether each cipher goes with each integrity algorithm that it needs.
Result<> check_protection(const Lists& lists, const Use& use, Fit fits) {
  if (lists.encryption.empty())
    return refuse(0, fmt::format("{} needs an encryption algorithm, as aes128gcm16", use.name));
  const bool all_combined = std::ranges::all_of(lists.encryption, is_combined);
  if (all_combined && !lists.integrity.empty())
    return refuse(0, fmt::format("{} is for nothing: its ciphers bring their own integrity{}",
                                 word_of(lists.integrity[0]),
                                 use.takes(Kind::prf) ? "; a PRF begins with prf, as prfsha256" : ""));
  for (const ike::AllowedEncryption& cipher : lists.encryption) {
    const std::string word = word_of(cipher.id, cipher.key_bits);
    if (!is_combined(cipher) && lists.integrity.empty())
      return refuse(0, fmt::format("{0} needs an integrity algorithm, as {0}-sha256", word), "RFC 8221 4");
    std::vector<std::optional<IntegrityId>> partners{std::nullopt};
    if (!is_combined(cipher)) partners.assign(lists.integrity.begin(), lists.integrity.end());
    for (const auto& partner : partners)
      if (const auto made = fits({cipher.id, cipher.key_bits, partner}); !made)
        return refuse(0, fmt::format("{}: {}", word, made.error().why), made.error().clause);
  }
  return {};
}

Result<> check_ah(const Lists& lists) {
  if (lists.integrity.empty()) return refuse(0, "an AH proposal needs an integrity algorithm, as sha256");
  for (const IntegrityId id : lists.integrity)
    if (const auto made = ike::ah_protection({std::nullopt, std::nullopt, id}); !made)
      return refuse(0, fmt::format("{}: {}", word_of(id), made.error().why), made.error().clause);
  return {};
}

Result<> complete_prf(Lists& lists) {
  if (!lists.prf.empty()) return {};
  for (const IntegrityId id : lists.integrity)
    if (const auto prf = words::prf_like(id); prf && std::ranges::count(lists.prf, *prf) == 0)
      lists.prf.push_back(*prf);
  if (!lists.prf.empty()) return {};
  return refuse(0, "an IKE proposal needs a PRF, as prfsha256");
}

Use child_use(ipsec::Protocol protocol) {
  if (protocol == ipsec::Protocol::ah)
    return {"an AH proposal", {Kind::integrity, Kind::key_exchange, Kind::sequence_numbers}};
  return {"an ESP proposal", {Kind::encryption, Kind::integrity, Kind::key_exchange, Kind::sequence_numbers}};
}

Result<> check_child(const Lists& lists, ipsec::Protocol protocol) {
  if (protocol == ipsec::Protocol::ah) return check_ah(lists);
  return check_protection(lists, child_use(protocol), ike::esp_protection);
}

template <class Id>
void append_words(std::vector<std::string>& words, const std::vector<Id>& ids) {
  for (const Id id : ids)
    words.push_back(word_of(id));
}

void append_words(std::vector<std::string>& words, const std::vector<ike::AllowedEncryption>& ciphers) {
  for (const auto& [id, key_bits] : ciphers)
    words.push_back(word_of(id, key_bits));
}

}  // namespace

Result<ike::IkeProposal> ike_proposal_of(std::string_view words) {
  const Use use{"an IKE proposal", {Kind::encryption, Kind::integrity, Kind::prf, Kind::key_exchange}};
  auto lists = lists_of(words, use);
  if (!lists) return std::unexpected(std::move(lists).error());
  if (auto fine = check_protection(*lists, use, ike::ike_protection); !fine)
    return std::unexpected(std::move(fine).error());
  if (auto complete = complete_prf(*lists); !complete) return std::unexpected(std::move(complete).error());
  if (lists->key_exchange.empty() || std::ranges::count(lists->key_exchange, KeyExchangeId::none) != 0)
    return refuse(0, "an IKE proposal needs a key exchange, as x25519");
  return ike::IkeProposal{std::move(lists->encryption), std::move(lists->prf), std::move(lists->integrity),
                          std::move(lists->key_exchange)};
}

Result<ike::ChildProposal> child_proposal_of(std::string_view words, ipsec::Protocol protocol) {
  auto lists = lists_of(words, child_use(protocol));
  if (!lists) return std::unexpected(std::move(lists).error());
  if (auto fine = check_child(*lists, protocol); !fine) return std::unexpected(std::move(fine).error());
  ike::ChildProposal proposal{
      .protocol = protocol == ipsec::Protocol::ah ? wire::ike::ProtocolId::ah : wire::ike::ProtocolId::esp,
      .encryption = std::move(lists->encryption),
      .integrity = std::move(lists->integrity),
      .key_exchange = std::move(lists->key_exchange)};
  if (!lists->sequence_numbers.empty()) proposal.sequence_numbers = std::move(lists->sequence_numbers);
  return proposal;
}

Result<ike::ProtectionChoice> sa_algorithms_of(std::string_view words, ipsec::Protocol protocol) {
  Use use = child_use(protocol);
  use.name = protocol == ipsec::Protocol::ah ? "an AH SA" : "an ESP SA";
  std::erase_if(use.kinds,
                [](Kind kind) { return kind == Kind::key_exchange || kind == Kind::sequence_numbers; });
  const auto lists = lists_of(words, use);
  if (!lists) return std::unexpected(lists.error());
  if (auto fine = check_child(*lists, protocol); !fine) return std::unexpected(std::move(fine).error());
  if (lists->encryption.size() > 1 || lists->integrity.size() > 1)
    return refuse(0, "an SA has one algorithm of a kind; nothing is negotiated here");
  ike::ProtectionChoice choice;
  if (!lists->encryption.empty())
    choice.encryption = lists->encryption[0].id, choice.key_bits = lists->encryption[0].key_bits;
  if (!lists->integrity.empty()) choice.integrity = lists->integrity[0];
  return choice;
}

std::string words_of(const ike::IkeProposal& proposal) {
  std::vector<std::string> words;
  append_words(words, proposal.encryption);
  append_words(words, proposal.integrity);
  append_words(words, proposal.prf);
  append_words(words, proposal.key_exchange);
  return fmt::format("{}", fmt::join(words, "-"));
}

std::string words_of(const ike::ChildProposal& proposal) {
  std::vector<std::string> words;
  append_words(words, proposal.encryption);
  append_words(words, proposal.integrity);
  append_words(words, proposal.key_exchange);
  for (const SequenceNumbers numbers : proposal.sequence_numbers)
    words.emplace_back(numbers == SequenceNumbers::extended ? words::extended : words::not_extended);
  return fmt::format("{}", fmt::join(words, "-"));
}

std::string words_of(const ike::Protection& protection) {
  std::vector<std::string> words;
  if (const auto* cipher = protection.encryption) {
    const bool several = cipher->key_sizes.size() > 1;
    const auto bits = static_cast<std::uint16_t>(protection.cipher_key_octets * 8);
    words.push_back(word_of(cipher->id, several ? std::optional(bits) : std::nullopt));
  }
  if (protection.integrity != nullptr) words.push_back(word_of(protection.integrity->id));
  return fmt::format("{}", fmt::join(words, "-"));
}

std::string words_of(const ike::Suite& suite) {
  std::string words = words_of(suite.protection);
  if (suite.prf != nullptr) words += fmt::format("-{}", word_of(suite.prf->id));
  if (suite.key_exchange != nullptr) words += fmt::format("-{}", word_of(suite.key_exchange->id));
  return words;
}

}  // namespace mpsec::gateway
