// The readers of other people's JSON: Wycheproof, ACVP, the GCM-ESP draft, packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vectors/core/acvp_reader.hpp"
#include "vectors/core/mcgrew_reader.hpp"
#include "vectors/core/packet_reader.hpp"
#include "vectors/core/wycheproof_reader.hpp"

namespace mpsec::vectors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

template <class Body>
const Body& body(const VectorFile& file, std::size_t index = 0) {
  return std::get<Body>(file.cases.at(index).body);
}

Json list_of(Json one) {
  Json list = Json::array();
  list.push_back(std::move(one));
  return list;
}

Json vectors(Json one) {
  return {{"vectors", list_of(std::move(one))}};
}

Json wycheproof(std::string_view algorithm, Json test, std::string_view schema = "aead_test_schema_v1.json") {
  return {{"algorithm", algorithm},
          {"schema", schema},
          {"numberOfTests", 1},
          {"testGroups", list_of({{"ivSize", 96}, {"tagSize", 128}, {"tests", list_of(std::move(test))}})}};
}

Json aead_test(std::string_view result, std::string_view flag = "Pseudorandom") {
  return {{"tcId", 7},       {"comment", "c"}, {"flags", list_of(flag)},
          {"key", "00"},     {"iv", "01"},     {"aad", "02"},
          {"msg", "03"},     {"ct", "04"},     {"tag", "05060708"},
          {"result", result}};
}

TEST(Wycheproof, ReadsAnAead) {
  const VectorFile file = read_wycheproof(wycheproof("AES-GCM", aead_test("valid")), "d/aes_gcm_test.json");
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(file.cases[0].id, "aes_gcm_test.json/7");
  EXPECT_EQ(file.cases[0].origin, (Origin{"Wycheproof aes_gcm_test.json", "test 7: c"}));
  EXPECT_EQ(body<AeadCase>(file), (AeadCase{Algorithm::aes_gcm, hex("00"), hex("01"), hex("02"), hex("03"),
                                            hex("04"), hex("05060708"), 16}));
}

TEST(Wycheproof, TellsWhyAnInvalidTestIsInvalid) {
  const auto reason = [](std::string_view flag) {
    return read_wycheproof(wycheproof("AES-CCM", aead_test("invalid", flag)), "f").cases.at(0).expectation;
  };
  EXPECT_EQ(reason("ModifiedTag"), Expectation::refuse(Reason::icv));
  EXPECT_EQ(reason("ZeroLengthIv"), Expectation::refuse(Reason::nonce_size));
  EXPECT_EQ(reason("InvalidNonceSize"), Expectation::refuse(Reason::nonce_size));
  EXPECT_EQ(reason("InsecureTagSize"), Expectation::refuse(Reason::icv_size));
  EXPECT_EQ(reason("SomethingNew"), Expectation::refuse(Reason::icv));
  EXPECT_EQ(read_wycheproof(wycheproof("AES-CCM", aead_test("acceptable")), "f").cases.at(0).expectation,
            Expectation::either());
}

TEST(Wycheproof, GoesByTheAlgorithmAndNotByTheName) {
  const auto algorithm = [](std::string_view name) {
    return read_wycheproof(wycheproof(name, aead_test("valid"), "mac_test_schema_v1.json"), "f").cases.at(0);
  };
  EXPECT_EQ(std::get<MacCase>(algorithm("AES-CMAC").body).algorithm, Algorithm::aes_cmac);
  EXPECT_EQ(std::get<MacCase>(algorithm("HMACMD5").body).algorithm, Algorithm::hmac_md5);
  EXPECT_EQ(std::get<MacCase>(algorithm("HMACSHA512").body).algorithm, Algorithm::hmac_sha2_512);
  EXPECT_EQ(std::get<MacCase>(algorithm("AES-GMAC").body).nonce, hex("01"));
  EXPECT_EQ(std::get<NotRunnable>(algorithm("HMACSHA512/256").body).reason,
            "no transform of ESP or AH: HMACSHA512/256");
  EXPECT_EQ(std::get<NotRunnable>(algorithm("HMACSHA3-256").body).cause, NotRunnable::Cause::unsupported);
  EXPECT_EQ(std::get<NotRunnable>(algorithm("XCHACHA20-POLY1305").body).reason,
            "no transform of ESP or AH: XCHACHA20-POLY1305");
  EXPECT_EQ(std::get<NotRunnable>(algorithm("ECDSA").body).cause, NotRunnable::Cause::unsupported);
  EXPECT_EQ(std::get<NotRunnable>(algorithm("XDH").body).reason,
            "XDH keys in the form of mac_test_schema_v1.json");
}

