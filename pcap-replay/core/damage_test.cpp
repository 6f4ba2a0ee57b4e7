// Captures and key files cut at every length and damaged at every octet: what can be read is reported, the
// rest is named, and what is written is whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "pcap-replay/core/replay_samples.hpp"

namespace mpsec::replay {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

constexpr std::size_t packets = 3;

// Packets in a file that libpcap reads to its end; -1 if it does not.
int packets_by_libpcap(const std::string& path) {
  char why[PCAP_ERRBUF_SIZE] = {};
  pcap_t* const capture = pcap_open_offline(path.c_str(), why);
  if (capture == nullptr) return -1;
  pcap_pkthdr* header = nullptr;
  const u_char* octets = nullptr;
  int count = 0, more = 0;
  while ((more = pcap_next_ex(capture, &header, &octets)) == 1)
    ++count;
  pcap_close(capture);
  return more == PCAP_ERROR_BREAK ? count : -1;
}

// A capture of three ESP packets.
struct Sample {
  Octets file;
  std::size_t header;             // octets before the first packet's
  std::vector<std::size_t> ends;  // of the packets

  std::size_t packets_before(std::size_t octet) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(ends, [octet](std::size_t end) { return end <= octet; }));
  }
};

Sample sample_capture(bool pcapng) {
  const auto sent = samples::sealed_packets(samples::plain_plan(), packets);
  Sample sample{samples::capture_of(pcapng, sent), samples::capture_of(pcapng, {}).size(), {}};
  for (std::size_t count = 1; count <= packets; ++count)
    sample.ends.push_back(
        samples::capture_of(pcapng, {sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(count)})
            .size());
  return sample;
}

class Damage : public testing::TestWithParam<bool> {
 protected:
  Damage() {
    options.key_files = {folder.file("keys", samples::plain_keys()[0].text)};
    options.write = folder.path("clear");
    options.json = true;
    options.provider = "openssl";
  }

  // Replays the file and holds what it leaves behind against what it says.
  samples::RunOutcome replayed(const Octets& file) {
    std::filesystem::remove(options.write);
    options.capture = folder.file("capture", file);
    auto outcome = samples::run_program(options);
    const bool written = std::filesystem::exists(options.write);
    EXPECT_EQ(written, outcome.exit != exit_refused);
    EXPECT_EQ(folder.files(), written ? 3 : 2);
    if (outcome.exit == exit_refused) {
      EXPECT_EQ(outcome.out, "");
    } else {
      const auto report = outcome.json();
      EXPECT_EQ(report["capture"]["complete"], outcome.exit == exit_complete);
      EXPECT_EQ(report["counts"]["clear"], packets_by_libpcap(options.write));
    }
    const bool told = outcome.problems.find("error: " + options.capture) != std::string::npos;
    EXPECT_EQ(told, outcome.exit != exit_complete) << outcome.problems;
    return outcome;
  }

  samples::TemporaryFolder folder;
  ProgramOptions options;
};

TEST_P(Damage, EveryLengthGivesWhatIsThere) {
  const Sample sample = sample_capture(GetParam());
  const std::size_t header = sample.header;
  for (std::size_t length = 0; length <= sample.file.size(); ++length) {
    SCOPED_TRACE(length);
    const auto outcome =
        replayed(Octets(sample.file.begin(), sample.file.begin() + static_cast<std::ptrdiff_t>(length)));
    const bool between_packets = std::ranges::count(sample.ends, length) != 0;
    EXPECT_EQ(outcome.exit == exit_complete,
              between_packets || length == header || (GetParam() && length == 28));
    if (outcome.exit == exit_refused) {
      EXPECT_LT(length, header);
      continue;
    }
    const std::size_t read = sample.packets_before(length);
    const auto report = outcome.json();
    EXPECT_EQ(report["capture"]["frames"], read);
    EXPECT_EQ(report["counts"]["clear"], read);
    if (outcome.exit == exit_complete || length < header) continue;
    const std::size_t damaged_at = read == 0 ? header : sample.ends[read - 1];
    EXPECT_EQ(report["capture"]["damage"]["offset"], damaged_at);
    EXPECT_THAT(outcome.problems,
                AllOf(HasSubstr(fmt::format("capture @ {:#x}: ", damaged_at)),
                      AnyOf(HasSubstr("need "), HasSubstr("truncated dump file; tried to read")),
                      HasSubstr("take an undamaged copy of the file")));
  }
}

struct Octet {
  std::size_t in_file;
  bool anything;  // its damage shows to no reader, for it may hold anything
};

