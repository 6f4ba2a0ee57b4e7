#include "gateway/core/core.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "gateway/core/parts.hpp"

namespace mpsec::gateway {

Core::Core(Settings settings, const Seams& seams)
    : settings_(std::move(settings)), seams_(seams), parts_(std::make_unique<Parts>(settings_, seams)) {}

Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::make(Settings settings, const Seams& seams, Instant now) {
  std::unique_ptr<Core> core(new Core(std::move(settings), seams));
  if (auto built = core->build(now); !built) return std::unexpected(std::move(built).error());
  return core;
}

Result<> Core::build(Instant now) {
  Parts& parts = *parts_;
  if (parts.crew && seams_.replacements != nullptr)
    return std::unexpected(Error{Blame::local_fault, "gateway.workers", std::nullopt,
                                 "expected 1 where seams are replaced: what replaces them has one thread",
                                 ""});
  auto cookies = ike::StatelessCookieJar::make(settings_.cookies, seams_.ike_provider, seams_.rng, now);
  if (!cookies) return std::unexpected(std::move(cookies).error());
  parts.cookies = *std::move(cookies);
  if (seams_.replacements != nullptr && seams_.replacements->cookies)
    parts.cookies = seams_.replacements->cookies(std::move(parts.cookies));
  for (const auto& [name, ranges] : settings_.pools)
    parts.pools.add(name, std::make_unique<ike::RangeAddressPool>(ranges));
  if (auto used = parts.use(settings_, seams_); !used) return used;
  auto engine = ike::Engine::make(settings_.ike, parts.engine_seams(seams_));
  if (!engine) return std::unexpected(std::move(engine).error());
  engine_ = *std::move(engine);
  owners_ = policy_owners(settings_);
  initiations_.configure(settings_, now);
  for (ManualSa& sa : settings_.sas)
    if (auto added = parts.sas.add_manual(sa, now); !added) return added;
  return {};
}

Result<> Core::reload(Settings settings, Instant now, Output& output) {
  if (auto allowed = may_replace(settings_, settings); !allowed) return allowed;
  keep_ids(settings, settings_);
  if (auto taken = engine_->reconfigure(settings.ike); !taken) return taken;
  // What follows was checked when the settings were read.
  if (auto used = parts_->use(settings, seams_); !used) return used;
  settings_ = std::move(settings);
  owners_ = policy_owners(settings_);
  initiations_.configure(settings_, now);
  on_time(now, output);
  return {};
}

// --- what happens

void Core::receive_ike(const Datagram& datagram, Instant now, Output& output) {
  engine_->receive(datagram, now, ike_actions_);
  settle(now, output);
}

void Core::receive(std::span<ipsec::PacketBuffer> packets, Instant now, Output& output) {
  counters_.packets_in += packets.size();
  if (parts_->crew) packets = parts_->crew->hand_over(packets);
  parts_->origins.note(packets);
  parts_->ends.receive(packets, now, output.storage);
  settle(now, output);
  parts_->origins.clear();
}

void Core::send(std::span<ipsec::PacketBuffer> packets, Instant now, Output& output) {
  counters_.clear_in += packets.size();
  auto& outgoing = parts_->outgoing;
  auto& fates = parts_->fates;
  outgoing.clear();
  for (const ipsec::PacketBuffer& packet : packets)
    outgoing.push_back({.packet = packet});
  fates.assign(packets.size(), ipsec::Fate::discarded);
  const std::size_t events = output.storage.packets.events.size();
  parts_->ends.send(outgoing, now, fates, output.storage);
  for (std::size_t i = 0; i < packets.size(); ++i)
    if (fates[i] == ipsec::Fate::protected_ || fates[i] == ipsec::Fate::bypassed)
      output.outside.push_back(outgoing[i].packet);
  hold_waiting(std::span(output.storage.packets.events).subspan(events), now);
  settle(now, output);
}

void Core::on_unreachable(const IpAddress& remote, Instant now, Output& output) {
  engine_->on_hint(remote, now, ike_actions_);
  settle(now, output);
}

std::optional<Instant> Core::next_deadline() const {
  std::optional<Instant> first;
  for (const auto& at : {engine_->next_deadline(), parts_->ends.next_deadline(), initiations_.next_deadline(),
                         parts_->waiting.next_deadline()})
    if (at && (!first || *at < *first)) first = at;
  return first;
}

void Core::on_time(Instant now, Output& output) {
  engine_->on_time(now, ike_actions_);
  parts_->ends.on_time(now, output.storage);
  counters_.given_up_waiting += parts_->waiting.on_time(now);
  begin_due(now, output);
  settle(now, output);
}

// --- what is asked for

template <class Act>
Result<> Core::command(Instant now, Output& output, Act act) {
  auto result = act();
  settle(now, output);
  return result;
}

Result<std::vector<ike::IkeSaId>> Core::initiate(std::string_view peer, std::string_view path, Instant now,
                                                 Output& output) {
  const auto known = settings_.peers.find(std::string(peer));
  const auto fail = [](std::string what, std::string why) {
    return std::unexpected(Error{Blame::local_fault, std::move(what), std::nullopt, std::move(why), ""});
  };
  if (known == settings_.peers.end())
    return fail(fmt::format("peer '{}'", peer), "there is none of that name");
  std::vector<ike::IkeSaId> begun;
  bool named = false;
  const bool in_turn = path.empty() && initiations_.in_series(peer);
  if (in_turn) initiations_.ask_for_all(peer, now);
  for (const PathSettings& one : known->second.paths) {
    if (!path.empty() && one.name != path) continue;
    named = true;
    const Initiations::PathName name{std::string(peer), one.name};
    if (path.empty() && initiations_.sa_of(name)) continue;
    if (in_turn && initiations_.is_busy(peer)) continue;
    const auto sa = begin(name, now, nullptr, output);
    if (!sa) return std::unexpected(sa.error());
    begun.push_back(*sa);
  }
  settle(now, output);
  if (!named)
    return fail(fmt::format("peer '{}'/path '{}'", peer, path),
                "it has no such path; give it one in `paths`, with addresses");
  return begun;
}

Result<> Core::create_child(ike::IkeSaId sa, std::string_view child, Instant now, Output& output) {
  return command(now, output, [&] { return engine_->create_child(sa, child, now, ike_actions_); });
}
Result<> Core::rekey_ike(ike::IkeSaId sa, Instant now, Output& output) {
  return command(now, output, [&] { return engine_->rekey_ike(sa, now, ike_actions_); });
}
Result<> Core::rekey_child(ike::ChildId child, Instant now, Output& output) {
  return command(now, output, [&] { return engine_->rekey_child(child, now, ike_actions_); });
}
Result<> Core::terminate_ike(ike::IkeSaId sa, Instant now, Output& output) {
  return command(now, output, [&] { return engine_->close(sa, now, ike_actions_); });
}
Result<> Core::terminate_child(ike::ChildId child, Instant now, Output& output) {
  return command(now, output, [&] { return engine_->delete_child(child, now, ike_actions_); });
}

void Core::stop(Instant now, Output& output) {
  stopping_ = true;
  initiations_.stop();
  counters_.given_up_waiting += parts_->waiting.give_up_all();
  for (const ike::IkeStatus& sa : engine_->status())
    if (sa.state == ike::IkeState::established || sa.state == ike::IkeState::rekeying)
      static_cast<void>(engine_->close(sa.id, now, ike_actions_));
  settle(now, output);
}

bool Core::stopped() const {
  return stopping_ && engine_->open_ike_sas() == 0;
}

}  // namespace mpsec::gateway
