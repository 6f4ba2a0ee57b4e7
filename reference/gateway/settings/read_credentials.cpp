// Who we are and whom we trust: [[credential]] and [[authority]].
#include <algorithm>
#include <fmt/format.h>

#include "gateway/settings/reading.hpp"
#include "ike/signature_authentication.hpp"

namespace mpsec::gateway {
namespace {

// What an editor puts behind the last line is not of the key.
void without_line_end(SecretOctets& key) {
  OctetView view = key.view();
  if (!view.empty() && view.back() == '\n') view = view.first(view.size() - 1);
  if (!view.empty() && view.back() == '\r') view = view.first(view.size() - 1);
  if (view.size() != key.size()) key = SecretOctets(view);
}

std::optional<SecretOctets> read_key(TableReader& reader, Reading& reading) {
  auto text = reader.secret_text("key");
  auto octets = reader.secret_hex("key_hex");
  auto from_file = reading.secret_file(reader, "key_file");
  if (from_file) without_line_end(*from_file);
  const int given = reader.has("key") + reader.has("key_hex") + reader.has("key_file");
  if (given > 1) {
    reader.fail("", "several keys; expected one of key, key_hex, key_file");
    return std::nullopt;
  }
  auto& key = text ? text : octets ? octets : from_file;
  if (key && key->empty()) {
    reader.fail("", "the key is empty; expected at least one octet", "RFC 7296 2.15");
    return std::nullopt;
  }
  return std::move(key);
}

std::optional<crypto::CertificatePointer> read_certificate(TableReader& reader, std::string_view key,
                                                           Place at, const Octets& octets, Reading& reading) {
  auto certificate = reading.sources.pki.certificate(octets);
  if (certificate) return *std::move(certificate);
  reader.fail_at(at, key, fmt::format("expected a certificate in PEM or DER: {}", certificate.error().why));
  return std::nullopt;
}

void warn_of_time(TableReader& reader, std::string_view key, const crypto::Certificate& certificate,
                  const Reading& reading) {
  if (!reading.sources.now) return;
  if (certificate.not_after() < *reading.sources.now)
    reader.warn(key, "the certificate has expired: peers will refuse it; have it renewed",
                "RFC 5280 4.1.2.5");
  if (certificate.not_before() > *reading.sources.now)
    reader.warn(key, "the certificate is not yet valid: peers will refuse it; look at the clock",
                "RFC 5280 4.1.2.5");
}

// Our certificate, then those between it and the authority.
std::vector<crypto::CertificatePointer> read_chain(TableReader& reader, Reading& reading) {
  std::vector<crypto::CertificatePointer> chain;
  if (const auto octets = reading.file(reader, "certificate"))
    if (auto own = read_certificate(reader, "certificate", reader.place("certificate"), *octets, reading)) {
      warn_of_time(reader, "certificate", **own, reading);
      chain.push_back(*std::move(own));
    }
  for (const PlacedText& name : reader.texts("chain")) {
    const auto octets = reading.file(reader, "chain", name);
    if (!octets) continue;
    if (auto next = read_certificate(reader, "chain", name.at, *octets, reading))
      chain.push_back(*std::move(next));
  }
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (!std::ranges::equal(chain[i]->subject(), chain[i - 1]->issuer())) {
      reader.warn("chain",
                  "a certificate is not that of the issuer of the one before it; peers may not follow");
      break;
    }
  return chain;
}

void read_certified(TableReader& reader, Reading& reading, CredentialEntry& entry) {
  auto chain = read_chain(reader, reading);
  const auto pem = reading.secret_file(reader, "private_key");
  if (!reader.has("certificate"))
    reader.fail("certificate", "a private key needs its certificate, found none");
  if (!reader.has("private_key"))
    reader.fail("private_key", "a certificate needs its private key, found none");
  if (!pem) return;
  auto key = reading.sources.pki.private_key(pem->view());
  if (!key)
    return reader.fail("private_key", fmt::format("expected a private key in PEM or DER, not encrypted: {}",
                                                  key.error().why));
  if (chain.empty() || !reader.has("certificate")) return;
  if (!std::ranges::equal((*key)->public_key().info(), chain[0]->public_key()->info()))
    return reader.fail("private_key",
                       "it is not the key of the certificate; name the pair that belongs together");
  entry.certificate = chain[0];
  entry.private_key = *std::move(key);
  entry.chain = std::move(chain);
  entry.credential = std::make_shared<ike::SignatureCredential>(entry.private_key, entry.chain);
}

void read_credential(TableReader& reader, Reading& reading) {
  CredentialEntry entry;
  const auto name = reader.name_of("name");
  auto key = read_key(reader, reading);
  const bool keyed = reader.has("key") || reader.has("key_hex") || reader.has("key_file");
  const bool certified = reader.has("certificate") || reader.has("private_key") || reader.has("chain");
  if (certified)
    read_certified(reader, reading, entry);
  else
    reader.expect({"certificate", "private_key", "chain"});
  if (keyed && certified) reader.fail("", "a key and a certificate; expected one of both in a credential");
  if (!keyed && !certified)
    reader.fail("", "expected key, key_hex or key_file, or certificate with private_key; found none");
  if (key && !certified) {
    entry.credential = std::make_shared<ike::PreSharedKeyCredential>(key->clone());
    entry.key = *std::move(key);
  }
  if (name && reading.credentials.declare(*name, reader.place("name")))
    reading.credential_entries.emplace(*name, std::move(entry));
}

void read_authority(TableReader& reader, Reading& reading) {
  const auto name = reader.name_of("name");
  const auto octets = reading.file(reader, "certificate");
  if (!reader.has("certificate"))
    reader.fail("certificate", "expected the authority's certificate, found none");
  std::shared_ptr<crypto::CertificateStore> store = reading.sources.pki.certificate_store();
  if (octets)
    if (const auto anchor =
            read_certificate(reader, "certificate", reader.place("certificate"), *octets, reading)) {
      warn_of_time(reader, "certificate", **anchor, reading);
      store->add_anchor(*anchor);
    }
  for (const PlacedText& list : reader.texts("revocation_lists")) {
    const auto read = reading.file(reader, "revocation_lists", list);
    if (!read) continue;
    if (const auto added = store->add_revocation_list(*read); !added)
      reader.fail_at(list.at, "revocation_lists",
                     fmt::format("expected a list in PEM or DER: {}", added.error().why));
  }
  if (name && reading.authorities.declare(*name, reader.place("name")))
    reading.settings.anchors.emplace(*name, std::move(store));
}

}  // namespace

void read_credentials(TableReader& document, Reading& reading) {
  const auto tables = document.tables("credential");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("credential[{}]", i), reading.findings);
    read_credential(reader, reading);
  }
}

void read_authorities(TableReader& document, Reading& reading) {
  const auto tables = document.tables("authority");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("authority[{}]", i), reading.findings);
    read_authority(reader, reading);
  }
}

}  // namespace mpsec::gateway