// The octets of all headers: of file, packet records, IP and ESP. In pcap any zone, accuracy, snapshot length
// and link type are lawful, any times and any length on the wire; in pcapng also a block of an unknown type,
// and a packet that is shorter than its block.
std::vector<Octet> header_octets(bool pcapng, const Sample& sample) {
  using Range = std::pair<std::size_t, std::size_t>;
  constexpr std::size_t ip_and_esp = 20 + 8;
  const std::vector<Range> free_in_file =
      pcapng ? std::vector<Range>{{14, 24}, {36, 44}} : std::vector<Range>{{8, 24}};
  const std::size_t packet_at = pcapng ? 28 : 16;
  const std::size_t behind = pcapng ? 4 : 0;  // the block's length once more
  std::vector<Range> free_in_record = {{packet_at, packet_at + ip_and_esp}};
  for (const Range& range :
       pcapng ? std::vector<Range>{{0, 4}, {12, 21}, {24, 28}} : std::vector<Range>{{0, 8}, {12, 16}})
    free_in_record.push_back(range);
  const auto is_in = [](const std::vector<Range>& ranges, std::size_t at) {
    return std::ranges::any_of(ranges,
                               [at](const Range& range) { return range.first <= at && at < range.second; });
  };
  std::vector<Octet> octets;
  for (std::size_t at = 0; at < sample.header; ++at)
    octets.push_back({at, is_in(free_in_file, at)});
  for (std::size_t i = 0; i < packets; ++i) {
    const std::size_t start = i == 0 ? sample.header : sample.ends[i - 1], size = sample.ends[i] - start;
    for (std::size_t at = 0; at < size; ++at)
      if (at < packet_at + ip_and_esp || at >= size - behind)
        octets.push_back({start + at, is_in(free_in_record, at)});
  }
  return octets;
}

TEST_P(Damage, EveryHeaderOctetGivesWhatIsBeforeIt) {
  const Sample sample = sample_capture(GetParam());
  for (const Octet octet : header_octets(GetParam(), sample)) {
    for (const std::uint8_t flip : Octets{0x01, 0x80}) {
      SCOPED_TRACE(fmt::format("octet {:#x}, flip {:#x}", octet.in_file, flip));
      Octets file = sample.file;
      file[octet.in_file] ^= flip;
      const auto outcome = replayed(file);
      if (!octet.anything) {
        EXPECT_NE(outcome.exit, exit_complete);
      }
      if (outcome.exit == exit_refused) {
        EXPECT_LT(octet.in_file, sample.header);
      } else {
        EXPECT_GE(outcome.json()["counts"]["clear"], sample.packets_before(octet.in_file));
      }
    }
  }
}

// What is wrong with a key file is told with its place, and never by showing the key.
void expect_a_place(const std::string& text, const std::string& secret) {
  const auto keys = parse_keys(text, "keys");
  if (keys) return;
  const std::string told = to_string(keys.error());
  EXPECT_THAT(told, testing::MatchesRegex("keys:[0-9]+:[0-9]+: .*")) << text;
  EXPECT_THAT(told, HasSubstr("expected ")) << text;
  EXPECT_THAT(told, AnyOf(HasSubstr("found"), HasSubstr("have "))) << text;
  EXPECT_THAT(told, testing::Not(HasSubstr(secret))) << text;
}

TEST(KeyFileDamage, IsToldWithItsPlaceAndWithoutTheKey) {
  const auto sa = ipsec::test::inbound_parameters(samples::plain_plan());
  const std::string secret = to_hex(sa.encryption_key.view()).substr(8, 8);
  for (const samples::KeyForm& form : samples::plain_keys()) {
    for (std::size_t at = 0; at < form.text.size(); ++at) {
      expect_a_place(form.text.substr(0, at), secret);
      for (const char flip : {'\x01', '\x10', '\x7f'}) {
        std::string text = form.text;
        text[at] = static_cast<char>(text[at] ^ flip);
        expect_a_place(text, secret);
      }
    }
  }
}

TEST_P(Damage, OfAKeyFileLeavesNothingBehind) {
  options.capture = folder.file("capture", sample_capture(GetParam()).file);
  for (const samples::KeyForm& form : samples::plain_keys()) {
    std::string text = form.text;
    text.replace(text.size() - 4, 1, "g");  // no hexadecimal digit
    folder.file("keys", text);
    const auto outcome = samples::run_program(options);
    EXPECT_EQ(outcome.exit, exit_refused) << text;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.problems, testing::ContainsRegex("error: .*/keys:[0-9]+:[0-9]+: expected .*found"));
    EXPECT_EQ(folder.files(), 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Captures, Damage, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "pcapng" : "pcap"; });

}  // namespace
}  // namespace mpsec::replay
