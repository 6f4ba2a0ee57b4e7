// What the data path and the cluster have to say, as pairs of words.
#pragma once

#include "bind.hpp"
#include "cluster/cluster_end.hpp"

namespace mpsec::python {

// [(kind, text)]
py::list events_of(const cluster::ClusterEnd::Actions& actions);

}  // namespace mpsec::python
