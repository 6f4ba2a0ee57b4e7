// Messages that nobody has authenticated, to a responder and to an initiator.
// A line each: the seed, by its class of public advisories (docs/advisories.md; in brackets the advisories),
// and all that comes of it: what is refused or failed where and by which clause, what is sent ("->"), what is
// held then. Behind it the laws of the target hold: no SA has changed,
// the real peer comes in, both ends answer each other's liveness checks, and once they close nothing is left.
#include "support/tests/ike_outcomes.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::fuzz {
namespace {

// Before IKE_SA_INIT, half open, and established.
const Outcome to_responder[] = {
    // C1: a length that is shorter than its header, longer than what is left, or 0 (3, 6, 8, 9, 53, 55)
    {"c01_certreq_of_half_a_hash",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/CERTREQ/Certification Authority[1]/Hash (RFC 7296 3.7); as "
     "before"},
    {"c01_delete_count_times_size_beyond_16_bits",
     "-> INFORMATIONAL empty; refused INFORMATIONAL/Delete/SPI (RFC 7296 3.11); as before"},
    {"c01_delete_of_more_spis_than_there_are",
     "-> INFORMATIONAL empty; refused INFORMATIONAL/Delete/SPI (RFC 7296 3.11); as before"},
    {"c01_eap_length_0", "-> INFORMATIONAL empty; refused IKE_AUTH/EAP/Length (RFC 7296 3.16); as before"},
    {"c01_fragment_shorter_than_its_header",
     "-> INFORMATIONAL empty; refused IKE_AUTH/SKF/Total Fragments (RFC 7383 2.5); as before"},
    {"c01_message_length_0", "refused IKE Header/Length (RFC 7296 3.1); as before"},
    {"c01_message_length_below_the_header", "refused IKE Header/Length (RFC 7296 3.1); as before"},
    {"c01_message_length_past_the_end", "refused IKE Header/Length (RFC 7296 3.1); as before"},
    {"c01_notify_spi_size_past_the_payload",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/Notify/SPI (RFC 7296 3.10); as before"},
    {"c01_payload_length_0",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/Nonce/Payload Length (RFC 7296 3.2); as before"},
    {"c01_payload_length_3",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/Nonce/Payload Length (RFC 7296 3.2); as before"},
    {"c01_payload_length_past_the_end",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/Nonce/Payload Length (RFC 7296 3.2); as before"},
    {"c01_proposal_length_0",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/Proposal Length (RFC 7296 3.3.1); as before"},
    {"c01_proposal_length_past_the_payload",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/Proposal Length (RFC 7296 3.3.1); as before"},
    {"c01_selector_length_20_of_an_ipv4_range",
     "-> INFORMATIONAL empty; refused IKE_AUTH/TSi/Traffic Selector[0] (RFC 7296 3.13.1); as before"},
    {"c01_selector_length_8_of_an_ipv4_range",
     "-> INFORMATIONAL empty; refused IKE_AUTH/TSi/Traffic Selector[0]/Starting Address (RFC 7296 3.13.1); "
     "as before"},
    {"c01_spi_size_past_the_proposal",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/SPI (RFC 7296 3.3.1); as before"},
    {"c01_transform_length_7",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform ID (RFC 7296 3.3.2); as "
     "before"},
    {"c01_transform_length_past_the_proposal",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform Length (RFC 7296 3.3.2); "
     "as before"},
    // C2: a list whose element takes no octets (1, 3, 6, 23)
    {"c02_configuration_attributes_of_no_value",
     "-> INFORMATIONAL empty; refused IKE_AUTH (RFC 7296 3.14); as before"},
    {"c02_long_attribute_without_value_many_times", "-> INVALID_SYNTAX; failed KE (RFC 7296 1.2); as before"},
    {"c02_selector_length_0",
     "-> INFORMATIONAL empty; refused IKE_AUTH/TSi/Traffic Selector[0]/Selector Length (RFC 7296 3.13.1); as "
     "before"},
    {"c02_transform_length_0",
     "-> INVALID_SYNTAX; refused IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform Length (RFC 7296 3.3.2); "
     "as before"},
    // C3: a payload or transform that must be there and is not (48, 52)
    {"c03_ike_sa_init_nonce_of_15_octets", "-> INVALID_SYNTAX; failed Nonce (RFC 7296 3.9); as before"},
    {"c03_ike_sa_init_without_ke", "-> INVALID_SYNTAX; failed KE (RFC 7296 1.2); as before"},
    {"c03_ike_sa_init_without_nonce", "-> INVALID_SYNTAX; failed Nonce (RFC 7296 1.2); as before"},
    {"c03_ike_sa_init_without_sa", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.2); as before"},
    {"c03_no_payload_at_all", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.2); as before"},
    {"c03_proposal_without_key_exchange", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c03_proposal_without_transforms", "-> INVALID_SYNTAX; failed KE (RFC 7296 1.2); as before"},
    // C4: too many payloads, twice the same, unknown ones (34)
    {"c04_256_empty_payloads", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.2); as before"},
    {"c04_257_empty_payloads", "-> INVALID_SYNTAX; refused IKE_SA_INIT/Payloads (RFC 7296 3.2); as before"},
    {"c04_a_hundred_notifies", "-> SA+KE+Nonce; holds init answered []"},
    {"c04_two_of_each_payload", "-> SA+KE+Nonce; holds init answered []"},
    {"c04_unknown_critical_payload", "-> UNSUPPORTED_CRITICAL_PAYLOAD; as before"},
    // C5: fragments: number, order, overlap, total, time (30, 34, 55, 57)
    {"c05_a_payload_behind_a_fragment",
     "-> INFORMATIONAL empty; refused IKE_AUTH/Next Payload (RFC 7296 3.1); as before"},
    {"c05_fragment_0_of_0", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    // C6: a message in the wrong state (13, 24, 28, 33, 46, 62)
    {"c06_create_child_sa_in_clear_established",
     "-> INFORMATIONAL empty; refused CREATE_CHILD_SA (RFC 7296 3.14); as before"},
    {"c06_create_child_sa_in_clear_half_open", "as before"},
    {"c06_ike_auth_in_clear_established",
     "-> INFORMATIONAL empty; refused IKE_AUTH (RFC 7296 3.14); as before"},
    {"c06_ike_auth_in_clear_half_open", "as before"},
    {"c06_ike_sa_init_number_1", "-> INVALID_IKE_SPI; refused IKE_SA_INIT (RFC 7296 2.21.4); as before"},
    {"c06_ike_sa_init_to_an_established_sa",
     "-> INFORMATIONAL empty; refused IKE_SA_INIT (RFC 7296 3.14); as before"},
    {"c06_ike_sa_init_with_responder_spi",
     "-> INVALID_IKE_SPI; refused IKE_SA_INIT (RFC 7296 2.21.4); as before"},
    {"c06_informational_in_clear_established",
     "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7296 3.14); as before"},
    {"c06_informational_in_clear_half_open", "as before"},
    {"c06_response_of_no_sa", "refused INFORMATIONAL (RFC 7296 2.21.4); as before"},
    // C7: an encrypted answer is due and there are no keys (46)
    {"c07_informational_before_ike_auth", "as before"},
    {"c07_informational_of_no_sa", "-> INVALID_IKE_SPI; refused INFORMATIONAL (RFC 7296 2.21.4); as before"},
    // C8: what an error path keeps or frees (38, 41, 43, 67)
    {"c08_ike_sa_init_again_while_half_open", "-> SA+KE+Nonce; holds init answered [], init answered []"},
    {"c08_unknown_critical_payload", "-> UNSUPPORTED_CRITICAL_PAYLOAD; as before"},
    // C9: a field of the peer's in what we send (39, 51, 58)
    {"c09_unknown_version_bits_echoed",
     "-> INVALID_MAJOR_VERSION; refused IKE Header/Major Version (RFC 7296 2.5); as before"},
    // C10: what is logged (44, 45, 51, 58)
    {"c10_control_characters_in_a_vendor_id", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.2); as before"},
    {"c10_unassigned_flag_bits", "refused IKE_SA_INIT (RFC 7296 2.21.4); as before"},
    // C11: public values at the edge, and other groups (5, 10, 21, 22, 27, 50)
    {"c11_other_group", "-> INVALID_KE_PAYLOAD; failed KE (RFC 7296 1.2); as before"},
    {"c11_public_value_0", "-> SA+KE+Nonce; holds init answered []"},
    {"c11_public_value_1", "-> SA+KE+Nonce; holds init answered []"},
    {"c11_public_value_of_31_octets",
     "-> INVALID_SYNTAX; failed KE/Key Exchange Data (RFC 8031 3.1); as before"},
    {"c11_public_value_of_no_octets",
     "-> INVALID_SYNTAX; failed KE/Key Exchange Data (RFC 8031 3.1); as before"},
    {"c11_unknown_group", "-> INVALID_KE_PAYLOAD; failed KE (RFC 7296 1.2); as before"},
    // C13: a key size of 0, an algorithm that is not there (18, 37, 49)
    {"c13_key_length_0", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c13_prf_not_implemented", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    // C14: an identity of another type or length (29, 40, 54)
    {"c14_id_without_data", "-> INFORMATIONAL empty; refused IKE_AUTH (RFC 7296 3.14); as before"},
    // C15: SPI 0, or one used twice (42)
    {"c15_initiator_spi_0", "-> INVALID_IKE_SPI; refused IKE_SA_INIT (RFC 7296 2.21.4); as before"},
    {"c15_spi_0_and_an_spi_of_three_octets",
     "-> INFORMATIONAL empty; refused CREATE_CHILD_SA (RFC 7296 3.14); as before"},
    // C16: a check value that is wrong, on every path (47)
    {"c16_create_child_sa_fragment_without_icv",
     "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_create_child_sa_without_icv_established",
     "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_create_child_sa_without_icv_half_open", "as before"},
    {"c16_ike_auth_fragment_without_icv", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_ike_auth_without_icv_established", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_ike_auth_without_icv_half_open", "refused SK (RFC 7296 3.14); as before"},
    {"c16_informational_fragment_without_icv",
     "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_informational_without_icv_established",
     "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c16_informational_without_icv_half_open", "as before"},
    // C17: message IDs at the edge (of the data path: the ESP tests) (of IKE none)
    {"c17_message_id_all_ones", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    // C18: a sealed body without room (of the data path: the ESP tests) (of IKE none)
    {"c18_encrypted_payload_without_octets", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    {"c18_sealed_body_shorter_than_its_icv", "-> INFORMATIONAL empty; refused SK (RFC 7296 3.14); as before"},
    // C22: resources (12, 57, 67)
    {"c22_cookie_of_65_octets", "-> COOKIE; as before"},
    {"c22_cookie_of_no_octets", "-> COOKIE; as before"},
    {"c22_cookie_wrong", "-> COOKIE; as before"},
    // C23: payloads and messages of another version (26)
    {"c23_ikev1_message", "refused IKE Header/Major Version (RFC 7296 2.5); as before"},
    {"c23_ikev1_payload_types", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.2); as before"},
    {"c23_major_version_3",
     "-> INVALID_MAJOR_VERSION; refused IKE Header/Major Version (RFC 7296 2.5); as before"},
};

class ToResponder : public testing::TestWithParam<Outcome> {};
TEST_P(ToResponder, EndsAsItMust) {
  EXPECT_EQ(outcome_of(fuzz_ike_responder, "ike_responder/" + GetParam().seed), GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(Classes, ToResponder, testing::ValuesIn(to_responder), test_name);

TEST(ToResponderTable, HasEverySeed) {
  EXPECT_EQ(seeds_of(to_responder), class_seeds("ike_responder"));
}

// In the place of IKE_SA_INIT's response, and of IKE_AUTH's.
const Outcome to_initiator[] = {
    // C1: a length that is shorter than its header, longer than what is left, or 0 (3, 6, 8, 9, 53, 55)
    {"c01_other_group_of_one_octet", "as before"},
    // C3: a payload or transform that must be there and is not (48, 52)
    {"c03_response_without_ke", "as before"},
    {"c03_response_without_nonce", "as before"},
    {"c03_response_without_sa", "as before"},
    // C4: too many payloads, twice the same, unknown ones (34)
    {"c04_two_of_each_payload", "-> IKE_AUTH IDi+IDr+AUTH+SA+TSi+TSr; holds auth sent [], 1 SPI"},
    {"c04_unknown_critical_payload", "-> IKE_AUTH IDi+IDr+AUTH+SA+TSi+TSr; holds auth sent [], 1 SPI"},
    // C6: a message in the wrong state (13, 24, 28, 33, 46, 62)
    {"c06_ike_auth_authentication_failed_in_clear", "refused IKE_AUTH (RFC 7296 3.14); as before"},
    {"c06_ike_auth_invalid_syntax_in_clear", "refused IKE_AUTH (RFC 7296 3.14); as before"},
    {"c06_ike_auth_nothing_sealed_in_clear", "refused SK (RFC 7296 3.14); as before"},
    {"c06_ike_auth_response_too_early", "as before"},
    {"c06_ike_sa_init_response_again", "refused IKE_SA_INIT (RFC 7296 3.14); as before"},
    {"c06_informational_response_too_early", "as before"},
    {"c06_no_proposal_chosen", "as before"},
    {"c06_request_while_waiting", "as before"},
    // C8: what an error path keeps or frees (38, 41, 43, 67)
    {"c08_hash_algorithms_that_we_lack", "-> IKE_AUTH IDi+IDr+AUTH+SA+TSi+TSr; holds auth sent [], 1 SPI"},
    // C11: public values at the edge, and other groups (5, 10, 21, 22, 27, 50)
    {"c11_other_group_that_was_not_offered", "as before"},
    {"c11_other_group_that_was_offered", "-> IKE_SA_INIT SA+KE+Nonce; as before"},
    {"c11_public_value_0", "as before"},
    {"c11_public_value_of_another_group", "as before"},
    // C13: a key size of 0, an algorithm that is not there (18, 37, 49)
    {"c13_chosen_key_length_0", "as before"},
    {"c13_chosen_what_was_not_offered", "as before"},
    // C15: SPI 0, or one used twice (42)
    {"c15_responder_spi_0", "as before"},
    // C16: a check value that is wrong, on every path (47)
    {"c16_fragment_without_icv", "refused SK (RFC 7296 3.14); as before"},
    // C22: resources (12, 57, 67)
    {"c22_cookie_of_no_octets", "as before"},
};

class ToInitiator : public testing::TestWithParam<Outcome> {};
TEST_P(ToInitiator, EndsAsItMust) {
  EXPECT_EQ(outcome_of(fuzz_ike_initiator_reply, "ike_initiator_reply/" + GetParam().seed),
            GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(Classes, ToInitiator, testing::ValuesIn(to_initiator), test_name);

TEST(ToInitiatorTable, HasEverySeed) {
  EXPECT_EQ(seeds_of(to_initiator), class_seeds("ike_initiator_reply"));
}

// C11: the shared secret is computed when IKE_AUTH comes, and only then is the value known to be bad (5, 50).
TEST(ToResponderLater, C11_public_value_0_is_found_by_ike_auth) {
  struct Zeroes final : ike::MessageTap {
    void outgoing(wire::ike::Message& message) override {
      auto* value = wire::ike::find<wire::ike::KeyExchange>(message.payloads);
      if (value != nullptr && message.header.initiator) std::ranges::fill(value->data, 0);
    }
    void incoming(wire::ike::Message&) override {}
  } zeroes;
  IkeWorld world = real_cryptography();
  world.change = [&](ike::test::PairSettings& settings) { settings.tap = &zeroes; };
  IkeEnds ends(IkeStage::half_open, false, world);
  std::string told;
  ends.pair().told = [&](const ike::Event& event) { told += to_string(event) + "\n"; };
  ends.release();
  EXPECT_NE(told.find("KE/Key Exchange Data: "), std::string::npos) << told;
  EXPECT_EQ(ends.pair().b.engine().ike_sas(), 0u) << told;
  ends.require_rest(std::chrono::minutes(5));
  EXPECT_TRUE(IkeEnds::leftovers(ends.pair().b.engine()).empty());
  EXPECT_TRUE(IkeEnds::leftovers(ends.pair().a.engine()).empty());
}

}  // namespace
}  // namespace mpsec::fuzz
