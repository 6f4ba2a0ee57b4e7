#include "vectors/core/mpsec_reader.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "vectors/core/json.hpp"

namespace mpsec::vectors {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

constexpr std::string_view source_dir = MPSEC_SOURCE_DIR;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<VectorFile> own_files() {
  std::vector<VectorFile> files;
  for (const char* folder : {"vectors/kat", "vectors/wire"})
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(source_dir) / folder))
      if (entry.path().extension() == ".json")
        files.push_back(read_mpsec(contents(entry.path()), entry.path().filename().string()));
  return files;
}

std::string file_with(std::string_view vector) {
  return R"({"format": "mpsec-vectors-1", "vectors": [)" + std::string(vector) + "]}";
}

constexpr std::string_view good_mac =
    R"({"id": "a/1", "origin": {"document": "RFC 2202", "section": "2"}, "kind": "mac", "algorithm": "HMAC-MD5",
        "key": "0b", "message": "4869", "tag": "92947272", "expect": "pass"})";

std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  changed.replace(changed.find(from), from.size(), to);
  return changed;
}

std::vector<std::string> problems_of(std::string_view text) {
  std::vector<std::string> problems;
  for (const Error& problem : read_mpsec(text, "f.json").problems)
    problems.push_back(to_string(problem));
  return problems;
}

TEST(OwnVectors, AreWellFormedAndComplete) {
  std::map<std::string, int> per_document;
  for (const VectorFile& file : own_files()) {
    for (const Error& problem : file.problems)
      ADD_FAILURE() << to_string(problem);
    for (const Case& one : file.cases)
      ++per_document[one.origin.document];
  }
  const std::map<std::string, int> printed_in_the_rfcs = {
      {"RFC 2202", 16}, {"RFC 3566", 14}, {"RFC 3602", 12}, {"RFC 3686", 9},  {"RFC 4231", 21},
      {"RFC 4493", 4},  {"RFC 4494", 4},  {"RFC 4615", 3},  {"RFC 4868", 42}, {"RFC 7634", 4},
      {"RFC 8439", 6},  {"RFC 4434", 3},  {"RFC 5903", 6},  {"RFC 7748", 4},  {"RFC 8031", 3}};
  for (const auto& [document, count] : printed_in_the_rfcs)
    EXPECT_EQ(per_document[document], count) << document;
}

TEST(MpsecReader, ReadsAMac) {
  const VectorFile file = read_mpsec(file_with(good_mac), "f.json");
  ASSERT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.cases, SizeIs(1));
  const Case& one = file.cases.front();
  EXPECT_EQ(one.id, "a/1");
  EXPECT_EQ(one.origin, (Origin{"RFC 2202", "2"}));
  EXPECT_EQ(one.algorithm, "HMAC-MD5");
  EXPECT_EQ(kind_of(one), "mac");
  EXPECT_EQ(std::get<MacCase>(one.body),
            (MacCase{Algorithm::hmac_md5, hex("0b"), {}, hex("4869"), hex("92947272")}));
}

TEST(MpsecReader, CompletesACounterBlock) {
  const VectorFile file = read_mpsec(
      file_with(
          R"({"id": "a/1", "origin": {"document": "d", "section": "s"}, "kind": "cipher", "algorithm": "AES-CTR",
        "key": "00", "nonce": "00000030", "iv": "0102030405060708", "plaintext": "", "ciphertext": "",
        "expect": "pass"})"),
      "f.json");
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(to_hex(std::get<CipherCase>(file.cases.front().body).iv), "00000030010203040506070800000001");
}

TEST(MpsecReader, NamesFilePointerAndAllowedMembersOfAMisspeltOne) {
  EXPECT_THAT(
      problems_of(file_with(with(good_mac, "\"expect\"", "\"expekt\""))),
      ElementsAre("f.json#/vectors/0: the member \"expect\" is missing",
                  "f.json#/vectors/0/expekt: no such member; allowed: id, origin, expect, note, kind, "
                  "algorithm, key, nonce, message, tag"));
  EXPECT_THAT(problems_of(with(file_with(good_mac), "\"format\"", "\"from/at\"")),
              ElementsAre(HasSubstr("\"format\" is missing"),
                          "f.json#/from~1at: no such member; allowed: $schema, note, format, vectors"));
}

TEST(MpsecReader, NamesWhatIsAllowed) {
  EXPECT_THAT(
      problems_of(file_with(with(good_mac, "\"mac\"", "\"hash\""))),
      ElementsAre(AllOf(HasSubstr("f.json#/vectors/0/kind"), HasSubstr("allowed: aead, cipher, mac, prf"))));
  EXPECT_THAT(problems_of(file_with(with(good_mac, "HMAC-MD5", "AES-GCM"))),
              ElementsAre(AllOf(HasSubstr("f.json#/vectors/0/algorithm"),
                                HasSubstr("allowed: HMAC-MD5, HMAC-SHA1"))));
  EXPECT_THAT(
      problems_of(file_with(with(good_mac, "\"pass\"", "\"fail\""))),
      ElementsAre(AllOf(HasSubstr("f.json#/vectors/0/expect"), HasSubstr("allowed: pass, icv, key-size"))));
}

