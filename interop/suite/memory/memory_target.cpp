#include "interop/suite/memory/memory_target.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "interop/suite/ip_packets.hpp"
#include "interop/suite/memory/reference_settings.hpp"
#include "interop/suite/memory/test_certificates.hpp"
#include "interop/suite/ping.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::conformance {
namespace {

using namespace std::chrono_literals;

// Numbers that are given out in order, and can be told to go on further up.
class Jumping final : public ipsec::SequenceSource {
 public:
  explicit Jumping(std::shared_ptr<ipsec::SequenceSource> inner) : inner_(std::move(inner)) {}
  Range take(std::uint32_t wanted) noexcept override { return inner_->take(wanted); }
  std::uint64_t left() const noexcept override { return inner_->left(); }
  // The next number is `number`, unless the source is beyond it already.
  void jump(std::uint64_t number) noexcept {
    for (Range last = inner_->take(1); last.count != 0 && last.first + last.count < number;) {
      const std::uint64_t gap = number - (last.first + last.count);
      last = inner_->take(static_cast<std::uint32_t>(std::min<std::uint64_t>(gap, 0xffff'ffffu)));
    }
  }

 private:
  std::shared_ptr<ipsec::SequenceSource> inner_;
};

// Nothing: no ESP.
std::optional<EspPacket> esp_in(OctetView ip) {
  auto what = from_ip(ip);
  auto* const esp = what ? std::get_if<EspPacket>(&*what) : nullptr;
  return esp == nullptr ? std::nullopt : std::optional(std::move(*esp));
}

AuditEntry::Event event_of(ipsec::Discard cause) {
  switch (cause) {
    case ipsec::Discard::unknown_spi:
      return AuditEntry::Event::no_sa;
    case ipsec::Discard::replay_duplicate:
    case ipsec::Discard::replay_too_old:
    case ipsec::Discard::replay_below_zero:
      return AuditEntry::Event::replayed;
    case ipsec::Discard::integrity_failed:
      return AuditEntry::Event::not_authentic;
    case ipsec::Discard::fragment_for_ipsec:
      return AuditEntry::Event::fragment;
    case ipsec::Discard::sequence_exhausted:
      return AuditEntry::Event::exhausted;
    default:
      return AuditEntry::Event::other;
  }
}

AuditEntry entry_of(const ipsec::Audit& audit) {
  AuditEntry entry{.event = event_of(audit.cause), .has_time = true};
  if (audit.spi.value != 0) entry.spi = audit.spi;
  entry.source = audit.source, entry.destination = audit.destination;
  if (audit.sequence_number != 0) entry.number = audit.sequence_number;
  return entry;
}

template <class What>
std::vector<What> through(const std::function<std::vector<What>(What)>& bend, What what) {
  if (bend) return bend(std::move(what));
  std::vector<What> one;
  one.push_back(std::move(what));
  return one;
}

Error no(std::string what, std::string why) {
  return {Blame::local_fault, std::move(what), std::nullopt, std::move(why), ""};
}

}  // namespace

class MemoryTarget::World final : public Link {
 public:
  World(const Wishes& wishes, Bent bent)
      : description(describe_reference(wishes)),
        bent_(std::move(bent)),
        standard_sequence_(bent_.seams.sequence) {
    bent_.seams.sequence = [this](auto inner, const auto& parameters) {
      return jumping(std::move(inner), parameters);
    };
    auto settings = reference_settings(wishes);
    bent_.settings(settings);
    core_ = gateway::Core::make(
                std::move(settings),
                {rng_, *packets_, *ike_, test_pki(), calendar_in_memory, bent_.keys, &bent_.seams}, now_)
                .value();
  }

  // --- Link
  Instant now() const override { return now_; }
  const std::vector<ike::Path>& paths() const override { return paths_; }
  Duration patience() const override { return 700ms; }
  Duration silence() const override { return 500ms; }
  void send(const Datagram& datagram) override {
    for (Datagram& one : through(bent_.ike_in, datagram)) {
      const Datagram arrived{one.remote, one.local, std::move(one.octets)};
      act([&](gateway::Core& core, gateway::Output& output) { core.receive_ike(arrived, now_, output); });
    }
  }
  void send(const EspPacket& packet) override {
    for (const EspPacket& one : through(bent_.esp_in, packet)) {
      ipsec::HeldPacket held(to_ip(one));
      act([&](gateway::Core& core, gateway::Output& output) {
        core.receive({&held.buffer(), 1}, now_, output);
      });
    }
  }
  bool handles_clear() const override { return true; }
  void send(const ClearPacket& packet) override {
    if (bent_.lets_in && bent_.lets_in(packet.octets))
      if (auto answer = answer_to(packet.octets)) host_sends(*std::move(answer));
    ipsec::HeldPacket held(packet.octets);
    act([&](gateway::Core& core, gateway::Output& output) {
      core.receive({&held.buffer(), 1}, now_, output);
    });
  }
  std::optional<Arrival> receive(Instant until) override {
    while (arrived_.empty()) {
      const auto next = core_->next_deadline();
      if (!next || *next > until) {
        now_ = std::max(now_, until);
        return std::nullopt;
      }
      now_ = std::max(now_, *next);
      act([&](gateway::Core& core, gateway::Output& output) { core.on_time(now_, output); });
    }
    Arrival first = std::move(arrived_.front());
    arrived_.pop_front();
    return first;
  }

  // --- hooks
  Result<> call(Hook hook, std::uint64_t argument) {
    switch (hook) {
      case Hook::initiate:
        return initiate(argument);
      case Hook::send_traffic:
        return send_clear(argument), Result<>{};
      case Hook::set_outbound_sequence:
        return jump(argument), Result<>{};
      default:
        return on_newest(hook);
    }
  }
  ReplayCounters replay_counters() const {
    const gateway::Counters counters = core_->counters();
    ReplayCounters read;
    read.replayed = counters.discards[ipsec::Discard::replay_duplicate] +
                    counters.discards[ipsec::Discard::replay_too_old] +
                    counters.discards[ipsec::Discard::replay_below_zero];
    read.too_old = counters.discards[ipsec::Discard::replay_too_old];
    read.not_authentic = counters.discards[ipsec::Discard::integrity_failed];
    read.accepted = counters.delivered;
    return read;
  }

  const Bent& bent() const { return bent_; }

  Description description;
  std::string log;
  std::vector<AuditEntry> audits;

 private:
  std::shared_ptr<ipsec::SequenceSource> jumping(std::shared_ptr<ipsec::SequenceSource> inner,
                                                 const ipsec::OutboundParameters& parameters) {
    // Sub-SAs that share a source share its jumps: they are the source's own.
    auto jumps = std::make_shared<Jumping>(std::move(inner));
    sources_.push_back(jumps);
    std::shared_ptr<ipsec::SequenceSource> source = jumps;
    return standard_sequence_ ? standard_sequence_(std::move(source), parameters) : source;
  }
  void jump(std::uint64_t number) {
    for (const auto& weak : sources_)
      if (const auto source = weak.lock()) source->jump(number);
  }

  Result<> initiate(std::uint64_t path) {
    Result<> done{};
    act([&](gateway::Core& core, gateway::Output& output) {
      const auto begun = core.initiate("peer", fmt::format("path {}", path + 1), now_, output);
      if (!begun) done = std::unexpected(begun.error());
    });
    return done;
  }
  void send_clear(std::uint64_t mark) {
    host_sends(to_packet({.from = description.target_host,
                          .to = description.tester_host,
                          .mark = static_cast<std::uint32_t>(mark)}));
  }
  Result<> on_newest(Hook hook) {
    const auto sas = core_->status().ike_sas;
    const auto sa = std::ranges::find_if(sas.rbegin(), sas.rend(), [](const auto& one) {
      return one.ike.state == ike::IkeState::established;
    });
    if (sa == sas.rend())
      return std::unexpected(no(std::string(to_string(hook)), "no IKE SA is established"));
    const bool on_child = hook == Hook::rekey_child || hook == Hook::delete_child;
    if (on_child && sa->children.empty())
      return std::unexpected(no(std::string(to_string(hook)), "the IKE SA has no Child SA"));
    Result<> done{};
    act([&](gateway::Core& core, gateway::Output& output) {
      if (hook == Hook::rekey_child) done = core.rekey_child(sa->children.back().ike.id, now_, output);
      if (hook == Hook::delete_child) done = core.terminate_child(sa->children.back().ike.id, now_, output);
      if (hook == Hook::rekey_ike) done = core.rekey_ike(sa->ike.id, now_, output);
      if (hook == Hook::delete_ike) done = core.terminate_ike(sa->ike.id, now_, output);
      if (hook == Hook::create_child) done = core.create_child(sa->ike.id, "net", now_, output);
    });
    return done;
  }

  // --- the core, and what comes out of it
  template <class Act>
  void act(Act act) {
    gateway::Output output;
    act(*core_, output);
    take(output);
  }
  void take(gateway::Output& output) {
    for (Datagram& sent : output.ike)
      for (Datagram& one : through(bent_.ike_out, Datagram{sent.remote, sent.local, std::move(sent.octets)}))
        arrived_.push_back({now_, std::move(one)});
    for (const ipsec::PacketBuffer& packet : output.outside)
      if (auto esp = esp_in(packet.view())) {
        for (EspPacket& one : through(bent_.esp_out, *std::move(esp)))
          arrived_.push_back({now_, std::move(one)});
      } else {
        arrived_.push_back({now_, ClearPacket{Octets(packet.view().begin(), packet.view().end())}});
      }
    for (const gateway::Report& report : output.reports)
      note(report);
    std::vector<Octets> inside;
    for (const auto* list : {&output.inside, &output.to_sources})
      for (const ipsec::PacketBuffer& packet : *list)
        inside.emplace_back(packet.view().begin(), packet.view().end());
    for (Octets& packet : inside)
      for (const Octets& one : through(bent_.delivered, std::move(packet)))
        if (auto answer = answer_to(one)) host_sends(*std::move(answer));
  }
  void host_sends(Octets packet) {
    for (const Octets& one : through(bent_.sent, std::move(packet))) {
      ipsec::HeldPacket held(one);
      bool gone = false;
      act([&](gateway::Core& core, gateway::Output& output) {
        core.send({&held.buffer(), 1}, now_, output);
        gone = !output.outside.empty();
      });
      if (bent_.leaks && bent_.leaks(one, gone)) arrived_.push_back({now_, ClearPacket{one}});
    }
  }
  void note(const gateway::Report& report) {
    if (const auto* event = std::get_if<ike::Event>(&report)) log += to_string(*event) + "\n";
    if (const auto* data = std::get_if<ipsec::Event>(&report))
      if (const auto* audit = std::get_if<ipsec::Audit>(data)) audits.push_back(entry_of(*audit));
    if (const auto* fault = std::get_if<gateway::Fault>(&report)) log += to_string(fault->error) + "\n";
  }

  Bent bent_;
  decltype(gateway::Replacements::sequence) standard_sequence_;
  Instant now_{};
  std::vector<ike::Path> paths_ = paths_to_reference();
  std::deque<Arrival> arrived_;
  std::vector<std::weak_ptr<Jumping>> sources_;
  SeededRng rng_{7};
  std::unique_ptr<crypto::Provider> packets_ = crypto::make_openssl_provider();
  std::unique_ptr<crypto::IkeProvider> ike_ = crypto::make_openssl_ike_provider();
  std::unique_ptr<gateway::Core> core_;
};

MemoryTarget::MemoryTarget(MakeBent bent) : bent_(std::move(bent)) {
  static_cast<void>(prepare({}));
}
MemoryTarget::~MemoryTarget() = default;

const Description& MemoryTarget::description() const {
  return world_->description;
}
Link& MemoryTarget::link() {
  return *world_;
}
Result<> MemoryTarget::prepare(const Wishes& wishes) {
  world_.reset();
  world_ = std::make_unique<World>(wishes, bent_ ? bent_() : Bent{});
  return {};
}
Result<> MemoryTarget::call(Hook hook, std::uint64_t argument) {
  return world_->call(hook, argument);
}
Result<ReplayCounters> MemoryTarget::replay_counters() {
  return world_->replay_counters();
}
Result<std::vector<AuditEntry>> MemoryTarget::audit() {
  auto entries = world_->audits;
  if (world_->bent().audit)
    std::erase_if(entries, [&](AuditEntry& one) { return !world_->bent().audit(one); });
  return entries;
}
std::string MemoryTarget::log() const {
  return world_->log;
}

}  // namespace mpsec::conformance
