// What the program says and writes, read back by others.
#include "pcap-replay/core/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "pcap-replay/core/replay_samples.hpp"

namespace mpsec::replay {
namespace {

using ipsec::test::SaPlan;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Whether `value` is of the shape that `schema` says: of JSON Schema what our schema uses for shapes. That
// the rest holds too says command_line_test.py, with a validator that is not ours.
std::string misfit(const json& value, const json& schema, const json& root, const std::string& at = "#");

std::string misfit_of_object(const json& value, const json& schema, const json& root, const std::string& at) {
  for (const auto& name : schema.value("required", json::array()))
    if (!value.contains(name)) return at + ": no " + std::string(name);
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, part] : value.items()) {
    const json other = schema.value("additionalProperties", json(true));
    const json& rule = properties.contains(name) ? properties[name] : other;
    if (rule == json(false)) return at + ": unknown " + name;
    if (!rule.is_object()) continue;
    if (auto found = misfit(part, rule, root, at + "/" + name); !found.empty()) return found;
  }
  return "";
}

std::string misfit(const json& value, const json& schema, const json& root, const std::string& at) {
  if (schema.contains("$ref"))
    return misfit(value, root.at(json::json_pointer(schema["$ref"].get<std::string>().substr(1))), root, at);
  if (schema.contains("oneOf")) {
    std::size_t fitting = 0;
    for (const json& choice : schema["oneOf"])
      fitting += misfit(value, choice, root, at).empty() ? 1 : 0;
    return fitting == 1 ? "" : at + ": none of its forms";
  }
  if (schema.contains("const") && value != schema["const"]) return at + ": " + value.dump();
  if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end())
    return at + ": " + value.dump();
  const json type = schema.value("type", json());
  if (type == "object") return value.is_object() ? misfit_of_object(value, schema, root, at) : at;
  if (type == "integer" && !value.is_number_integer()) return at + ": no integer";
  if (type == "number" && !value.is_number()) return at + ": no number";
  if (type == "string" && !value.is_string()) return at + ": no string";
  if (type == "boolean" && !value.is_boolean()) return at + ": no boolean";
  if (type == "null" && !value.is_null()) return at + ": not null";
  if (type != "array") return "";
  if (!value.is_array()) return at + ": no array";
  for (const json& item : value)
    if (auto found = misfit(item, schema["items"], root, at + "/"); !found.empty()) return found;
  return "";
}

class Report : public testing::Test {
 protected:
  // Numbers 1 2 4 3 3, a damaged 5, 200 and 6, which is then too old.
  Report() {
    auto sent = samples::sealed_packets(SaPlan{}, 200);
    sent[4][50] ^= 1;
    options.capture = folder.file(
        "in.pcap", samples::capture_of(
                       false, {sent[0], sent[1], sent[3], sent[2], sent[2], sent[4], sent[199], sent[5]}));
    options.key_files = {folder.file("keys.toml", samples::toml_keys(SaPlan{}))};
  }

  samples::TemporaryFolder folder;
  ProgramOptions options;
};

