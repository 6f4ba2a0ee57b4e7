#include "gateway/control/journal.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "trace/json_values.hpp"

namespace mpsec::gateway {
namespace {

// For adding to; a pipe that nobody reads does not hold us up.
Result<FileDescriptor> open_file(const std::filesystem::path& path) {
  constexpr int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  FileDescriptor file(::open(path.c_str(), how, 0600));
  if (!file)
    return refused(path, "opening the journal", errno,
                   "it has to be a file in a folder that is there and writable");
  struct stat about{};
  const bool is_file = ::fstat(file.number(), &about) == 0 && S_ISREG(about.st_mode);
  if (!is_file || (about.st_mode & 0777) == 0600 || ::fchmod(file.number(), 0600) == 0) return file;
  return refused(path, "making the journal its owner's alone", errno, "it has to be the gateway's own");
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& path, std::string host,
                                               std::optional<crypto::CalendarSeconds> calendar,
                                               const JournalOptions& options) {
  std::unique_ptr<Journal> journal(new Journal(path, std::move(host), calendar, options));
  if (path.empty()) return journal;
  auto file = open_file(path);
  if (!file) return std::unexpected(std::move(file).error());
  journal->file_ = *std::move(file);
  return journal;
}

Journal::Journal(std::filesystem::path path, std::string host,
                 std::optional<crypto::CalendarSeconds> calendar, const JournalOptions& options)
    : path_(std::move(path)),
      host_(std::move(host)),
      calendar_(calendar),
      options_(options),
      limit_(options.lines_a_second) {}

void Journal::write(Instant now, const Report& report) {
  on_time(now);
  if (limit_.admits(report, now)) tell(now, report);
}

void Journal::on_time(Instant now) {
  for (const LineLimit::LeftOut& one : limit_.left_out(now))
    tell(now, one);
}

template <class Told>
void Journal::tell(Instant now, const Told& told) {
  const trace::Origin origin{now, host_, calendar_};
  if (file_)
    put(now, to_json_line(origin, told));
  else
    complain(to_text_line(origin, told));
}

void Journal::put(Instant now, const std::string& line) {
  std::string text = torn_ ? "\n" : "";
  if (lost_ != 0) {
    trace::Json gap = trace::begun_line({now, host_, calendar_});
    gap["event"] = "journal_gap";
    gap["lines"] = lost_;
    text += trace::to_line(gap) + "\n";
  }
  text += line + "\n";
  const ssize_t written = ::write(file_.number(), text.data(), text.size());
  if (written > 0) torn_ = text[static_cast<std::size_t>(written) - 1] != '\n';
  if (written != static_cast<ssize_t>(text.size())) return lose(written < 0 ? errno : ENOSPC);
  if (const std::uint64_t lost = std::exchange(lost_, 0); lost != 0)
    complain(fmt::format("journal {}: it can be written again; {} lines were lost", path_.string(), lost));
}

void Journal::lose(int error) {
  ++lost_in_all_;
  if (lost_++ == 0)
    complain(fmt::format("journal {}: cannot be written: {}; lines are lost, and counted, until it can",
                         path_.string(), std::strerror(error)));
}

void Journal::reopen() {
  if (path_.empty()) return;
  auto file = open_file(path_);
  if (!file) return complain(to_string(file.error()));
  file_ = *std::move(file);
  torn_ = false;
}

// Nobody is left to tell where this fails.
void Journal::complain(const std::string& text) const {
  const std::string line = text + "\n";
  static_cast<void>(!::write(options_.errors, line.data(), line.size()));
}

}  // namespace mpsec::gateway
