#include "pcap-replay/keys/key_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>

#include "base/secret.hpp"
#include "pcap-replay/keys/ike_table.hpp"
#include "pcap-replay/keys/key_text.hpp"
#include "pcap-replay/keys/tcpdump_keys.hpp"
#include "pcap-replay/keys/toml_keys.hpp"
#include "pcap-replay/keys/wireshark_keys.hpp"
#include "pcap-replay/keys/xfrm_keys.hpp"

namespace mpsec::replay {
namespace {

// A key file is a page or two; who gives more gives the wrong file.
constexpr std::size_t largest_file = 16u << 20;

struct FileCloser {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

std::unexpected<Error> cannot(const std::string& path, std::string why) {
  return std::unexpected(
      Error{.blame = Blame::local_fault, .path = path, .offset = {}, .why = std::move(why), .clause = {}});
}

// All of the file. What is outgrown is wiped, and the stream has no buffer that would keep a copy.
Result<SecretOctets> read_whole(std::FILE* file, const std::string& path) {
  std::setvbuf(file, nullptr, _IONBF, 0);
  SecretOctets text(64 * 1024);
  std::size_t size = 0;
  while (true) {
    size += std::fread(text.writable().data() + size, 1, text.size() - size, file);
    if (size < text.size()) break;
    if (size >= largest_file)
      return cannot(path, fmt::format("expected a key file of at most {} octets", largest_file));
    SecretOctets larger(text.size() * 2);
    std::ranges::copy(text.view(), larger.writable().begin());
    text = std::move(larger);
  }
  if (std::ferror(file) != 0) return cannot(path, fmt::format("cannot read: {}", std::strerror(errno)));
  return SecretOctets(text.view().first(size));
}

bool is_readable_by_all(std::FILE* file) {
  struct stat status{};
  return ::fstat(::fileno(file), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0;
}

bool is_toml_name(std::string_view line) {
  const std::size_t end = line.find_first_of(" \t=.");
  const std::size_t equals = line.find('=');
  return end != 0 && equals != std::string_view::npos && line.find_first_of("@:") > equals;
}

}  // namespace

std::optional<KeyFormat> key_format_named(std::string_view name) {
  const auto* found = std::ranges::find(key_format_names, name);
  if (found == std::end(key_format_names)) return std::nullopt;
  return static_cast<KeyFormat>(found - std::begin(key_format_names));
}

KeyFormat detect_key_format(std::string_view text) {
  Word line;
  for (TextReader lines(text); lines.next(line);) {
    const LineReader words(line);
    if (words.at_end() || words.rest().text.front() == '#') continue;
    const std::string_view start = words.rest().text;
    if (looks_like_ike_table(start)) return KeyFormat::ikev2;
    if (start.front() == '"') return KeyFormat::wireshark;
    if (words.peek().text == "src") return KeyFormat::xfrm;
    if (start.front() == '[' || is_toml_name(start)) return KeyFormat::toml;
    return KeyFormat::tcpdump;
  }
  return KeyFormat::tcpdump;
}

Result<KeyFile> parse_keys(std::string_view text, std::string_view file, std::optional<KeyFormat> format) {
  switch (format.value_or(detect_key_format(text))) {
    case KeyFormat::tcpdump:
      return parse_tcpdump_keys(text, file);
    case KeyFormat::wireshark:
      return parse_wireshark_keys(text, file);
    case KeyFormat::xfrm:
      return parse_xfrm_keys(text, file);
    case KeyFormat::toml:
      return parse_toml_keys(text, file);
    case KeyFormat::ikev2:
      return parse_ike_table(text, file);
  }
  return KeyFile{};
}

Result<KeyFile> load_keys(const std::string& path, std::optional<KeyFormat> format) {
  const File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return cannot(path, fmt::format("cannot open: {}", std::strerror(errno)));
  const auto octets = read_whole(file.get(), path);
  if (!octets) return std::unexpected(octets.error());
  const OctetView view = octets->view();
  auto keys = parse_keys({reinterpret_cast<const char*>(view.data()), view.size()}, path, format);
  if (keys && is_readable_by_all(file.get()))
    keys->warnings.push_back({.blame = Blame::local_fault,
                              .path = path,
                              .offset = {},
                              .why = "everybody may read these keys; chmod 600 keeps them",
                              .clause = {}});
  return keys;
}

}  // namespace mpsec::replay
