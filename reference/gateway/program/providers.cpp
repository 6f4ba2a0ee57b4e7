#include "gateway/program/providers.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/random.h>

namespace mpsec::gateway {

void SystemRng::fill(MutableOctets out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::perror("mpsec-gateway: getrandom");
      std::abort();
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace mpsec::gateway