Json signature_document(std::string_view algorithm, std::string_view schema, Json group) {
  group["tests"] = list_of({{"tcId", 1},
                            {"comment", ""},
                            {"flags", Json::array()},
                            {"msg", "01"},
                            {"sig", "02"},
                            {"result", "invalid"}});
  group["publicKeyDer"] = "30";
  return {{"algorithm", algorithm},
          {"schema", schema},
          {"numberOfTests", 1},
          {"testGroups", list_of(std::move(group))}};
}

TEST(Wycheproof, ReadsSignatures) {
  const auto ecdsa = read_wycheproof(
      signature_document("ECDSA", "ecdsa_p1363_verify_schema_v1.json", {{"sha", "SHA-384"}}), "f");
  EXPECT_EQ(body<SignatureCase>(ecdsa).hash_bits, 384u);
  EXPECT_TRUE(body<SignatureCase>(ecdsa).fixed_form);
  EXPECT_EQ(ecdsa.cases.at(0).expectation, Expectation::refuse(Reason::signature));
  const Json pss = {{"sha", "SHA-256"}, {"mgf", "MGF1"}, {"mgfSha", "SHA-256"}, {"sLen", 32}};
  const auto with = [&](Json change) {
    Json group = pss;
    group.update(change);
    return read_wycheproof(signature_document("RSASSA-PSS", "rsassa_pss_verify_schema_v1.json", group), "f");
  };
  EXPECT_EQ(body<SignatureCase>(with(Json::object())).scheme, SignatureCase::Scheme::rsa_pss);
  EXPECT_EQ(body<NotRunnable>(with({{"sLen", 20}})).reason,
            "RSASSA-PSS with a salt of 20 octets for SHA-256; IKE's is as long as the hash");
  EXPECT_EQ(body<NotRunnable>(with({{"mgfSha", "SHA-1"}})).cause, NotRunnable::Cause::outside_ipsec);
  EXPECT_EQ(body<NotRunnable>(with({{"sha", "SHA-224"}})).reason, "no signature of IKE is over SHA-224");
  const auto edwards = read_wycheproof(
      signature_document("EDDSA", "eddsa_verify_schema_v1.json", {{"publicKey", {{"curve", "edwards448"}}}}),
      "f");
  EXPECT_EQ(body<SignatureCase>(edwards).scheme, SignatureCase::Scheme::ed448);
}

TEST(Wycheproof, PadsAsPkcs5WhereTheTestDoes) {
  const VectorFile file = read_wycheproof(wycheproof("AES-CBC-PKCS5", aead_test("valid")), "f");
  EXPECT_EQ(to_hex(body<CipherCase>(file).plaintext), "030f0f0f0f0f0f0f0f0f0f0f0f0f0f0f");
  const VectorFile bad =
      read_wycheproof(wycheproof("AES-CBC-PKCS5", aead_test("invalid", "BadPadding")), "f");
  EXPECT_EQ(body<NotRunnable>(bad).cause, NotRunnable::Cause::outside_ipsec);
}

TEST(Wycheproof, NamesThePlaceOfAWrongValue) {
  Json test = aead_test("valid");
  test["key"] = "0x1";
  const VectorFile file = read_wycheproof(wycheproof("AES-GCM", test), "f.json");
  EXPECT_THAT(file.cases, IsEmpty());
  ASSERT_THAT(file.problems, SizeIs(1));
  EXPECT_THAT(to_string(file.problems[0]),
              HasSubstr("f.json#/testGroups/0/tests/0/key: expected hexadecimal octets"));
}

Json acvp(std::string_view algorithm, Json group) {
  return {
      {"vsId", 0}, {"algorithm", algorithm}, {"revision", "1.0"}, {"testGroups", list_of(std::move(group))}};
}

Json group_of(std::string_view direction, Json test) {
  return {{"tgId", 1},
          {"testType", "AFT"},
          {"direction", direction},
          {"tagLen", 96},
          {"tests", list_of(std::move(test))}};
}

