#include "vectors/core/mpsec_reader.hpp"

#include <fmt/format.h>
#include <limits>
#include <set>

#include "vectors/core/json.hpp"

namespace mpsec::vectors {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::string names_of(Role role) {
  std::string names;
  for (const AlgorithmEntry& entry : algorithms()) {
    if (entry.role != role) continue;
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

Algorithm read_algorithm(Fields& fields, Role role) {
  const std::string name = fields.text("algorithm");
  const auto algorithm = algorithm_named(name);
  if (algorithm && role_of(*algorithm) == role) return *algorithm;
  if (!name.empty())
    fields.complain("algorithm", fmt::format("found \"{}\"; allowed: {}", name, names_of(role)));
  return {};
}

Expectation read_expectation(Fields& fields) {
  const std::string text = fields.text("expect");
  if (text.empty() || text == "pass") return Expectation::pass();
  if (const auto reason = reason_named(text)) return Expectation::refuse(*reason);
  fields.complain("expect", fmt::format("found \"{}\"; allowed: pass, {}", text, reason_names()));
  return {};
}

AeadCase read_aead(Fields& fields) {
  AeadCase aead;
  aead.algorithm = read_algorithm(fields, Role::aead);
  aead.key = fields.octets("key");
  aead.nonce = fields.octets("nonce");
  aead.aad = fields.octets("aad");
  aead.plaintext = fields.optional_octets("plaintext");
  aead.ciphertext = fields.octets("ciphertext");
  aead.tag = fields.optional_octets("tag");
  aead.tag_size = aead.tag ? aead.tag->size() : 16;
  return aead;
}

// AES-CTR vectors print nonce and IV apart, as RFC 3686 does; the first counter block ends in 1 (RFC 3686 4).
CipherCase read_cipher(Fields& fields) {
  CipherCase cipher;
  cipher.algorithm = read_algorithm(fields, Role::cipher);
  cipher.key = fields.octets("key");
  const auto nonce = fields.optional_octets("nonce");
  const Octets iv = fields.octets("iv");
  if (nonce) cipher.iv = *nonce;
  append(cipher.iv, iv);
  if (cipher.algorithm == Algorithm::aes_ctr) append_be(cipher.iv, std::uint32_t{1});
  cipher.plaintext = fields.octets("plaintext");
  cipher.ciphertext = fields.octets("ciphertext");
  return cipher;
}

MacCase read_mac(Fields& fields) {
  MacCase mac;
  mac.algorithm = read_algorithm(fields, Role::mac);
  mac.key = fields.octets("key");
  mac.nonce = fields.optional_octets("nonce").value_or(Octets());
  mac.message = fields.octets("message");
  mac.tag = fields.octets("tag");
  return mac;
}

PrfCase read_prf(Fields& fields) {
  PrfCase prf;
  prf.algorithm = read_algorithm(fields, Role::prf);
  prf.key = fields.octets("key");
  prf.seed = fields.octets("seed");
  prf.output = fields.octets("output");
  return prf;
}

IkeKeysCase read_ike_keys(Fields& fields) {
  IkeKeysCase keys;
  keys.algorithm = read_algorithm(fields, Role::prf);
  keys.initiator_nonce = fields.octets("ni");
  keys.responder_nonce = fields.octets("nr");
  keys.initiator_spi = fields.octets("spi_i");
  keys.responder_spi = fields.octets("spi_r");
  keys.shared_secret = fields.octets("shared_secret");
  keys.new_shared_secret = fields.optional_octets("new_shared_secret").value_or(Octets());
  keys.skeyseed = fields.optional_octets("skeyseed");
  keys.keys = fields.optional_octets("keys");
  keys.child_keymat = fields.optional_octets("child_keymat");
  keys.child_keymat_with_secrecy = fields.optional_octets("child_keymat_with_secrecy");
  keys.rekeyed_skeyseed = fields.optional_octets("rekeyed_skeyseed");
  return keys;
}

KeyExchangeCase read_key_exchange(Fields& fields) {
  KeyExchangeCase exchange;
  exchange.group = fields.text("group");
  exchange.private_value = fields.octets("private");
  exchange.public_value = fields.optional_octets("public");
  exchange.peer_public = fields.octets("peer_public");
  exchange.shared_secret = fields.optional_octets("shared_secret");
  return exchange;
}

PacketTransform read_transform(Fields fields, std::initializer_list<Role> roles) {
  PacketTransform transform;
  const std::string name = fields.text("algorithm");
  const auto algorithm = algorithm_named(name);
  bool allowed = false;
  std::string names;
  for (const Role role : roles) {
    allowed = allowed || (algorithm && role_of(*algorithm) == role);
    names += (names.empty() ? "" : ", ") + names_of(role);
  }
  if (allowed)
    transform.algorithm = *algorithm;
  else if (!name.empty())
    fields.complain("algorithm", fmt::format("found \"{}\"; allowed: {}", name, names));
  transform.key = fields.octets("key");
  transform.salt = fields.optional_octets("salt").value_or(Octets());
  transform.icv_size = fields.optional_number("icv", 64).value_or(0);
  fields.done();
  return transform;
}

Mode read_mode(Fields& fields) {
  const std::string mode = fields.text("mode");
  if (mode == "tunnel") return Mode::tunnel;
  if (!mode.empty() && mode != "transport")
    fields.complain("mode", fmt::format("found \"{}\"; allowed: transport, tunnel", mode));
  return Mode::transport;
}

void read_sa(Fields sa, PacketCase& packet) {
  const Octets spi = sa.octets("spi");
  if (spi.size() == 4)
    packet.spi = Spi(load_be<std::uint32_t>(spi.data()));
  else if (sa.has("spi"))
    sa.complain("spi", fmt::format("need 4 octets, have {}", spi.size()));
  packet.mode = read_mode(sa);
  packet.extended_sequence_numbers = sa.optional_flag("extended_sequence_numbers").value_or(false);
  if (packet.protocol == PacketCase::Protocol::esp) {
    packet.udp_encapsulation = sa.optional_flag("udp_encapsulation").value_or(false);
    if (auto encryption = sa.optional_object("encryption"))
      packet.encryption = read_transform(*encryption, {Role::aead, Role::cipher, Role::mac});
  }
  if (packet.protocol == PacketCase::Protocol::ah)
    packet.integrity = read_transform(sa.object("integrity"), {Role::mac});
  else if (auto integrity = sa.optional_object("integrity"))
    packet.integrity = read_transform(*integrity, {Role::mac});
  sa.done();
}

void read_directions(Fields& fields, PacketCase& packet) {
  const std::string directions = fields.optional_text("directions");
  if (directions.empty() || directions == "both") return;
  packet.outbound = directions == "out";
  packet.inbound = directions == "in";
  if (!packet.outbound && !packet.inbound)
    fields.complain("directions", fmt::format("found \"{}\"; allowed: both, in, out", directions));
}

PacketCase read_packet(Fields& fields, PacketCase::Protocol protocol) {
  PacketCase packet;
  packet.protocol = protocol;
  read_sa(fields.object("sa"), packet);
  packet.sequence = SequenceNumber(fields.number("sequence", no_limit));
  packet.iv = fields.octets("iv");
  packet.plain = fields.octets("plain");
  packet.protected_packet = fields.octets("protected");
  read_directions(fields, packet);
  return packet;
}

IkeMessageCase read_ike_message(Fields& fields) {
  IkeMessageCase message;
  message.encryption = read_transform(fields.object("encryption"), {Role::aead, Role::cipher});
  if (auto integrity = fields.optional_object("integrity"))
    message.integrity = read_transform(*integrity, {Role::mac});
  message.clear = fields.octets("clear");
  message.iv = fields.octets("iv");
  message.payloads = fields.octets("payloads");
  message.message = fields.octets("message");
  return message;
}

std::optional<Body> read_body(Fields& fields) {
  const std::string kind = fields.text("kind");
  if (kind == "aead") return read_aead(fields);
  if (kind == "cipher") return read_cipher(fields);
  if (kind == "mac") return read_mac(fields);
  if (kind == "prf") return read_prf(fields);
  if (kind == "esp-packet") return read_packet(fields, PacketCase::Protocol::esp);
  if (kind == "ah-packet") return read_packet(fields, PacketCase::Protocol::ah);
  if (kind == "ike-keys") return read_ike_keys(fields);
  if (kind == "key-exchange") return read_key_exchange(fields);
  if (kind == "ike-message") return read_ike_message(fields);
  if (!kind.empty())
    fields.complain("kind",
                    fmt::format("found \"{}\"; allowed: aead, cipher, mac, prf, esp-packet, ah-packet, "
                                "ike-keys, key-exchange, ike-message",
                                kind));
  return std::nullopt;
}

struct AlgorithmOf {
  std::string operator()(const PacketCase& packet) const {
    return algorithms_of(packet.encryption, packet.integrity);
  }
  std::string operator()(const IkeMessageCase& message) const {
    return algorithms_of(message.encryption, message.integrity);
  }
  std::string operator()(const KeyExchangeCase& exchange) const { return exchange.group; }
  std::string operator()(const NotRunnable&) const { return {}; }
  std::string operator()(const SignatureCase&) const { return "signature"; }
  std::string operator()(const auto& one) const { return std::string(to_string(one.algorithm)); }
};

std::optional<Case> read_vector(Fields fields) {
  Case vector_case;
  vector_case.id = fields.text("id");
  Fields origin = fields.object("origin");
  vector_case.origin.document = origin.text("document");
  vector_case.origin.section = origin.text("section");
  origin.done();
  vector_case.expectation = read_expectation(fields);
  fields.optional_text("note");
  auto body = read_body(fields);
  if (!body) return std::nullopt;
  fields.done();
  if (!fields.sound()) return std::nullopt;
  vector_case.algorithm = std::visit(AlgorithmOf{}, *body);
  vector_case.body = *std::move(body);
  return vector_case;
}

void read_vectors(const Json& vectors, const std::string& where, VectorFile& file) {
  std::set<std::string> ids;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    Fields fields(vectors[i], pointer_to(where, std::to_string(i)), file.problems);
    auto vector_case = read_vector(fields);
    if (!vector_case) continue;
    if (!ids.insert(vector_case->id).second)
      fields.complain("id", fmt::format("\"{}\" names an earlier vector of this file too", vector_case->id));
    file.cases.push_back(*std::move(vector_case));
  }
}

}  // namespace

VectorFile read_mpsec(std::string_view text, std::string name) {
  VectorFile file{.name = std::move(name), .format = "mpsec", .cases = {}, .problems = {}};
  const auto document = parse_json(text, file.name);
  if (!document) {
    file.problems.push_back(document.error());
    return file;
  }
  Fields top(*document, file.name + "#", file.problems);
  top.optional_text("$schema");
  top.optional_text("note");
  const std::string format = top.text("format");
  if (format != mpsec_format && !format.empty())
    top.complain("format", fmt::format("expected \"{}\", found \"{}\"", mpsec_format, format));
  const Json* vectors = top.array("vectors");
  top.done();
  if (vectors != nullptr) read_vectors(*vectors, pointer_to(top.where(), "vectors"), file);
  return file;
}

std::vector<std::string> members_of_kind(std::string_view kind) {
  std::vector<Error> ignored;
  const Json example = {{"kind", kind}, {"origin", Json::object()}, {"sa", Json::object()}};
  Fields fields(example, {}, ignored);
  fields.text("id");
  fields.object("origin");
  read_expectation(fields);
  fields.optional_text("note");
  read_body(fields);
  return fields.asked();
}

}  // namespace mpsec::vectors
