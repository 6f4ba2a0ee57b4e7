#include "interop/runner/opening.hpp"

#include <chrono>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_pki.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "gateway/settings/disk_sources.hpp"
#include "interop/runner/exit_code.hpp"
#include "interop/suite/memory/memory_target.hpp"

namespace mpsec::conformance {

Opened open_target(const std::string& file, double timeout_scale) {
  Opened opened;
  opened.packets = crypto::make_openssl_provider();
  opened.ike = crypto::make_openssl_ike_provider();
  opened.pki = crypto::make_openssl_pki();
  if (file.empty()) {
    opened.target = std::make_unique<MemoryTarget>();
    return opened;
  }
  opened.exit = wrong_usage;
  auto octets = gateway::read_whole_file(file);
  if (!octets) {
    opened.errors.push_back(std::move(octets).error());
    return opened;
  }
  const SecretOctets document(*std::move(octets));
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  auto read = read_target_file({reinterpret_cast<const char*>(document.view().data()), document.size()}, file,
                               gateway::disk_sources(*opened.pki, now));
  if (!read) {
    opened.errors = std::move(read).error();
    return opened;
  }
  opened.waivers = read->waivers;
  auto network = NetworkTarget::open(*std::move(read), timeout_scale);
  if (!network) {
    opened.errors.push_back(std::move(network).error());
    return opened;
  }
  opened.exit = as_expected;
  opened.network = network->get();
  opened.target = *std::move(network);
  return opened;
}

std::string version() {
  return MPSEC_VERSION;
}

}  // namespace mpsec::conformance