TEST(Acvp, ReadsQuestionAndAnswerTogetherAndApart) {
  const Json question = {{"tcId", 3}, {"key", "00"}, {"iv", "01"}, {"aad", "02"}, {"pt", "03"}};
  const Json answer = {{"tcId", 3}, {"ct", "04"}, {"tag", "05"}};
  Json both = question;
  both.update(answer);
  const Json prompt =
      Json::array({{{"acvVersion", "1.0"}}, acvp("ACVP-AES-GCM", group_of("encrypt", question))});
  const Json answers = acvp("ACVP-AES-GCM", {{"tgId", 1}, {"tests", list_of(answer)}});
  EXPECT_TRUE(looks_like_acvp(prompt));
  EXPECT_TRUE(needs_acvp_answers(prompt));
  EXPECT_TRUE(is_acvp_answers(answers));
  const VectorFile joined = read_acvp(join_acvp(prompt, answers), "f");
  const VectorFile together = read_acvp(acvp("ACVP-AES-GCM", group_of("encrypt", both)), "f");
  ASSERT_THAT(joined.cases, SizeIs(1));
  EXPECT_EQ(joined.cases, together.cases);
  EXPECT_EQ(body<AeadCase>(joined), (AeadCase{Algorithm::aes_gcm, hex("00"), hex("01"), hex("02"), hex("03"),
                                              hex("04"), hex("05"), 12}));
  EXPECT_THAT(body<NotRunnable>(read_acvp(prompt, "f")).reason, HasSubstr("without its answer"));
}

TEST(Acvp, CutsTheTagOffACcmCiphertext) {
  const VectorFile file =
      read_acvp(acvp("ACVP-AES-CCM", group_of("decrypt", {{"tcId", 1},
                                                          {"key", "00"},
                                                          {"iv", "01"},
                                                          {"aad", ""},
                                                          {"ct", "aa000102030405060708090a0b"},
                                                          {"testPassed", false}})),
                "f");
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(body<AeadCase>(file).ciphertext, hex("aa"));
  EXPECT_EQ(body<AeadCase>(file).tag, hex("000102030405060708090a0b"));
  EXPECT_EQ(file.cases[0].expectation, Expectation::refuse(Reason::icv));
}

TEST(Acvp, CountsWhatItCannotRun) {
  const Json test = {{"tcId", 1}, {"key", "00"}, {"iv", "01"}, {"pt", "02"}, {"ct", "03"}};
  const auto reason = [](const VectorFile& file) { return body<NotRunnable>(file).reason; };
  EXPECT_EQ(reason(read_acvp(acvp("ACVP-AES-XPN", group_of("encrypt", test)), "f")),
            "no transform of ESP or AH: ACVP-AES-XPN");
  Json monte_carlo = group_of("encrypt", test);
  monte_carlo["testType"] = "MCT";
  EXPECT_THAT(reason(read_acvp(acvp("ACVP-AES-CBC", monte_carlo), "f")), HasSubstr("Monte Carlo"));
  Json bits = group_of("encrypt", test);
  bits["payloadLen"] = 7;
  EXPECT_THAT(reason(read_acvp(acvp("ACVP-AES-CTR", bits), "f")), HasSubstr("length of bits"));
}

TEST(Mcgrew, HoldsTheFileAgainstItself) {
  const Json vector = {{"draft_page", "6"},
                       {"mode", "GCM (RFC 4106)"},
                       {"key", "00"},
                       {"salt", "01020304"},
                       {"iv", "0506070809101112"},
                       {"aad", "0000432187654321"},
                       {"aad_is", "SPI|SEQ"},
                       {"ciphertext", "06"},
                       {"icv", "07"},
                       {"plaintext_by_decryption", "aa0001"},
                       {"pad_len", 0},
                       {"next_header", 1}};
  const VectorFile file = read_mcgrew(vectors(vector), "f");
  ASSERT_THAT(file.cases, SizeIs(2));
  EXPECT_EQ(body<AeadCase>(file).nonce, hex("010203040506070809101112"));
  const auto& packet = body<PacketCase>(file, 1);
  EXPECT_EQ(packet.sequence, SequenceNumber(0x87654321));
  EXPECT_EQ(to_hex(OctetView(packet.plain).subspan(20)), "aa");
  EXPECT_EQ(to_hex(OctetView(packet.protected_packet).subspan(20)), "000043218765432105060708091011120607");
  Json longer = vector;
  longer["aad"] = "000043218765432100000000";
  longer["next_header"] = 4;
  std::vector<std::string> problems;
  for (const Error& problem : read_mcgrew(vectors(longer), "f").problems)
    problems.push_back(to_string(problem));
  EXPECT_THAT(problems, ElementsAre("f#/vectors/0/aad: SPI|SEQ needs 8 octets, have 12",
                                    "f#/vectors/0/next_header: the plaintext ends with another next header"));
}

