#include "interop/suite/network/network_target.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <deque>
#include <fmt/format.h>
#include <poll.h>
#include <ranges>

#include "interop/suite/ip_packets.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::conformance {
namespace {

using namespace std::chrono_literals;

Error local(std::string what, std::string why) {
  return {Blame::local_fault, std::move(what), std::nullopt, std::move(why), ""};
}

// Whether the target is described with all algorithms that are wished for.
bool known(const std::vector<ike::ChildProposal>& wished, const std::vector<ike::ChildProposal>& described) {
  const auto holds = [](const auto& all, const auto& some) {
    return std::ranges::all_of(some,
                               [&](const auto& one) { return std::ranges::find(all, one) != all.end(); });
  };
  return std::ranges::all_of(wished, [&](const ike::ChildProposal& wish) {
    return std::ranges::any_of(described, [&](const ike::ChildProposal& one) {
      return holds(one.encryption, wish.encryption) && holds(one.integrity, wish.integrity);
    });
  });
}

// What a wish asks for that the description does not say; empty if nothing.
std::string ungranted(const Wishes& wishes, const Description& target) {
  const auto feature = [&](bool wanted, Feature one) {
    return wanted && !target.features.has(one) ? fmt::format("the feature '{}'", to_string(one))
                                               : std::string{};
  };
  for (std::string lacking : {feature(wishes.extended_sequence_numbers, Feature::extended_sequence_numbers),
                              feature(wishes.cluster, Feature::sa_clusters),
                              feature(wishes.transport_mode, Feature::transport_mode),
                              feature(wishes.certificates != Certificates::unasked, Feature::certificates),
                              feature(wishes.key_exchange_in_child, Feature::key_exchange_in_child)})
    if (!lacking.empty()) return lacking;
  if (wishes.window && *wishes.window != target.window)
    return fmt::format("a replay window of {} (the target file says {})", *wishes.window, target.window);
  if (wishes.cookies_from && !target.hooks.has(Hook::set_cookie_threshold))
    return "the hook 'set-cookie-threshold'";
  if (wishes.child_lifetime && !target.hooks.has(Hook::set_lifetime)) return "the hook 'set-lifetime'";
  if (wishes.child_proposals && !known(*wishes.child_proposals, target.child_proposals))
    return "other algorithms of its Child SAs";
  if (wishes.ike_lifetime) return "another lifetime of IKE SAs";
  if (wishes.rekey_after_packets) return "a lifetime in packets";
  if (wishes.reordering || wishes.duplication || !wishes.scheduler.empty())
    return "another setting of its clusters";
  if (wishes.certificates != Certificates::unasked && !target.signer)
    return "a certificate of the tester's (the target file has a shared key)";
  if (wishes.certificates == Certificates::rsa &&
      target.signer->key->public_key().kind() != crypto::KeyKind::rsa)
    return "a certificate of the tester's with an RSA key";
  if (wishes.second_identity) return "a second peer, whom the tester can be";
  return {};
}

// "replayed=3" in what a hook has printed.
std::optional<std::uint64_t> value_in(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(fmt::format("{}=", name));
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + name.size() + 1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

// "replayed" of "event=replayed"; empty if it is not there.
std::string_view word_in(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(fmt::format("{}=", name));
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + name.size() + 1);
  return rest.substr(0, rest.find_first_of(" \t\r"));
}

AuditEntry::Event event_in(std::string_view word) {
  using Event = AuditEntry::Event;
  constexpr std::array<std::pair<std::string_view, Event>, 5> events{{{"no-sa", Event::no_sa},
                                                                      {"replayed", Event::replayed},
                                                                      {"not-authentic", Event::not_authentic},
                                                                      {"fragment", Event::fragment},
                                                                      {"exhausted", Event::exhausted}}};
  const auto known = std::ranges::find(events, word, &std::pair<std::string_view, Event>::first);
  return known == events.end() ? Event::other : known->second;
}

AuditEntry audit_entry_in(std::string_view line) {
  AuditEntry entry{.event = event_in(word_in(line, "event")), .has_time = !word_in(line, "time").empty()};
  std::string_view spi = word_in(line, "spi");
  if (spi.starts_with("0x")) spi.remove_prefix(2);
  std::uint32_t value = 0;
  if (std::from_chars(spi.data(), spi.data() + spi.size(), value, 16).ec == std::errc{})
    entry.spi = Spi(value);
  if (const auto source = IpAddress::parse(word_in(line, "source"))) entry.source = *source;
  if (const auto destination = IpAddress::parse(word_in(line, "destination")))
    entry.destination = *destination;
  if (const auto number = value_in(line, "number")) entry.number = static_cast<std::uint32_t>(*number);
  return entry;
}

}  // namespace

