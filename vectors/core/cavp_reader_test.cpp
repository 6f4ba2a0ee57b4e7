#include "vectors/core/cavp_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vectors/core/cavp_subject.hpp"
#include "vectors/core/cavp_text.hpp"

namespace mpsec::vectors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const AeadCase& aead(const VectorFile& file, std::size_t index) {
  return std::get<AeadCase>(file.cases.at(index).body);
}

constexpr std::string_view gcm = R"(# CAVS 14.0
# GCM Decrypt with keysize 128 test information

[Keylen = 128]
[IVlen = 96]

Count = 0
Key = cf063a34d4a9a76c2c86787d3f96db71
IV = 113b9785971864c83b01c787
CT =
AAD =
Tag = 72ac8493e3a5228b5d130a69d2510e42
PT =

Count = 1
Key = a49a5e26a2f8cb63d05546c2a62f5343
IV = 907763b19b9b4ab6bd4f0281
CT = 00
AAD = 01
Tag = a2be08210d8c470a8df6e8fbd79ec5cf
FAIL
)";

TEST(CavpReader, ReadsGcm) {
  const VectorFile file = read_cavp(gcm, "x/gcmDecrypt128.rsp");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.cases, SizeIs(2));
  EXPECT_EQ(file.cases[0].id, "gcmDecrypt128.rsp/7");
  EXPECT_EQ(file.cases[0].origin, (Origin{"CAVP gcmDecrypt128.rsp", "line 7, [Keylen = 128] [IVlen = 96]"}));
  EXPECT_EQ(file.cases[0].expectation, Expectation::pass());
  EXPECT_EQ(aead(file, 0).plaintext, Octets());
  EXPECT_EQ(file.cases[1].expectation, Expectation::refuse(Reason::icv));
  EXPECT_EQ(aead(file, 1).plaintext, std::nullopt);
  EXPECT_EQ(aead(file, 1).aad, hex("01"));
  EXPECT_EQ(aead(file, 1).tag_size, 16u);
}

TEST(CavpReader, TakesLengthsAndKeysFromFileAndSection) {
  const VectorFile file = read_cavp(R"(#  "CCM-DVPT" information
Plen = 0
Alen = 0

[Nlen = 7, Tlen = 4]

Key = 4ae701103c63deca5b5a3939d7d05992

Count = 0
Nonce = 5a8aa485c316e9
Adata = 00
CT = 02209f55
Result = Pass (0)
Payload = 00

[Nlen = 7, Tlen = 4]

Key = 00000000000000000000000000000000

Count = 1
Nonce = 3796cf51b87266
Adata = 00
CT = aa9a04c241
Result = Fail (2 - CT changed)
)",
                                    "x");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.cases, SizeIs(2));
  EXPECT_EQ(aead(file, 0).key, hex("4ae701103c63deca5b5a3939d7d05992"));
  EXPECT_EQ(aead(file, 0).aad, Octets());
  EXPECT_EQ(aead(file, 0).plaintext, Octets());
  EXPECT_EQ(aead(file, 0).ciphertext, Octets());
  EXPECT_EQ(aead(file, 0).tag, hex("02209f55"));
  EXPECT_EQ(aead(file, 1).key, Octets(16));
  EXPECT_EQ(aead(file, 1).ciphertext, hex("aa"));
  EXPECT_EQ(file.cases[1].expectation, Expectation::refuse(Reason::icv));
}

TEST(CavpReader, ReadsTripleDesKeys) {
  const VectorFile file = read_cavp(
      "# TDES Multi block Message Test for CBC\n[ENCRYPT]\n\nCOUNT = 0\nKEYs = 8001010101010101\nIV = 00\n"
      "PLAINTEXT = 01\nCIPHERTEXT = 02\n\nCOUNT = 1\nKEY1 = 01\nKEY2 = 02\nKEY3 = 03\nIV = 00\nPLAINTEXT = "
      "01\n"
      "CIPHERTEXT = 02\n",
      "t.rsp");
  ASSERT_THAT(file.cases, SizeIs(2));
  EXPECT_EQ(std::get<CipherCase>(file.cases[0].body).key,
            hex("800101010101010180010101010101018001010101010101"));
  EXPECT_EQ(std::get<CipherCase>(file.cases[1].body).key, hex("010203"));
}

TEST(CavpReader, ReadsHmacInBothForms) {
  const VectorFile rfc =
      read_cavp("# \"Jefe\"\nLen = 16\nKey = 4a65\nMsg = 776861\nMD = 00\n", "HMAC/rfc-4231-sha384.txt");
  ASSERT_THAT(rfc.cases, SizeIs(1));
  EXPECT_EQ(std::get<MacCase>(rfc.cases[0].body),
            (MacCase{Algorithm::hmac_sha2_384, hex("4a65"), {}, hex("7768"), hex("00")}));
  const VectorFile nist = read_cavp(
      "# HMAC information\n[L=20]\n\nCount = 0\nKlen = 2\nTlen = 1\nKey = 4a65\nMsg = 77\nMac = "
      "01\n\n[L=28]\n\n"
      "Count = 0\nKlen = 2\nTlen = 1\nKey = 4a65\nMsg = 77\nMac = 01\n",
      "HMAC.rsp");
  ASSERT_THAT(nist.cases, SizeIs(2));
  EXPECT_EQ(std::get<MacCase>(nist.cases[0].body).algorithm, Algorithm::hmac_sha1);
  EXPECT_EQ(std::get<NotRunnable>(nist.cases[1].body).reason, "no transform of ESP or AH: HMAC over L = 28");
}

