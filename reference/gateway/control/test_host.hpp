// A gateway of test_gateways.hpp with requests before it, and clients that remember what they were told.
#pragma once

#include "gateway/control/requests.hpp"
#include "gateway/core/test_gateways.hpp"

namespace mpsec::gateway::test {

class Asking final : public Client {
 public:
  std::vector<Json> replies, events;

  void reply(std::string line) override { replies.push_back(Json::parse(line)); }
  void event(std::string line) override { events.push_back(Json::parse(line)); }
  // The only reply since last asked; an empty object where there is none, all of them where there are
  // several.
  Json take() {
    const Json all = std::exchange(replies, {});
    return all.size() > 1 ? all : all.empty() ? Json::object() : all[0];
  }
};

// The first gateway of a world is the one that is asked.
class TestHost : public Host {
 public:
  explicit TestHost(const Plan& plan = {}) : world(plan) {}
  TestHost(const Plan& first, const Plan& second) : world(first, second) {}

  World world;
  Asking client;
  Requests requests{*this};
  Result<> reloaded{};
  bool stopped = false;

  Core& core() override { return world.a.core(); }
  Instant now() const override { return world.now; }
  Output& output() override { return output_; }
  void take_output() override {
    world.at(world.a, [&](Core&, Output& output) { return std::swap(output, output_), 0; });
    output_.clear();
    tell();
  }
  Result<> reload() override { return reloaded; }
  void stop() override { stopped = true; }
  Json io_counters() const override { return {{"udp", {{"received", 3}}}, {"tun", {{"lost", 1}}}}; }

  // The reply, if there is one by now.
  Json ask(std::string_view line) {
    requests.handle(line, client);
    return client.take();
  }
  // The reply when everything that is on the wire has arrived.
  Json ask_and_wait(std::string_view line) {
    requests.handle(line, client);
    deliver_all();
    return client.take();
  }
  void deliver_all() {
    for (int i = 0; i < 1000 && !world.wire.empty(); ++i) {
      world.deliver(1);
      tell();
    }
  }
  void run_for(Duration duration) {
    world.run_for(duration);
    tell();
    requests.on_time(world.now);
  }

 private:
  void tell() {
    while (told_ < world.a.reports.size())
      requests.on_report(Report(world.a.reports[told_++]));
  }

  Output output_;
  std::size_t told_ = 0;
};

}  // namespace mpsec::gateway::test
