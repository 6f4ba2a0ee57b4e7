#include "gateway/control/requests.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gateway/control/test_host.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::HasSubstr;

std::string why(const Json& reply) {
  if (reply.value("ok", true)) return "no error: " + reply.dump();
  return fmt::format("{}: {}", reply["error"]["path"].get<std::string>(),
                     reply["error"]["why"].get<std::string>());
}

struct Bad {
  const char* line;
  const char* error;
};

const std::vector<Bad> bad_requests{
    {"", "request: this is no JSON: value - unexpected end of input; expected '[', '{', or a literal"},
    {"{", "request: this is no JSON: object key - unexpected end of input; expected string literal"},
    {"[]", "request: expected an object as {\"request\": \"status\"}, found an array"},
    {"{}", "request/request: the member is missing"},
    {R"({"request": 5})", "request/request: expected a text, found 5"},
    {R"({"request": "statu"})",
     "request/request: there is no request 'statu'; there are 'initiate', 'create_child', 'rekey_ike', "
     "'rekey_child', 'terminate', 'status', 'counters', 'metrics', 'watch', 'reload', 'stop', 'get', "
     "'put', "
     "'version'"},
    {R"({"request": "status", "of": 1})", "request: no member is called \"of\"; there are 'id', 'request'"},
    {R"({"request": "initiate"})", "request/peer: the member is missing"},
    {R"({"request": "initiate", "peer": ["peer"]})", "request/peer: expected a text, found an array"},
    {R"({"request": "initiate", "peer": "nobody"})",
     "request/peer: there is no peer 'nobody'; there is 'peer'"},
    {R"({"request": "initiate", "peer": "peer", "path": "x"})",
     "request/path: there is no path of 'peer' 'x'; there is 'path 1'"},
    {R"({"request": "initiate", "peer": "peer", "wait": 1})",
     "request/wait: expected true or false, found 1"},
    {R"({"request": "initiate", "peer": "peer", "timeout": -1})",
     "request/timeout: expected a number of seconds above 0, at most 86400, found -1"},
    {R"({"request": "initiate", "peer": "peer", "timeout": 1e300})",
     "request/timeout: expected a number of seconds above 0, at most 86400, found 1e+300"},
    {R"({"request": "rekey_ike"})",
     "request: expected one of 'ike_sa', a number as the status has it, and 'peer', a name"},
    {R"({"request": "rekey_ike", "ike_sa": -3})",
     "request/ike_sa: expected a whole number from 0 on, found -3"},
    {R"({"request": "rekey_ike", "peer": "peer"})",
     "request/peer: there is no established IKE SA with 'peer'"},
    {R"({"request": "rekey_ike", "ike_sa": 7})", "IKE SA: there is no '7'"},
    {R"({"request": "rekey_child", "child": 7})", "Child SA: there is no '7'"},
    {R"({"request": "rekey_child", "child": "net", "peer": "peer"})",
     "request/child: there is no installed Child SA 'net' of 'peer'"},
    {R"({"request": "terminate"})",
     "request: expected one of 'ike_sa', a number; 'peer', a name; 'child', a number, or a name with or "
     "without "
     "its 'peer'; and 'all', true"},
    {R"({"request": "terminate", "ike_sa": 1, "all": true})",
     "request: expected one of 'ike_sa', a number; 'peer', a name; 'child', a number, or a name with or "
     "without "
     "its 'peer'; and 'all', true"},
    {R"({"request": "get"})", "request/request: 'get' is not available yet"},
    {R"({"request": "put", "sa": {}})", "request/request: 'put' is not available yet"},
};

TEST(Requests, SayWhatIsWrongWithThem) {
  TestHost host;
  for (const Bad& bad : bad_requests)
    EXPECT_EQ(why(host.ask(bad.line)), bad.error) << bad.line;
}

TEST(Requests, GiveTheClientsIdBack) {
  TestHost host;
  EXPECT_EQ(host.ask(R"({"id": "x", "request": "version"})")["id"], "x");
  EXPECT_EQ(host.ask(R"({"id": 9, "request": "no"})").dump().substr(0, 33),
            R"({"id":9,"request":"no","ok":false)");
  EXPECT_EQ(why(host.ask(R"({"id": [], "request": "version"})")),
            "request/id: expected a number, as the status has it, or a name, found an array");
}

TEST(Requests, TellWhereJsonBreaksOff) {
  TestHost host;
  EXPECT_EQ(host.ask(R"({"request": status})")["error"]["offset"], 12);
}

