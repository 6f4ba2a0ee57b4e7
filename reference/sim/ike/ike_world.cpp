#include "sim/ike/ike_world.hpp"

#include <fmt/format.h>

namespace mpsec::sim {
namespace {

struct SadKeeper {
  IkeHost& host;

  InstalledChild* known(ike::ChildId child, std::string_view change) {
    const auto found = host.sad.find(child);
    if (found != host.sad.end()) return &found->second;
    host.faults.push_back(fmt::format("{} of child {}, which is not installed", change, child.value));
    return nullptr;
  }
  void operator()(ike::InstallInbound& install) {
    auto& half = host.sad[install.child].inbound;
    if (half) host.faults.push_back(fmt::format("child {}: inbound installed twice", install.child.value));
    half = std::move(install.parameters);
  }
  void operator()(ike::InstallOutbound& install) {
    auto& half = host.sad[install.child].outbound;
    if (half) host.faults.push_back(fmt::format("child {}: outbound installed twice", install.child.value));
    half = std::move(install.parameters);
  }
  void operator()(const ike::RemoveOutbound& remove) {
    InstalledChild* child = known(remove.child, "removal of a half");
    if (child == nullptr) return;
    if (!child->outbound)
      host.faults.push_back(fmt::format("child {}: no outbound to remove", remove.child.value));
    child->outbound.reset();
  }
  void operator()(const ike::RemoveChild& remove) {
    if (known(remove.child, "removal") != nullptr) host.sad.erase(remove.child);
  }
  void operator()(const ike::MoveChild& move) {
    InstalledChild* child = known(move.child, "move");
    if (child == nullptr) return;
    child->local = move.local;
    child->remote = move.remote;
  }
};

}  // namespace

HostId IkeWorld::add(std::string name, RealmId realm, std::vector<IpAddress> addresses, ike::Engine& engine) {
  const HostId id{hosts_.size()};
  auto& host = hosts_.emplace_back(std::make_unique<IkeHost>());
  host->name = std::move(name);
  host->realm = realm;
  host->addresses = std::move(addresses);
  host->engine = &engine;
  for (const IpAddress& address : host->addresses)
    network_.attach(realm, address, [this, id](const Packet& packet) {
      const auto datagram = packet.received_datagram();
      if (!datagram) return;
      ike::Actions actions;
      hosts_[id.value]->engine->receive(*datagram, time_.now(), actions);
      carry_out(id, actions);
    });
  return id;
}

void IkeWorld::carry_out(HostId id, ike::Actions& actions) {
  IkeHost& host = *hosts_[id.value];
  if (tap_) tap_(host, actions);
  for (ike::Event& event : actions.events)
    host.events.push_back({time_.now(), std::move(event)});
  for (ike::SadChange& change : actions.sad)
    std::visit(SadKeeper{host}, change);
  for (const Datagram& datagram : actions.datagrams) {
    auto packet = Packet::udp(datagram);
    if (packet)
      network_.send(host.realm, *std::move(packet));
    else
      host.faults.push_back(to_string(packet.error()));
  }
  arm(id);
}

void IkeWorld::arm(HostId id) {
  if (const auto old = alarms_.find(id); old != alarms_.end()) {
    time_.cancel(old->second);
    alarms_.erase(old);
  }
  const auto deadline = hosts_[id.value]->engine->next_deadline();
  if (!deadline) return;
  alarms_.emplace(id, time_.at(*deadline, [this, id] {
    alarms_.erase(id);
    ike::Actions actions;
    hosts_[id.value]->engine->on_time(time_.now(), actions);
    carry_out(id, actions);
  }));
}

// The next event, if it is due by `end`; else the time is `end`, and false.
bool IkeWorld::step_until(Instant end) {
  const auto next = time_.next();
  if (next && *next <= end) return time_.step();
  time_.run_until(end);
  return false;
}

bool IkeWorld::run_until_quiet(Duration silence, Bounds bounds) {
  const Instant end = now() + bounds.time;
  Instant last_sent = now();
  std::uint64_t sent = network_.counters().sent;
  for (std::size_t step = 0; step < bounds.steps; ++step) {
    const Instant quiet_at = last_sent + silence;
    if (!step_until(std::min(quiet_at, end)) && network_.counters().in_flight == 0) return quiet_at <= end;
    if (network_.counters().sent == sent && network_.counters().in_flight == 0) continue;
    sent = network_.counters().sent;
    last_sent = now();
    if (now() >= end) return false;
  }
  return false;
}

bool IkeWorld::run_until(const std::function<bool()>& holds, Bounds bounds) {
  const Instant end = now() + bounds.time;
  for (std::size_t step = 0; step < bounds.steps; ++step) {
    if (holds()) return true;
    if (!step_until(end)) return holds();
  }
  return false;
}

bool IkeWorld::run_for(Duration duration, std::size_t steps) {
  const Instant end = now() + duration;
  for (std::size_t step = 0; step < steps; ++step)
    if (!step_until(end)) return true;
  return false;
}

}  // namespace mpsec::sim
