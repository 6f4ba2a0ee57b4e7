// depends: base crypto
#include "support/provider_difference.hpp"

#include <algorithm>
#include <vector>

#include "base/rng.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {
namespace {

using namespace crypto;

struct Order {
  std::uint8_t transform;
  std::uint8_t key_size;
  std::uint8_t associated;
  std::uint8_t batch;
  SeededRng rng;
  OctetView text;

  Octets some(std::size_t octets) {
    Octets all(octets);
    rng.fill(all);
    return all;
  }
};

// Copies of one text, each with its check value behind it, as packets lie in memory.
struct Copies {
  std::vector<Octets> packets;
  std::size_t text_octets;

  Copies(std::size_t count, OctetView text, std::size_t icv_octets)
      : packets(count, Octets(text.begin(), text.end())), text_octets(text.size()) {
    for (Octets& packet : packets)
      packet.resize(text_octets + icv_octets);
  }
  MutableOctets text(std::size_t i) { return MutableOctets(packets[i]).first(text_octets); }
  std::uint8_t* icv(std::size_t i) { return packets[i].data() + text_octets; }
};

void compare_aeads(Aead& one, Aead& other, Order& order) {
  const Octets nonce = order.some(one.nonce_octets()), associated = order.some(order.associated);
  const auto jobs_over = [&](Copies& copies) {
    std::vector<AeadJob> jobs;
    for (std::size_t i = 0; i < copies.packets.size(); ++i)
      jobs.push_back(
          {.nonce = nonce.data(), .associated = associated, .text = copies.text(i), .icv = copies.icv(i)});
    return jobs;
  };
  Copies ours(order.batch, order.text, one.icv_octets()), theirs = ours;
  auto our_jobs = jobs_over(ours), their_jobs = jobs_over(theirs);
  one.seal(our_jobs);
  other.seal(their_jobs);
  require(ours.packets == theirs.packets, "two providers seal alike");

  ours.packets.front().back() ^= 1;
  one.open(our_jobs);
  other.open(their_jobs);
  for (std::size_t i = 0; i < our_jobs.size(); ++i) {
    require(our_jobs[i].authentic == (i != 0) && their_jobs[i].authentic, "only what was changed is refused");
    require(std::ranges::equal(theirs.text(i), order.text), "open undoes seal");
  }
}

void compare_ciphers(Cipher& one, Cipher& other, const EncryptionTransform& transform, Order& order) {
  const OctetView text =
      order.text.first(order.text.size() / transform.block_octets * transform.block_octets);
  const Octets iv = order.some(one.iv_octets());
  Copies ours(order.batch, text, 0), theirs = ours;
  const auto jobs_over = [&](Copies& copies) {
    std::vector<CipherJob> jobs;
    for (std::size_t i = 0; i < copies.packets.size(); ++i)
      jobs.push_back({.iv = iv.data(), .text = copies.text(i)});
    return jobs;
  };
  auto our_jobs = jobs_over(ours), their_jobs = jobs_over(theirs);
  one.encrypt(our_jobs);
  other.encrypt(their_jobs);
  require(ours.packets == theirs.packets, "two providers encrypt alike");
  one.decrypt(their_jobs);
  for (const Octets& packet : theirs.packets)
    require(std::ranges::equal(packet, text), "decrypt undoes encrypt");
}

void compare_macs(Mac& one, Mac& other, Order& order) {
  const Octets iv = order.some(one.iv_octets()), trailer = order.some(order.associated % 9);
  Copies ours(order.batch, order.text, one.icv_octets()), theirs = ours;
  const auto jobs_over = [&](Copies& copies) {
    std::vector<MacJob> jobs;
    for (std::size_t i = 0; i < copies.packets.size(); ++i)
      jobs.push_back({.text = copies.text(i), .trailer = trailer, .icv = copies.icv(i), .iv = iv.data()});
    return jobs;
  };
  auto our_jobs = jobs_over(ours), their_jobs = jobs_over(theirs);
  one.sign(our_jobs);
  other.sign(their_jobs);
  require(ours.packets == theirs.packets, "two providers sign alike");
  theirs.packets.front().back() ^= 1;
  one.verify(their_jobs);
  for (std::size_t i = 0; i < their_jobs.size(); ++i)
    require(their_jobs[i].authentic == (i != 0), "only what was changed is refused");
}

}  // namespace

void compare_providers(const Provider& one, const Provider& other, OctetView input) {
  constexpr std::size_t head = 5;
  if (input.size() < head) return;
  Order order{.transform = input[0],
              .key_size = input[1],
              .associated = input[2],
              .batch = static_cast<std::uint8_t>(1 + input[3] % 80),
              .rng = SeededRng(input[4]),
              .text = input.subspan(head)};
  const auto encryptions = encryption_transforms();
  const auto integrities = integrity_transforms();
  if (order.transform >= encryptions.size()) {
    const IntegrityTransform& transform =
        integrities[(order.transform - encryptions.size()) % integrities.size()];
    if (!one.supports(transform) || !other.supports(transform)) return;
    const Octets key = order.some(transform.key_octets + transform.salt_octets);
    return compare_macs(**one.mac(transform, key), **other.mac(transform, key), order);
  }
  const EncryptionTransform& transform = encryptions[order.transform];
  if (!one.supports(transform) || !other.supports(transform)) return;
  const Octets key = order.some(transform.key_sizes[order.key_size % transform.key_sizes.size()]);
  if (transform.combined())
    return compare_aeads(**one.aead(transform, key), **other.aead(transform, key), order);
  compare_ciphers(**one.cipher(transform, key), **other.cipher(transform, key), transform, order);
}

}  // namespace mpsec::fuzz
