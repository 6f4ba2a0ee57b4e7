// What the reports say of clusters.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "pcap-replay/core/report.hpp"

namespace mpsec::replay {

// A paragraph for each cluster, and for SAs that could have been one, behind `text`.
void add_clusters(std::string& text, const ReportInput& input);

nlohmann::ordered_json clusters_json(const ReportInput& input);

}  // namespace mpsec::replay
