// A target that does not take the tester's responses at first asks again, and is answered again.
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <utility>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "interop/suite/memory/memory_target.hpp"
#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {
namespace {

using wire::ike::ExchangeType;
using wire::ike::IkeHeader;

// A target to which IKE messages get as `way` has it.
Bent behind(std::function<std::vector<Datagram>(const IkeHeader&, Datagram)> way) {
  Bent bent;
  bent.ike_in = [way = std::move(way)](Datagram one) {
    const std::size_t marker = ike::has_marker({one.local, one.remote}) ? 4 : 0;
    const IkeHeader header = wire::ike::decode_header(OctetView(one.octets).subspan(marker)).value();
    return way(header, std::move(one));
  };
  return bent;
}

// Each response gets through when it comes for the second time.
Bent deaf_at_first() {
  const auto seen = std::make_shared<std::set<Octets>>();
  return behind([seen](const IkeHeader& header, Datagram one) {
    std::vector<Datagram> on;
    if (!header.response || !seen->insert(one.octets).second) on.push_back(std::move(one));
    return on;
  });
}

// The datagram behind an INFORMATIONAL response overtakes it.
Bent overtaking() {
  const auto held = std::make_shared<std::vector<Datagram>>();
  return behind([held](const IkeHeader& header, Datagram one) {
    const bool waits = header.response && header.exchange_type == ExchangeType::informational;
    std::vector<Datagram> on = waits ? std::vector<Datagram>{} : std::exchange(*held, {});
    if (waits)
      held->push_back(std::move(one));
    else
      on.insert(on.begin(), std::move(one));
    return on;
  });
}

Outcome outcome_of(const std::string& id, Bent (*bent)() = deaf_at_first) {
  static const auto packets = crypto::make_openssl_provider();
  static const auto providers = crypto::make_openssl_ike_provider();
  MemoryTarget target(bent);
  return run_case(*std::ranges::find(catalogue(), id, &Case::id), target, {*packets, *providers}, 1);
}

class RepeatedRequests : public testing::TestWithParam<const char*> {};

// From issue "5 of 5": on a slow gateway these failed now and then.
TEST_P(RepeatedRequests, AreAnsweredAgain) {
  const Outcome outcome = outcome_of(GetParam());
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.expected << "\n" << outcome.actual;
  const auto says_so = [](const Step& step) { return step.text.contains("come again"); };
  EXPECT_TRUE(std::ranges::any_of(outcome.steps, says_so));
}

INSTANTIATE_TEST_SUITE_P(Cases, RepeatedRequests,
                         testing::Values("rfc7296/2.6/initiator-returns-the-cookie",
                                         "rfc7296/2.6/initiator-returns-a-cookie-of-64-octets",
                                         "rfc7296/1.2/initiator-offers-all-suites-again",
                                         "rfc7296/2.8/nothing-is-asked-on-a-replaced-ike-sa"));

// From issue "5 of 5": of ten runs against a gateway of many threads one found an IKE SA alive that was
// ending.
TEST(Overtaking, IsNoIkeSaThatLives) {
  const Outcome outcome = outcome_of("rfc7296/2.4/closed-ike-sa-is-told-of", overtaking);
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.expected << "\n" << outcome.actual;
}

// A case that counts the requests sees them.
TEST(Repeats, AreSeenByACaseThatCountsThem) {
  EXPECT_EQ(outcome_of("rfc7296/2.1/answered-request-is-not-sent-again").verdict, Verdict::fail);
}

}  // namespace
}  // namespace mpsec::conformance
