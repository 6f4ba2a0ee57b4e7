// What the reports say of sequence numbers and their order.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cluster/reordering_metrics.hpp"
#include "pcap-replay/core/report_lines.hpp"

namespace mpsec::replay {

// "33.3 %"
std::string percent(double ratio);

// Nothing where nothing came.
void add_sequence(Lines& lines, const cluster::ReorderingReport& report);

nlohmann::ordered_json sequence_json(const cluster::ReorderingReport& report);
// RFC 4737 and RFC 5236.
nlohmann::ordered_json reordering_json(const cluster::ReorderingReport& report);

}  // namespace mpsec::replay
