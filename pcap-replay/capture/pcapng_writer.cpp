#include "pcap-replay/capture/pcapng_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "pcap-replay/capture/pcapng_format.hpp"

namespace mpsec::replay {
namespace {

constexpr std::uint8_t nanosecond_unit = 9;

std::unexpected<Error> failed(const std::string& path, const char* what) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = path,
                               .offset = {},
                               .why = fmt::format("{}: {}", what, std::strerror(errno)),
                               .clause = {}});
}

OctetView octets_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void pad(Octets& octets) {
  octets.resize(pcapng::padded(octets.size()));
}

}  // namespace

Result<PcapngWriter> PcapngWriter::create(const std::string& path, std::string_view application) {
  struct stat status{};
  const bool direct = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  std::string temporary = direct ? "" : path + ".XXXXXX";
  // mkstemp() makes the file with mode 0600.
  const int descriptor = direct ? -1 : ::mkstemp(temporary.data());
  if (!direct && descriptor < 0) return failed(path, "cannot create");
  OpenFile file(direct ? std::fopen(path.c_str(), "wb") : ::fdopen(descriptor, "wb"));
  if (!file) return failed(path, "cannot open");
  PcapngWriter writer(path, std::move(temporary), std::move(file));
  writer.start_file(application);
  return writer;
}

PcapngWriter::PcapngWriter(PcapngWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      body_(std::move(other.body_)) {}

PcapngWriter::~PcapngWriter() {
  if (file_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

void PcapngWriter::start_file(std::string_view application) {
  append_be(body_, pcapng::byte_order_magic);
  append_be(body_, std::uint16_t{1});  // version 1.0
  append_be(body_, std::uint16_t{0});
  append_be(body_, ~std::uint64_t{0});  // the section's length is not stated
  add_option(pcapng::application, octets_of(application));
  add_option(pcapng::end_of_options, {});
  write_block(pcapng::section_header);

  append_be(body_, static_cast<std::uint16_t>(LinkType::raw));
  append_be(body_, std::uint16_t{0});
  append_be(body_, std::uint32_t{0});  // no snapshot length
  add_option(pcapng::interface_name, octets_of("decrypted"));
  add_option(pcapng::time_resolution, OctetView(&nanosecond_unit, 1));
  add_option(pcapng::end_of_options, {});
  write_block(pcapng::interface_description);
}

void PcapngWriter::write(OctetView packet, Instant time, std::string_view comment) {
  append_be(body_, std::uint32_t{0});  // the interface
  append_be(body_, static_cast<std::uint64_t>(std::max<Duration::rep>(time.time_since_epoch().count(), 0)));
  append_be(body_, static_cast<std::uint32_t>(packet.size()));
  append_be(body_, static_cast<std::uint32_t>(packet.size()));
  append(body_, packet);
  pad(body_);
  if (!comment.empty()) {
    add_option(pcapng::comment, octets_of(comment));
    add_option(pcapng::end_of_options, {});
  }
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
  std::fwrite(header.data(), 1, header.size(), file_.get());
  std::fwrite(body_.data(), 1, body_.size(), file_.get());
  body_.clear();
}

Result<> PcapngWriter::commit() {
  const bool lost = std::ferror(file_.get()) != 0;
  if (std::fflush(file_.get()) != 0 || lost) return failed(path_, "cannot write");
  if (!temporary_.empty() && ::rename(temporary_.c_str(), path_.c_str()) != 0)
    return failed(path_, "cannot rename");
  temporary_.clear();
  file_.reset();
  return {};
}

}  // namespace mpsec::replay
