#include "ike/message_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace mpsec::ike {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Endpoint us{ip("192.0.2.1"), 500}, peer{ip("198.51.100.1"), 500}, moved{ip("198.51.100.9"), 4500};
const ExponentialBackOff three_tries({.first = seconds(1), .factor = 2, .tries = 3, .jitter = 0});

Datagrams one(std::uint32_t content, const Endpoint& remote = peer) {
  Datagram datagram{us, remote};
  append_be(datagram.octets, content);
  return {datagram};
}

Instant at(int second) {
  return Instant(seconds(second));
}

//= rfc7296/2.1/same-octets-on-retransmission
TEST(RequestWindow, SendsTheSameAgainThenGivesUp) {
  SeededRng rng(1);
  RequestWindow window(three_tries);
  Datagrams fragments = one(1);
  fragments.push_back(one(2)[0]);
  window.sent(fragments, at(0), rng);
  EXPECT_EQ(window.next_deadline(), at(1));
  EXPECT_TRUE(window.due(at(0), rng).datagrams.empty());
  EXPECT_EQ(window.due(at(1), rng).datagrams, fragments);
  EXPECT_EQ(window.next_deadline(), at(3));
  EXPECT_EQ(window.due(at(3), rng).datagrams, fragments);
  const auto last = window.due(at(7), rng);
  EXPECT_EQ(last.given_up, MessageId(0));
  EXPECT_TRUE(last.datagrams.empty());
  EXPECT_FALSE(window.next_deadline()) << "said once";
}

// Karn's rule: which sending is answered nobody can tell.
TEST(RequestWindow, KnowsTheRoundTripOfWhatWasSentOnce) {
  SeededRng rng(1);
  RequestWindow window(three_tries);
  EXPECT_FALSE(window.since_only_sending(MessageId(0), at(0)));
  window.sent(one(1), at(0), rng);
  EXPECT_EQ(window.since_only_sending(MessageId(0), at(0) + milliseconds(300)), milliseconds(300));
  EXPECT_EQ(window.due(at(1), rng).sent_again, 1u);
  EXPECT_FALSE(window.since_only_sending(MessageId(0), at(1)));
  ASSERT_TRUE(window.answered(MessageId(0)));
  window.sent(one(2), at(2), rng);
  window.restart(us, moved, at(2));
  EXPECT_FALSE(window.since_only_sending(MessageId(1), at(3)));
}

TEST(RequestWindow, TakesANewRequestUnderTheOldId) {
  SeededRng rng(1);
  RequestWindow window(three_tries);
  EXPECT_FALSE(window.replace(MessageId(0), one(1), at(0), rng));
  window.sent(one(1), at(0), rng);
  window.due(at(1), rng);
  ASSERT_TRUE(window.replace(MessageId(0), one(9), at(2), rng));
  EXPECT_EQ(window.next_deadline(), at(3)) << "counted anew";
  EXPECT_EQ(window.due(at(3), rng).datagrams, one(9));
  EXPECT_TRUE(window.answered(MessageId(0)));
  EXPECT_FALSE(window.answered(MessageId(0)));
}

TEST(RequestWindow, FollowsThePeerAtOnce) {
  SeededRng rng(1);
  RequestWindow window(three_tries);
  window.sent(one(1), at(0), rng);
  window.restart(us, moved, at(0));
  EXPECT_EQ(window.next_deadline(), at(0));
  EXPECT_EQ(window.due(at(0), rng).datagrams, one(1, moved));
}

//= rfc7296/2.3/never-beyond-the-peers-window
TEST(RequestWindow, WaitsForTheOldestNotForTheCount) {
  SeededRng rng(1);
  RequestWindow window(three_tries);
  ASSERT_TRUE(window.set_size(3));
  for (std::uint32_t id = 0; id < 3; ++id)
    window.sent(one(id), at(0), rng);
  EXPECT_FALSE(window.has_room());
  EXPECT_TRUE(window.answered(MessageId(1)));
  EXPECT_TRUE(window.answered(MessageId(2)));
  ASSERT_FALSE(window.has_room()) << "request 3 must wait for response 0";
  EXPECT_EQ(to_string(window.next_id().error()),
            "Message ID: request 0 is not answered yet and the peer's window is 3; request 3 must wait (RFC "
            "7296 2.3)");
  EXPECT_TRUE(window.answered(MessageId(0)));
  EXPECT_EQ(window.next_id(), MessageId(3));
}

//= rfc7296/2.3/window-only-grows
TEST(RequestWindow, OnlyGrows) {
  RequestWindow window(three_tries);
  EXPECT_FALSE(window.set_size(0));
  ASSERT_TRUE(window.set_size(8));
  EXPECT_FALSE(window.set_size(7));
  EXPECT_EQ(window.size(), 8u);
}

