#include "vectors/run/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/select/select_provider.hpp"
#include "vectors/run/choice.hpp"
#include "vectors/run/report.hpp"

namespace mpsec::vectors {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

using Verdict = Outcome::Verdict;

const crypto::Provider& openssl() {
  static const auto provider = crypto::select_provider("openssl").value();
  return *provider;
}

Case of(Body body, Expectation expectation = Expectation::pass()) {
  return {.id = "a/1",
          .origin = {"RFC 1", "2"},
          .algorithm = "x",
          .expectation = expectation,
          .body = std::move(body)};
}

Outcome tried(Body body, Expectation expectation = Expectation::pass()) {
  return run(of(std::move(body), expectation), openssl());
}

// RFC 8439 2.8.2, shortened by nothing.
AeadCase chacha() {
  return {Algorithm::chacha20_poly1305,
          hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"),
          hex("000000000102030405060708"),
          hex("f33388860000000000004e91"),
          std::nullopt,
          {},
          std::nullopt,
          16};
}

// A case that the provider itself completes, so that it is right.
AeadCase sealed(AeadCase aead, OctetView plaintext) {
  const auto key = openssl().aead(**choose(aead, Expectation::pass()), aead.key).value();
  aead.plaintext = Octets(plaintext.begin(), plaintext.end());
  aead.ciphertext = *aead.plaintext;
  aead.tag = Octets(aead.tag_size);
  crypto::AeadJob job{
      .nonce = aead.nonce.data(), .associated = aead.aad, .text = aead.ciphertext, .icv = aead.tag->data()};
  key->seal({&job, 1});
  return aead;
}

TEST(RunAead, TriesBothWays) {
  const AeadCase good = sealed(chacha(), hex("00112233"));
  EXPECT_EQ(tried(good).verdict, Verdict::passed);
  AeadCase other = good;
  other.ciphertext[0] ^= 1;
  EXPECT_THAT(tried(other).text, AllOf(HasSubstr("ciphertext: expected"), HasSubstr("got")));
  other = good;
  other.tag->back() ^= 1;
  EXPECT_THAT(tried(other).text, HasSubstr("tag: expected"));
  other.plaintext.reset();
  EXPECT_THAT(tried(other).text, HasSubstr("expected pass, got refusal for icv"));
  other = good;
  (*other.plaintext)[0] ^= 1;
  EXPECT_EQ(tried(other).verdict, Verdict::failed);
}

TEST(RunAead, WantsAnInvalidOneRefusedForItsOwnReason) {
  const AeadCase good = sealed(chacha(), hex("00112233"));
  AeadCase bad = good;
  bad.tag->front() ^= 1;
  EXPECT_EQ(tried(bad, Expectation::refuse(Reason::icv)).verdict, Verdict::passed);
  EXPECT_EQ(tried(bad, Expectation::refuse(Reason::padding)).verdict, Verdict::failed);
  EXPECT_EQ(tried(bad, Expectation::either()).verdict, Verdict::passed);
  EXPECT_THAT(tried(good, Expectation::refuse(Reason::icv)).text,
              HasSubstr("expected refusal for icv, got accepted"));
  EXPECT_EQ(tried(good, Expectation::either()).verdict, Verdict::passed);
}

TEST(RunAead, TellsSizesApart) {
  AeadCase aead = sealed(chacha(), hex("00"));
  aead.key.pop_back();
  EXPECT_EQ(tried(aead, Expectation::refuse(Reason::key_size)).verdict, Verdict::passed);
  EXPECT_EQ(tried(aead).verdict, Verdict::not_run);
  EXPECT_EQ(tried(aead, Expectation::refuse(Reason::icv)).verdict, Verdict::not_run);
  aead = sealed(chacha(), hex("00"));
  EXPECT_THAT(tried(aead, Expectation::refuse(Reason::key_size)).text, HasSubstr("got a key"));
  aead.nonce.push_back(0);
  EXPECT_EQ(tried(aead, Expectation::refuse(Reason::nonce_size)).verdict, Verdict::passed);
  EXPECT_EQ(tried(aead).text, "parameter outside IPsec: nonce of 13 octets; CHACHA20-POLY1305 in IPsec: 12");
  aead = sealed(chacha(), hex("00"));
  aead.tag_size = 15;
  EXPECT_EQ(tried(aead, Expectation::refuse(Reason::icv_size)).verdict, Verdict::passed);
  EXPECT_EQ(tried(aead).cause, NotRunnable::Cause::outside_ipsec);
}

CipherCase counter() {  // RFC 3686 6, vector 1
  return {Algorithm::aes_ctr, hex("ae6852f8121067cc4bf7a5765577f39e"),
          hex("00000030000000000000000000000001"), hex("53696e676c6520626c6f636b206d7367"),
          hex("e4095d4fb7a7b3792d6175a3261311b8")};
}

TEST(RunCipher, TriesBothWays) {
  EXPECT_EQ(tried(counter()).verdict, Verdict::passed);
  CipherCase wrong = counter();
  wrong.ciphertext[3] ^= 1;
  EXPECT_THAT(tried(wrong).text, HasSubstr("ciphertext: expected"));
}

TEST(RunCipher, KnowsWhatIpsecDoesNotDo) {
  CipherCase other = counter();
  other.iv.back() = 9;
  EXPECT_EQ(tried(other).text, "parameter outside IPsec: first block counted 9; AES-CTR in IPsec: 1");
  const CipherCase odd{Algorithm::aes_cbc, Octets(16), Octets(16), Octets(15), Octets(15)};
  EXPECT_EQ(tried(odd, Expectation::refuse(Reason::data_size)).verdict, Verdict::passed);
}

MacCase jefe() {  // RFC 4231 4.3
  return {Algorithm::hmac_sha2_256,
          hex("4a656665"),
          {},
          hex("7768617420646f2079612077616e7420666f72206e6f7468696e673f"),
          hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")};
}

TEST(RunMac, ComparesWhatTheTransformKeeps) {
  EXPECT_EQ(tried(jefe()).verdict, Verdict::passed);
  MacCase brief = jefe();
  brief.tag.resize(10);
  EXPECT_EQ(tried(brief).verdict, Verdict::passed);
  brief.tag[9] ^= 1;
  EXPECT_EQ(tried(brief).verdict, Verdict::failed);
  EXPECT_EQ(tried(brief, Expectation::refuse(Reason::icv)).verdict, Verdict::passed);
}

TEST(RunMac, DoesNotClaimToSeeWhatIsCutOff) {
  MacCase mac = jefe();
  mac.tag.back() ^= 1;
  EXPECT_EQ(tried(mac, Expectation::refuse(Reason::icv)).verdict, Verdict::not_run);
  mac.tag.front() ^= 1;
  EXPECT_EQ(tried(mac, Expectation::refuse(Reason::icv)).verdict, Verdict::passed);
  MacCase right = jefe();
  right.tag.resize(16);
  EXPECT_EQ(tried(right, Expectation::refuse(Reason::icv)).verdict, Verdict::failed);
}

TEST(RunMac, StandsInForKeysThatAreTheSameToHmac) {
  const auto& transform = *crypto::find(crypto::IntegrityId::hmac_sha2_256_128).value();
  EXPECT_EQ(hmac_key(Algorithm::hmac_sha2_256, hex("01"), transform)->size(), 32u);
  EXPECT_EQ(hmac_key(Algorithm::hmac_sha2_256, Octets(65), transform)->size(), 32u);
  EXPECT_EQ(hmac_key(Algorithm::hmac_sha2_256, Octets(33), transform), std::nullopt);
  EXPECT_EQ(hmac_key(Algorithm::aes_xcbc, Octets(16), transform), std::nullopt);
  MacCase mac = jefe();
  EXPECT_EQ(tried(mac, Expectation::refuse(Reason::key_size)).verdict, Verdict::passed);
}

// What IKE computes is compared to every octet, and a refusal counts for its own reason only.
TEST(RunIke, FailsOnAnyOtherValueOrReason) {
  const PrfCase prf{.algorithm = Algorithm::prf_aes_xcbc,
                    .key = hex("00010203040506070809"),
                    .seed = hex("000102030405060708090a0b0c0d0e0f10111213"),
                    .output = hex("0fa087af7d866e7653434e602fdde835")};
  EXPECT_EQ(tried(prf).verdict, Verdict::passed);
  PrfCase altered = prf;
  altered.output.back() ^= 1;
  EXPECT_EQ(tried(altered).verdict, Verdict::failed);

  KeyExchangeCase exchange;
  exchange.group = "x25519";
  exchange.private_value = Octets(32, 7);
  exchange.peer_public = Octets(32);
  EXPECT_EQ(tried(exchange, Expectation::refuse(Reason::zero_secret)).verdict, Verdict::passed);
  EXPECT_EQ(tried(exchange, Expectation::refuse(Reason::wrong_length)).verdict, Verdict::failed);
  EXPECT_EQ(tried(exchange).verdict, Verdict::failed);
  exchange.peer_public = Octets(32, 9);
  EXPECT_EQ(tried(exchange).verdict, Verdict::passed);
  exchange.shared_secret = Octets(32);
  EXPECT_EQ(tried(exchange).verdict, Verdict::failed);

  IkeKeysCase keys;
  keys.algorithm = Algorithm::prf_hmac_sha1;
  keys.skeyseed = Octets(20);
  EXPECT_EQ(tried(keys).verdict, Verdict::failed);
}

// RFC 8032 7.1, test 1.
SignatureCase ed25519() {
  return {.scheme = SignatureCase::Scheme::ed25519,
          .public_key =
              hex("302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
          .message = {},
          .signature = hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                           "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")};
}

TEST(RunSignature, VerifiesAsIkeWould) {
  EXPECT_EQ(tried(ed25519()).verdict, Verdict::passed);
  auto altered = ed25519();
  altered.message = hex("00");
  EXPECT_EQ(tried(altered).verdict, Verdict::failed);
  EXPECT_EQ(tried(altered, Expectation::refuse(Reason::signature)).verdict, Verdict::passed);
  EXPECT_EQ(tried(ed25519(), Expectation::refuse(Reason::signature)).verdict, Verdict::failed);
  auto foreign = ed25519();
  foreign.scheme = SignatureCase::Scheme::rsa_pkcs1;
  foreign.hash_bits = 256;
  EXPECT_THAT(tried(foreign).text, HasSubstr("with a key of kind"));
  foreign.hash_bits = 224;
  EXPECT_EQ(tried(foreign).text, "no signature of IKE is over SHA-224");
  auto no_key = ed25519();
  no_key.public_key = hex("3000");
  EXPECT_EQ(tried(no_key).verdict, Verdict::not_run);
}

TEST(Run, NeverHidesWhatItCannotRun) {
  const Outcome other = tried(NotRunnable{NotRunnable::Cause::unsupported, "why"});
  EXPECT_EQ(other.text, "why");
}

TEST(Report, CountsAndNames) {
  Report report({{"one", "first"}, {"two", "second"}});
  const VectorFile file{.name = "a/very/long/path/f.json", .format = "mpsec", .cases = {}, .problems = {}};
  report.add(file, of(MacCase{}), "one", Outcome::passed());
  report.add(file, of(MacCase{}), "two", Outcome::failed("tag: expected 00, got 01"));
  report.add(file, of(NotRunnable{}), "one", Outcome::not_run(NotRunnable::Cause::later, "not yet"));
  report.add_skipped("provider three: why");
  EXPECT_THAT(report.text(), AllOf(HasSubstr("provider one: first"), HasSubstr("a/very/long/path/f.json"),
                                   HasSubstr("FAILED a/1 [two]"), HasSubstr("origin: RFC 1 2"),
                                   HasSubstr("tag: expected 00, got 01"), HasSubstr("not yet"),
                                   HasSubstr("SKIPPED provider three: why"),
                                   HasSubstr("two: 0 passed, 1 failed, 0 not run\n"),
                                   EndsWith("\n1 passed, 1 failed, 1 not run\n")));
  const Json json = report.json();
  EXPECT_EQ(json["failures"][0]["provider"], "two");
  EXPECT_EQ(json["why_not_run"][0]["count"]["one"], 1);
  EXPECT_EQ(json["files"].size(), 3u);
}

}  // namespace
}  // namespace mpsec::vectors