TEST_F(Report, IsJsonOfItsSchema) {
  options.json = true;
  const auto run = samples::run_program(options);
  EXPECT_EQ(run.exit, exit_complete) << run.problems;
  const json report = run.json();
  std::ifstream file(MPSEC_SOURCE_DIR "/vectors/schema/replay_report.schema.json");
  const json schema = json::parse(file);
  EXPECT_EQ(misfit(report, schema, schema), "");
  json damaged = report;
  damaged["streams"][0]["packets"] = "8";
  EXPECT_EQ(misfit(damaged, schema, schema), "#/streams//packets: no integer");

  EXPECT_EQ(report["capture"]["frames"], 8);
  EXPECT_EQ(report["counts"]["esp"], 8);
  EXPECT_EQ(report["counts"]["clear"], 5);
  const json stream = report["streams"].at(0);
  EXPECT_EQ(stream["spi"], "0x00001000");
  EXPECT_EQ(stream["source"], "192.0.2.1");
  EXPECT_EQ(stream["destination"], "192.0.2.2");
  EXPECT_EQ(stream["judged_by"], "engine");
  EXPECT_EQ(stream["key"]["where"], options.key_files[0] + ":1");
  EXPECT_EQ(stream["key"]["mode"], "tunnel");
  EXPECT_EQ(stream["accepted"], 5);
  EXPECT_EQ(stream["discards"]["replay_duplicate"]["frames"], json({5}));
  EXPECT_EQ(stream["discards"]["integrity_failed"]["frames"], json({6}));
  EXPECT_EQ(stream["discards"]["integrity_failed"]["clause"], "RFC 4303 3.4.4.1");
  EXPECT_EQ(stream["discards"]["replay_too_old"]["frames"], json({8}));
  EXPECT_EQ(stream["sequence"]["highest"], 200);
  EXPECT_EQ(stream["sequence"]["duplicates"], 1);
  EXPECT_EQ(stream["sequence"]["gaps"], 2);
  EXPECT_EQ(stream["sequence"]["missing"], 194);
  EXPECT_EQ(stream["reordering"]["reordered"], 2);
  EXPECT_EQ(stream["reordering"]["bound"], 65536);
  EXPECT_EQ(stream["reordering"]["extent"]["counts"], json({{"1", 2}}));
}

TEST_F(Report, SaysTheSameInText) {
  const auto run = samples::run_program(options);
  EXPECT_EQ(run.exit, exit_complete);
  EXPECT_EQ(run.problems, "");
  EXPECT_THAT(run.out, AllOf(HasSubstr("8 frames"), HasSubstr("ESP 0x00001000 to 192.0.2.2 from 192.0.2.1"),
                             HasSubstr("1 replay_duplicate (RFC 4303 3.4.3): frame 5\n"),
                             HasSubstr("1 integrity_failed (RFC 4303 3.4.4.1): frame 6\n"),
                             HasSubstr("1 replay_too_old (RFC 4303 3.4.3): frame 8\n")));
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("numbers      1 to 200, 194 missing in 2 gaps, 1 duplicate\n"),
                    HasSubstr("reordered    2 of 6 (33.3 %)\n"), HasSubstr("accepted     5 packets\n")));
}

// Farther back than the bound nobody can tell copies from late packets: "at least".
TEST_F(Report, SaysAtLeastBeyondTheBound) {
  options.replay.stream.reordering_bound = 8;
  const auto run = samples::run_program(options);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("at least 1 duplicate"), HasSubstr("1 of them too far back to measure")));
}

TEST_F(Report, PrintsALineAPacket) {
  options.print = true;
  const auto run = samples::run_program(options);
  EXPECT_THAT(run.out, AllOf(HasSubstr("number 4  192.0.2.1 > 192.0.2.2"), HasSubstr("replay_duplicate\n"),
                             HasSubstr("IPv4 198.51.100.1 > 203.0.113.1, protocol 17, 69 octets\n")));
}

TEST_F(Report, StrictShowsInTheExitCode) {
  options.strict = true;
  EXPECT_EQ(samples::run_program(options).exit, exit_findings);
  options.capture = folder.file("good.pcap", samples::capture_of(true, samples::sealed_packets(SaPlan{}, 2)));
  EXPECT_EQ(samples::run_program(options).exit, exit_complete);
}

TEST_F(Report, NeedsTheKeysOnlyToDecrypt) {
  options.decrypt = false;
  options.json = true;
  const json stream = samples::run_program(options).json()["streams"].at(0);
  EXPECT_EQ(stream["judged_by"], "clear header");
  EXPECT_TRUE(stream["key"].is_null());
  EXPECT_EQ(stream["accepted"], 6);
}

