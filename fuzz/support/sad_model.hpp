// The SAD as one would explain it: a map for each way to name an SA, searched in the order of RFC 4301 4.1.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "ipsec/sad.hpp"
#include "support/draw.hpp"

namespace mpsec::fuzz {

struct ModelSa {};

class SadModel {
 public:
  explicit SadModel(ipsec::SpiSpace space) : space_(space) {}

  // Whether there was room for it.
  bool insert(const ipsec::SadKey& key, ModelSa& sa);
  ModelSa* erase(const ipsec::SadKey& key);
  ModelSa* find(const ipsec::InboundKey& packet) const;
  std::size_t size() const { return entries_.size(); }

 private:
  using Key = std::tuple<ipsec::SadKeyShape, std::uint32_t, std::uint8_t, IpAddress, IpAddress>;
  Key of(const ipsec::SadKey& key) const;
  ModelSa* exact(const ipsec::SadKey& key) const;

  ipsec::SpiSpace space_;
  std::map<Key, ModelSa*> entries_;
};

// True if database and model agree on every insertion, removal and lookup that `octets` ask for.
bool sad_agrees(OctetView octets);

}  // namespace mpsec::fuzz
