#include "vectors/core/mcgrew_reader.hpp"

#include <fmt/format.h>

#include "wire/checksum.hpp"

namespace mpsec::vectors {
namespace {

struct Parts {
  Octets key, nonce, aad, ciphertext, plaintext, icv;
};

Parts read_parts(Fields& fields) {
  Parts parts;
  parts.key = fields.octets("key");
  parts.nonce = fields.octets("salt");
  append(parts.nonce, fields.octets("iv"));
  parts.aad = fields.octets("aad");
  parts.ciphertext = fields.octets("ciphertext");
  parts.plaintext = fields.octets("plaintext_by_decryption");
  parts.icv = fields.octets("icv");
  return parts;
}

// "SPI|SEQ" is 8 octets, "SPI|ESN" 12 (RFC 4106 5); a GMAC covers the payload as well.
void check_associated(Fields& fields, const Parts& parts) {
  const std::string form = fields.text("aad_is");
  const std::size_t size = form == "SPI|SEQ" ? 8 : form == "SPI|ESN" ? 12 : 0;
  if (size == 0 && !form.starts_with("GMAC"))
    fields.complain("aad_is", fmt::format("found \"{}\"; allowed: SPI|SEQ, SPI|ESN, GMAC: ...", form));
  if (size != 0 && parts.aad.size() != size)
    fields.complain("aad", fmt::format("{} needs {} octets, have {}", form, size, parts.aad.size()));
}

void check_trailer(Fields& fields, const Parts& parts) {
  const auto pad_length = fields.optional_number("pad_len", 255);
  const auto next_header = fields.optional_number("next_header", 255);
  const std::size_t size = parts.plaintext.size();
  if (pad_length && (size < 2 || parts.plaintext[size - 2] != *pad_length))
    fields.complain("pad_len", "the plaintext ends with another pad length");
  if (next_header && (size < 1 || parts.plaintext[size - 1] != *next_header))
    fields.complain("next_header", "the plaintext ends with another next header");
}

Body body_of(Parts parts, bool gmac) {
  if (gmac) return MacCase{Algorithm::aes_gmac, parts.key, parts.nonce, parts.aad, parts.icv};
  AeadCase aead;
  aead.algorithm = Algorithm::aes_gcm;
  aead.key = std::move(parts.key);
  aead.nonce = std::move(parts.nonce);
  aead.aad = std::move(parts.aad);
  aead.plaintext = std::move(parts.plaintext);
  aead.ciphertext = std::move(parts.ciphertext);
  aead.tag_size = parts.icv.size();
  aead.tag = std::move(parts.icv);
  return aead;
}

// SPI and sequence number as the associated data has them: in ESN form the high half stands in the middle.
void take_header(const Parts& parts, bool extended, PacketCase& packet) {
  packet.spi = Spi(load_be<std::uint32_t>(parts.aad.data()));
  packet.extended_sequence_numbers = extended;
  packet.sequence = SequenceNumber(extended ? load_be<std::uint64_t>(parts.aad.data() + 4)
                                            : load_be<std::uint32_t>(parts.aad.data() + 4));
}

// An IPv4 header of ours, from 192.0.2.1 to 192.0.2.2: the draft prints none.
Octets with_ip_header(std::uint8_t protocol, const Octets& payload) {
  Octets packet = hex("450000000000000040000000c0000201c0000202");
  append(packet, payload);
  store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  packet[9] = protocol;
  store_be(packet.data() + 10, wire::internet_checksum(OctetView(packet).first(20)));
  return packet;
}

// The vector as a transport-mode packet: what the draft encrypts is payload, padding and trailer.
Body packet_of(const Parts& parts, bool extended, bool gmac) {
  constexpr std::uint8_t esp = 50;
  const std::size_t head = gmac ? 16 : 0;  // a GMAC's associated data goes on with the IV and the payload
  const Octets text(gmac ? parts.aad.begin() + head : parts.plaintext.begin(),
                    gmac ? parts.aad.end() : parts.plaintext.end());
  const std::size_t trailer = 2 + std::size_t{text[text.size() - 2]};
  PacketCase packet;
  packet.mode = Mode::transport;
  take_header(parts, extended, packet);
  if (packet.spi == Spi(0))
    return NotRunnable{NotRunnable::Cause::outside_ipsec, "SPI 0 is never on the wire"};
  packet.iv = Octets(parts.nonce.begin() + 4, parts.nonce.end());
  packet.encryption = PacketTransform{gmac ? Algorithm::aes_gmac : Algorithm::aes_gcm, parts.key,
                                      Octets(parts.nonce.begin(), parts.nonce.begin() + 4), parts.icv.size()};
  packet.plain =
      with_ip_header(text.back(), Octets(text.begin(), text.end() - static_cast<std::ptrdiff_t>(trailer)));
  Octets sealed;
  append_be(sealed, packet.spi.value);
  append_be(sealed, static_cast<std::uint32_t>(packet.sequence.value));
  append(sealed, packet.iv);
  append(sealed, gmac ? text : parts.ciphertext);
  append(sealed, parts.icv);
  packet.protected_packet = with_ip_header(esp, sealed);
  return packet;
}

// True if packet_of() finds all that it takes apart.
bool is_whole(const Parts& parts, bool extended, bool gmac) {
  const Octets& text = gmac ? parts.aad : parts.plaintext;
  const std::size_t head = gmac ? 16 : 0;
  return parts.nonce.size() == 12 && parts.aad.size() >= (extended ? 12u : 8u) && text.size() >= head + 2 &&
         text.size() >= head + 2 + text[text.size() - 2];
}

void read_vector(Fields fields, VectorFile& file) {
  const std::string page = fields.text("draft_page");
  const std::string mode = fields.text("mode");
  const bool gmac = mode.starts_with("GMAC");
  const bool extended = fields.says("aad_is", "SPI|ESN");
  if (!gmac && !mode.starts_with("GCM"))
    fields.complain("mode", fmt::format("found \"{}\"; allowed: GCM (RFC 4106), GMAC (RFC 4543)", mode));
  Parts parts = read_parts(fields);
  check_associated(fields, parts);
  if (!gmac) check_trailer(fields, parts);
  fields.done();
  if (!fields.sound()) return;
  Case one{.id = fmt::format("mcgrew-gcm-esp/page-{}", page),
           .origin = {"draft-mcgrew-gcm-test-01", "page " + page},
           .algorithm = std::string(to_string(gmac ? Algorithm::aes_gmac : Algorithm::aes_gcm)),
           .expectation = Expectation::pass(),
           .body = NotRunnable{}};
  Case packet = one;
  packet.id += "/esp";
  const bool whole = is_whole(parts, extended, gmac);
  if (whole) packet.body = packet_of(parts, extended, gmac);
  one.body = body_of(std::move(parts), gmac);
  file.cases.push_back(std::move(one));
  if (whole) file.cases.push_back(std::move(packet));
}

}  // namespace

bool looks_like_mcgrew(const Json& document) {
  if (!document.is_object() || !document.contains("vectors") || !document["vectors"].is_array()) return false;
  const Json& vectors = document["vectors"];
  return !vectors.empty() && vectors[0].is_object() && vectors[0].contains("draft_page");
}

VectorFile read_mcgrew(const Json& document, std::string name) {
  VectorFile file{.name = std::move(name), .format = "GCM-ESP draft", .cases = {}, .problems = {}};
  Fields top(document, file.name + "#", file.problems);
  top.pass_over({"source", "note", "licence"});
  const Json* vectors = top.array("vectors");
  top.done();
  for (std::size_t i = 0; vectors != nullptr && i < vectors->size(); ++i)
    read_vector(Fields((*vectors)[i], pointer_to(pointer_to(top.where(), "vectors"), std::to_string(i)),
                       file.problems),
                file);
  return file;
}

}  // namespace mpsec::vectors
