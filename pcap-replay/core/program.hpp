// mpsec-replay without its command line.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "pcap-replay/core/replay.hpp"
#include "pcap-replay/keys/key_file.hpp"

namespace mpsec::replay {

struct ProgramOptions {
  std::string capture;  // "-" is standard input
  std::vector<std::string> key_files;
  std::optional<KeyFormat> key_format;  // found out per file if absent
  bool decrypt = true;
  bool json = false;
  bool print = false;   // a line a packet before the report
  std::string write;    // a pcapng file of clear packets; empty: none
  bool strict = false;  // what was discarded shows in the exit code
  std::string provider = "best";
  std::string application = "mpsec-replay";  // named in files written
  bool find_clusters = true;
  ReplayOptions replay;  // its clusters are those named by hand
};

// "0x1001,0x1002,...": the SPIs of a cluster. Fails naming the text and the form.
Result<ClusterPlan> parse_cluster(const std::string& text);

enum ExitCode : int {
  exit_complete = 0,    // the capture was read to its end, whatever was in it
  exit_incomplete = 1,  // it was damaged, or not all results could be written: the report has what was read
  exit_refused = 2,     // nothing was read: a wrong option, key file or capture file
  exit_findings = 3,    // strict: complete, but packets were discarded or malformed
};

// Replays and reports; errors and warnings go to `problems`, one a line.
ExitCode run(const ProgramOptions& options, std::FILE* out, std::FILE* problems);

}  // namespace mpsec::replay
