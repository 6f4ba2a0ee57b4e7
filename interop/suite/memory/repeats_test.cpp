// A target that does not take the tester's responses at first asks again, and is answered again.
#include <algorithm>
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

Result<wire::ike::IkeHeader> header_of(const Datagram& one) {
  return wire::ike::decode_header(
      OctetView(one.octets).subspan(ike::has_marker({one.local, one.remote}) ? 4 : 0));
}

// Each response gets through when it comes for the second time.
Bent deaf_at_first() {
  Bent bent;
  const auto seen = std::make_shared<std::set<Octets>>();
  bent.ike_in = [seen](Datagram one) {
    const auto header = header_of(one);
    std::vector<Datagram> on;
    if (!header || !header->response || !seen->insert(one.octets).second) on.push_back(std::move(one));
    return on;
  };
  return bent;
}

// The datagram behind an INFORMATIONAL response overtakes it.
Bent overtaking() {
  Bent bent;
  const auto held = std::make_shared<std::vector<Datagram>>();
  bent.ike_in = [held](Datagram one) {
    const auto header = header_of(one);
    std::vector<Datagram> on;
    if (header && header->response && header->exchange_type == wire::ike::ExchangeType::informational)
      return held->push_back(std::move(one)), on;
    on.push_back(std::move(one));
    std::ranges::move(std::exchange(*held, {}), std::back_inserter(on));
    return on;
  };
  return bent;
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
