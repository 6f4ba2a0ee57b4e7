#include "crypto/open/open_ike_provider.hpp"

#include <algorithm>

#include "crypto/open/fnv.hpp"
#include "crypto/provider.hpp"

namespace mpsec::crypto {
namespace {

constexpr std::uint64_t generator = 0x9e3779b97f4a7c15;  // odd: no product with an odd number is 0
constexpr std::size_t number_octets = 8;

// The parts one behind the other, then their length: where one ends and the next begins makes no difference.
void take_in_all(Fnv& hash, std::initializer_list<OctetView> parts) noexcept {
  std::uint64_t length = 0;
  for (const OctetView part : parts) {
    hash.take_in(part);
    length += part.size();
  }
  hash.take_in_length(length);
}

class OpenPrf final : public Prf {
 public:
  OpenPrf(const PrfTransform& transform, OctetView key) : output_octets_(transform.output_octets) {
    take_in_all(keyed_, {key});
  }
  std::size_t output_octets() const noexcept override { return output_octets_; }
  void compute(std::initializer_list<OctetView> parts, std::uint8_t* output) noexcept override {
    Fnv hash = keyed_;
    take_in_all(hash, parts);
    hash.spell({output, output_octets_});
  }

 private:
  std::size_t output_octets_;
  Fnv keyed_;
};

// The last eight octets as a number, fewer if there are fewer.
std::uint64_t number_at_the_end(OctetView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets.last(std::min(octets.size(), number_octets)))
    number = number << 8 | octet;
  return number;
}

Octets spelt(std::uint64_t number, std::size_t octets) {
  Octets made(octets);
  store_be(made.data() + octets - number_octets, number);
  return made;
}

class OpenKeyExchange final : public KeyExchange {
 public:
  OpenKeyExchange(const KeyExchangeTransform& transform, std::uint64_t private_value)
      : transform_(&transform),
        private_(private_value | 1),
        public_(spelt(private_ * generator, transform.public_octets)) {}

  const KeyExchangeTransform& transform() const noexcept override { return *transform_; }
  OctetView public_value() const noexcept override { return public_; }
  std::expected<SecretOctets, PublicValueFault> shared_secret(OctetView peer_public) noexcept override {
    if (peer_public.size() != transform_->public_octets)
      return std::unexpected(PublicValueFault::wrong_length);
    const std::uint64_t peer = number_at_the_end(peer_public);
    if (peer == 0)
      return std::unexpected(transform_->kind == KeyExchangeKind::montgomery
                                 ? PublicValueFault::zero_secret
                                 : PublicValueFault::out_of_range);
    return SecretOctets(spelt(private_ * peer, transform_->shared_octets));
  }

 private:
  const KeyExchangeTransform* transform_;
  std::uint64_t private_;
  Octets public_;
};

class OpenIkeProvider final : public IkeProvider {
 public:
  std::string description() const override { return "open: no secrecy, key exchanges without cost"; }

  bool supports(const PrfTransform& transform) const noexcept override { return transform.supported; }
  bool supports(const KeyExchangeTransform& transform) const noexcept override {
    return transform.kind != KeyExchangeKind::none && transform.kind != KeyExchangeKind::unsupported;
  }

  Result<std::unique_ptr<Prf>> prf(const PrfTransform& transform, OctetView key) const override {
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, "open"));
    return std::make_unique<OpenPrf>(transform, key);
  }

  Result<std::unique_ptr<KeyExchange>> key_exchange(const KeyExchangeTransform& transform,
                                                    Rng& rng) const override {
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, "open"));
    return std::make_unique<OpenKeyExchange>(transform, rng.next_u64());
  }

  Result<std::unique_ptr<KeyExchange>> key_exchange_from(const KeyExchangeTransform& transform,
                                                         OctetView private_value) const override {
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, "open"));
    return std::make_unique<OpenKeyExchange>(transform, number_at_the_end(private_value));
  }

  Sha1Digest sha1(std::initializer_list<OctetView> parts) const noexcept override {
    Fnv hash;
    take_in_all(hash, parts);
    Sha1Digest digest;
    hash.spell(digest);
    return digest;
  }
};

}  // namespace

std::unique_ptr<IkeProvider> make_open_ike_provider() {
  return std::make_unique<OpenIkeProvider>();
}

}  // namespace mpsec::crypto
