// depends: ipsec
#include "support/sad_model.hpp"

namespace mpsec::fuzz {

using namespace ipsec;

namespace {

// Few values for each field, so that keys meet; some SPIs are reserved ones.
Spi draw_spi(Draw& draw) {
  return Spi{250u + draw.below(64)};
}

IpAddress draw_address(Draw& draw) {
  static const IpAddress addresses[] = {IpAddress{}, IpAddress::v4(1), ip("::"), ip("2001:db8::1")};
  return addresses[draw.below(4)];
}

std::uint8_t draw_protocol(Draw& draw) {
  return static_cast<std::uint8_t>(50 + draw.below(2));
}

SadKey draw_key(Draw& draw) {
  const unsigned shape = draw.below(3);
  const Spi spi = draw_spi(draw);
  if (shape == 0) return SadKey::of(spi, draw_protocol(draw));
  const IpAddress destination = draw_address(draw);
  return shape == 1 ? SadKey::of(spi, destination) : SadKey::of(spi, destination, draw_address(draw));
}

InboundKey draw_packet(Draw& draw) {
  const Spi spi = draw_spi(draw);
  const std::uint8_t protocol = draw_protocol(draw);
  const IpAddress destination = draw_address(draw);
  return {spi, protocol, destination, draw_address(draw)};
}

bool lookups_agree(const InboundSad<ModelSa>& sad, const SadModel& model, Draw& draw) {
  std::vector<InboundKey> packets(1 + draw.below(70));
  std::vector<ModelSa*> found(packets.size());
  for (InboundKey& packet : packets)
    packet = draw_packet(draw);
  sad.find_batch(packets, found);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (found[i] != model.find(packets[i]) || sad.find(packets[i]) != found[i]) return false;
  }
  return true;
}

}  // namespace

SadModel::Key SadModel::of(const SadKey& key) const {
  const bool apart = space_ == SpiSpace::per_protocol && key.shape == SadKeyShape::spi;
  return {key.shape, key.spi.value, apart ? key.protocol : std::uint8_t{0}, key.destination, key.source};
}

ModelSa* SadModel::exact(const SadKey& key) const {
  const auto found = entries_.find(of(key));
  return found == entries_.end() ? nullptr : found->second;
}

bool SadModel::insert(const SadKey& key, ModelSa& sa) {
  return key.spi.value > 255 && entries_.emplace(of(key), &sa).second;
}

ModelSa* SadModel::erase(const SadKey& key) {
  ModelSa* const sa = exact(key);
  entries_.erase(of(key));
  return sa;
}

ModelSa* SadModel::find(const InboundKey& packet) const {
  if (ModelSa* sa = exact(SadKey::of(packet.spi, packet.destination, packet.source))) return sa;
  if (ModelSa* sa = exact(SadKey::of(packet.spi, packet.destination))) return sa;
  return exact(SadKey::of(packet.spi, packet.protocol));
}

bool sad_agrees(OctetView octets) {
  Draw draw(octets);
  const SpiSpace space = draw.below(2) == 0 ? SpiSpace::shared : SpiSpace::per_protocol;
  InboundSad<ModelSa> sad(draw.octet(), space);
  SadModel model(space);
  std::vector<std::unique_ptr<ModelSa>> owned;
  while (!draw.empty()) {
    const unsigned operation = draw.below(8);
    if (operation == 0) {
      if (!lookups_agree(sad, model, draw)) return false;
    } else if (operation < 6) {
      const SadKey key = draw_key(draw);
      ModelSa& sa = *owned.emplace_back(std::make_unique<ModelSa>());
      if (sad.insert(key, sa).has_value() != model.insert(key, sa)) return false;
    } else {
      const SadKey key = draw_key(draw);
      if (sad.erase(key) != model.erase(key)) return false;
    }
    if (sad.size() != model.size()) return false;
  }
  return lookups_agree(sad, model, draw);
}

}  // namespace mpsec::fuzz