TEST_F(Report, WritesThePacketsForLibpcap) {
  options.write = folder.path("clear.pcapng");
  EXPECT_EQ(samples::run_program(options).exit, exit_complete);
  char why[PCAP_ERRBUF_SIZE] = {};
  pcap_t* const capture = pcap_open_offline(options.write.c_str(), why);
  ASSERT_NE(capture, nullptr) << why;
  EXPECT_EQ(pcap_datalink(capture), DLT_RAW);
  std::vector<Octets> packets;
  pcap_pkthdr* header = nullptr;
  const u_char* octets = nullptr;
  int more = 0;
  while ((more = pcap_next_ex(capture, &header, &octets)) == 1) {
    packets.emplace_back(octets, octets + header->caplen);
    EXPECT_EQ(header->ts.tv_sec * 1'000'000 + header->ts.tv_usec, 1'000'002);
  }
  EXPECT_EQ(more, PCAP_ERROR_BREAK) << pcap_geterr(capture);
  pcap_close(capture);
  EXPECT_THAT(packets,
              ElementsAre(samples::clear_packet(40), samples::clear_packet(41), samples::clear_packet(43),
                          samples::clear_packet(42), samples::clear_packet(239)));
  const auto mode = std::filesystem::status(options.write).permissions();
  EXPECT_EQ(mode, std::filesystem::perms(0600));
}

TEST_F(Report, IsNotWrittenOverWhatIsRead) {
  for (const std::string& input : {options.capture, options.key_files[0]}) {
    options.write = input;
    const auto run = samples::run_program(options);
    EXPECT_EQ(run.exit, exit_refused);
    EXPECT_THAT(run.problems, AllOf(HasSubstr(input), HasSubstr("choose another")));
  }
  options.write.clear();
  EXPECT_EQ(samples::run_program(options).exit, exit_complete);  // both are as they were
}

TEST_F(Report, RefusesWhatItCannotWriteOrRead) {
  options.write = folder.path("no/folder.pcapng");
  EXPECT_EQ(samples::run_program(options).exit, exit_refused);
  options.write.clear();
  options.capture = folder.path("none");
  const auto run = samples::run_program(options);
  EXPECT_EQ(run.exit, exit_refused);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.problems, AllOf(HasSubstr("none"), HasSubstr("cannot open: No such file")));
}

// tcpdump's own captures, and the keys beside them.
TEST(TcpdumpSamples, OpenAsTcpdumpOpensThem) {
  const std::string folder = MPSEC_SHARED_DIR "/data/tcpdump/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no ../shared/data/tcpdump";
  const samples::TemporaryFolder temporary;
  // The secret of 02-sunrise-sunset-esp.pcap in esp-secrets.txt is rotated by an octet: this is the right
  // one.
  const std::string right = temporary.file(
      "right", "0x12345678@192.1.2.45 3des-cbc-hmac96:0x4043434545464649494a4a4c4c4f4f515152525454575758\n");
  const std::pair<std::string, std::string> samples[] = {
      {"02-sunrise-sunset-esp.pcap", right}, {"08-sunrise-sunset-aes.pcap", folder + "esp-secrets.txt"}};
  for (const auto& [capture, keys] : samples) {
    ProgramOptions options;
    options.capture = folder + capture;
    options.key_files = {keys};
    options.write = temporary.path("clear");
    const auto run = samples::run_program(options);
    EXPECT_EQ(run.exit, exit_complete) << run.problems;
    EXPECT_THAT(run.out, HasSubstr("accepted     8 packets")) << capture;
    const auto clear = samples::read_all(**open_capture(options.write));
    ASSERT_EQ(clear.octets.size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) {  // echo requests, id 28416, seq 1280, 1536, ..., as tcpdump says
      EXPECT_EQ(to_hex(OctetView(clear.octets[i]).subspan(9, 1)), "01");
      EXPECT_EQ(load_be<std::uint16_t>(clear.octets[i].data() + 24), 28416);
      EXPECT_EQ(load_be<std::uint16_t>(clear.octets[i].data() + 26), 1280 + 256 * i);
    }
  }
}

}  // namespace
}  // namespace mpsec::replay
