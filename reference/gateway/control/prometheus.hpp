// The numbers of a gateway in the text format that Prometheus reads (exposition format 0.0.4).
#pragma once

#include <string>

#include "gateway/core/status.hpp"
#include "trace/json_values.hpp"

namespace mpsec::gateway {

// Families "mpsec_..." with HELP and TYPE. Of a Child SA and of a sub-SA the series ends with it: its
// successor has another number. `io`: numbers, in objects that may group them; becomes
// mpsec_io_total{counter="a.b"}.
std::string prometheus_text(const Status& status, const Counters& counters, const trace::Json& io);

}  // namespace mpsec::gateway
