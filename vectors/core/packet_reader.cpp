#include "vectors/core/packet_reader.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

struct Name {
  std::string_view theirs;
  Algorithm ours;
};

constexpr std::array names{
    Name{"AEAD_AES_GCM", Algorithm::aes_gcm},
    Name{"AEAD_AES_CCM", Algorithm::aes_ccm},
    Name{"AEAD_CHACHA20_POLY1305", Algorithm::chacha20_poly1305},
    Name{"CIPHER_AES_CBC", Algorithm::aes_cbc},
    Name{"CIPHER_AES_CTR", Algorithm::aes_ctr},
    Name{"CIPHER_3DES_CBC", Algorithm::triple_des_cbc},
    Name{"CIPHER_NULL", Algorithm::null_cipher},
    Name{"AUTH_MD5_HMAC", Algorithm::hmac_md5},
    Name{"AUTH_SHA1_HMAC", Algorithm::hmac_sha1},
    Name{"AUTH_SHA256_HMAC", Algorithm::hmac_sha2_256},
    Name{"AUTH_SHA384_HMAC", Algorithm::hmac_sha2_384},
    Name{"AUTH_SHA512_HMAC", Algorithm::hmac_sha2_512},
    Name{"AUTH_AES_XCBC_MAC", Algorithm::aes_xcbc},
    Name{"AUTH_AES_CMAC", Algorithm::aes_cmac},
    Name{"AUTH_AES_GMAC", Algorithm::aes_gmac},
};

std::optional<std::uint64_t> number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t number_in(Fields& fields, std::string_view name, std::uint64_t otherwise) {
  const std::string text = fields.optional_text(name);
  if (text.empty()) return otherwise;
  const auto value = number(text);
  if (!value) fields.complain(name, fmt::format("expected a number, found \"{}\"", text));
  return value.value_or(otherwise);
}

// Reads one vector; what cannot be run is remembered in why_not() and does not stop the reading.
class Reading {
 public:
  Reading(Fields& fields, PacketCase& packet) : fields_(fields), packet_(packet) {}

  void read() {
    name_ = fields_.text("name");
    Fields sa = fields_.object("sa");
    read_sa(sa);
    read_transforms(fields_.object("xform"));
    packet_.iv = fields_.optional_octets("iv").value_or(Octets());
    Octets input = packet_text("input_text");
    Octets output = packet_text("output_text");
    packet_.plain = ingress_ ? output : input;
    packet_.protected_packet = ingress_ ? std::move(input) : std::move(output);
    read_sequence(sa);
    refuse_unknown(sa);
  }

  const std::string& name() const { return name_; }
  const std::optional<NotRunnable>& why_not() const { return why_not_; }

 private:
  void cannot(std::string reason) {
    if (!why_not_) why_not_ = NotRunnable{Cause::unsupported, std::move(reason)};
  }

  // A packet may stand in a longer text, as the decrypted one with its ESP trailer.
  Octets packet_text(const std::string& name) {
    Octets text = fields_.octets(name);
    const std::size_t size = fields_.optional_number(name + "_len", 0xffff).value_or(text.size());
    if (size > text.size())
      fields_.complain(name, fmt::format("need {} octets, have {}", size, text.size()));
    else
      text.resize(size);
    return text;
  }

  void read_sa(Fields& sa) {
    packet_.spi = Spi(static_cast<std::uint32_t>(number_in(sa, "spi", 0)));
    packet_.protocol = one_of(sa, "proto", {"SA_PROTO_ESP", "SA_PROTO_AH"}) == 1 ? PacketCase::Protocol::ah
                                                                                 : PacketCase::Protocol::esp;
    packet_.mode =
        one_of(sa, "mode", {"SA_MODE_TRANSPORT", "SA_MODE_TUNNEL"}) == 1 ? Mode::tunnel : Mode::transport;
    ingress_ = one_of(sa, "direction", {"SA_DIR_EGRESS", "SA_DIR_INGRESS"}) == 1;
    packet_.extended_sequence_numbers = number_in(sa, "options.esn", 0) != 0;
    packet_.udp_encapsulation = number_in(sa, "options.udp_encap", 0) != 0;
    sa.pass_over({"replay_win_sz", "esn.low", "options.stats"});
    // The outer header is read from the packet; an option that is off asks for nothing.
    sa.pass_over_where([](std::string_view name, const Json& value) {
      return name.starts_with("tunnel.") ||
             (name.starts_with("options.") && (value == "0" || value == "false"));
    });
  }

