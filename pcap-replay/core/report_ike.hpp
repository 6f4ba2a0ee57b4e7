// What the reports say of IKE.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "pcap-replay/core/report.hpp"

namespace mpsec::replay {

// A paragraph for each IKE SA, behind `text`; nothing where there is no IKE.
void add_ike(std::string& text, const Replay& replay);

nlohmann::ordered_json ike_json(const Replay& replay);

}  // namespace mpsec::replay
