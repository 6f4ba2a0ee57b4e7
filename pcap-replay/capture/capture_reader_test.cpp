#include "pcap-replay/capture/capture_reader.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <rapidcheck/gtest.h>

#include "pcap-replay/capture/capture_samples.hpp"

namespace mpsec::replay {
namespace {

using samples::PcapStyle;
using samples::read_all;
using std::chrono::nanoseconds;
using testing::HasSubstr;

Instant at(std::int64_t ns) {
  return Instant(nanoseconds(ns));
}

TEST(PcapReader, ReadsBothOrdersAndBothResolutions) {
  for (const bool big_endian : {false, true}) {
    for (const bool nano : {false, true}) {
      const PcapStyle style{big_endian, nano};
      const auto read = read_all(samples::pcap_file(1, {hex("0102"), hex("")}, style));
      ASSERT_FALSE(read.error);
      ASSERT_EQ(read.frames.size(), 2u);
      EXPECT_EQ(read.octets[0], hex("0102"));
      EXPECT_EQ(read.frames[0].time, at(1'000'000'000 + (nano ? 2 : 2000)));
      EXPECT_EQ(read.frames[1].number, 2u);
      EXPECT_EQ(read.frames[0].link_type, LinkType::ethernet);
    }
  }
}

TEST(PcapReader, OldNumbersOfRawIpAreRawIp) {
  for (const std::uint32_t number : {12u, 14u, 101u})
    EXPECT_EQ(read_all(samples::pcap_file(number, {hex("45")})).frames.at(0).link_type, LinkType::raw);
}

TEST(PcapReader, TellsACutFrame) {
  Octets file = samples::pcap_header(101);
  samples::append_pcap_frame(file, hex("45"), 0, 0, {}, 99);
  const auto read = read_all(file);
  EXPECT_TRUE(read.frames.at(0).is_cut() || read.frames.at(0).original_length == 100);
  EXPECT_EQ(read.frames.at(0).original_length, 100u);
}

TEST(PcapReader, EveryTruncationGivesWhatCouldBeRead) {
  const Octets file = samples::pcap_file(1, {hex("01020304"), hex("0506")});
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto read = read_all(Octets(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    const std::size_t whole = size < 24 + 20 ? 0 : 1;
    EXPECT_EQ(read.frames.size(), whole) << size;
    const bool at_a_boundary = size == 24 || size == 24 + 20;
    EXPECT_EQ(read.error.has_value(), !at_a_boundary) << size;
    if (read.error && size > 24) {
      EXPECT_EQ(read.error->offset, whole == 0 ? 24u : 44u) << size;
    }
  }
}

TEST(PcapReader, NamesFileFrameAndOffset) {
  Octets file = samples::pcap_file(1, {hex("01020304"), hex("0506")});
  file.pop_back();
  const auto read = read_all(file);
  ASSERT_TRUE(read.error);
  EXPECT_THAT(to_string(*read.error), HasSubstr("sample @ 0x2c: frame 2: truncated dump file"));
}

TEST(OpenCapture, RefusesWhatIsNoCapture) {
  EXPECT_THAT(to_string(*read_all(hex("00112233445566778899")).error),
              HasSubstr("sample @ 0x0: expected a pcap or pcapng file"));
  EXPECT_EQ(to_string(*read_all(Octets{}).error), "sample: expected a capture, found an empty file");
  EXPECT_THAT(to_string(open_capture("no/such/file").error()),
              HasSubstr("no/such/file: cannot open: No such file"));
}

Octets two_interfaces(bool big_endian) {
  Octets file;
  samples::append_section(file, big_endian);
  samples::append_interface(file, 1, {}, big_endian);
  Octets options;
  samples::append_number(options, pcapng::time_resolution, big_endian);
  samples::append_number(options, std::uint16_t{1}, big_endian);
  append(options, hex("09000000"));
  samples::append_number(options, pcapng::time_offset, big_endian);
  samples::append_number(options, std::uint16_t{8}, big_endian);
  samples::append_number(options, std::uint64_t{100}, big_endian);
  samples::append_interface(file, 276, options, big_endian);
  samples::append_block(file, 0x0bad, hex("00010203"), big_endian);  // unknown: passed over
  samples::append_enhanced_packet(file, 1, 7, hex("0102030405"), big_endian);
  samples::append_enhanced_packet(file, 0, 8, hex("06"), big_endian);
  return file;
}

TEST(PcapngReader, ReadsInterfacesOfDifferentKinds) {
  for (const bool big_endian : {false, true}) {
    const auto read = read_all(two_interfaces(big_endian));
    ASSERT_FALSE(read.error) << to_string(*read.error);
    ASSERT_EQ(read.frames.size(), 2u);
    EXPECT_EQ(read.octets[0], hex("0102030405"));
    EXPECT_EQ(read.frames[0].link_type, LinkType::linux_sll2);
    EXPECT_EQ(read.frames[0].time, at(100'000'000'007));
    EXPECT_EQ(read.frames[1].link_type, LinkType::ethernet);
    EXPECT_EQ(read.frames[1].time, at(8000));
  }
}

TEST(PcapngReader, ASecondSectionMayTurnTheByteOrder) {
  Octets file = two_interfaces(false);
  append(file, two_interfaces(true));
  append(file, two_interfaces(false));
  const auto read = read_all(file);
  EXPECT_FALSE(read.error);
  EXPECT_EQ(read.frames.size(), 6u);
  EXPECT_EQ(read.frames.back().number, 6u);
}

TEST(PcapngReader, ReadsSimpleAndObsoletePackets) {
  Octets file;
  samples::append_section(file);
  samples::append_interface(file, 101);
  samples::append_block(file, pcapng::simple_packet, hex("03000000 01020300"));
  samples::append_block(file, pcapng::packet, hex("0000 ffff 00000000 05000000 02000000 09000000 4546"));
  const auto read = read_all(file);
  ASSERT_EQ(read.frames.size(), 2u);
  EXPECT_EQ(read.octets[0], hex("010203"));
  EXPECT_EQ(read.octets[1], hex("4546"));
  EXPECT_EQ(read.frames[1].time, at(5000));
  EXPECT_TRUE(read.frames[1].original_length == 9u);
}

TEST(PcapngReader, EveryTruncationGivesWhatCouldBeRead) {
  const Octets file = two_interfaces(false);
  const std::size_t last = file.size() - 36, before_last = last - 40;
  for (std::size_t size = 1; size < file.size(); ++size) {
    const auto read = read_all(Octets(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(read.frames.size(), size < last ? 0u : 1u) << size;
    if (size > before_last && size < last) {
      ASSERT_TRUE(read.error) << size;
      EXPECT_EQ(read.error->offset, before_last) << size;
    }
  }
}

Error error_of(const Octets& file) {
  return read_all(file).error.value_or(Error{});
}

TEST(PcapngReader, NamesWhatIsWrong) {
  Octets file;
  samples::append_section(file);
  samples::append_enhanced_packet(file, 0, 0, hex("01"));
  EXPECT_EQ(to_string(error_of(file)),
            "sample @ 0x1c: after frame 0: packet of interface 0: 0 are described before it");

  file.clear();
  samples::append_section(file);
  samples::append_interface(file, 1);
  samples::append_block(file, pcapng::enhanced_packet,
                        hex("00000000 00000000 00000000 09000000 09000000 0102"));
  EXPECT_EQ(to_string(error_of(file)), "sample @ 0x30: after frame 0: packet data: need 9 octets, have 4");

  file = two_interfaces(false);
  file[4] = 0x1d;
  EXPECT_THAT(to_string(error_of(file)),
              HasSubstr("block length: need a multiple of 4 from 16 to 67108864, have 29"));
  file = two_interfaces(false);
  file[8] = 0;
  EXPECT_THAT(to_string(error_of(file)),
              HasSubstr("expected byte-order magic 1a2b3c4d or 4d3c2b1a, found 003c2b1a"));
  file = two_interfaces(false);
  file[24] = 0x20;
  EXPECT_THAT(to_string(error_of(file)), HasSubstr("length 28 at its start, 32 at its end"));
  file = two_interfaces(false);
  file[12] = 2;
  EXPECT_THAT(to_string(error_of(file)), HasSubstr("expected major version 1, found 2"));
}

TEST(PcapngTime, CountsInAnyUnit) {
  EXPECT_EQ((pcapng::TimeResolution{6, 0}.instant(1'500'000)), at(1'500'000'000));
  EXPECT_EQ((pcapng::TimeResolution{0, 0}.instant(3)), at(3'000'000'000));
  EXPECT_EQ((pcapng::TimeResolution{12, 0}.instant(2'000'000'003'999)), at(2'000'000'003));
  EXPECT_EQ((pcapng::TimeResolution{0x80 | 1, 0}.instant(3)), at(1'500'000'000));
  EXPECT_EQ((pcapng::TimeResolution{0x80 | 40, 0}.instant(std::uint64_t{3} << 39)), at(1'500'000'000));
  EXPECT_EQ((pcapng::TimeResolution{6, -1}.instant(1'500'000)), at(500'000'000));
}

RC_GTEST_PROP(PcapngTime, NothingOverflows, (std::uint8_t unit, std::int64_t offset, std::uint64_t count)) {
  static_cast<void>(pcapng::TimeResolution{unit, offset}.instant(count));  // the sanitizers are the judge
}

// libpcap reads uniform pcapng files too: a second opinion where there is one.
TEST(PcapngReader, AgreesWithLibpcap) {
  const std::filesystem::path folder = MPSEC_SHARED_DIR "/data/wireshark";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no ../shared/data/wireshark";
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".pcapng") continue;
    auto reader = open_capture(entry.path());
    ASSERT_TRUE(reader);
    const auto read = read_all(**reader);
    char why[PCAP_ERRBUF_SIZE];
    pcap_t* capture =
        pcap_open_offline_with_tstamp_precision(entry.path().c_str(), PCAP_TSTAMP_PRECISION_NANO, why);
    ASSERT_NE(capture, nullptr) << why;
    pcap_pkthdr* header = nullptr;
    const u_char* octets = nullptr;
    std::size_t count = 0;
    for (; pcap_next_ex(capture, &header, &octets) == 1; ++count) {
      ASSERT_LT(count, read.frames.size());
      EXPECT_EQ(read.octets[count], Octets(octets, octets + header->caplen));
      EXPECT_EQ(read.frames[count].time, at(header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec));
      ++compared;
    }
    EXPECT_EQ(count, read.frames.size());
    pcap_close(capture);
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace mpsec::replay
