#include "pcap-replay/keys/xfrm_keys.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "pcap-replay/keys/key_text.hpp"
#include "pcap-replay/keys/xfrm_algorithms.hpp"
#include "wire/protocol.hpp"

namespace mpsec::replay {
namespace {

using crypto::IntegrityId;
using ipsec::Mode;
using ipsec::Protocol;

// With -s a number is printed twice: "0xc1(193)", "(160 bits)". The first form is all we need.
Word without_parentheses(const Word& word) {
  const std::size_t size = std::min(word.text.find('('), word.text.size());
  return word.part(0, size);
}

std::optional<std::uint8_t> protocol_number(std::string_view name) {
  if (name == "icmp") return wire::protocol::icmp;
  if (name == "tcp") return wire::protocol::tcp;
  if (name == "udp") return wire::protocol::udp;
  if (name == "ipv6-icmp" || name == "icmpv6") return wire::protocol::icmpv6;
  if (name == "sctp") return wire::protocol::sctp;
  const auto number = number_of(name);
  if (!number || *number > 255) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<KeyFile> parse() {
    for (TextReader lines(text_); auto words = lines.next_words();) {
      const bool indented = words->rest().column != 1;
      if (!indented) finish_block();
      auto read = indented ? read_line(*words) : start_block(*words);
      if (!read) return std::unexpected(std::move(read).error());
    }
    finish_block();
    return std::move(found_);
  }

 private:
  // What is known of the block that is being read.
  struct Block {
    KeyEntry entry;
    std::optional<Error> unusable;  // the first reason
    bool has_protocol = false;
    bool has_window = false;
    bool has_integrity = false;
    bool has_cipher = false;
  };

  Result<> start_block(LineReader& words) {
    const Word first = words.rest();
    Block block;
    block.entry.where = fmt::format("{}:{}", file_, first.line);
    for (const auto& [name, match] :
         {std::pair("src", &block.entry.source), std::pair("dst", &block.entry.destination)}) {
      if (!words.take(name))
        return std::unexpected(expected(file_, words.rest(), fmt::format("\"{} ADDRESS\"", name)));
      const Word word = words.next();
      const auto address = IpAddress::parse(word.text);
      if (!address) return std::unexpected(expected(file_, word, "an IPv4 or IPv6 address"));
      *match = AddressMatch::exactly(*address);
      block.entry.version = address->version();
    }
    if (block.entry.source.range->first.version() != *block.entry.version)
      return std::unexpected(misread(file_, first, "the two addresses are of different families"));
    // An SA says nothing of the source of its packets: a mobile peer or a NAT may change it (RFC 4301 4.1).
    block.entry.source = AddressMatch::any();
    block_ = std::move(block);
    return {};
  }

  Result<> read_line(LineReader& words) {
    if (!block_)
      return std::unexpected(
          expected(file_, words.rest(), "\"src ADDRESS dst ADDRESS\" at the start of a line"));
    struct Line {
      std::string_view name;
      Result<> (Parser::*read)(LineReader&, KeyEntry&);
    };
    static constexpr Line understood[] = {
        {"proto", &Parser::read_protocol},
        {"replay-window", &Parser::read_window},
        {"auth", &Parser::read_integrity},
        {"auth-trunc", &Parser::read_integrity},
        {"enc", &Parser::read_cipher},
        {"aead", &Parser::read_aead},
        {"encap", &Parser::read_encapsulation},
        {"sel", &Parser::read_selector},
        {"replay_window", &Parser::read_extended_window},
    };
    for (const Line& line : understood)
      if (words.take(line.name)) return (this->*line.read)(words, block_->entry);
    return {};
  }

  // "proto esp spi 0xc1 reqid 1 mode tunnel"
  Result<> read_protocol(LineReader& words, KeyEntry& entry) {
    const Word protocol = words.next();
    if (protocol.text != "esp" && protocol.text != "ah")
      return unusable(misread(file_, protocol, fmt::format("protocol {} is passed over", protocol.text)));
    entry.parameters.protocol = protocol.text == "ah" ? Protocol::ah : Protocol::esp;
    if (!words.take("spi")) return std::unexpected(expected(file_, words.rest(), "\"spi NUMBER\""));
    const Word spi = without_parentheses(words.next());
    const auto number = number_of(spi.text);
    if (!number || *number > 0xffffffff) return std::unexpected(expected(file_, spi, "an SPI of 32 bits"));
    entry.spi = SpiMatch::exactly(static_cast<std::uint32_t>(*number));
    block_->has_protocol = true;
    while (!words.at_end() && !words.take("mode"))
      words.next();
    const Word mode = words.next();
    if (mode.text != "tunnel" && mode.text != "transport")
      return unusable(misread(file_, mode, fmt::format("mode {} is passed over", mode.text)));
    entry.parameters.mode = mode.text == "tunnel" ? Mode::tunnel : Mode::transport;
    entry.mode_known = true;
    return {};
  }

  // "replay-window 32 seq 0x0 flag esn af-unspec (0x10100000)". A later line "replay-window 0 replay 0 failed
  // 0" counts packets.
  Result<> read_window(LineReader& words, KeyEntry& entry) {
    if (std::exchange(block_->has_window, true)) return {};
    if (auto read = set_window(words.next(), entry); !read) return read;
    while (!words.at_end())
      if (words.next().text == "esn") entry.parameters.extended_sequence_numbers = true;
    return {};
  }

  // "replay_window 128, bitmap-length 4", which stands only in an ESN context and has the real size.
  Result<> read_extended_window(LineReader& words, KeyEntry& entry) {
    Word size = words.next();
    if (size.text.ends_with(',')) size.text.remove_suffix(1);
    return set_window(size, entry);
  }

  // 0 is what every outbound SA has, and says nothing of the receiver's window.
  Result<> set_window(const Word& word, KeyEntry& entry) {
    const auto size = number_of(word.text);
    if (!size || *size > 0xffffffff)
      return std::unexpected(expected(file_, word, "the size of a replay window"));
    if (*size == 0) return {};
    entry.window_known = true;
    // The kernel's windows start at one number and have no end that matters.
    entry.parameters.replay_window =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(*size, 32, 1u << 20));
    return {};
  }

