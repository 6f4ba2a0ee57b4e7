// What a gateway says of itself, as JSON. The schema: docs/schema/gateway-status.schema.json.
#pragma once

#include "gateway/core/status.hpp"
#include "trace/json_values.hpp"

namespace mpsec::gateway {

// SPIs are hexadecimal texts, numbers of our own are numbers, round trips are seconds.
trace::Json to_json(const Status& status);
trace::Json to_json(const Counters& counters);
// RFC 4737 and RFC 5236, of the cluster's union and of each path.
trace::Json to_json(const cluster::ClusterReport& report);

}  // namespace mpsec::gateway
