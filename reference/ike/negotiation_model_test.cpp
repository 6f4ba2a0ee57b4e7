// The negotiation against a model that writes out every suite a proposal allows.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <tuple>

#include "ike/negotiation.hpp"

namespace mpsec::ike {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using crypto::KeyExchangeId;
using wire::ike::SequenceNumbers;

// cipher, key length, integrity, group, extended numbers
using Suite = std::tuple<EncryptionId, std::uint16_t, IntegrityId, KeyExchangeId, bool>;

template <class Number>
std::vector<Number> or_none(std::vector<Number> numbers) {
  if (numbers.empty()) numbers.push_back(Number{});
  return numbers;
}

std::set<Suite> suites_of(const std::vector<ChildProposal>& proposals) {
  std::set<Suite> suites;
  for (const ChildProposal& proposal : proposals)
    for (const AllowedEncryption& cipher : proposal.encryption)
      for (const IntegrityId integrity : or_none(proposal.integrity))
        for (const KeyExchangeId group : or_none(proposal.key_exchange))
          for (const SequenceNumbers numbers : proposal.sequence_numbers) {
            const bool combined = (*crypto::find(cipher.id))->combined();
            suites.emplace(cipher.id, cipher.key_bits.value_or(0), combined ? IntegrityId::none : integrity,
                           group, numbers == SequenceNumbers::extended);
          }
  return suites;
}

Suite suite_in(const ChosenSuite& chosen) {
  return {chosen.encryption->id, chosen.encryption->key_bits.value_or(0), chosen.integrity,
          chosen.key_exchange, chosen.extended_sequence_numbers};
}

template <class T>
std::vector<T> some_of(const std::vector<T>& all, std::size_t least) {
  std::vector<T> some;
  for (const T& each : all)
    if (*rc::gen::arbitrary<bool>())
      some.insert(*rc::gen::arbitrary<bool>() ? some.begin() : some.end(), each);
  if (some.size() < least) some.push_back(*rc::gen::elementOf(all));
  return some;
}

std::vector<ChildProposal> some_proposals() {
  std::vector<ChildProposal> proposals(*rc::gen::inRange<std::size_t>(1, 3));
  for (ChildProposal& proposal : proposals) {
    proposal.encryption = some_of<AllowedEncryption>({{EncryptionId::aes_cbc, 128},
                                                      {EncryptionId::aes_cbc, 256},
                                                      {EncryptionId::aes_gcm_16, 128},
                                                      {EncryptionId::chacha20_poly1305, std::nullopt}},
                                                     1);
    proposal.integrity = some_of<IntegrityId>(
        {IntegrityId::none, IntegrityId::hmac_sha2_256_128, IntegrityId::hmac_sha1_96}, 0);
    proposal.key_exchange =
        some_of<KeyExchangeId>({KeyExchangeId::none, KeyExchangeId::modp_2048, KeyExchangeId::curve25519}, 0);
    proposal.sequence_numbers =
        some_of<SequenceNumbers>({SequenceNumbers::no_extended, SequenceNumbers::extended}, 1);
  }
  return proposals;
}

RC_GTEST_PROP(NegotiationModel, ChoosesWhateverBothAllowAndTheInitiatorAgrees, ()) {
  const auto ours = some_proposals(), theirs = some_proposals();
  const Octets their_spi = hex("c0000001"), our_spi = hex("c0000002");
  ChoiceContext context{.preference = *rc::gen::element(Preference::ours, Preference::theirs),
                        .spi_octets = 4};
  if (*rc::gen::arbitrary<bool>()) context.key_exchange = KeyExchangeId::curve25519;
  const auto payload = offer(std::span(theirs), their_spi);
  RC_ASSERT(payload.has_value());

  const auto allowed = suites_of(ours), proposed = suites_of(theirs);
  std::set<Suite> common;
  std::ranges::set_intersection(allowed, proposed, std::inserter(common, common.end()));
  const auto chosen = choose(std::span(ours), *payload, context);
  RC_ASSERT(chosen.has_value() == !common.empty());
  if (!chosen) return;
  RC_ASSERT(common.contains(suite_in(*chosen)));
  RC_ASSERT(chosen->spi == their_spi);

  const auto checked = check_answer(*payload, answer(*chosen, our_spi));
  RC_ASSERT(checked.has_value());
  RC_ASSERT(suite_in(*checked) == suite_in(*chosen));
  RC_ASSERT(checked->spi == our_spi);
}

}  // namespace
}  // namespace mpsec::ike