  // "auth-trunc hmac(sha256) 0x... 128". Both forms may stand there: the first is the one that counts.
  Result<> read_integrity(LineReader& words, KeyEntry& entry) {
    if (block_->has_integrity) return {};
    block_->has_integrity = true;
    const Word name = words.next();
    const Word key = words.next();
    const auto bits = read_bits(words);
    if (!bits) return std::unexpected(bits.error());
    const auto integrity = xfrm_integrity(name.text, *bits);
    if (!integrity) return unusable(misread(file_, name, fmt::format("{} is not supported", name.text)));
    entry.parameters.integrity = integrity->id;
    entry.parameters.unverified_icv_octets = integrity->unverified_octets;
    if (integrity->unverified_octets != 0)
      found_.warnings.push_back(
          misread(file_, name,
                  fmt::format("{} with an ICV of {} bits is not supported: ICVs are not checked", name.text,
                              integrity->unverified_octets * 8),
                  Blame::no_common_ground));
    if (integrity->id == IntegrityId::none) return {};
    return read_key(key, entry.parameters.integrity_key,
                    [&] { return check_integrity_key(file_, entry.parameters, key); });
  }

  // "enc cbc(aes) 0x..."
  Result<> read_cipher(LineReader& words, KeyEntry& entry) {
    const Word name = words.next();
    if (std::exchange(block_->has_cipher, true)) return second_cipher(name);
    const auto cipher = xfrm_cipher(name.text);
    if (!cipher) return unusable(misread(file_, name, fmt::format("{} is not supported", name.text)));
    entry.parameters.encryption = *cipher;
    if (*cipher == crypto::EncryptionId::null) return {};
    const Word key = words.next();
    return read_key(key, entry.parameters.encryption_key,
                    [&] { return check_encryption_key(file_, entry.parameters, key); });
  }

  // "aead rfc4106(gcm(aes)) 0x... 128"
  Result<> read_aead(LineReader& words, KeyEntry& entry) {
    const Word name = words.next();
    if (std::exchange(block_->has_cipher, true)) return second_cipher(name);
    const Word key = words.next();
    const auto bits = read_bits(words);
    if (!bits) return std::unexpected(bits.error());
    const auto cipher = xfrm_aead(name.text, *bits);
    if (!cipher)
      return unusable(
          misread(file_, name, fmt::format("{} with an ICV of {} bits is not supported", name.text, *bits)));
    entry.parameters.encryption = *cipher;
    return read_key(key, entry.parameters.encryption_key,
                    [&] { return check_encryption_key(file_, entry.parameters, key); });
  }

  Result<> second_cipher(const Word& name) {
    return std::unexpected(misread(file_, name, "expected one cipher for an SA, found a second one"));
  }