TEST(MpsecReader, RefusesWrongValues) {
  EXPECT_THAT(problems_of(file_with(with(good_mac, "\"0b\"", "\"0g\""))),
              ElementsAre(HasSubstr("f.json#/vectors/0/key: expected hexadecimal octets: character 1")));
  EXPECT_THAT(problems_of(file_with(with(good_mac, "\"0b\"", "\"0\""))),
              ElementsAre(HasSubstr("odd number")));
  EXPECT_THAT(problems_of(file_with(with(good_mac, "\"0b\"", "11"))),
              ElementsAre("f.json#/vectors/0/key: expected a string, found number"));
  EXPECT_THAT(problems_of(file_with("[]")), ElementsAre(HasSubstr("f.json#/vectors/0: expected an object")));
  EXPECT_THAT(problems_of(file_with(std::string(good_mac) + "," + std::string(good_mac))),
              ElementsAre(HasSubstr("f.json#/vectors/1/id: \"a/1\" names an earlier vector")));
}

TEST(MpsecReader, PlacesSyntaxErrorsByLineAndColumn) {
  EXPECT_THAT(problems_of("{\n  \"format\": ,"), ElementsAre("f.json:2:13: expected JSON, found \",\""));
  EXPECT_THAT(problems_of("{"), ElementsAre("f.json:1:2: expected JSON, found the end of the file"));
  EXPECT_THAT(problems_of(""), ElementsAre(HasSubstr("f.json:1:1")));
  EXPECT_THAT(problems_of(R"({"format": "mpsec-vectors-1", "format": "x", "vectors": []})"),
              ElementsAre("f.json: an object has two members named \"format\""));
}

constexpr std::string_view good_packet =
    R"({"id": "p/1", "origin": {"document": "d", "section": "s"}, "kind": "esp-packet",
        "sa": {"spi": "00004321", "mode": "tunnel",
               "encryption": {"algorithm": "AES-GCM", "key": "00", "salt": "01020304", "icv": 16}},
        "sequence": 4294967296, "iv": "0102", "plain": "45", "protected": "46", "directions": "in", "expect": "padding"})";

TEST(MpsecReader, ReadsAPacket) {
  const VectorFile file = read_mpsec(file_with(good_packet), "f.json");
  ASSERT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(file.cases.front().expectation, Expectation::refuse(Reason::padding));
  EXPECT_EQ(file.cases.front().algorithm, "AES-GCM");
  const auto& packet = std::get<PacketCase>(file.cases.front().body);
  EXPECT_EQ(packet.spi, Spi(0x4321));
  EXPECT_EQ(packet.sequence, SequenceNumber(1ULL << 32));
  EXPECT_EQ(packet.mode, Mode::tunnel);
  EXPECT_EQ(packet.encryption, (PacketTransform{Algorithm::aes_gcm, hex("00"), hex("01020304"), 16}));
  EXPECT_TRUE(packet.inbound);
  EXPECT_FALSE(packet.outbound);
}

TEST(MpsecReader, ChecksWhatStandsInsideAnSa) {
  EXPECT_THAT(problems_of(file_with(with(good_packet, "00004321", "4321"))),
              ElementsAre("f.json#/vectors/0/sa/spi: need 4 octets, have 2"));
  EXPECT_THAT(
      problems_of(file_with(with(good_packet, "\"salt\"", "\"slat\""))),
      ElementsAre(
          "f.json#/vectors/0/sa/encryption/slat: no such member; allowed: algorithm, key, salt, icv"));
  EXPECT_THAT(problems_of(file_with(with(good_packet, "esp-packet", "ah-packet"))),
              testing::Contains("f.json#/vectors/0/sa/encryption: no such member; allowed: spi, mode, "
                                "extended_sequence_numbers, integrity"));
}

// The schema is for other people's tools, the checker is ours: they must allow the same.
TEST(Schema, AllowsTheMembersThatTheCheckerKnows) {
  const auto schema =
      parse_json(contents(std::filesystem::path(source_dir) / "vectors/schema/vectors.schema.json"), "s");
  ASSERT_TRUE(schema.has_value());
  for (const char* kind : {"aead", "cipher", "mac", "prf", "esp-packet", "ah-packet", "ike-keys",
                           "key-exchange", "ike-message"}) {
    std::vector<std::string> in_schema;
    for (const auto& [name, value] : schema->at("$defs").at(kind).at("properties").items())
      in_schema.push_back(name);
    EXPECT_THAT(members_of_kind(kind), UnorderedElementsAreArray(in_schema)) << kind;
  }
}

TEST(Schema, KnowsTheReasons) {
  const auto schema =
      parse_json(contents(std::filesystem::path(source_dir) / "vectors/schema/vectors.schema.json"), "s");
  ASSERT_TRUE(schema.has_value());
  std::string names;
  for (const auto& name : schema->at("$defs").at("expect").at("enum"))
    names += (names.empty() ? "" : ", ") + name.get<std::string>();
  EXPECT_EQ(names, "pass, " + reason_names());
}

}  // namespace
}  // namespace mpsec::vectors
