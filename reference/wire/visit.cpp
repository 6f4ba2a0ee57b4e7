#include "wire/visit.hpp"

#include <fmt/format.h>

namespace mpsec::wire {

void Dumper::number(std::string_view name, unsigned bits, std::uint64_t& value) {
  line(name, fmt::format("{:#0{}x}", value, 2 + (bits + 3) / 4));
}

void Dumper::octets(std::string_view name, Octets& value) {
  line(name, fmt::format("{} octet{} {}", value.size(), value.size() == 1 ? "" : "s", to_hex(value)));
}

void Dumper::fixed_octets(std::string_view name, MutableOctets value) {
  line(name, to_hex(value));
}

void Dumper::enter(std::string_view name, std::optional<std::size_t> index) {
  text_ += fmt::format("{:{}}{}\n", "", depth_ * 2,
                       index ? fmt::format("{}[{}]", name, *index) : std::string(name));
  ++depth_;
}

void Dumper::line(std::string_view name, std::string_view value) {
  text_ += fmt::format("{:{}}{}: {}\n", "", depth_ * 2, name, value);
}

}  // namespace mpsec::wire
