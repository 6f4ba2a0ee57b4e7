// The gateway's log: JSON lines in a file, or text on standard error. It never stops the gateway: what cannot
// be written is counted.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gateway/control/line_limit.hpp"
#include "gateway/control/report_lines.hpp"
#include "gateway/io/system.hpp"

namespace mpsec::gateway {

struct JournalOptions {
  std::size_t lines_a_second = 10;  // of one kind that strangers can cause (line_limit.hpp)
  int errors = 2;                   // descriptor of standard error
};

class Journal {
 public:
  // An empty path: text on standard error. Else a file that is made with mode 0600, or added to and given
  // that mode. `calendar`: what it said at Instant{}. Fails (local fault, path = the file) naming the remedy.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& path, std::string host,
                                               std::optional<crypto::CalendarSeconds> calendar = std::nullopt,
                                               const JournalOptions& options = {});

  void write(Instant now, const Report& report);
  // Tells what was left out, when its second is over.
  void on_time(Instant now);
  std::optional<Instant> next_deadline() const { return limit_.next_deadline(); }
  // The file by its name, after somebody has moved the old one away. Where that fails the old one goes on,
  // and standard error says why.
  void reopen();
  std::uint64_t lost() const { return lost_in_all_; }

 private:
  Journal(std::filesystem::path path, std::string host, std::optional<crypto::CalendarSeconds> calendar,
          const JournalOptions& options);
  template <class Told>
  void tell(Instant now, const Told& told);
  void put(Instant now, const std::string& line);
  void lose(int error);
  void complain(const std::string& text) const;

  std::filesystem::path path_;
  std::string host_;
  std::optional<crypto::CalendarSeconds> calendar_;
  JournalOptions options_;
  LineLimit limit_;
  FileDescriptor file_;                       // none: standard error
  bool torn_ = false;                         // the file ends within a line
  std::uint64_t lost_ = 0, lost_in_all_ = 0;  // since it could be written last; ever
};

}  // namespace mpsec::gateway