Json packet() {
  return {{"name", "p"},
          {"key", "00"},
          {"salt", "01020304"},
          {"iv", "05"},
          {"input_text", "45"},
          {"output_text",
           "4500000000000000000000000000000000000000"
           "0000a5f800000007"},
          {"sa",
           {{"spi", "0xa5f8"},
            {"direction", "SA_DIR_EGRESS"},
            {"proto", "SA_PROTO_ESP"},
            {"mode", "SA_MODE_TUNNEL"},
            {"esn.hi", "1"}}},
          {"xform", {{"aead", {{"aead", {{"algo", "AEAD_AES_GCM"}, {"digest_length", "16"}}}}}}}};
}

TEST(Packets, ReadsOne) {
  const VectorFile file = read_packets(vectors(packet()), "f");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(file.cases[0].id, "packets/p");
  EXPECT_EQ(body<PacketCase>(file).spi, Spi(0xa5f8));
  EXPECT_EQ(body<PacketCase>(file).sequence, SequenceNumber(0x1'0000'0007));
  EXPECT_TRUE(body<PacketCase>(file).extended_sequence_numbers);
  EXPECT_EQ(body<PacketCase>(file).encryption,
            (PacketTransform{Algorithm::aes_gcm, hex("00"), hex("01020304"), 16}));
}

TEST(Packets, TurnsAnIngressVectorRound) {
  Json one = packet();
  one["sa"]["direction"] = "SA_DIR_INGRESS";
  std::swap(one["input_text"], one["output_text"]);
  EXPECT_EQ(body<PacketCase>(read_packets(vectors(one), "f")),
            [] { return body<PacketCase>(read_packets(vectors(packet()), "f")); }());
}

TEST(Packets, KnowsTheOptionsThatChangeNothingHere) {
  Json one = packet();
  one["sa"]["options.dec_ttl"] = "0";
  one["sa"]["options.udp_encap"] = "1";
  one["sa"]["tunnel.ipv4.ttl"] = "64";
  EXPECT_TRUE(body<PacketCase>(read_packets(vectors(one), "f")).udp_encapsulation);
}

TEST(Packets, TakesAGmacOfEspForACombinedAlgorithm) {
  Json one = packet();
  one["auth_key"] = "01";
  one["xform"] = {{"chain.cipher", {{"cipher", {{"algo", "CIPHER_NULL"}}}}},
                  {"chain.auth", {{"auth", {{"algo", "AUTH_AES_GMAC"}, {"digest_length", "16"}}}}}};
  const VectorFile file = read_packets(vectors(one), "f");
  EXPECT_EQ(body<PacketCase>(file).encryption,
            (PacketTransform{Algorithm::aes_gmac, hex("01"), hex("01020304"), 16}));
  EXPECT_EQ(body<PacketCase>(file).integrity, std::nullopt);
}

TEST(Packets, CutsAPacketOutOfALongerText) {
  Json one = packet();
  one["input_text"] = "45000102";
  one["input_text_len"] = 1;
  EXPECT_EQ(body<PacketCase>(read_packets(vectors(one), "f")).plain, hex("45"));
  one["input_text_len"] = 5;
  EXPECT_THAT(to_string(read_packets(vectors(one), "f").problems.at(0)), HasSubstr("need 5 octets, have 4"));
}

TEST(Packets, DoesNotGuess) {
  Json unknown = packet();
  unknown["sa"]["options.dec_ttl"] = "1";
  EXPECT_EQ(body<NotRunnable>(read_packets(vectors(unknown), "f")).reason,
            "its SA has a member \"options.dec_ttl\" not known here");
  Json des = packet();
  des["xform"]["aead"]["aead"]["algo"] = "CIPHER_DES_CBC";
  EXPECT_EQ(body<NotRunnable>(read_packets(vectors(des), "f")).reason,
            "no transform of ESP or AH: CIPHER_DES_CBC");
  Json brief = packet();
  brief["output_text"] = "45";
  EXPECT_THAT(to_string(read_packets(vectors(brief), "f").problems.at(0)),
              HasSubstr("f#/vectors/0/output_text: need 28 octets to hold a sequence number, have 1"));
}

}  // namespace
}  // namespace mpsec::vectors
