#include "trace/files/pcapng_writer.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/stat.h>

#include "pcap-replay/capture/capture_samples.hpp"

namespace mpsec::replay {
namespace {

namespace fs = std::filesystem;
using trace::PcapngWriter, trace::Direction;

class PcapngWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "mpsec-writer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "out.pcapng").string(); }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

const Octets packet = hex("4500001400010000400000007f0000017f000001");
const Instant time_of_packet{std::chrono::nanoseconds(1'234'567'890'123'456'789)};

TEST_F(PcapngWriterTest, WhatIsWrittenIsReadBack) {
  auto writer = PcapngWriter::create(path(), "mpsec-replay");
  ASSERT_TRUE(writer);
  const auto first = writer->add_interface("decrypted");
  writer->write(first, packet, time_of_packet, "frame 7, SPI 0x00001000");
  const auto second = writer->add_interface("192.0.2.1 > 192.0.2.2");
  writer->write(second, packet, time_of_packet, "", Direction::outbound);
  writer->write(first, packet, time_of_packet, "both", Direction::inbound);
  ASSERT_TRUE(writer->commit());
  auto reader = open_capture(path());
  ASSERT_TRUE(reader);
  const auto read = samples::read_all(**reader);
  ASSERT_FALSE(read.error);
  ASSERT_EQ(read.frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.octets[i], packet);
    EXPECT_EQ(read.frames[i].time, time_of_packet);
    EXPECT_EQ(read.frames[i].link_type, LinkType::raw);
  }
}

TEST_F(PcapngWriterTest, LibpcapReadsIt) {
  auto writer = PcapngWriter::create(path(), "mpsec-replay");
  ASSERT_TRUE(writer);
  writer->write(writer->add_interface("decrypted"), packet, time_of_packet, "a comment of odd length");
  ASSERT_TRUE(writer->commit());
  char why[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline_with_tstamp_precision(path().c_str(), PCAP_TSTAMP_PRECISION_NANO, why);
  ASSERT_NE(capture, nullptr) << why;
  pcap_pkthdr* header = nullptr;
  const u_char* octets = nullptr;
  ASSERT_EQ(pcap_next_ex(capture, &header, &octets), 1);
  EXPECT_EQ(Octets(octets, octets + header->caplen), packet);
  EXPECT_EQ(header->ts.tv_usec, 123'456'789);
  EXPECT_EQ(pcap_next_ex(capture, &header, &octets), PCAP_ERROR_BREAK);
  pcap_close(capture);
}

TEST_F(PcapngWriterTest, OnlyItsOwnerMayReadIt) {
  auto writer = PcapngWriter::create(path(), "mpsec-replay");
  ASSERT_TRUE(writer && writer->commit());
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(PcapngWriterTest, WithoutCommitThereIsNoFile) {
  {
    auto writer = PcapngWriter::create(path(), "mpsec-replay");
    ASSERT_TRUE(writer);
    writer->write(writer->add_interface("decrypted"), packet, time_of_packet, "");
    EXPECT_FALSE(fs::exists(path()));
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(PcapngWriterTest, AnOldFileStaysUntilCommit) {
  std::ofstream(path()) << "old";
  {
    auto writer = PcapngWriter::create(path(), "mpsec-replay");
    ASSERT_TRUE(writer);
  }
  EXPECT_EQ(fs::file_size(path()), 3u);
  EXPECT_EQ(files(), 1);
}

TEST_F(PcapngWriterTest, SaysWhyItCannot) {
  const auto writer = PcapngWriter::create((folder_ / "absent" / "out.pcapng").string(), "mpsec-replay");
  ASSERT_FALSE(writer);
  EXPECT_NE(to_string(writer.error()).find("cannot create: No such file"), std::string::npos);
}

TEST_F(PcapngWriterTest, AFullDeviceIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto writer = PcapngWriter::create("/dev/full", "mpsec-replay");
  ASSERT_TRUE(writer);
  writer->write(writer->add_interface("decrypted"), packet, time_of_packet, "");
  const auto committed = writer->commit();
  ASSERT_FALSE(committed);
  EXPECT_NE(to_string(committed.error()).find("/dev/full: cannot write"), std::string::npos);
}

}  // namespace
}  // namespace mpsec::replay
