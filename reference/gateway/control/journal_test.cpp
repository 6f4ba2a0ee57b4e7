#include "gateway/control/journal.hpp"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsec::gateway {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const IpAddress a = IpAddress::v4(0xc0000201), b = IpAddress::v4(0xc0000202);

Report fault(std::string why) {
  return Fault{Error{Blame::local_fault, "interface", std::nullopt, std::move(why), ""}};
}
Report audit(ipsec::Discard cause = ipsec::Discard::integrity_failed) {
  return ipsec::Event(ipsec::Audit{cause, false, Spi{5}, a, b, 7, 0, {}});
}

// A folder of its own, and a pipe in the place of standard error.
class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string name = testing::TempDir() + "journal-XXXXXX";
    folder = ::mkdtemp(name.data());
    EXPECT_EQ(::pipe2(pipe.data(), O_NONBLOCK), 0);
    options.errors = pipe[1];
  }
  ~JournalTest() override {
    std::filesystem::remove_all(folder);
    ::close(pipe[0]), ::close(pipe[1]);
  }

  std::unique_ptr<Journal> open(const std::filesystem::path& path) {
    auto journal = Journal::open(path, "A", 1'774'958'399, options);
    EXPECT_TRUE(journal) << to_string(journal.error());
    return *std::move(journal);
  }
  std::string errors() const {
    std::array<char, 65536> text{};
    const ssize_t size = ::read(pipe[0], text.data(), text.size());
    return {text.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }
  static std::vector<std::string> lines(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);)
      all.push_back(line);
    return all;
  }

  std::filesystem::path folder;
  std::array<int, 2> pipe{};
  JournalOptions options;
};

TEST_F(JournalTest, LinesAreJsonInAFileForItsOwner) {
  const auto path = folder / "a.jsonl";
  open(path)->write(Instant{1s}, fault("it is gone"));
  EXPECT_THAT(lines(path), ElementsAre(R"({"time":"2026-03-31T12:00:00.000000000Z","time_ns":1000000000,)"
                                       R"("host":"A","event":"fault","error":{"blame":"local fault",)"
                                       R"("path":"interface","why":"it is gone"}})"));
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(JournalTest, AddsToAFileAndMakesItItsOwners) {
  const auto path = folder / "a.jsonl";
  std::ofstream(path) << "before\n";
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  open(path)->write({}, fault("x"));
  EXPECT_EQ(lines(path).size(), 2u);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(JournalTest, WithoutAFileIsTextOnStandardError) {
  open("")->write(Instant{1s}, fault("it is gone"));
  EXPECT_EQ(errors(), "2026-03-31T12:00:00.000000000Z A: fault: interface: it is gone\n");
}

TEST_F(JournalTest, SaysWhatIsInTheWay) {
  const auto missing = Journal::open(folder / "no" / "a.jsonl", "A");
  ASSERT_FALSE(missing);
  EXPECT_THAT(to_string(missing.error()), HasSubstr("No such file or directory"));
  EXPECT_THAT(to_string(missing.error()), StartsWith((folder / "no" / "a.jsonl").string()));
  EXPECT_FALSE(Journal::open(folder, "A"));
}

TEST_F(JournalTest, AFullDiskCostsLinesAndNothingElse) {
  const auto name = folder / "journal", file = folder / "file";
  std::filesystem::create_symlink("/dev/full", name);
  const auto journal = open(name);
  for (int i = 0; i < 3; ++i)
    journal->write({}, fault("lost"));
  EXPECT_EQ(journal->lost(), 3u);
  EXPECT_EQ(errors(),
            "journal " + name.string() +
                ": cannot be written: No space left on device; lines are lost, and counted, until it "
                "can\n")
      << "said once";
  // Room again.
  std::filesystem::remove(name);
  std::filesystem::create_symlink(file, name);
  journal->reopen();
  journal->write({}, fault("kept"));
  const auto written = lines(file);
  ASSERT_EQ(written.size(), 2u);
  EXPECT_THAT(written[0], HasSubstr(R"("event":"journal_gap","lines":3)"));
  EXPECT_THAT(written[1], HasSubstr("kept"));
  EXPECT_EQ(errors(), "journal " + name.string() + ": it can be written again; 3 lines were lost\n");
}

TEST_F(JournalTest, AReaderThatDoesNotReadCostsLinesAndNothingElse) {
  const auto name = folder / "pipe";
  ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  EXPECT_FALSE(Journal::open(name, "A", std::nullopt, options)) << "nobody reads";
  const int reader = ::open(name.c_str(), O_RDONLY | O_NONBLOCK);
  const auto journal = open(name);
  for (int i = 0; i < 2000; ++i)
    journal->write({}, fault(std::string(100, 'x')));
  EXPECT_GT(journal->lost(), 0u);
  ::close(reader);
}

TEST_F(JournalTest, FollowsItsNameWhenReopened) {
  const auto path = folder / "a.jsonl", old = folder / "a.jsonl.1";
  const auto journal = open(path);
  journal->write({}, fault("one"));
  std::filesystem::rename(path, old);
  journal->write({}, fault("two"));
  EXPECT_EQ(lines(old).size(), 2u);
  journal->reopen();
  journal->write({}, fault("three"));
  EXPECT_EQ(lines(old).size(), 2u);
  EXPECT_EQ(lines(path).size(), 1u);
  // What cannot be opened changes nothing but is told.
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  journal->reopen();
  EXPECT_THAT(errors(), HasSubstr("Is a directory"));
  journal->write({}, fault("four"));
  EXPECT_EQ(journal->lost(), 0u);
}

TEST_F(JournalTest, WhatStrangersCauseIsLimited) {
  const auto path = folder / "a.jsonl";
  const auto journal = open(path);
  for (int i = 0; i < 10'000; ++i) {
    journal->write({}, audit());
    if (i % 1000 == 0) journal->write({}, audit(ipsec::Discard::replay_duplicate));
  }
  EXPECT_EQ(lines(path).size(), 20u) << "10 of each cause";
  EXPECT_EQ(journal->next_deadline(), Instant{1s});
  journal->on_time(Instant{1s});
  EXPECT_FALSE(journal->next_deadline());
  const auto written = lines(path);
  ASSERT_EQ(written.size(), 21u);
  EXPECT_THAT(written[20], HasSubstr(R"("event":"left_out","kind":"audit, integrity_failed","lines":9990)"));
  // The second after is another one.
  for (int i = 0; i < 20; ++i)
    journal->write(Instant{1s}, audit());
  EXPECT_EQ(lines(path).size(), 31u);
  journal->write(Instant{5s}, audit());
  EXPECT_EQ(lines(path).size(), 33u) << "ten were left out, and the new one";
}

TEST_F(JournalTest, NoFaultIsLeftOut) {
  const auto path = folder / "a.jsonl";
  const auto journal = open(path);
  for (int i = 0; i < 100; ++i)
    journal->write({}, fault("x"));
  EXPECT_EQ(lines(path).size(), 100u);
}

}  // namespace
}  // namespace mpsec::gateway
