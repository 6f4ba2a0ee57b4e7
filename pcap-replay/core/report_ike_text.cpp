#include "ike/suite.hpp"
#include "pcap-replay/core/report_ike.hpp"
#include "pcap-replay/core/report_lines.hpp"

namespace mpsec::replay {
namespace {

std::string key_text(const IkeSession& session) {
  const IkeKeyEntry* const key = session.key();
  if (key == nullptr)
    return session.has_entries() ? "at hand, but no message was opened"
                                 : "none: protected messages stay closed";
  const auto& messages = *key->messages;
  std::string algorithms((*crypto::find(messages.encryption))->name);
  if (messages.integrity != crypto::IntegrityId::none)
    algorithms += fmt::format(" with {}", (*crypto::find(messages.integrity))->name);
  return fmt::format("{}: {}{}", key->where, algorithms, messages.icv_checked() ? "" : ", ICV not checked");
}

std::uint64_t of(const IkeSession& session, IkeVerdict verdict) {
  return session.by_verdict[static_cast<std::size_t>(verdict)];
}

std::string verdicts_text(const IkeSession& session) {
  std::string text;
  for (const IkeVerdict verdict : {IkeVerdict::clear, IkeVerdict::opened, IkeVerdict::opened_unchecked,
                                   IkeVerdict::fragment, IkeVerdict::no_key, IkeVerdict::cut})
    if (of(session, verdict) != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", of(session, verdict), to_string(verdict));
  return text;
}

void add_session(std::string& text, const IkeSession& session) {
  fmt::format_to(std::back_inserter(text), "\nIKE SA {} between {} and {}\n", ike::to_string(session.spis()),
                 to_string(session.initiator), to_string(session.responder));
  Lines lines(text);
  lines.add("key", key_text(session));
  lines.add("messages",
            fmt::format("{}, frames {} to {}", session.messages, session.first_frame, session.last_frame));
  lines.add("time", fmt::format("{} to {} ({})", to_utc(session.first_time), to_utc(session.last_time),
                                to_readable(session.last_time - session.first_time)));
  if (const std::string verdicts = verdicts_text(session); !verdicts.empty()) lines.add("read", verdicts);
  if (session.completed != 0)
    lines.add("reassembled", plural(session.completed, "message") + " from fragments");
  for (const auto& [verdict, frames] : session.failures)
    lines.add("FAILED", fmt::format("{} {}: {}", frames.count(), to_string(verdict), frames_shown(frames)));
  const IkeFollower* const follower = session.follower();
  if (follower == nullptr) return;
  for (const IkeOffspring& offspring : follower->offspring())
    lines.add("made", fmt::format("frame {}: {}{}{}{}", offspring.frame, offspring.what,
                                  offspring.algorithms.empty() ? "" : ", ", offspring.algorithms,
                                  offspring.keyed ? ", keys derived" : ", closed"));
  if (follower->offspring_count() > follower->offspring().size())
    lines.add("made", fmt::format("and {} more", follower->offspring_count() - follower->offspring().size()));
  for (const std::string& missing : follower->missing())
    lines.add("missing", missing);
}

}  // namespace

void add_ike(std::string& text, const Replay& replay) {
  Lines lines(text);
  for (const auto& [type, count] : replay.ike().v1_exchanges())
    lines.add("IKEv1", fmt::format("{:>10}  {}", count, ike_v1_exchange(type)));
  if (replay.ike().not_tracked() != 0)
    lines.add("not tracked",
              fmt::format("{:>10}  IKE messages: too many different SPIs", replay.ike().not_tracked()));
  for (const IkeSession& session : replay.ike().sessions())
    add_session(text, session);
}

}  // namespace mpsec::replay
