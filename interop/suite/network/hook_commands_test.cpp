#include "interop/suite/network/hook_commands.hpp"

#include <gmock/gmock.h>

namespace mpsec::conformance {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

HookCommands hooks(std::string command, milliseconds timeout = milliseconds(5000)) {
  return HookCommands({.commands = {{Hook::initiate, std::move(command)}}, .timeout = timeout});
}

std::string why(const auto& result) {
  return result ? std::string() : to_string(result.error());
}

TEST(HookCommands, GetTheirNumberAndGiveTheirOutput) {
  EXPECT_EQ(hooks("echo $1 $MPSEC_ARGUMENT").ask(Hook::initiate, 7).value(), "7 7\n");
  EXPECT_TRUE(hooks("true").start(Hook::initiate, 0));
}

TEST(HookCommands, PutBackWhatTheySetAndResetOnlyIfTheyCan) {
  EXPECT_TRUE(hooks("test \"$1\" = usual").put_back(Hook::initiate));
  EXPECT_THAT(why(hooks("test \"$1\" = 7").put_back(Hook::initiate)), HasSubstr("it failed"));
  EXPECT_FALSE(hooks("false").can_reset());
  EXPECT_TRUE(hooks("false").reset());
  HookCommands resets({.reset = "echo no >&2; false"});
  EXPECT_TRUE(resets.can_reset());
  EXPECT_THAT(why(resets.reset()), HasSubstr("hook reset"));
}

TEST(HookCommands, AFailureIsToldWithWhatWasPrinted) {
  EXPECT_THAT(why(hooks("echo no such peer >&2; exit 3").start(Hook::initiate, 0)),
              HasSubstr("it failed (exit code 3): no such peer"));
  EXPECT_THAT(why(hooks("/no/such/program").ask(Hook::initiate, 0)), HasSubstr("exit code 127"));
  EXPECT_THAT(why(hooks("kill -9 $$").ask(Hook::initiate, 0)), HasSubstr("signal 9"));
  EXPECT_THAT(why(hooks("true").ask(Hook::rekey_ike, 0)), HasSubstr("has no command for it"));
}

TEST(HookCommands, OneThatHangsIsKilledAndOneThatPrintsMegabytesIsCut) {
  EXPECT_THAT(why(hooks("sleep 1000 & sleep 1000", milliseconds(100)).ask(Hook::initiate, 0)),
              HasSubstr("did not end within 100 ms and was killed"));
  EXPECT_EQ(hooks("head -c 3000000 /dev/zero").ask(Hook::initiate, 0).value().size(), 64u << 10);
}

TEST(HookCommands, OneThatGoesOnIsNoFailure) {
  HookCommands running({.commands = {{Hook::initiate, "sleep 1000"}}, .first_look = milliseconds(20)});
  EXPECT_TRUE(running.start(Hook::initiate, 0));
  running.end_all();
}

}  // namespace
}  // namespace mpsec::conformance