class NetworkTarget::Inside final : public Link {
 public:
  Inside(TargetFile given, std::unique_ptr<gateway::Outside> outside, double scale)
      : file(std::move(given)), hooks(file.hooks), outside_(std::move(outside)), scale_(scale) {
    if (file.answers_within != Duration{}) round_trip_ = file.answers_within;
  }

  Instant now() const override { return Instant(std::chrono::steady_clock::now() - start_); }
  const std::vector<ike::Path>& paths() const override { return file.paths; }
  Duration patience() const override { return scaled(std::max<Duration>(1s, round_trip_ * 4)); }
  Duration silence() const override { return scaled(std::max<Duration>(250ms, round_trip_ * 3)); }
  unsigned sendings() const override { return sendings_; }
  void send(const Datagram& datagram) override { outside_->send(datagram); }
  using Link::send;
  void send(const EspPacket& packet) override {
    ipsec::HeldPacket held(to_ip(packet));
    outside_->send({&held.buffer(), 1});
  }
  std::optional<Arrival> receive(Instant until) override {
    for (;;) {
      if (!arrived_.empty()) {
        Arrival first = std::move(arrived_.front());
        arrived_.pop_front();
        return first;
      }
      const Duration left = until - now();
      if (left <= Duration::zero()) return std::nullopt;
      wait(left);
    }
  }
  void forget() {
    arrived_.clear();
    wait(1ms);
    arrived_.clear();
  }
  void note_way(Duration round_trip, double loss) {
    round_trip_ = std::max(round_trip_, round_trip);
    // So that all sendings of a request are lost once in a thousand at the most.
    while (sendings_ < most_sendings && std::pow(loss, sendings_) > 1e-3)
      ++sendings_;
  }
  // By its hook, until put_back().
  Result<> set(Hook hook, std::uint64_t value) {
    set_.push_back(hook);
    if (auto done = hooks.ask(hook, value); !done) return std::unexpected(done.error());
    return {};
  }
  Result<> put_back() {
    for (; !set_.empty(); set_.pop_back())
      if (auto done = hooks.put_back(set_.back()); !done) return done;
    return {};
  }

  TargetFile file;
  HookCommands hooks;

 private:
  Duration scaled(Duration duration) const { return std::chrono::duration_cast<Duration>(duration * scale_); }
  void wait(Duration left) {
    std::vector<pollfd> polled;
    for (const int descriptor : outside_->descriptors())
      polled.push_back({descriptor, POLLIN, 0});
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (::poll(polled.data(), polled.size(), static_cast<int>(milliseconds)) <= 0) return;
    for (const pollfd& one : polled)
      if (one.revents != 0) read(one.fd);
  }
  void read(int descriptor) {
    for (bool more = true; more;) {
      batch_.clear();
      datagrams_.clear();
      more = outside_->receive(descriptor, batch_, datagrams_);
      for (Datagram& datagram : datagrams_)
        if (from_target(datagram.remote.address)) arrived_.push_back({now(), std::move(datagram)});
      for (const ipsec::PacketBuffer& packet : batch_.packets()) {
        auto what = from_ip(packet.view());
        if (!what) continue;
        const IpAddress& remote = std::visit(
            [](const auto& one) -> const IpAddress& {
              if constexpr (requires { one.path; })
                return one.path.remote.address;
              else
                return one.remote.address;
            },
            *what);
        if (!from_target(remote)) continue;
        std::visit([&](auto& one) { arrived_.push_back({now(), std::move(one)}); }, *what);
      }
    }
  }
  bool from_target(const IpAddress& address) const {
    return std::ranges::any_of(file.paths,
                               [&](const ike::Path& path) { return path.remote.address == address; });
  }

