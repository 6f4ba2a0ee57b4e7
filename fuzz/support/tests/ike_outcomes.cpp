#include "support/tests/ike_outcomes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::fuzz {

namespace {

using namespace std::chrono_literals;
using namespace wire::ike;

std::string place_of(const Error& error) {
  return error.clause.empty() ? error.path : fmt::format("{} ({})", error.path, error.clause);
}

// Payloads by name, notifies by type; what only accompanies an SA is left out.
std::string names_of(const Message& message) {
  std::vector<std::string> names;
  const bool agrees = find<SecurityAssociation>(message.payloads) != nullptr;
  for (const Payload& payload : message.payloads) {
    const auto* notify = std::get_if<Notify>(&payload.body);
    if (notify == nullptr) names.emplace_back(name_of(payload.body));
    if (notify != nullptr && !agrees) names.push_back(to_string(notify->type));
  }
  return fmt::format("{}{}", message.header.response ? "" : to_string(message.header.exchange_type) + " ",
                     names.empty() ? "empty" : fmt::format("{}", fmt::join(names, "+")));
}

class Watcher final : public ike::MessageTap {
 public:
  void outgoing(Message& message) override { note("-> " + names_of(message)); }
  void incoming(Message&) override {}
  void hear(const ike::Event& event) {
    if (const auto* refused = std::get_if<ike::MessageRefused>(&event))
      note("refused " + place_of(refused->error));
    if (const auto* failed = std::get_if<ike::NegotiationFailed>(&event))
      note("failed " + place_of(failed->error));
  }

  void before(IkeEnds& ends, IkeEnd at) {
    ends.pair().told = [this](const ike::Event& event) { hear(event); };
    held_ = held(ends, at);
    said_.clear();
  }
  void after(IkeEnds& ends, IkeEnd at) {
    const std::string now = held(ends, at);
    note(now == held_ ? "as before" : now);
    outcome_ = fmt::format("{}", fmt::join(said_, "; "));
    said_.clear();
    ends.pair().told = {};
  }
  const std::string& outcome() const { return outcome_; }

 private:
  // The same thing said again is counted.
  void note(const std::string& what) {
    const std::string last = said_.empty() ? "" : said_.back();
    if (last == what || last.starts_with(what + " x")) {
      const int times = last == what ? 2 : std::stoi(last.substr(what.size() + 2)) + 1;
      said_.back() = fmt::format("{} x{}", what, times);
    } else {
      said_.push_back(what);
    }
  }
  static std::string held(IkeEnds& ends, IkeEnd at) {
    const ike::Engine& engine = (at == IkeEnd::a ? ends.pair().a : ends.pair().b).engine();
    std::vector<std::string> states;
    for (const ike::IkeStatus& sa : engine.status()) {
      if (sa.state == ike::IkeState::closed) continue;
      std::vector<std::string> children;
      for (const ike::ChildStatus& child : sa.children)
        children.emplace_back(to_string(child.state));
      states.push_back(fmt::format("{} [{}]", to_string(sa.state), fmt::join(children, " ")));
    }
    const std::string all = states.empty() ? "nothing" : fmt::format("{}", fmt::join(states, ", "));
    const std::size_t spis = engine.child_spis();
    return "holds " + all + (spis == 0 ? "" : spis == 1 ? ", 1 SPI" : fmt::format(", {} SPIs", spis));
  }

  std::string held_, outcome_;
  std::vector<std::string> said_;
};

// Where an IKE SA has survived at both ends, it serves.
void require_alive_if_established(IkeEnds& ends, IkeEnd at) {
  ends.require_rest(5s);
  const auto here = (at == IkeEnd::a ? ends.pair().a : ends.pair().b).engine().status();
  const auto there = (at == IkeEnd::a ? ends.pair().b : ends.pair().a).engine().status();
  if (here.empty() || there.empty() || here[0].spis != there[0].spis) return;
  if (here[0].state == ike::IkeState::established && there[0].state == ike::IkeState::established)
    ends.require_alive(at);
}

}  // namespace

IkeWorld real_cryptography() {
  static const auto provider = crypto::make_openssl_provider();
  static const auto ike_provider = crypto::make_openssl_ike_provider();
  return {.provider = provider.get(), .ike_provider = ike_provider.get()};
}

std::string outcome_of(IkeTarget target, const std::string& name) {
  Watcher watcher;
  // A stranger's messages come before the SA is established, and the other targets look for themselves.
  const bool looks_alive = (name.starts_with("ike_authenticated/") || name.starts_with("ike_fragments/")) &&
                           name.find("stranger") == std::string::npos;
  IkeWorld world = real_cryptography();
  world.change = [&](ike::test::PairSettings& settings) { settings.tap = &watcher; };
  world.before = [&](IkeEnds& ends, IkeEnd at) { watcher.before(ends, at); };
  world.after = [&](IkeEnds& ends, IkeEnd at) {
    watcher.after(ends, at);
    if (looks_alive) require_alive_if_established(ends, at);
  };
  target(seed(name), world);
  return watcher.outcome();
}

}  // namespace mpsec::fuzz
