// The command line of mpsec-replay.
#include <CLI/CLI.hpp>
#include <random>

#include "ipsec/replay_window.hpp"
#include "pcap-replay/core/program.hpp"

namespace {

using namespace mpsec::replay;

constexpr const char* description =
    "Replays a capture through the IPsec engine and says per SPI what it found: packets, ICV failures, "
    "replays, "
    "gaps, duplicates, reordering (RFC 4737, RFC 5236), and which SAs are one cluster.";

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0  the capture was read to its end, whatever was in it\n"
    "  1  it was damaged, or not all results could be written; the report has what was read\n"
    "  2  nothing was read: a wrong option, key file or capture file\n"
    "  3  with --strict: read to its end, but packets were discarded or malformed";

void add_cluster_options(CLI::App& app, ProgramOptions& options, std::vector<std::string>& clusters) {
  app.add_option("--cluster", clusters,
                 "SPI,SPI,...: take these SAs for one cluster, whatever their numbers say; may be given "
                 "several times")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        const auto plan = parse_cluster(text);
        return plan ? "" : plan.error().why;
      });
  app.add_flag("!--no-clusters", options.find_clusters,
               "do not look for SAs that share their sequence numbers");
}

void add_options(CLI::App& app, ProgramOptions& options, std::string& format,
                 std::vector<std::uint16_t>& ports) {
  app.add_option("FILE", options.capture, "pcap or pcapng file; - is standard input")->required();
  app.add_option(
         "-k,--keys", options.key_files,
         "key file: tcpdump's -E file, Wireshark's esp_sa or ikev2_decryption_table, the output of 'ip xfrm "
         "state', or TOML; may be given several times")
      ->allow_extra_args(false);
  app.add_option("--keys-format", format, "the form of all key files, instead of finding it out")
      ->check(CLI::IsMember({"tcpdump", "wireshark", "xfrm", "toml", "ikev2"}));
  app.add_flag("!--no-decrypt", options.decrypt, "only sequence numbers: leave the keys alone");
  app.add_flag("--json", options.json, "the report as JSON (vectors/schema/replay_report.schema.json)");
  app.add_flag("-p,--print", options.print, "a line for each packet, before the report");
  app.add_option("-w,--write", options.write,
                 "pcapng file for the clear packets, readable by its owner only");
  app.add_option("--udp-port", ports, "look for ESP behind this UDP port too, besides 4500")
      ->allow_extra_args(false);
  app.add_option("--replay-window", options.replay.stream.replay_window,
                 "numbers in the replay window of SAs whose key file names none; 0: no anti-replay")
      ->check([](const std::string& text) {
        std::uint32_t size = 0;
        const bool allowed = CLI::detail::lexical_cast(text, size) &&
                             (size == 0 || mpsec::ipsec::ReplayWindow::check_size(size).has_value());
        return allowed ? "" : "expected 0, or 32 to 1048576, found " + text;
      })
      ->capture_default_str();
  app.add_option("--reordering-bound", options.replay.stream.reordering_bound,
                 "reordering is measured exactly for packets so many numbers late")
      ->check(CLI::Range(1u, 1u << 24))
      ->capture_default_str();
  app.add_option("--most-streams", options.replay.most_streams, "SPIs to keep account of one by one")
      ->check(CLI::Range(1u, 1u << 24))
      ->capture_default_str();
  app.add_option("--provider", options.provider, "who does the cryptography: best, openssl, ipsec_mb")
      ->capture_default_str();
  app.add_flag("--strict", options.strict, "exit code 3 if packets were discarded or malformed");
  app.set_version_flag("--version", std::string("mpsec-replay " MPSEC_VERSION));
  app.footer(exit_codes);
}

}  // namespace

int main(int argc, char** argv) {
  ProgramOptions options;
  std::string format;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> clusters;
  CLI::App app(description, "mpsec-replay");
  add_options(app, options, format, ports);
  add_cluster_options(app, options, clusters);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_complete : exit_refused;
  }
  options.key_format = key_format_named(format);
  for (const std::uint16_t port : ports)
    options.replay.udp_ports.add(port);
  for (const std::string& cluster : clusters)
    options.replay.clusters.push_back(*parse_cluster(cluster));
  if (!options.find_clusters) options.replay.most_sketches = 0;
  options.replay.seed = std::random_device{}();
  options.application = "mpsec-replay " MPSEC_VERSION;
  return run(options, stdout, stderr);
}
