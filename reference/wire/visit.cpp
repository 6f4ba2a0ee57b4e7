#include "wire/visit.hpp"

#include "base/ip_address.hpp"
#include "wire/codec.hpp"

namespace mpsec::wire {

void Dumper::number(std::string_view name, unsigned bits, std::uint64_t& value) {
  const std::string decimal = value < 10 ? "" : fmt::format(" ({})", value);
  const std::string called = meaning_.empty() ? "" : fmt::format(" {}", std::exchange(meaning_, {}));
  line(name, fmt::format("{:#0{}x}{}{}", value, 2 + (bits + 3) / 4, decimal, called));
}

void Dumper::octets(std::string_view name, Octets& value) {
  const bool address = name.ends_with("Address") && (value.size() == 4 || value.size() == 16);
  if (address) return fixed_octets(name, value);
  line(name, detail::octet_count(value.size()) + (value.empty() ? "" : " ") + to_hex(value));
}

void Dumper::fixed_octets(std::string_view name, MutableOctets value) {
  const bool address = name.ends_with("Address");
  if (address && value.size() == 4)
    line(name, to_string(IpAddress::v4(value.data())));
  else if (address && value.size() == 16)
    line(name, to_string(IpAddress::v6(value.data())));
  else
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
