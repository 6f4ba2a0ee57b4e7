// Messages under the keys of an IKE SA.
// A line each: the seed, by its class of public advisories (docs/advisories.md; in brackets the advisories),
// and all that comes of it: what is refused or failed where and by which clause, what is sent ("->"), what is
// held then. Behind it the laws of the target hold: nobody comes in
// without a proof, what is held is bounded, an IKE SA that has survived still serves, and once both ends
// close nothing is left.
#include "support/tests/ike_outcomes.hpp"

namespace mpsec::fuzz {
namespace {

// From a peer that has proved itself, and from a stranger who has keys and must prove itself yet.
const Outcome from_peer[] = {
    // C1: a length that is shorter than its header, longer than what is left, or 0 (3, 6, 8, 9, 53, 55)
    {"c01_delete_of_more_spis_than_there_are",
     "-> INVALID_SYNTAX; failed Delete/SPI (RFC 7296 3.11); holds nothing"},
    {"c01_inner_payload_length_0",
     "-> INVALID_SYNTAX; failed Delete/Payload Length (RFC 7296 3.2); holds nothing"},
    {"c01_inner_payload_length_past_the_end",
     "-> INVALID_SYNTAX; failed Delete/Payload Length (RFC 7296 3.2); holds nothing"},
    {"c01_rekey_with_an_spi_of_8_octets", "-> CHILD_SA_NOT_FOUND; as before"},
    {"c01_selector_length_8",
     "-> INVALID_SYNTAX; failed TSi/Traffic Selector[0]/Starting Address (RFC 7296 3.13.1); holds nothing"},
    {"c01_stranger_with_auth_of_3_octets",
     "-> INVALID_SYNTAX; failed AUTH/Auth Method (RFC 7296 3.8); holds nothing"},
    {"c01_stranger_with_id_length_0",
     "-> INVALID_SYNTAX; failed IDi/Payload Length (RFC 7296 3.2); holds nothing"},
    {"c01_stranger_with_id_of_3_octets",
     "-> INVALID_SYNTAX; failed IDi/ID Type (RFC 7296 3.5); holds nothing"},
    {"c01_stranger_with_ipv4_id_of_3_octets",
     "-> AUTHENTICATION_FAILED; failed IPv4 address (RFC 7296 3.5); holds nothing"},
    {"c01_window_0", "-> empty; as before"},
    {"c01_window_of_no_octets", "-> empty; as before"},
    // C2: a list whose element takes no octets (1, 3, 6, 23)
    {"c02_configuration_attributes_of_no_value", "-> CP; as before"},
    {"c02_selector_length_0",
     "-> INVALID_SYNTAX; failed TSi/Traffic Selector[0]/Selector Length (RFC 7296 3.13.1); holds nothing"},
    {"c02_stranger_with_selector_length_0",
     "-> INVALID_SYNTAX; failed TSi/Traffic Selector[0]/Selector Length (RFC 7296 3.13.1); holds nothing"},
    // C3: a payload or transform that must be there and is not (48, 52)
    {"c03_new_child_without_nonce",
     "-> INVALID_SYNTAX; failed CREATE_CHILD_SA/Nonce (RFC 7296 3.9); holds nothing"},
    {"c03_new_child_without_sa", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.3.1); holds nothing"},
    {"c03_new_child_without_selectors", "-> INVALID_SYNTAX; failed TSi, TSr (RFC 7296 1.3.1); holds nothing"},
    {"c03_nothing_at_all", "-> INVALID_SYNTAX; failed SA (RFC 7296 1.3.1); holds nothing"},
    {"c03_rekey_child_answer_without_sa",
     "-> INFORMATIONAL Delete; failed SA (RFC 7296 1.3.1); holds established [installed], 2 SPIs"},
    {"c03_rekey_ike_answer_without_nonce",
     "failed Nonce (RFC 7296 1.2); holds established [installed], 1 SPI"},
    {"c03_rekey_ike_without_ke", "-> INVALID_SYNTAX; failed KE (RFC 7296 1.2); holds nothing"},
    {"c03_stranger_answers_with_nothing",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IDr (RFC 7296 1.2); holds nothing"},
    {"c03_stranger_answers_without_auth",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c03_stranger_answers_without_id",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IDr (RFC 7296 1.2); holds nothing"},
    {"c03_stranger_childless",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c03_stranger_with_id_alone",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c03_stranger_with_nothing", "-> INVALID_SYNTAX; failed IDi (RFC 7296 1.2); holds nothing"},
    {"c03_stranger_without_auth",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c03_stranger_without_id", "-> INVALID_SYNTAX; failed IDi (RFC 7296 1.2); holds nothing"},
    // C4: too many payloads, twice the same, unknown ones (34)
    {"c04_256_vendor_ids", "-> empty; as before"},
    {"c04_stranger_with_a_hundred_certificates",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c04_stranger_with_two_of_each",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c04_stranger_with_unknown_critical_payload", "-> UNSUPPORTED_CRITICAL_PAYLOAD; holds nothing"},
    {"c04_the_same_spi_deleted_a_hundred_times", "-> Delete; holds established []"},
    {"c04_unknown_critical_payload", "-> UNSUPPORTED_CRITICAL_PAYLOAD; as before"},
    {"c04_unknown_critical_payload_in_an_answer",
     "-> INFORMATIONAL Delete; failed INFORMATIONAL (RFC 7296 2.5); holds closing [installed], 1 SPI"},
    // C6: a message in the wrong state (13, 24, 28, 33, 46, 62)
    {"c06_answer_of_another_exchange", "refused INFORMATIONAL (RFC 7296 2.2); as before"},
    {"c06_answer_of_another_exchange_to_liveness", "refused CREATE_CHILD_SA (RFC 7296 2.2); as before"},
    {"c06_answer_to_nothing", "as before"},
    {"c06_delete_ike_while_rekeying_it", "-> empty; holds nothing"},
    {"c06_ike_auth_again", "-> INVALID_SYNTAX; failed IKE_AUTH (RFC 7296 3.1); holds nothing"},
    {"c06_ike_sa_init_under_protection",
     "-> INVALID_SYNTAX; failed IKE_SA_INIT (RFC 7296 3.1); holds nothing"},
    {"c06_rekey_child_while_closing", "-> TEMPORARY_FAILURE; as before"},
    {"c06_rekey_child_while_deleting", "-> TEMPORARY_FAILURE; as before"},
    {"c06_rekey_child_while_rekeying_ike", "-> TEMPORARY_FAILURE; as before"},
    {"c06_rekey_ike_while_closing", "-> TEMPORARY_FAILURE; as before"},
    {"c06_stranger_answers_authentication_failed", "failed IKE_AUTH (RFC 7296 3.10.1); holds nothing"},
    {"c06_stranger_answers_temporary_failure", "failed IKE_AUTH (RFC 7296 3.10.1); holds nothing"},
    {"c06_stranger_answers_with_a_delete",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IDr (RFC 7296 1.2); holds nothing"},
    {"c06_stranger_answers_with_eap_success",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c06_stranger_asks_for_a_sign_of_life", "as before"},
    {"c06_stranger_creates_a_child", "as before"},
    {"c06_stranger_deletes_ike", "as before"},
    {"c06_stranger_rekeys_a_child", "as before"},
    {"c06_stranger_rekeys_ike", "as before"},
    {"c06_stranger_sends_eap_success",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c06_unknown_exchange", "-> INVALID_SYNTAX; failed exchange type 99 (RFC 7296 3.1); holds nothing"},
    // C8: what an error path keeps or frees (38, 41, 43, 67)
    {"c08_child_sa_not_found", "-> CREATE_CHILD_SA SA+Nonce+TSi+TSr; holds established [], 1 SPI"},
    {"c08_delete_of_ike_then_of_child", "-> empty; holds nothing"},
    {"c08_delete_then_more", "-> Delete; holds established []"},
    {"c08_invalid_syntax_answered", "failed CREATE_CHILD_SA (RFC 7296 2.21.3); holds nothing"},
    {"c08_unreadable_answer",
     "-> INFORMATIONAL Delete; failed SA/Proposal[0]/Proposal Length (RFC 7296 3.3.1); holds closing "
     "[rekeying], 1 SPI"},
    // C9: a field of the peer's in what we send (39, 51, 58)
    {"c09_delete_of_protocol_0", "-> empty; as before"},
    {"c09_delete_of_protocol_1", "-> empty; holds nothing"},
    {"c09_delete_of_protocol_9", "-> empty; as before"},
    {"c09_rekey_of_protocol_0", "-> CHILD_SA_NOT_FOUND; as before"},
    {"c09_rekey_of_protocol_1", "-> CHILD_SA_NOT_FOUND; as before"},
    {"c09_rekey_of_protocol_9", "-> CHILD_SA_NOT_FOUND; as before"},
    // C10: what is logged (44, 45, 51, 58)
    {"c10_notify_of_control_characters", "-> empty; holds nothing"},
    {"c10_stranger_of_control_characters",
     "-> AUTHENTICATION_FAILED; failed fqdn (RFC 1035 2.3.4); holds nothing"},
    // C11: public values at the edge, and other groups (5, 10, 21, 22, 27, 50)
    {"c11_other_group_answered_again", "-> CREATE_CHILD_SA SA+Nonce+KE; as before"},
    {"c11_rekey_ike_answer_public_value_0",
     "failed KE/Key Exchange Data (RFC 7748 6); holds established [installed], 1 SPI"},
    {"c11_rekey_ike_public_value_0",
     "-> INVALID_SYNTAX; failed KE/Key Exchange Data (RFC 7748 6); holds nothing"},
    // C12: a proof that is none (16, 32, 36, 61; a certificate at an URL: 12)
    {"c12_ike_auth_with_empty_auth", "-> INVALID_SYNTAX; failed IKE_AUTH (RFC 7296 3.1); holds nothing"},
    {"c12_stranger_answers_with_empty_auth",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_auth_method_0",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_auth_of_another_length",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_certificate_at_an_url",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_empty_auth",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_null_auth",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    {"c12_stranger_with_signature_of_no_octets",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    // C13: a key size of 0, an algorithm that is not there (18, 37, 49)
    {"c13_child_key_length_0", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c13_child_null_auth_gmac", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c13_child_of_no_encryption", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    // C14: an identity of another type or length (29, 40, 54)
    {"c14_other_identity", "-> INVALID_SYNTAX; failed IKE_AUTH (RFC 7296 3.1); holds nothing"},
    {"c14_stranger_answers_with_other_id",
     "-> INFORMATIONAL AUTHENTICATION_FAILED; failed IKE_AUTH/IDr (RFC 7296 1.2); holds nothing"},
    {"c14_stranger_with_a_name_that_goes_on",
     "-> AUTHENTICATION_FAILED; failed fqdn (RFC 1035 2.3.4); holds nothing"},
    {"c14_stranger_with_dn_of_one_octet",
     "-> AUTHENTICATION_FAILED; failed distinguished name/RDN[0]/name (RFC 5280 4.1.2.4); holds nothing"},
    {"c14_stranger_with_dn_that_is_no_asn1",
     "-> AUTHENTICATION_FAILED; failed distinguished name/RDN[0]/name (RFC 5280 4.1.2.4); holds nothing"},
    {"c14_stranger_with_empty_id", "-> AUTHENTICATION_FAILED; failed fqdn (RFC 1035 2.3.4); holds nothing"},
    {"c14_stranger_with_id_type_0",
     "-> AUTHENTICATION_FAILED; failed identity (RFC 4301 4.4.3.1); holds nothing"},
    {"c14_stranger_with_key_id", "-> AUTHENTICATION_FAILED; failed PAD (RFC 4301 4.4.3); holds nothing"},
    // C15: SPI 0, or one used twice (42)
    {"c15_child_spi_0", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c15_child_spi_255", "-> INVALID_SYNTAX; failed SA/Proposal/SPI (RFC 4303 2.1); holds nothing"},
    {"c15_child_spi_of_3_octets", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c15_child_spi_twice", "-> INVALID_SYNTAX; failed SA/Proposal/SPI (RFC 7296 3.3.1); holds nothing"},
    {"c15_new_ike_spi_0", "-> NO_PROPOSAL_CHOSEN; failed SA (RFC 7296 2.7); as before"},
    {"c15_new_ike_spi_as_before",
     "-> SA+Nonce+KE; -> INFORMATIONAL SET_WINDOW_SIZE; holds rekeyed [], established [installed], 1 SPI"},
    {"c15_rekey_ike_answered_with_spi_0",
     "failed SA/Proposal[0]/SPI (RFC 7296 3.3.1); holds established [installed], 1 SPI"},
    // C17: message IDs at the edge (of the data path: the ESP tests) (of IKE none)
    {"c17_message_id_all_ones", "refused INFORMATIONAL (RFC 7296 2.3); as before"},
    {"c17_message_id_at_the_windows_end", "-> empty; as before"},
    {"c17_message_id_beyond_the_window", "refused INFORMATIONAL (RFC 7296 2.3); as before"},
    {"c17_message_id_of_ike_auth", "as before"},
    // C21: more than is authorized (4, 11, 25)
    {"c21_selectors_of_everything", "-> SA+Nonce+TSi+TSr; holds established [installed installed], 2 SPIs"},
    {"c21_selectors_wider_than_asked_for",
     "-> INFORMATIONAL Delete; failed TSi, TSr (RFC 7296 2.9); as before"},
    {"c21_stranger_asks_for_everything",
     "-> AUTHENTICATION_FAILED; failed IKE_AUTH/AUTH (RFC 7296 2.15); holds nothing"},
    // C22: resources (12, 57, 67)
    {"c22_new_children_without_end",
     "-> SA+Nonce+TSi+TSr x7; -> NO_ADDITIONAL_SAS x25; holds established [installed installed installed "
     "installed installed installed installed installed], 8 SPIs"},
    {"c22_rekeys_of_ike_while_rekeying",
     "-> SA+Nonce+KE; -> TEMPORARY_FAILURE x31; holds rekeying [installed], established [], 1 SPI"},
    {"c22_rekeys_of_ike_without_end",
     "-> SA+Nonce+KE; -> INFORMATIONAL SET_WINDOW_SIZE; -> TEMPORARY_FAILURE x31; holds rekeyed [], "
     "established [installed], 1 SPI"},
    {"c22_rekeys_of_one_child_without_end",
     "-> SA+Nonce+TSi+TSr; -> TEMPORARY_FAILURE x31; holds established [replaced installed], 2 SPIs"},
    {"c22_rekeys_of_the_child_that_is_being_rekeyed",
     "-> SA+Nonce+TSi+TSr; -> TEMPORARY_FAILURE x31; holds established [rekeying installed], 3 SPIs"},
    // C23: payloads and messages of another version (26)
    {"c23_version_1_under_protection", "refused IKE Header/Major Version (RFC 7296 2.5); as before"},
};

class FromPeer : public testing::TestWithParam<Outcome> {};
TEST_P(FromPeer, EndsAsItMust) {
  EXPECT_EQ(outcome_of(fuzz_ike_authenticated, "ike_authenticated/" + GetParam().seed), GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(Classes, FromPeer, testing::ValuesIn(from_peer), test_name);

TEST(FromPeerTable, HasEverySeed) {
  EXPECT_EQ(seeds_of(from_peer), class_seeds("ike_authenticated"));
}

// The same in fragments.
const Outcome fragments[] = {
    // C1: a length that is shorter than its header, longer than what is left, or 0 (3, 6, 8, 9, 53, 55)
    {"c01_inner_payload_cut_short",
     "-> INVALID_SYNTAX; failed Delete/Payload Length (RFC 7296 3.2); holds nothing"},
    // C4: too many payloads, twice the same, unknown ones (34)
    {"c04_a_payload_of_no_type_in_the_first",
     "-> INVALID_SYNTAX; failed Next Payload (RFC 7296 3.1); holds nothing"},
    // C5: fragments: number, order, overlap, total, time (30, 34, 55, 57)
    {"c05_each_twice", "-> Delete; holds established []"},
    {"c05_empty_fragments", "-> empty; as before"},
    {"c05_last_first_of_255", "as before"},
    {"c05_number_0",
     "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7383 2.6); -> Delete; holds established []"},
    {"c05_number_beyond_total",
     "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7383 2.6); -> Delete; holds established []"},
    {"c05_one_missing", "as before"},
    {"c05_reversed", "-> Delete; holds established []"},
    {"c05_same_number_other_octets",
     "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7383 2.6); -> Delete; holds established []"},
    {"c05_stranger_in_order", "-> INVALID_SYNTAX; failed IDi (RFC 7296 1.2); holds nothing"},
    {"c05_stranger_number_0",
     "refused IKE_AUTH (RFC 7383 2.6); -> INVALID_SYNTAX; failed IDi (RFC 7296 1.2); holds nothing"},
    {"c05_stranger_one_missing", "as before"},
    {"c05_stranger_total_255", "refused IKE_AUTH (RFC 7383 2.6) x99; as before"},
    {"c05_total_0", "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7383 2.6); as before"},
    {"c05_total_1", "-> Delete; holds established []"},
    {"c05_total_grows", "as before"},
    {"c05_total_shrinks", "-> INFORMATIONAL empty; refused INFORMATIONAL (RFC 7383 2.6) x2; as before"},
    {"c05_type_in_each", "-> Delete; holds established []"},
};

class Fragments : public testing::TestWithParam<Outcome> {};
TEST_P(Fragments, EndsAsItMust) {
  EXPECT_EQ(outcome_of(fuzz_ike_fragments, "ike_fragments/" + GetParam().seed), GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(Classes, Fragments, testing::ValuesIn(fragments), test_name);

TEST(FragmentsTable, HasEverySeed) {
  EXPECT_EQ(seeds_of(fragments), class_seeds("ike_fragments"));
}

}  // namespace
}  // namespace mpsec::fuzz
