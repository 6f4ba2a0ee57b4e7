// Gateways with several workers, whose turns are taken one after the other in the test's thread.
#pragma once

#include "gateway/core/test_gateways.hpp"

namespace mpsec::gateway::test {

// The sequence number of an ESP packet in IPv4.
struct OnWire {
  Spi spi;
  std::uint32_t number = 0;
  auto operator<=>(const OnWire&) const = default;
};
inline std::optional<OnWire> esp_of(const World::OnTheWay& one) {
  const auto* octets = std::get_if<Octets>(&one.what);
  if (octets == nullptr || octets->at(9) != 50) return std::nullopt;
  return OnWire{Spi{load_be<std::uint32_t>(octets->data() + 20)},
                load_be<std::uint32_t>(octets->data() + 24)};
}

class WorkersWorld : public World {
 public:
  explicit WorkersWorld(const Plan& plan) : WorkersWorld(plan, plan) {}
  WorkersWorld(const Plan& first, const Plan& second) : World(first, second) {
    lost = [this](const OnTheWay& one) {
      if (const auto esp = esp_of(one)) sent.push_back(*esp);
      return false;
    };
  }

  std::vector<OnWire> sent;  // all ESP that has left the wire

  // A clear packet that worker `number` reads; 0 is the core.
  void send_by(Gateway& from, std::size_t number, OctetView packet) {
    if (number == 0) return send(from, packet);
    ipsec::HeldPacket held(packet);
    WorkerOutput output;
    Desk& desk = from.core().crew()->desk(number);
    desk.send({&held.buffer(), 1}, now, output, [&] { put_out(from, desk, output); });
    work(from);
  }
  // Until nothing is on its way, between the gateways or within them.
  void settle() {
    for (int i = 0; i < 1000; ++i) {
      deliver_all();
      const bool a_worked = work(a), b_worked = work(b);
      if (wire.empty() && !a_worked && !b_worked) return;
    }
    ADD_FAILURE() << "it does not come to an end";
  }

 private:
  bool work(Gateway& one) {
    bool worked = false;
    for (std::size_t number = 1; number <= one.core().crew()->size(); ++number) {
      Desk& desk = one.core().crew()->desk(number);
      WorkerOutput output;
      while (desk.receive_next(now, output))
        put_out(one, desk, output), worked = true;
      while (auto news = desk.news()) {
        at(one, [&](Core& core, Output& told) { return core.take_news(*news, now, told), 0; });
        desk.give_back(std::move(news)), worked = true;
      }
    }
    return worked;
  }
  void put_out(Gateway& one, Desk& desk, WorkerOutput& output) {
    for (const ipsec::PacketBuffer& packet : output.outside)
      wire.push_back({&one == &a ? &b : &a, Octets(packet.view().begin(), packet.view().end())});
    for (const auto* list : {&output.inside, &output.to_sources})
      for (const ipsec::PacketBuffer& packet : *list)
        one.delivered.emplace_back(packet.view().begin(), packet.view().end());
    output.clear();
    EXPECT_TRUE(desk.finish());
  }
};

// A cluster over `paths` paths; without paths an ordinary Child SA. `workers` at each end.
inline Plan worked(std::uint32_t workers, std::size_t paths, std::function<void(Settings&)> change = {}) {
  Plan plan;
  plan.paths = std::max<std::size_t>(1, paths);
  plan.cluster = paths > 0;
  plan.change = [workers, change](Settings& settings) {
    settings.workers = workers;
    if (!settings.clusters.empty()) settings.clusters["net"].scheduler = "round-robin burst=1";
    if (change) change(settings);
  };
  return plan;
}

}  // namespace mpsec::gateway::test
