#include "ipsec/ah_authenticator.hpp"

#include <cassert>
#include <cstring>

namespace mpsec::ipsec {
AhAuthenticator::AhAuthenticator(std::size_t largest_head) : heads_(largest_head) {}

void AhAuthenticator::sign(crypto::Mac& mac, const AhLayout& layout, std::span<AhJob> jobs,
                           AhRole role) noexcept {
  assert(mac.icv_octets() == layout.icv_octets && mac.iv_octets() == layout.iv_octets);
  in_batches(layout, jobs, role, [&mac](std::span<crypto::MacJob> macs) { mac.sign(macs); });
}

void AhAuthenticator::verify(crypto::Mac& mac, const AhLayout& layout, std::span<AhJob> jobs,
                             AhRole role) noexcept {
  assert(mac.icv_octets() == layout.icv_octets && mac.iv_octets() == layout.iv_octets);
  in_batches(layout, jobs, role, [this, &mac](std::span<crypto::MacJob> macs) {
    mac.verify(macs);
    //= rfc4302/3.4.4/wrong-icv-is-discarded
    for (std::size_t i = 0; i < macs.size(); ++i)
      if (!macs[i].authentic) held_[i].job->discard = Discard::integrity_failed;
  });
}

template <class Compute>
void AhAuthenticator::in_batches(const AhLayout& layout, std::span<AhJob> jobs, AhRole role,
                                 Compute compute) noexcept {
  const auto run = [&] {
    compute(std::span(macs_).first(count_));
    put_back();
  };
  for (AhJob& job : jobs) {
    if (job.discard != Discard::none) continue;
    job.discard = ah_check_length(job.packet, job.place, layout);
    if (job.discard != Discard::none) continue;
    if (!has_room(job)) run();
    hold(layout, job, role);
  }
  if (count_ > 0) run();
}

bool AhAuthenticator::has_room(const AhJob& job) const noexcept {
  return count_ < batch && job.place.end() <= heads_.size() - heads_used_;
}

// Keeps the packet's head, puts the packet into canonical form, and makes the MAC's job of it. The MAC writes
// or reads the ICV in the head that is kept.
void AhAuthenticator::hold(const AhLayout& layout, AhJob& job, AhRole role) noexcept {
  assert(job.place.end() <= job.packet.size() && job.place.end() <= heads_.size());
  std::uint8_t* head = heads_.data() + heads_used_;
  std::memcpy(head, job.packet.data(), job.place.end());
  const auto left_out = canonicalise(job.packet.first(job.place.at), role);
  if (!left_out) {
    std::memcpy(job.packet.data(), head, job.place.end());
    job.discard = left_out.error();
    return;
  }
  //= rfc4302/3.3.3.1/icv-is-zero-for-its-computation
  // Of the ICV field only that: the IV and the padding are covered (RFC 4543 7, RFC 4302 3.3.3.2.1).
  std::memset(job.packet.data() + job.place.icv_at(layout), 0, layout.icv_octets);
  Held& held = held_[count_];
  held.job = &job, held.head = head;
  //= rfc4302/3.3.3.2.2/high-half-follows-the-payload
  // Any padding to a block is the business of the MAC: each of ours brings its own.
  store_be(held.number_high.data(), static_cast<std::uint32_t>(job.number >> 32));
  macs_[count_] = {.text = job.packet.subspan(*left_out),
                   .trailer = OctetView(held.number_high).first(layout.extended_numbers ? 4 : 0),
                   .icv = head + job.place.icv_at(layout),
                   .iv = head + job.place.iv_at()};
  heads_used_ += job.place.end();
  ++count_;
}

void AhAuthenticator::put_back() noexcept {
  for (const Held& held : std::span(held_).first(count_))
    std::memcpy(held.job->packet.data(), held.head, held.job->place.end());
  count_ = heads_used_ = 0;
}

}  // namespace mpsec::ipsec