//= rfc7296/2.2/ids-that-outgrow-32-bits-end-the-sa
TEST(RequestWindow, EndsWithThe32Bits) {
  SeededRng rng(1);
  RequestWindow window(three_tries, MessageId(0xffff'ffff));
  EXPECT_EQ(window.ids_left(), 1u);
  window.sent(one(1), at(0), rng);
  EXPECT_TRUE(window.exhausted());
  EXPECT_TRUE(window.answered(MessageId(0xffff'ffff)));
  EXPECT_FALSE(window.has_room());
  ResponseWindow responses(4, MessageId(0xffff'fffe));
  EXPECT_TRUE(responses.received(MessageId(0xffff'ffff)));
  EXPECT_TRUE(responses.received(MessageId(0xffff'fffe)));
  EXPECT_EQ(responses.classify(MessageId(0)), RequestKind::behind);
}

// The definition: what was received, and the highest of it.
struct NaiveResponses {
  std::uint64_t size;
  std::set<std::uint64_t> received;

  RequestKind classify(std::uint64_t id) const {
    const bool seen = received.contains(id);
    const std::uint64_t highest = received.empty() ? 0 : *received.rbegin();
    if (seen) return id + size > highest ? RequestKind::duplicate : RequestKind::behind;
    std::uint64_t missing = 0;
    while (received.contains(missing))
      ++missing;
    return id < missing + size ? RequestKind::fresh : RequestKind::ahead;
  }
};

RC_GTEST_PROP(ResponseWindow, ClassifiesAsTheDefinition, ()) {
  const auto size = *rc::gen::inRange(1u, 6u);
  ResponseWindow window(size);
  NaiveResponses naive{size, {}};
  for (const std::uint32_t id : *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 24u))) {
    const RequestKind kind = window.classify(MessageId(id));
    RC_ASSERT(kind == naive.classify(id));
    RC_ASSERT(window.received(MessageId(id)) == (kind == RequestKind::fresh));
    if (kind == RequestKind::fresh) {
      naive.received.insert(id);
      window.record(MessageId(id), one(id));
    }
    if (kind == RequestKind::duplicate) {
      RC_ASSERT(window.reply(MessageId(id)) != nullptr);
      RC_ASSERT(*window.reply(MessageId(id)) == one(id));
    }
    RC_ASSERT(window.remembered() <= size);
  }
}

TEST(ResponseWindow, GrowsAndKeepsWhatItHad) {
  ResponseWindow window;
  EXPECT_EQ(window.classify(MessageId(1)), RequestKind::ahead);
  ASSERT_TRUE(window.received(MessageId(0)));
  EXPECT_EQ(window.reply(MessageId(0)), nullptr) << "still to be made";
  window.grow(3);
  window.grow(2);
  EXPECT_TRUE(window.received(MessageId(3)));
  EXPECT_EQ(window.classify(MessageId(4)), RequestKind::ahead);
  EXPECT_EQ(window.classify(MessageId(0)), RequestKind::behind) << "request 3 shows that response 0 arrived";
}

// Both ends over a network that loses, doubles and reorders: every request is processed once and answered.
struct LossyPair {
  SeededRng rng;
  RequestWindow requests{policy()};
  ResponseWindow responses{1};
  std::vector<std::pair<bool, std::uint32_t>> network{};  // (response?, ID)
  std::map<std::uint32_t, unsigned> processed{};
  Instant now{};

  static const RetransmissionPolicy& policy() {
    static const ExponentialBackOff patient({.first = seconds(1), .tries = 100'000});
    return patient;
  }

  void send(bool response, const Datagrams& datagrams) {
    const auto copies = rng.below(4) == 0 ? 2u : rng.below(3) == 0 ? 0u : 1u;
    for (std::uint64_t i = 0; i < copies; ++i)
      network.emplace_back(response, load_be<std::uint32_t>(datagrams.at(0).octets.data()));
  }

  void deliver() {
    const auto at = network.begin() + static_cast<std::ptrdiff_t>(rng.below(network.size()));
    const auto [response, id] = *at;
    network.erase(at);
    if (response) {
      requests.answered(MessageId(id));
      return;
    }
    RC_ASSERT(responses.classify(MessageId(id)) != RequestKind::ahead);
    if (responses.received(MessageId(id))) {
      ++processed[id];
      responses.record(MessageId(id), one(id));
    }
    if (const Datagrams* reply = responses.reply(MessageId(id))) send(true, *reply);
  }

  void step() {
    if (rng.below(3) == 0 && requests.has_room() && requests.next_id()->value < 40) {
      const Datagrams request = one(requests.next_id()->value);
      requests.sent(request, now, rng);
      send(false, request);
    } else if (!network.empty() && rng.below(4) != 0) {
      deliver();
    } else if (const auto deadline = requests.next_deadline()) {
      now = *deadline;
      for (const Datagram& datagram : requests.due(now, rng).datagrams)
        send(false, {datagram});
    }
  }
};

RC_GTEST_PROP(Windows, ProcessEveryRequestOnceOverABadNetwork, (std::uint64_t seed)) {
  LossyPair pair{.rng = SeededRng(seed)};
  const auto size = *rc::gen::inRange(1u, 9u);
  RC_ASSERT(pair.requests.set_size(size).has_value());
  pair.responses.grow(size);
  for (int step = 0; step < 100'000 && (pair.requests.outstanding() != 0 || pair.processed.size() < 40);
       ++step) {
    pair.step();
    RC_ASSERT(pair.requests.outstanding() <= size);
    RC_ASSERT(pair.responses.remembered() <= size);
  }
  RC_ASSERT(pair.processed.size() == 40u);
  for (const auto& [id, times] : pair.processed)
    RC_ASSERT(times == 1u);
}

}  // namespace
}  // namespace mpsec::ike