TEST(Requests, TakeNoLineThatIsTooLong) {
  TestHost host;
  const std::string line = R"({"request": "version")" + std::string(Requests::longest_line, ' ') + "}";
  EXPECT_EQ(why(host.ask(line)), "request: a line of 65558 octets, at most 65536 are read");
}

TEST(Requests, InitiateIsAnsweredWhenTheChildIsThere) {
  TestHost host;
  EXPECT_EQ(host.ask(R"({"request": "initiate", "peer": "peer"})"), Json::object()) << "not yet";
  host.deliver_all();
  EXPECT_EQ(
      host.client.take(),
      Json::parse(R"({"request": "initiate", "ok": true, "ike_sas": [{"ike_sa": 1, "children": [1]}]})"));
  EXPECT_FALSE(host.requests.next_deadline());
  EXPECT_EQ(host.ask(R"({"request": "initiate", "peer": "peer"})")["ike_sas"], Json::array())
      << "it is there already";
}

TEST(Requests, InitiateWaitsForAllPathsOfACluster) {
  TestHost host({.paths = 2, .cluster = true});
  const Json reply = host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})");
  EXPECT_EQ(reply["ike_sas"].size(), 2u) << reply << host.world.logs();
}

TEST(Requests, InitiateMayBeAnsweredAtOnce) {
  TestHost host;
  EXPECT_EQ(host.ask(R"({"request": "initiate", "peer": "peer", "path": "path 1", "wait": false})"),
            Json::parse(R"({"request": "initiate", "ok": true, "ike_sas": [{"ike_sa": 1}]})"));
}

TEST(Requests, InitiateSaysWhyItFailed) {
  const auto psk = [](Settings& settings) {
    settings.ike.peers[0].credential = std::make_shared<ike::PreSharedKeyCredential>(secret("another"));
  };
  TestHost host({.change = psk}, {});
  EXPECT_EQ(why(host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})")),
            "IKE SA 1/IKE_AUTH: the peer says AUTHENTICATION_FAILED")
      << host.world.logs();
}

TEST(Requests, AChildThatFailsIsNamed) {
  const auto other = [](Settings& settings) {
    settings.ike.peers[0].children[0].proposals = {
        {.encryption = {{crypto::EncryptionId::aes_gcm_16, 256}}, .integrity = {}, .key_exchange = {}}};
  };
  TestHost host({.change = other}, {});
  EXPECT_EQ(why(host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})")),
            "IKE SA 1/child 'net'/IKE_AUTH: the peer says NO_PROPOSAL_CHOSEN")
      << host.world.logs();
}

TEST(Requests, GiveUpInTime) {
  TestHost host;
  host.world.lost = [](const auto&) { return true; };
  EXPECT_EQ(host.ask(R"({"request": "initiate", "peer": "peer", "timeout": 1.5})"), Json::object());
  EXPECT_EQ(host.requests.next_deadline(), Instant{1500ms});
  host.run_for(1499ms);
  EXPECT_EQ(host.client.take(), Json::object());
  host.run_for(1ms);
  EXPECT_EQ(why(host.client.take()),
            "request/timeout: IKE SA 1 has neither come nor failed within 1.5 s; the gateway goes on trying");
}

TEST(Requests, APeerThatDoesNotAnswerIsTheReason) {
  TestHost host;
  host.world.lost = [](const auto&) { return true; };
  host.requests.handle(R"({"request": "initiate", "peer": "peer", "timeout": 86400})", host.client);
  host.run_for(24h - 1s);
  EXPECT_EQ(why(host.client.take()), "IKE SA 1/IKE SA: the peer does not answer");
}

TEST(Requests, ForgetAClientThatHasGone) {
  TestHost host;
  {
    Asking gone;
    host.requests.handle(R"({"request": "watch"})", gone);
    host.requests.handle(R"({"request": "initiate", "peer": "peer"})", gone);
    EXPECT_TRUE(host.requests.expects_more(gone));
    host.requests.forget(gone);
    EXPECT_FALSE(host.requests.expects_more(gone));
  }
  host.deliver_all();
  EXPECT_EQ(host.core().status().ike_sas.size(), 1u);
}

class Established : public testing::Test {
 protected:
  Established() { host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})"); }
  TestHost host;
};

TEST_F(Established, RekeysAreAnsweredWithTheSuccessor) {
  EXPECT_EQ(host.ask_and_wait(R"({"request": "rekey_child", "child": "net"})"),
            Json::parse(R"({"request": "rekey_child", "ok": true, "child": 2})"))
      << host.world.logs();
  EXPECT_EQ(host.ask_and_wait(R"({"request": "rekey_child", "child": 2})")["child"], 3);
  EXPECT_EQ(host.ask_and_wait(R"({"request": "rekey_ike", "peer": "peer"})"),
            Json::parse(R"({"request": "rekey_ike", "ok": true, "ike_sa": 2})"));
  EXPECT_EQ(host.ask_and_wait(R"({"request": "rekey_ike", "ike_sa": 2})")["ike_sa"], 3);
}

