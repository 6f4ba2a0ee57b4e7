#include "ike/fragmentation.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rng.hpp"

namespace mpsec::ike {
namespace {

using std::chrono::seconds;

constexpr SealingOverhead gcm{.iv_octets = 8, .icv_octets = 16, .block_octets = 1};
constexpr SealingOverhead cbc{.iv_octets = 16, .icv_octets = 16, .block_octets = 16};

Instant at(int second) {
  return Instant(seconds(second));
}

Fragment piece(std::uint16_t number, std::uint16_t total, OctetView plaintext = {}, std::uint32_t id = 1) {
  return {.message_id = MessageId(id),
          .number = number,
          .total = total,
          .first_payload = 35,
          .plaintext = plaintext};
}

std::optional<FragmentRefusal> refusal(FragmentReassembly& set, const Fragment& fragment) {
  const auto added = set.add(fragment, at(0));
  return added ? std::nullopt : std::optional(added.error());
}

// The size of the datagram that holds a fragment of so much plaintext, computed forwards.
std::size_t datagram_size(std::size_t plaintext, const FragmentFrame& frame) {
  const std::size_t block = frame.sealing.block_octets;
  const std::size_t text = (plaintext + 1 + block - 1) / block * block;
  return frame.ip_header_octets + 8 + (frame.non_esp_marker ? 4 : 0) + 28 + 8 + frame.sealing.iv_octets +
         text + frame.sealing.icv_octets;
}

RC_GTEST_PROP(Fragmentation, RoomIsTheMostThatFits, ()) {
  FragmentFrame frame = *rc::gen::arbitrary<bool>() ? FragmentFrame::ipv4(cbc) : FragmentFrame::ipv6(gcm);
  frame.largest_datagram = *rc::gen::inRange<std::size_t>(40, 1600);
  frame.non_esp_marker = *rc::gen::arbitrary<bool>();
  const std::size_t room = fragment_room(frame);
  if (room == 0) {
    RC_ASSERT(datagram_size(1, frame) > frame.largest_datagram);
    RC_ASSERT(!split(hex("00"), frame));
  } else {
    RC_ASSERT(datagram_size(room, frame) <= frame.largest_datagram);
    RC_ASSERT(datagram_size(room + 1, frame) > frame.largest_datagram);
  }
}

TEST(Fragmentation, RefusesMoreThan65535Pieces) {
  FragmentFrame frame = FragmentFrame::ipv4(gcm);
  frame.largest_datagram = datagram_size(1, frame);
  ASSERT_EQ(fragment_room(frame), 1u);
  EXPECT_TRUE(split(Octets(65535), frame));
  const auto refused = split(Octets(65536), frame);
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()),
            "fragment size: 65536 octets of 1 each make 65536 fragments; allowed: 65535 (RFC 7383 2.5.1)");
  EXPECT_EQ(split({}, frame)->size(), 1u);
}

//= rfc7383/2.6/plaintexts-are-merged-in-order
RC_GTEST_PROP(Fragmentation, AnyOrderWithDuplicatesGivesThePlaintext, ()) {
  const auto plaintext = *rc::gen::container<Octets>(rc::gen::arbitrary<std::uint8_t>());
  FragmentFrame frame = FragmentFrame::ipv4(gcm);
  frame.largest_datagram = datagram_size(*rc::gen::inRange<std::size_t>(1, 20), frame);
  const auto pieces = split(plaintext, frame);
  RC_ASSERT(pieces.has_value());
  const auto total = static_cast<std::uint16_t>(pieces->size());
  std::vector<std::uint16_t> order;
  SeededRng rng(*rc::gen::arbitrary<std::uint64_t>());
  for (std::uint16_t number = 1; number <= total; ++number) {
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(rng.below(order.size() + 1)), number);
    if (rng.below(3) == 0) order.insert(order.begin(), number);
  }
  FragmentReassembly set;
  std::optional<Reassembled> whole;
  for (const std::uint16_t number : order) {
    if (whole) break;
    auto added = set.add(piece(number, total, (*pieces)[number - 1u]), at(0));
    if (!added)
      RC_ASSERT(added.error() == FragmentRefusal::duplicate);
    else
      whole = std::move(*added);
  }
  RC_ASSERT(whole.has_value());
  RC_ASSERT(whole->plaintext == plaintext);
  RC_ASSERT(whole->first_payload == 35);
  RC_ASSERT(set.messages() == 0u && set.octets() == 0u);
}

