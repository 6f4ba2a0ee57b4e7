// The embedded reference as a target: a whole gateway core, a host behind it that answers pings, and virtual
// time. What a defect changes of it is changed here.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "gateway/core/core.hpp"
#include "interop/suite/target.hpp"

namespace mpsec::conformance {

// What the reference is made with otherwise. Made anew for each case, and outlives its core.
struct Bent {
  gateway::Replacements seams{};
  std::function<void(gateway::Settings&)> settings = [](gateway::Settings&) {};
  // At its sockets: what goes on in the place of what came. Seen from the tester: `local` is its address.
  std::function<std::vector<Datagram>(Datagram)> ike_in{}, ike_out{};
  std::function<std::vector<EspPacket>(EspPacket)> esp_in{}, esp_out{};
  // At its protected side: what is delivered, and what its host sends.
  std::function<std::vector<Octets>(Octets)> delivered{}, sent{};
  // Whether what its host has sent leaves in the clear too; `gone` says that the core has sent it on.
  std::function<bool(OctetView packet, bool gone)> leaks{};
  // Whether a packet that came in the clear is handed to its host, whatever the core says.
  std::function<bool(OctetView packet)> lets_in{};
  // What of its audit log can be read; false: the entry is missing.
  std::function<bool(AuditEntry&)> audit{};
  ike::KeyLog* keys = nullptr;
  std::shared_ptr<void> state{};  // holds whatever the seams are
};
using MakeBent = std::function<Bent()>;

class MemoryTarget final : public Target {
 public:
  // Empty: the reference as it is.
  explicit MemoryTarget(MakeBent bent = {});
  ~MemoryTarget() override;

  const Description& description() const override;
  Link& link() override;
  Result<> prepare(const Wishes& wishes) override;
  Result<> call(Hook hook, std::uint64_t argument) override;
  Result<ReplayCounters> replay_counters() override;
  Result<std::vector<AuditEntry>> audit() override;
  // What it has told of, for somebody who wonders; a line each.
  std::string log() const;

 private:
  class World;
  MakeBent bent_;
  std::unique_ptr<World> world_;
};

}  // namespace mpsec::conformance