  std::unique_ptr<gateway::Outside> outside_;
  gateway::PacketBatch batch_;
  std::vector<Datagram> datagrams_;
  std::deque<Arrival> arrived_;
  std::vector<Hook> set_;  // what is not as usual
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  static constexpr unsigned most_sendings = 8;
  Duration round_trip_{};
  unsigned sendings_ = 2;
  double scale_;
};

NetworkTarget::NetworkTarget(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
NetworkTarget::~NetworkTarget() {
  inside_->hooks.end_all();
  static_cast<void>(inside_->put_back());
}

Result<std::unique_ptr<NetworkTarget>> NetworkTarget::open(TargetFile file, double timeout_scale) {
  auto outside = gateway::Outside::open(file.listen);
  if (!outside) return std::unexpected(std::move(outside).error());
  auto inside = std::make_unique<Inside>(std::move(file), *std::move(outside), timeout_scale);
  return std::unique_ptr<NetworkTarget>(new NetworkTarget(std::move(inside)));
}

const Description& NetworkTarget::description() const {
  return inside_->file.description;
}
Link& NetworkTarget::link() {
  return *inside_;
}
void NetworkTarget::note_way(Duration round_trip, double loss) {
  inside_->note_way(round_trip, loss);
}

Result<> NetworkTarget::prepare(const Wishes& wishes) {
  inside_->hooks.end_all();
  if (std::string lacking = ungranted(wishes, description()); !lacking.empty())
    return std::unexpected(Error{Blame::no_common_ground, "target", std::nullopt,
                                 fmt::format("the case needs {}", lacking), ""});
  if (auto usual = inside_->put_back(); !usual) return usual;
  if (auto reset = inside_->hooks.reset(); !reset) return reset;
  inside_->forget();
  if (wishes.cookies_from)
    if (auto set = inside_->set(Hook::set_cookie_threshold, *wishes.cookies_from); !set) return set;
  if (wishes.child_lifetime) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wishes.child_lifetime).count();
    return inside_->set(Hook::set_lifetime, static_cast<std::uint64_t>(seconds));
  }
  return {};
}

bool NetworkTarget::remembers() const {
  return !inside_->hooks.can_reset();
}

Result<> NetworkTarget::call(Hook hook, std::uint64_t argument) {
  return inside_->hooks.start(hook, argument);
}

Result<ReplayCounters> NetworkTarget::replay_counters() {
  auto text = inside_->hooks.ask(Hook::read_replay_counters, 0);
  if (!text) return std::unexpected(text.error());
  const auto replayed = value_in(*text, "replayed");
  if (!replayed)
    return std::unexpected(
        local("hook read-replay-counters",
              "expected 'replayed=NUMBER' among what it prints, found none; it may also print "
              "too_old=NUMBER, not_authentic=NUMBER and accepted=NUMBER"));
  return ReplayCounters{*replayed, value_in(*text, "not_authentic").value_or(0),
                        value_in(*text, "accepted").value_or(0), value_in(*text, "too_old")};
}

Result<std::vector<AuditEntry>> NetworkTarget::audit() {
  auto text = inside_->hooks.ask(Hook::read_audit, 0);
  if (!text) return std::unexpected(text.error());
  std::vector<AuditEntry> entries;
  for (const auto line : std::views::split(std::string_view(*text), '\n'))
    if (const std::string_view one(line.begin(), line.end()); one.find("event=") != std::string_view::npos)
      entries.push_back(audit_entry_in(one));
  return entries;
}

}  // namespace mpsec::conformance
