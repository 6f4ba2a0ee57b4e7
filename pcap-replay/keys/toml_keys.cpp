#include "pcap-replay/keys/toml_keys.hpp"

#include <fmt/format.h>

#include "pcap-replay/keys/toml_ike.hpp"
#include "pcap-replay/keys/toml_table.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Mode;
using ipsec::Protocol;

class Parser {
 public:
  explicit Parser(std::string_view file) : file_(file) {}

  Result<KeyFile> parse(toml::table& document) {
    TableReader top(document, "keys", file_);
    const auto sas = tables(top, "sa"), ike_sas = tables(top, "ike");
    if (sas.empty() && ike_sas.empty())
      top.fail_last("sa", "expected one or more tables [[sa]] or [[ike]], found none");
    if (auto finished = top.finish(); !finished) return std::unexpected(std::move(finished).error());
    for (std::size_t i = 0; i < sas.size(); ++i)
      if (auto read = read_sa(*sas[i], fmt::format("sa[{}]", i)); !read)
        return std::unexpected(std::move(read).error());
    for (std::size_t i = 0; i < ike_sas.size(); ++i) {
      auto entry = read_ike_keys(*ike_sas[i], fmt::format("ike[{}]", i), file_);
      if (!entry) return std::unexpected(std::move(entry).error());
      found_.ike.push_back(*std::move(entry));
    }
    return std::move(found_);
  }

 private:
  static std::vector<toml::table*> tables(TableReader& top, std::string_view name) {
    std::vector<toml::table*> found;
    toml::node* const list = top.take(name);
    if (!list) return found;
    if (!list->is_array()) {
      top.fail(*list, fmt::format("{0}: expected one or more tables [[{0}]]", name));
      return found;
    }
    for (toml::node& node : *list->as_array()) {
      if (node.is_table())
        found.push_back(node.as_table());
      else
        top.fail(node, fmt::format("{0}: expected a table [[{0}]], found something else", name));
    }
    return found;
  }

  Result<> read_sa(toml::table& table, const std::string& path) {
    TableReader reader(table, path, file_);
    KeyEntry entry;
    entry.where = fmt::format("{}:{}", file_, reader.last().line);
    if (const auto spi = reader.number("spi", 0xffffffff))
      entry.spi = SpiMatch::exactly(static_cast<std::uint32_t>(*spi));
    read_protocol_and_mode(reader, entry);
    entry.source = address(reader, "source");
    entry.destination = address(reader, "destination");
    read_algorithms(reader, entry.parameters);
    read_replay(reader, entry);
    read_udp(reader, path, entry);
    read_selectors(reader, path, entry);
    if (auto finished = reader.finish(); !finished) return finished;
    found_.entries.push_back(std::move(entry));
    return {};
  }

  static void read_protocol_and_mode(TableReader& reader, KeyEntry& entry) {
    const auto protocol = reader.text("protocol").value_or("esp");
    if (protocol != "esp" && protocol != "ah")
      reader.fail_last("protocol", fmt::format("expected \"esp\" or \"ah\", found \"{}\"", protocol));
    entry.parameters.protocol = protocol == "ah" ? Protocol::ah : Protocol::esp;
    const auto mode = reader.text("mode");
    if (mode && *mode != "tunnel" && *mode != "transport")
      reader.fail_last("mode", fmt::format("expected \"tunnel\" or \"transport\", found \"{}\"", *mode));
    entry.mode_known = mode.has_value();
    entry.parameters.mode = mode == "transport" ? Mode::transport : Mode::tunnel;
  }

  static AddressMatch address(TableReader& reader, std::string_view name) {
    const auto text = reader.text(name);
    if (!text) return AddressMatch::any();
    auto match = AddressMatch::parse(*text);
    if (match) return *match;
    reader.fail_last(name, match.error().why);
    return AddressMatch::any();
  }

  void read_algorithms(TableReader& reader, ipsec::InboundParameters& parameters) {
    const Word table = reader.last();
    const auto encryption = reader.text("encryption");
    if (encryption) {
      const auto transform = crypto::find_encryption(*encryption);
      if (!transform) return reader.fail_last("encryption", transform.error().why);
      parameters.encryption = (*transform)->id;
    } else if (parameters.protocol == Protocol::esp) {
      return reader.fail(misread(file_, table, "expected a value \"encryption\", found none"));
    }
    parameters.encryption_key = reader.secret("encryption_key");
    if (auto checked = parameters.protocol == Protocol::esp
                           ? check_encryption_key(file_, parameters, reader.last())
                           : Result<>();
        !checked)
      reader.fail(std::move(checked).error());
    if (const auto integrity = reader.text("integrity")) {
      const auto transform = crypto::find_integrity(*integrity);
      if (!transform) return reader.fail_last("integrity", transform.error().why);
      parameters.integrity = (*transform)->id;
    }
    parameters.integrity_key = reader.secret("integrity_key");
    if (auto checked = check_integrity_key(file_, parameters, reader.last()); !checked)
      reader.fail(std::move(checked).error());
    const auto unverified = reader.number("unverified_icv_octets", 64);
    parameters.unverified_icv_octets = static_cast<std::uint8_t>(unverified.value_or(0));
    parameters.allow_no_integrity = unverified.has_value();
  }

