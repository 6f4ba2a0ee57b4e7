// Any SA payload: the initiator's check accepts whatever is chosen of it.
// depends: ike
#include "ike/negotiation.hpp"
#include "support/require.hpp"
#include "wire/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  auto theirs = wire::decode<wire::ike::SecurityAssociation>(OctetView(octets, size));
  if (!theirs || theirs->proposals.size() > 255) return 0;
  for (std::size_t i = 0; i < theirs->proposals.size(); ++i)  // a number twice would name two proposals
    theirs->proposals[i].number = static_cast<std::uint8_t>(i + 1);
  const std::vector<ike::AllowedEncryption> ciphers{{crypto::EncryptionId::aes_gcm_16, 128},
                                                    {crypto::EncryptionId::aes_cbc, 128}};
  const std::vector<crypto::IntegrityId> macs{crypto::IntegrityId::none,
                                              crypto::IntegrityId::hmac_sha2_256_128};
  const ike::IkeProposal for_ike{ciphers, {crypto::PrfId{5}}, macs, {crypto::KeyExchangeId::curve25519}};
  const ike::ChildProposal for_esp{.encryption = ciphers, .integrity = macs};
  for (const std::size_t spi : {0, 4, 8})
    for (const auto& chosen : {ike::choose({&for_ike, 1}, *theirs, {.spi_octets = spi}),
                               ike::choose({&for_esp, 1}, *theirs, {.spi_octets = spi})})
      fuzz::require(!chosen || ike::check_answer(*theirs, ike::answer(*chosen, Octets(spi, 1))),
                    "a lawful choice");
  return 0;
}
