// The fuzz targets' dictionary is made of the registry and the tables of names: a new number is a new word.
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::wire::ike {
namespace {

// A line `name="\x21\x00"`, the name of letters that libFuzzer takes.
std::string word(std::string_view name, const Octets& octets) {
  std::string line;
  for (const char c : name)
    line += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  line += "=\"";
  for (const std::uint8_t octet : octets)
    line += fmt::format("\\x{:02x}", octet);
  return line + "\"\n";
}

Octets transform(TransformType type, auto id) {
  Octets octets{static_cast<std::uint8_t>(type), 0};
  append_be(octets, static_cast<std::uint16_t>(id));
  return octets;
}

std::string transforms() {
  std::string text = "# transform type, RESERVED, transform ID\n";
  for (const auto& line : crypto::encryption_transforms())
    text += word(line.name, transform(TransformType::encryption, line.id));
  for (const auto& line : crypto::prf_transforms())
    text += word(line.name, transform(TransformType::pseudorandom_function, line.id));
  for (const auto& line : crypto::integrity_transforms())
    text += word(line.name, transform(TransformType::integrity, line.id));
  for (const auto& line : crypto::key_exchange_transforms())
    text += word(line.slug, transform(TransformType::key_exchange, line.id));
  for (const auto& line : names<SequenceNumbers>())
    text += word(line.name, transform(TransformType::sequence_numbers, line.number));
  return text;
}

// C13: a key size of 0 among those that are lawful.
std::string key_lengths() {
  std::string text;
  for (const unsigned bits : {0u, 1u, 128u, 192u, 256u, 65535u}) {
    Octets octets;
    append_be(octets, static_cast<std::uint16_t>(0x8000 | static_cast<unsigned>(AttributeType::key_length)));
    append_be(octets, static_cast<std::uint16_t>(bits));
    text += word(fmt::format("Key_Length_{}", bits), octets);
  }
  return text;
}

// A word for each number that has a name, in its field of that width, between what stands before and behind.
template <class Number>
std::string words(std::string_view comment, const Octets& before, const Octets& behind) {
  std::string text = fmt::format("# {}\n", comment);
  for (const auto& line : names<Number>()) {
    Octets octets = before;
    append_be(octets, static_cast<std::underlying_type_t<Number>>(line.number));
    append(octets, behind);
    text += word(line.name, octets);
  }
  return text;
}

std::string dictionary() {
  std::string text = "# Made by IkeDictionary in reference/wire/ike/dictionary_test.cpp\n";
  text += words<ExchangeType>("version, exchange type", {0x20}, {});
  text += words<PayloadType>("next payload, flags", {}, {0});
  text += words<NotifyType>("protocol ID, SPI size, notify message type", {0, 0}, {});
  text += words<ProtocolId>("proposal number, protocol ID, SPI size", {1}, {4});
  text += words<TransformType>("transform type, RESERVED", {}, {0});
  text += transforms();
  text += words<AttributeType>("attribute type, of two octets", {}, {}) + key_lengths();
  text += words<IdType>("ID type, RESERVED", {}, {0, 0, 0});
  text += words<CertificateEncoding>("certificate encoding", {}, {});
  text += words<AuthenticationMethod>("authentication method, RESERVED", {}, {0, 0, 0});
  text += words<HashAlgorithm>("hash algorithm", {}, {});
  text += words<ConfigurationType>("configuration type, RESERVED", {}, {0, 0, 0});
  text += words<ConfigurationAttributeType>("configuration attribute type", {}, {});
  text += words<TrafficSelectorType>("TS type, IP protocol", {}, {0});
  text += words<EapCode>("EAP code", {}, {});
  text += words<GatewayIdentityType>("gateway identity type", {}, {});
  text += words<PpkIdType>("PPK ID type", {}, {});
  text += "# C1, C2: lengths that lie\n";
  for (const std::uint8_t length : Octets{0, 1, 3, 4, 7, 8})
    text += word(fmt::format("length_{}", length), {0, length});
  return text + word("length_65535", {0xff, 0xff});
}

TEST(IkeDictionary, TheFileIsWhatTheRegistrySays) {
  const std::string path = MPSEC_SOURCE_DIR "/fuzz/dictionaries/ike_message.dict";
  if (std::getenv("MPSEC_WRITE_DICTIONARY") != nullptr) std::ofstream(path) << dictionary();
  std::ifstream file(path);
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(found, dictionary()) << "run this test with MPSEC_WRITE_DICTIONARY=1";
}

// Every target whose input is an IKE message or a payload has that file, under its own name.
TEST(IkeDictionary, IsThatOfEveryTargetWithMessages) {
  for (const char* target : {"ike_message_mutated", "ike_payload", "ike_responder", "ike_initiator_reply",
                             "ike_authenticated", "ike_fragments", "ike_narrowing", "ike_negotiation"}) {
    std::ifstream file(fmt::format(MPSEC_SOURCE_DIR "/fuzz/dictionaries/{}.dict", target));
    EXPECT_EQ((std::string{std::istreambuf_iterator<char>(file), {}}), dictionary()) << target;
  }
}

}  // namespace
}  // namespace mpsec::wire::ike