//= rfc7383/2.6/number-and-total-are-not-zero
//= rfc7383/2.6/number-is-within-the-total
//= rfc7383/2.6/total-does-not-shrink
//= rfc7383/2.6/fragment-seen-before-is-a-replay
TEST(FragmentReassembly, RefusesAndNamesWhatIsWrong) {
  const Octets much(60);
  FragmentReassembly set({.fragments = 8, .octets = 100});
  EXPECT_EQ(refusal(set, piece(0, 3)), FragmentRefusal::zero_number_or_total);
  EXPECT_EQ(refusal(set, piece(1, 0)), FragmentRefusal::zero_number_or_total);
  EXPECT_EQ(refusal(set, piece(4, 3)), FragmentRefusal::number_beyond_total);
  EXPECT_EQ(refusal(set, piece(1, 9)), FragmentRefusal::too_many_fragments);
  EXPECT_EQ(set.messages(), 0u) << "nothing is kept for what was refused";
  EXPECT_EQ(refusal(set, piece(2, 3, much)), std::nullopt);
  EXPECT_EQ(refusal(set, piece(2, 3, much)), FragmentRefusal::duplicate);
  EXPECT_EQ(refusal(set, piece(1, 2)), FragmentRefusal::total_shrank);
  EXPECT_EQ(refusal(set, piece(1, 3, much)), FragmentRefusal::too_many_octets);
  EXPECT_EQ(refusal(set, piece(1, 3, {}, 2)), FragmentRefusal::too_many_messages);
  EXPECT_EQ(set.octets(), 60u);
}

//= rfc7383/2.6/larger-total-starts-over
TEST(FragmentReassembly, StartsOverWithALargerTotal) {
  const Octets large = hex("010203"), small = hex("01"), rest = hex("0203");
  FragmentReassembly set;
  EXPECT_EQ(refusal(set, piece(1, 2, large)), std::nullopt);
  EXPECT_EQ(refusal(set, piece(1, 3, small)), std::nullopt);
  EXPECT_EQ(set.octets(), 1u);
  EXPECT_EQ(refusal(set, piece(2, 3, rest)), std::nullopt);
  const auto whole = set.add(piece(3, 3), at(0));
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->plaintext, large);
}

//= rfc7383/2.6/incomplete-message-is-forgotten-after-a-timeout
TEST(FragmentReassembly, ForgetsWhatIsNotCompletedInTime) {
  FragmentReassembly set({.messages = 2, .timeout = seconds(10)});
  ASSERT_TRUE(set.add(piece(1, 2, {}, 1), at(0)));
  ASSERT_TRUE(set.add(piece(1, 3, {}, 2), at(4)));
  ASSERT_TRUE(set.add(piece(2, 3, {}, 2), at(9)));
  EXPECT_EQ(set.next_deadline(), at(10));
  EXPECT_EQ(set.expire(at(10)), 1u);
  EXPECT_EQ(set.next_deadline(), at(14)) << "counted from its first fragment";
  EXPECT_EQ(set.expire(at(14)), 1u);
  EXPECT_FALSE(set.next_deadline());
}

//= rfc7383/2.6.1/only-fragment-1-asks-for-the-response
TEST(FragmentReassembly, OnlyTheFirstFragmentAsksAgain) {
  EXPECT_TRUE(asks_for_response_again(1));
  EXPECT_FALSE(asks_for_response_again(2));
}

}  // namespace
}  // namespace mpsec::ike
