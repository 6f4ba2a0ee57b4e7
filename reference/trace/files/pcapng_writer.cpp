#include "trace/files/pcapng_writer.hpp"

#include <algorithm>
#include <array>

#include "trace/files/pcapng_format.hpp"

namespace mpsec::trace {
namespace {

constexpr std::uint16_t raw_ip = 101;  // LINKTYPE_RAW: IPv4 or IPv6 by the first octet
constexpr std::uint8_t nanosecond_unit = 9;

OctetView octets_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void pad(Octets& octets) {
  octets.resize(pcapng::padded(octets.size()));
}

}  // namespace

Result<PcapngWriter> PcapngWriter::create(const std::string& path, std::string_view application) {
  auto file = PrivateFile::create(path);
  if (!file) return std::unexpected(std::move(file).error());
  PcapngWriter writer(*std::move(file));
  writer.start_section(application);
  return writer;
}

void PcapngWriter::start_section(std::string_view application) {
  append_be(body_, pcapng::byte_order_magic);
  append_be(body_, std::uint16_t{1});  // version 1.0
  append_be(body_, std::uint16_t{0});
  append_be(body_, ~std::uint64_t{0});  // the section's length is not stated
  add_option(pcapng::application, octets_of(application));
  add_option(pcapng::end_of_options, {});
  write_block(pcapng::section_header);
}

PcapngWriter::Interface PcapngWriter::add_interface(std::string_view name) {
  append_be(body_, raw_ip);
  append_be(body_, std::uint16_t{0});
  append_be(body_, std::uint32_t{0});  // no snapshot length
  add_option(pcapng::interface_name, octets_of(name));
  add_option(pcapng::time_resolution, OctetView(&nanosecond_unit, 1));
  add_option(pcapng::end_of_options, {});
  write_block(pcapng::interface_description);
  return interfaces_++;
}

void PcapngWriter::write(Interface interface, OctetView packet, Instant time, std::string_view comment,
                         Direction direction) {
  append_be(body_, interface);
  append_be(body_, static_cast<std::uint64_t>(std::max<Duration::rep>(time.time_since_epoch().count(), 0)));
  append_be(body_, static_cast<std::uint32_t>(packet.size()));
  append_be(body_, static_cast<std::uint32_t>(packet.size()));
  append(body_, packet);
  pad(body_);
  if (!comment.empty()) add_option(pcapng::comment, octets_of(comment));
  if (direction != Direction::unknown) {
    std::array<std::uint8_t, 4> flags{};
    store_be(flags.data(), static_cast<std::uint32_t>(direction));
    add_option(pcapng::packet_flags, flags);
  }
  if (!comment.empty() || direction != Direction::unknown) add_option(pcapng::end_of_options, {});
  write_block(pcapng::enhanced_packet);
}

void PcapngWriter::add_option(std::uint16_t code, OctetView value) {
  value = value.first(std::min<std::size_t>(value.size(), 0xffff));
  append_be(body_, code);
  append_be(body_, static_cast<std::uint16_t>(value.size()));
  append(body_, value);
  pad(body_);
}

void PcapngWriter::write_block(std::uint32_t type) {
  const auto length = static_cast<std::uint32_t>(body_.size() + pcapng::block_overhead);
  Octets header;
  append_be(header, type);
  append_be(header, length);
  append_be(body_, length);
  file_.write(header);
  file_.write(body_);
  body_.clear();
}

}  // namespace mpsec::trace
