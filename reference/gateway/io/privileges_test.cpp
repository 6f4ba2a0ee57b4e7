#include "gateway/io/privileges.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "gateway/io/instance_guard.hpp"
#include "gateway/io/outside.hpp"
#include "gateway/io/test_network.hpp"

namespace mpsec::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Runs `body` in a process of its own, with a network of its own, and fails where it fails.
template <class Body>
void in_process(Body body) {
  if (::geteuid() != 0) GTEST_SKIP() << "giving up privileges needs some: run as root";
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    body();
    std::fflush(nullptr);
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see above; status " << status;
}

std::string capabilities() {
  cap_t now = cap_get_proc();
  char* spelt = cap_to_text(now, nullptr);
  std::string result = spelt;
  cap_free(spelt), cap_free(now);
  return result;
}

Privileges dropped(const PrivilegeOptions& options) {
  const auto result = drop_privileges(options);
  EXPECT_TRUE(result) << to_string(result.error());
  return result.value_or(Privileges{});
}

void become_a_process_without_lock_right() {
  const rlimit little{65536, 65536};
  ASSERT_EQ(::setrlimit(RLIMIT_MEMLOCK, &little), 0);
  cap_t now = cap_get_proc();
  const cap_value_t lock = CAP_IPC_LOCK;
  for (const cap_flag_t flag : {CAP_EFFECTIVE, CAP_PERMITTED})
    ASSERT_EQ(cap_set_flag(now, flag, 1, &lock, CAP_CLEAR), 0);
  ASSERT_EQ(cap_set_proc(now), 0);
  cap_free(now);
}

TEST(Privileges, OnlyWhatRoutesNeedIsKept) {
  in_process([] {
    auto tun = Tun::open({.name = "inner", .addresses = {{ip("10.10.1.1"), 24}}});
    ASSERT_TRUE(tun);
    EXPECT_THAT(dropped({.lock_memory = false}).kept, ElementsAre("cap_net_admin"));
    EXPECT_EQ(capabilities(), "cap_net_admin=ep");
    EXPECT_TRUE((*tun)->add_address({ip("10.30.0.5"), 32}));
    EXPECT_TRUE((*tun)->add_route({ip("10.20.0.0"), 16}));
    const FileDescriptor raw(::socket(AF_INET, SOCK_RAW, 50));
    EXPECT_FALSE(raw) << "a new raw socket";
  });
}

TEST(Privileges, WithoutRoutesNothingIsKeptAndWhatIsOpenWorks) {
  in_process([] {
    auto tun = Tun::open({.name = "wire", .addresses = {{ip("192.0.2.1"), 24}}});
    ASSERT_TRUE(tun);
    const ListenAddress listen[] = {{ip("192.0.2.1")}};
    auto outside = Outside::open(listen);
    ASSERT_TRUE(outside);
    EXPECT_THAT(dropped({.change_routes = false, .user = "nobody", .lock_memory = false}).kept, IsEmpty());
    EXPECT_EQ(capabilities(), "=");
    EXPECT_EQ(::geteuid(), ::getpwnam("nobody")->pw_uid);
    EXPECT_EQ(::setuid(0), -1);
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    std::vector<ipsec::HeldPacket> held;
    std::vector<ipsec::PacketBuffer> buffers;
    for (const bool df : {true, false}) {
      const test::PacketFields fields{.traffic_class = 0xb8, .dont_fragment = df};
      for (const Octets& packet :
           {test::udp_packet({ip("192.0.2.1"), 4500}, {ip("192.0.2.2"), 4500}, test::text("12345678"),
                             fields),
            test::ip_packet(ip("192.0.2.1"), ip("192.0.2.2"), 50, test::text("12345678"), fields)})
        buffers.push_back(held.emplace_back(packet).buffer());
    }
    (*outside)->send(buffers);
    EXPECT_EQ(test::read(**tun, 4).size(), 4u);
    const auto refused = (*tun)->add_address({ip("10.30.0.5"), 32});
    ASSERT_FALSE(refused);
    EXPECT_THAT(to_string(refused.error()), HasSubstr("this needs CAP_NET_ADMIN"));
  });
}

TEST(Privileges, CoreFilesAndTracingAreOff) {
  in_process([] {
    dropped({.user = "nobody", .lock_memory = false});
    rlimit core{1, 1};
    ASSERT_EQ(::getrlimit(RLIMIT_CORE, &core), 0);
    EXPECT_EQ(core.rlim_max, 0u);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
  });
}

TEST(Privileges, MemoryIsLockedWhereThereIsNoLimitAndElseTheReasonIsTold) {
  in_process([] {
    const Privileges result = dropped({});
    EXPECT_TRUE(result.memory_locked) << result.why_not_locked;
    EXPECT_EQ(result.why_not_locked, "");
    EXPECT_EQ(Octets(32 << 20, 1).back(), 1) << "memory can still be had";
  });
  in_process([] {
    become_a_process_without_lock_right();
    const Privileges result = dropped({});
    EXPECT_FALSE(result.memory_locked);
    EXPECT_EQ(result.why_not_locked,
              "memory is not locked, keys may reach swap: RLIMIT_MEMLOCK is 65536 octets and CAP_IPC_LOCK is "
              "missing; "
              "set the limit to unlimited (`ulimit -l`, LimitMEMLOCK=), or grant the capability");
    EXPECT_EQ(Octets(32 << 20, 1).back(), 1);
  });
}

TEST(Privileges, ErrorsNameTheThingAndTheRemedy) {
  in_process([] {
    const auto unknown = drop_privileges({.user = "no-such-user"});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(to_string(unknown.error()),
              "user \"no-such-user\": looking it up: No such file or directory; `getent passwd` lists who is "
              "there");
    std::thread other([] { ::pause(); });
    const auto threads = drop_privileges({});
    ASSERT_FALSE(threads);
    EXPECT_THAT(to_string(threads.error()), HasSubstr("give them up before threads are started"));
    std::fflush(nullptr);
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
  });
}

class InstanceGuardTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "mpsec-guard-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(InstanceGuardTest, ASecondOneIsToldWhoTheFirstIs) {
  const auto socket = folder_ / "control.sock";
  {
    const auto first = InstanceGuard::take(socket);
    ASSERT_TRUE(first) << to_string(first.error());
    const auto second = InstanceGuard::take(socket);
    ASSERT_FALSE(second);
    EXPECT_EQ(to_string(second.error()),
              socket.string() + ".lock: a gateway runs with this control socket, process " +
                  std::to_string(::getpid()) + ": stop that one, or give another gateway.control");
    EXPECT_TRUE(InstanceGuard::take(folder_ / "other.sock"));
  }
  EXPECT_TRUE(InstanceGuard::take(socket)) << "the first is gone";
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(InstanceGuardTest, AFileThatACrashLeftBehindIsTakenOver) {
  const auto socket = folder_ / "control.sock";
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto guard = InstanceGuard::take(socket);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(std::filesystem::exists(socket.string() + ".lock"));
  EXPECT_TRUE(InstanceGuard::take(socket));
}

TEST_F(InstanceGuardTest, AFolderThatIsNotThereIsNamed) {
  const auto guard = InstanceGuard::take(folder_ / "nowhere" / "control.sock");
  ASSERT_FALSE(guard);
  EXPECT_THAT(to_string(guard.error()),
              HasSubstr("control.sock.lock: opening it: No such file or directory; the folder"));
}

}  // namespace
}  // namespace mpsec::gateway