  static std::size_t one_of(Fields& fields, std::string_view name,
                            std::initializer_list<std::string_view> values) {
    const std::string value = fields.text(name);
    std::size_t index = 0;
    for (const std::string_view candidate : values) {
      if (value == candidate) return index;
      ++index;
    }
    if (!value.empty())
      fields.complain(name, fmt::format("found \"{}\"; allowed: {}", value, fmt::join(values, ", ")));
    return 0;
  }

  void read_transforms(Fields xform) {
    if (auto aead = xform.optional_object("aead"))
      packet_.encryption = transform(aead->object("aead"), "key");
    if (auto cipher = xform.optional_object("chain.cipher"))
      packet_.encryption = transform(cipher->object("cipher"), "key");
    if (auto auth = xform.optional_object("chain.auth"))
      packet_.integrity = transform(auth->object("auth"), "auth_key");
    if (packet_.encryption && packet_.encryption->algorithm == Algorithm::null_cipher)
      packet_.encryption.reset();
    // A GMAC has the salt beside its own key; in ESP it is a combined algorithm (RFC 4543 3.3).
    const bool gmac = packet_.integrity && packet_.integrity->algorithm == Algorithm::aes_gmac;
    auto& salted = gmac ? packet_.integrity : packet_.encryption;
    if (salted) salted->salt = fields_.optional_octets("salt").value_or(Octets());
    if (gmac && packet_.protocol == PacketCase::Protocol::esp && !packet_.encryption)
      packet_.encryption = std::exchange(packet_.integrity, std::nullopt);
  }

  std::optional<PacketTransform> transform(Fields fields, std::string_view key) {
    PacketTransform result;
    const std::string theirs = fields.text("algo");
    if (theirs == "AUTH_NULL") return std::nullopt;
    result.icv_size = number_in(fields, "digest_length", 0);
    result.key = fields_.optional_octets(key).value_or(Octets());
    for (const Name& name : names) {
      if (name.theirs != theirs) continue;
      result.algorithm = name.ours;
      return result;
    }
    if (!theirs.empty()) cannot(no_transform(theirs));
    return std::nullopt;
  }

  // The number stands in the ESP header at 4, in the AH at 8; both follow the outer header.
  void read_sequence(Fields& sa) {
    const Octets& packet = packet_.protected_packet;
    const std::size_t header = !packet.empty() && packet[0] >> 4 == 6 ? 40
                               : packet.empty()                       ? 0
                                                                      : (packet[0] & 0xf) * 4;
    const std::size_t place = header + (packet_.protocol == PacketCase::Protocol::ah ? 8 : 4);
    if (packet.size() < place + 4) {
      fields_.complain(
          ingress_ ? "input_text" : "output_text",
          fmt::format("need {} octets to hold a sequence number, have {}", place + 4, packet.size()));
      return;
    }
    const std::uint64_t high = number_in(sa, "esn.hi", 0);
    if (high != 0) packet_.extended_sequence_numbers = true;
    packet_.sequence = SequenceNumber(high << 32 | load_be<std::uint32_t>(packet.data() + place));
  }

  void refuse_unknown(Fields& sa) {
    if (const auto unknown = sa.first_unasked())
      cannot(fmt::format("its SA has a member \"{}\" not known here", *unknown));
  }

  Fields& fields_;
  PacketCase& packet_;
  std::string name_;
  bool ingress_ = false;
  std::optional<NotRunnable> why_not_;
};

void read_vector(Fields fields, VectorFile& file) {
  PacketCase packet;
  Reading reading(fields, packet);
  reading.read();
  if (!fields.sound()) return;
  const std::string document(file_name(file.name));
  Case one{.id = "packets/" + reading.name(),
           .origin = {document, reading.name()},
           .algorithm = algorithms_of(packet.encryption, packet.integrity),
           .expectation = Expectation::pass(),
           .body = std::move(packet)};
  if (reading.why_not()) one.body = *reading.why_not();
  file.cases.push_back(std::move(one));
}

}  // namespace

bool looks_like_packets(const Json& document) {
  if (!document.is_object() || !document.contains("vectors") || !document["vectors"].is_array()) return false;
  const Json& vectors = document["vectors"];
  return !vectors.empty() && vectors[0].is_object() && vectors[0].contains("input_text") &&
         vectors[0].contains("sa");
}

VectorFile read_packets(const Json& document, std::string name) {
  VectorFile file{.name = std::move(name), .format = "packets", .cases = {}, .problems = {}};
  Fields top(document, file.name + "#", file.problems);
  const Json* vectors = top.array("vectors");
  for (std::size_t i = 0; vectors != nullptr && i < vectors->size(); ++i)
    read_vector(Fields((*vectors)[i], pointer_to(pointer_to(top.where(), "vectors"), std::to_string(i)),
                       file.problems),
                file);
  return file;
}

}  // namespace mpsec::vectors
