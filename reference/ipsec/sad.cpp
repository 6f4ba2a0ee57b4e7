#include "ipsec/sad.hpp"

namespace mpsec::ipsec {

std::string to_string(const SadKey& key) {
  const std::string spi = fmt::format("{:#010x}", key.spi.value);
  switch (key.shape) {
    case SadKeyShape::spi:
      return spi;
    case SadKeyShape::spi_destination:
      return fmt::format("{} to {}", spi, to_string(key.destination));
    case SadKeyShape::spi_destination_source:
      return fmt::format("{} from {} to {}", spi, to_string(key.source), to_string(key.destination));
  }
  return spi;
}

}  // namespace mpsec::ipsec