  static void read_replay(TableReader& reader, KeyEntry& entry) {
    entry.parameters.extended_sequence_numbers = reader.boolean("extended_sequence_numbers").value_or(false);
    const auto window = reader.number("replay_window", 1u << 20);
    entry.window_known = window.has_value();
    entry.parameters.allow_esn_without_anti_replay = true;
    if (!window) return;
    if (*window != 0 && *window < 32) reader.fail_last("replay_window", "expected 0, or 32 to 1048576");
    entry.parameters.anti_replay = *window != 0;
    if (*window != 0) entry.parameters.replay_window = static_cast<std::uint32_t>(*window);
  }

  void read_udp(TableReader& reader, const std::string& path, KeyEntry& entry) {
    toml::node* const node = reader.take("udp");
    if (!node) return;
    if (!node->is_table())
      return reader.fail(*node, "udp: expected a table { source_port = ..., destination_port = ... }");
    TableReader ports(*node->as_table(), path + "/udp", file_);
    ipsec::UdpEncapsulation udp;
    udp.source_port = static_cast<std::uint16_t>(ports.number("source_port", 0xffff).value_or(4500));
    udp.destination_port =
        static_cast<std::uint16_t>(ports.number("destination_port", 0xffff).value_or(4500));
    if (auto finished = ports.finish(); !finished) return reader.fail(std::move(finished).error());
    entry.parameters.udp = udp;
  }

  void read_selectors(TableReader& reader, const std::string& path, KeyEntry& entry) {
    toml::node* const node = reader.take("selectors");
    if (!node) return;
    if (!node->is_array()) return reader.fail(*node, "selectors: expected a list of tables");
    toml::array& list = *node->as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_table()) return reader.fail(list[i], fmt::format("selectors[{}]: expected a table", i));
      auto selector = read_selector(*list[i].as_table(), fmt::format("{}/selectors[{}]", path, i));
      if (!selector) return reader.fail(std::move(selector).error());
      entry.parameters.selectors.push_back(*std::move(selector));
    }
  }

  // Seen from the packets: what is local to the receiver is their destination.
  Result<ipsec::Selector> read_selector(toml::table& table, const std::string& path) {
    TableReader reader(table, path, file_);
    ipsec::Selector selector;
    selector.remote = ranges(reader, "source");
    selector.local = ranges(reader, "destination");
    if (const auto protocol = reader.number("protocol", 255))
      selector.protocol = ipsec::ProtocolSelector::number(static_cast<std::uint8_t>(*protocol));
    if (const auto port = reader.number("source_port", 0xffff))
      selector.remote_port = ipsec::PortSelector::one(static_cast<std::uint16_t>(*port));
    if (const auto port = reader.number("destination_port", 0xffff))
      selector.local_port = ipsec::PortSelector::one(static_cast<std::uint16_t>(*port));
    const Word place = reader.last();
    if (auto finished = reader.finish(); !finished) return std::unexpected(std::move(finished).error());
    if (auto valid = ipsec::validate(selector, path); !valid)
      return std::unexpected(
          misread(file_, place, fmt::format("{}: {}", valid.error().path, valid.error().why)));
    return selector;
  }

  std::vector<ipsec::AddressRange> ranges(TableReader& reader, std::string_view name) {
    std::vector<ipsec::AddressRange> found;
    toml::node* const node = reader.take(name);
    if (!node) return found;
    if (!node->is_array()) {
      reader.fail(*node, fmt::format("{}: expected a list of addresses, prefixes or ranges", name));
      return found;
    }
    for (const toml::node& element : *node->as_array()) {
      const auto* const text = element.as_string();
      auto range = ipsec::AddressRange::parse(text ? std::string_view(text->get()) : std::string_view());
      if (!range) {
        reader.fail(element, fmt::format("{}: {}", name, range.error().why));
        return found;
      }
      found.push_back(*std::move(range));
    }
    return found;
  }

  std::string_view file_;
  KeyFile found_;
};

}  // namespace

Result<KeyFile> parse_toml_keys(std::string_view text, std::string_view file) {
  try {
    toml::table document = toml::parse(text, file);
    return Parser(file).parse(document);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return std::unexpected(misread(file, {{}, at.line, at.column},
                                   fmt::format("expected TOML, found otherwise: {}", error.description())));
  }
}

}  // namespace mpsec::replay