TEST(CavpReader, ReadsQuotedText) {
  const VectorFile file = read_cavp("COUNT = 1\nKEY= 00\nNONCE= 01\nIN= \"1 = 2\"\nAD= 03\nCT= 04\nTAG= 05\n",
                                    "ChaCha20Poly1305/boringssl.txt");
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_EQ(aead(file, 0).plaintext, (Octets{'1', ' ', '=', ' ', '2'}));
}

TEST(CavpReader, DoesNotGuessWhatAnUnknownMemberMeans) {
  std::string text(gcm);
  text.replace(text.find("AAD = 01"), 8, "AAD = 01\nSalt = 02");
  const VectorFile file = read_cavp(text, "gcm");
  ASSERT_THAT(file.cases, SizeIs(2));
  EXPECT_EQ(std::get<NotRunnable>(file.cases[1].body).reason, "its member \"salt\" is not known here");
}

TEST(CavpReader, SaysWhereAValueIsWrong) {
  std::string text(gcm);
  text.replace(text.find("CT = 00"), 7, "CT = 0");
  text += "what is this\n";
  const VectorFile file = read_cavp(text, "gcm.rsp");
  ASSERT_THAT(file.problems, SizeIs(2));
  EXPECT_THAT(to_string(file.problems[0]), HasSubstr("gcm.rsp:22: expected NAME = VALUE"));
  EXPECT_THAT(to_string(file.problems[1]), HasSubstr("gcm.rsp:15: ct: odd number of digits"));
  EXPECT_THAT(file.cases, SizeIs(1));
}

TEST(CavpReader, ReadsIkeKeysUnderTheHashOfTheirSection) {
  const VectorFile file = read_cavp(
      "[g^ir length = 256]\n[SHA-256]\n\nCOUNT = 0\nNi = 01\nNr = 02\ng^ir = 03\nSPIi = 04\nSPIr = 05\nDKM = "
      "06\n\n"
      "[SHA-224]\n\nCOUNT = 0\nNi = 01\n",
      "cavs/ikev2.fax");
  ASSERT_EQ(file.cases.size(), 2u);
  const auto& keys = std::get<IkeKeysCase>(file.cases[0].body);
  EXPECT_EQ(keys.algorithm, Algorithm::prf_hmac_sha2_256);
  EXPECT_EQ(keys.keys, hex("06"));
  EXPECT_EQ(keys.skeyseed, std::nullopt);
  EXPECT_EQ(std::get<NotRunnable>(file.cases[1].body).reason, "no PRF of IKE is over \"sha-224\"");
}

TEST(CavpReader, LeavesMonteCarloOut) {
  const VectorFile file = read_cavp(
      "# AESVS MCT test data for CBC\n[ENCRYPT]\n\nCOUNT = 0\nKEY = 00\nIV = 00\nPLAINTEXT = 00\nCIPHERTEXT "
      "= 00\n",
      "CBCMCT128.rsp");
  ASSERT_THAT(file.cases, SizeIs(1));
  EXPECT_THAT(std::get<NotRunnable>(file.cases[0].body).reason, HasSubstr("Monte Carlo"));
}

TEST(CavpSubject, IsFoundInNameHeaderOrFolder) {
  const auto name = [](std::string_view path, std::string_view header = "") {
    return cavp_subject(path, header).name;
  };
  EXPECT_EQ(name("a/AES/GCM/gcmEncryptExtIV256.rsp"), "AES-GCM");
  EXPECT_EQ(name("x.rsp", "# gcm encrypt with keysize 192"), "AES-GCM");
  EXPECT_EQ(name("VADT128.rsp"), "AES-CCM");
  EXPECT_EQ(name("CBCVarKey128.rsp"), "AES-CBC");
  EXPECT_EQ(name("TCBCinvperm.rsp"), "3DES-CBC");
  EXPECT_EQ(name("TCBCIinvperm.rsp"), "3DES-CBC-I");
  EXPECT_EQ(name("AES/CTR/aes-128-ctr.txt"), "AES-CTR");
  EXPECT_EQ(name("CMAC/nist-800-38b-aes128.txt"), "AES-CMAC");
  EXPECT_EQ(name("CMAC/nist-800-38b-3des.txt"), "3DES-CMAC");
  EXPECT_EQ(name("HMAC/rfc-4231-sha384.txt"), "HMAC-SHA2-384");
  EXPECT_EQ(name("HMAC/rfc-4231-sha224.txt"), "HMAC-sha224");
  EXPECT_EQ(name("AES/CFB/CFB128MMT128.rsp"), "CFB");
  EXPECT_EQ(name("strange/file.rsp"), "strange");
}

TEST(CavpText, IsToldFromOtherText) {
  EXPECT_TRUE(looks_like_cavp(gcm));
  EXPECT_TRUE(looks_like_cavp("COUNT = 0\r\nKEY = 00\r\n"));
  EXPECT_FALSE(looks_like_cavp("# only a comment\n"));
  EXPECT_FALSE(looks_like_cavp("There are two sets of files:\n\n1. x = y\n"));
  EXPECT_FALSE(looks_like_cavp(""));
}

}  // namespace
}  // namespace mpsec::vectors