  // What follows a key: "(256 bits) 128", either or both absent.
  Result<std::uint64_t> read_bits(LineReader& words) {
    const auto says_nothing = [](std::string_view text) {
      return text.starts_with('(') || text.ends_with(')') || text.ends_with(">>");
    };
    while (says_nothing(words.peek().text))
      words.next();
    if (words.at_end()) return 0;
    const Word word = words.next();
    const auto bits = number_of(word.text);
    if (!bits) return std::unexpected(expected_secret(file_, word, "the length of the ICV in bits"));
    return *bits;
  }

  template <class Check>
  Result<> read_key(const Word& word, SecretOctets& key, Check check) {
    if (word.text.starts_with("<<"))  // ip xfrm state list nokeys
      return unusable(misread(file_, word, "the keys are hidden: print them without 'nokeys'"));
    if (!word.text.starts_with("0x"))
      return std::unexpected(expected_secret(file_, word, "a key as 0x and hexadecimal digits"));
    auto read = secret_from_hex(file_, word);
    if (!read) return std::unexpected(std::move(read).error());
    key = *std::move(read);
    return check();
  }

  // "encap type espinudp sport 4500 dport 4500 addr 0.0.0.0"
  Result<> read_encapsulation(LineReader& words, KeyEntry& entry) {
    if (!words.take("type")) return std::unexpected(expected(file_, words.rest(), "\"type NAME\""));
    const Word type = words.next();
    if (type.text != "espinudp")
      return unusable(misread(file_, type, fmt::format("encapsulation {} is passed over", type.text)));
    ipsec::UdpEncapsulation udp;
    for (const auto& [name, port] :
         {std::pair("sport", &udp.source_port), std::pair("dport", &udp.destination_port)}) {
      if (!words.take(name))
        return std::unexpected(expected(file_, words.rest(), fmt::format("\"{} PORT\"", name)));
      const Word word = words.next();
      const auto number = number_of(word.text);
      if (!number || *number > 0xffff) return std::unexpected(expected(file_, word, "a port"));
      *port = static_cast<std::uint16_t>(*number);
    }
    entry.parameters.udp = udp;
    return {};
  }

  // "sel src 10.1.0.0/16 dst 10.2.0.0/16 proto tcp dport 80 dev eth0"
  Result<> read_selector(LineReader& words, KeyEntry& entry) {
    ipsec::Selector selector;
    while (!words.at_end()) {
      const Word name = words.next();
      if (name.text == "src" || name.text == "dst") {
        const Word word = words.next();
        const auto range = ipsec::AddressRange::parse(word.text);
        if (!range) return std::unexpected(expected(file_, word, "an address prefix"));
        if (!word.text.ends_with("/0"))
          (name.text == "src" ? selector.remote : selector.local).push_back(*range);
      } else if (name.text == "proto") {
        const Word word = words.next();
        const auto number = protocol_number(word.text);
        if (!number) return std::unexpected(expected(file_, word, "a protocol's name or number"));
        if (*number != 0) selector.protocol = ipsec::ProtocolSelector::number(*number);
      } else if (name.text == "sport" || name.text == "dport") {
        const Word word = words.next();
        const auto number = number_of(word.text);
        if (!number || *number > 0xffff) return std::unexpected(expected(file_, word, "a port"));
        (name.text == "sport" ? selector.remote_port : selector.local_port) =
            ipsec::PortSelector::one(static_cast<std::uint16_t>(*number));
      }
    }
    if (selector != ipsec::Selector{}) entry.parameters.selectors.push_back(std::move(selector));
    return {};
  }

  Result<> unusable(Error why) {
    why.blame = Blame::no_common_ground;
    if (!block_->unusable) block_->unusable = std::move(why);
    return {};
  }

  void finish_block() {
    if (!block_) return;
    KeyEntry& entry = block_->entry;
    if (!block_->has_protocol && !block_->unusable)
      block_->unusable = Error{.blame = Blame::malformed,
                               .path = entry.where,
                               .offset = {},
                               .why = "an SA without a line \"proto ...\" is passed over",
                               .clause = {}};
    if (block_->unusable) {
      found_.warnings.push_back(*std::move(block_->unusable));
    } else {
      const auto transform = crypto::find(entry.parameters.encryption);
      entry.parameters.allow_no_integrity = entry.parameters.protocol == Protocol::esp &&
                                            entry.parameters.integrity == IntegrityId::none &&
                                            !(*transform)->combined();
      entry.parameters.allow_esn_without_anti_replay = true;
      found_.entries.push_back(std::move(entry));
    }
    block_.reset();
  }

  std::string_view text_;
  std::string_view file_;
  KeyFile found_;
  std::optional<Block> block_;
};

}  // namespace

Result<KeyFile> parse_xfrm_keys(std::string_view text, std::string_view file) {
  return Parser(text, file).parse();
}

}  // namespace mpsec::replay