TEST_F(Established, AFurtherChildIsAnsweredWithItsNumber) {
  EXPECT_EQ(host.ask_and_wait(R"({"request": "create_child", "peer": "peer", "child": "net"})"),
            Json::parse(R"({"request": "create_child", "ok": true, "child": 2})"));
  EXPECT_EQ(why(host.ask(R"({"request": "rekey_child", "child": "net"})")),
            "request/child: there are 2 of installed Child SA 'net': name one by its number, 1, 2");
  EXPECT_EQ(why(host.ask(R"({"request": "create_child", "peer": "peer", "child": "x"})")),
            "child configuration: there is no 'x'");
}

TEST_F(Established, TerminateIsAnsweredWhenTheSaIsGone) {
  EXPECT_EQ(host.ask_and_wait(R"({"request": "terminate", "child": 1})"),
            Json::parse(R"({"request": "terminate", "ok": true, "child": 1, "by": "delete reply"})"));
  EXPECT_EQ(host.ask_and_wait(R"({"request": "terminate", "peer": "peer"})"),
            Json::parse(
                R"({"request": "terminate", "ok": true, "ike_sas": [{"ike_sa": 1, "by": "delete reply"}]})"));
  EXPECT_EQ(host.ask(R"({"request": "terminate", "all": true})")["ike_sas"], Json::array());
}

TEST_F(Established, AllIsAll) {
  EXPECT_EQ(host.ask_and_wait(R"({"request": "terminate", "all": true})")["ike_sas"].size(), 1u);
  EXPECT_TRUE(host.core().status().ike_sas.empty());
}

TEST_F(Established, WatchersSeeEvents) {
  EXPECT_EQ(host.ask(R"({"request": "watch"})"), Json::parse(R"({"request": "watch", "ok": true})"));
  host.ask_and_wait(R"({"request": "rekey_ike", "ike_sa": 1})");
  ASSERT_FALSE(host.client.events.empty());
  EXPECT_EQ(host.client.events[0]["event"], "ike_state_changed");
  EXPECT_EQ(host.client.events[0]["host"], "gateway 1");
  std::set<std::string> names;
  for (const Json& event : host.client.events)
    names.insert(event["event"].get<std::string>());
  EXPECT_TRUE(names.contains("ike_rekeyed"));
}

TEST_F(Established, AFloodOfPacketsDoesNotFloodWatchers) {
  host.ask(R"({"request": "watch"})");
  const Report audit = ipsec::Event(
      ipsec::Audit{ipsec::Discard::replay_duplicate, false, Spi{5}, outer(1, 0), outer(2, 0), 7, 0, {}});
  for (int i = 0; i < 1000; ++i)
    host.requests.on_report(audit);
  EXPECT_EQ(host.client.events.size(), 10u);
  host.world.now += 1s;
  host.requests.on_report(audit);
  ASSERT_EQ(host.client.events.size(), 12u);
  EXPECT_EQ(host.client.events[10]["event"], "left_out");
  EXPECT_EQ(host.client.events[10]["kind"], "audit, replay_duplicate");
  EXPECT_EQ(host.client.events[10]["lines"], 990);
}

TEST(Requests, ReloadAndStopAreTheHosts) {
  TestHost host;
  EXPECT_EQ(host.ask(R"({"request": "reload"})"), Json::parse(R"({"request": "reload", "ok": true})"));
  host.reloaded = std::unexpected(Error{Blame::malformed, "g.toml:3:1", {}, "unknown key", ""});
  EXPECT_EQ(why(host.ask(R"({"request": "reload"})")), "g.toml:3:1: unknown key");
  EXPECT_EQ(host.ask(R"({"request": "stop"})"), Json::parse(R"({"request": "stop", "ok": true})"));
  EXPECT_TRUE(host.stopped);
}

RC_GTEST_PROP(Requests, AnswerAnyOctetsOnce, ()) {
  TestHost host;
  const auto noise = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string(R"({}[]":,0 )"))));
  host.requests.handle(noise, host.client);
  RC_ASSERT(host.client.replies.size() == 1u);
  RC_ASSERT(host.client.replies[0].contains("ok"));
}

}  // namespace
}  // namespace mpsec::gateway::test
