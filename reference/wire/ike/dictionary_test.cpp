// The fuzz targets' dictionary is made of the registry and the tables of names: a new number is a new word.
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"
#include "wire/ike/message.hpp"

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
  return text + "Key_Length_0=\"\\x80\\x0e\\x00\\x00\"\nKey_Length_128=\"\\x80\\x0e\\x00\\x80\"\n";
}

std::string dictionary() {
  std::string text =
      "# Made by IkeDictionary in reference/wire/ike/dictionary_test.cpp\n# version, exchange type\n";
  for (const auto& line : names<ExchangeType>())
    text += word(line.name, {0x20, static_cast<std::uint8_t>(line.number)});
  text += "# next payload, flags\n";
  for (const auto& line : names<PayloadType>())
    text += word(line.name, {static_cast<std::uint8_t>(line.number), 0});
  text += "# protocol ID, SPI size, notify message type\n";
  for (const auto& line : names<NotifyType>()) {
    Octets octets{0, 0};
    append_be(octets, static_cast<std::uint16_t>(line.number));
    text += word(line.name, octets);
  }
  text += transforms() + "# configuration attribute type\n";
  for (const auto& line : names<ConfigurationAttributeType>()) {
    Octets octets;
    append_be(octets, static_cast<std::uint16_t>(line.number));
    text += word(line.name, octets);
  }
  text += "# TS type, IP protocol, selector length\n";
  text += word("TS_IPV4_ADDR_RANGE", {7, 0, 0, 16}) + word("TS_IPV6_ADDR_RANGE", {8, 0, 0, 40});
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

}  // namespace
}  // namespace mpsec::wire::ike
