// What a replay found, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pcap-replay/core/cluster_survey.hpp"
#include "pcap-replay/core/replay.hpp"

namespace mpsec::replay {

// All that a report is made of.
struct ReportInput {
  const Replay& replay;
  std::string file;             // the capture's name
  std::optional<Error> damage;  // why it could not be read to its end
  std::vector<Error> warnings;  // of key files and SAs
  std::vector<FoundCluster> clusters;
};

// Aligned text of at most 120 columns or so.
std::string report_text(const ReportInput& input);

// JSON after vectors/schema/replay_report.schema.json.
std::string report_json(const ReportInput& input);

// "2023-11-14T22:13:20.000000000Z"
std::string to_utc(Instant time);
// "1.250 ms": three digits and the unit that suits.
std::string to_readable(Duration duration);

// "ESP 0x00001001 to 203.0.113.1"
std::string name_of(const Stream& stream);

}  // namespace mpsec::replay
