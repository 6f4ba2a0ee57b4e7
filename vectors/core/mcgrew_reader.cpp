#include "vectors/core/mcgrew_reader.hpp"

#include <fmt/format.h>

#include "vectors/core/text.hpp"

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

void read_vector(Fields fields, VectorFile& file) {
  const std::string page = fields.text("draft_page");
  const std::string mode = fields.text("mode");
  const bool gmac = mode.starts_with("GMAC");
  if (!gmac && !mode.starts_with("GCM"))
    fields.complain("mode", fmt::format("found \"{}\"; allowed: GCM (RFC 4106), GMAC (RFC 4543)", mode));
  Parts parts = read_parts(fields);
  check_associated(fields, parts);
  if (!gmac) check_trailer(fields, parts);
  fields.done();
  if (!fields.sound()) return;
  file.cases.push_back({.id = fmt::format("mcgrew-gcm-esp/page-{}", page),
                        .origin = {"draft-mcgrew-gcm-test-01", "page " + page},
                        .algorithm = std::string(to_string(gmac ? Algorithm::aes_gmac : Algorithm::aes_gcm)),
                        .expectation = Expectation::pass(),
                        .body = body_of(std::move(parts), gmac)});
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
