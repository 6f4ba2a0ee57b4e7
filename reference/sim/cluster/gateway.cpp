#include "sim/cluster/gateway.hpp"

#include <algorithm>
#include <bit>

#include "cluster/make_scheduler.hpp"
#include "crypto/registry.hpp"

namespace mpsec::sim {
namespace {

// Of the range for tests of networks (RFC 2544): one half for each gateway.
constexpr std::uint32_t base_address = 0xc6120000;  // 198.18.0.0
constexpr std::uint32_t other_end = 0x10000;        // 198.19.0.0
constexpr std::uint32_t base_spi = 0x1000;
constexpr std::uint32_t flow_buckets = 1024;

ipsec::Spd protect_all(End end) {
  ipsec::Policy policy;
  policy.id = ipsec::PolicyId{1};
  policy.action = ipsec::Action::protect;
  policy.name = "between the gateways";
  policy.selectors = {ipsec::Selector{}};
  policy.protect = ipsec::ProtectSpec{};
  policy.protect->endpoints = ipsec::TunnelEndpoints{path_address(end, 0), path_address(opposite(end), 0)};
  policy.protect->by = Gateway::cluster_id;
  ipsec::Spd spd;
  static_cast<void>(
      spd.append(policy));  // refuses only what is wrong with a policy, and this one is always the same
  return spd;
}

ipsec::DataPath::Options options_of(End end, std::uint64_t seed) {
  ipsec::DataPath::Options options;
  options.seed = seed;
  options.own_v4 = path_address(end, 0);
  return options;
}

cluster::ClusterParameters parameters_of(const ClusterPlan& plan) {
  cluster::ClusterParameters parameters;
  parameters.id = Gateway::cluster_id;
  parameters.name = "simulated";
  parameters.extended_sequence_numbers = plan.extended_sequence_numbers;
  parameters.replay_window = parameters.peer_window = plan.window;
  parameters.duplication = plan.duplication;
  parameters.watch_numbers = true;
  parameters.last_sequence_number = plan.last_sequence_number;
  return parameters;
}

std::unique_ptr<cluster::ReorderPolicy> policy_of(const ReorderPlan& plan) {
  switch (plan.policy) {
    case ReorderBy::time:
      return std::make_unique<cluster::ReleaseByTime>(plan.hold);
    case ReorderBy::gap:
      return std::make_unique<cluster::ReleaseByGap>(plan.gap);
    case ReorderBy::adaptive:
      return std::make_unique<cluster::AdaptiveRelease>(cluster::AdaptiveOptions{.bound = plan.hold});
    case ReorderBy::none:
      break;
  }
  return std::make_unique<cluster::NoReordering>();
}

cluster::ReorderOptions options_of(const ReorderPlan& plan, const ClusterPlan& cluster) {
  cluster::ReorderOptions options;
  options.limits.packets = plan.packets;
  options.limits.octets = plan.octets;
  options.limits.time = plan.limit;
  options.limits.span = std::max(65536u, std::bit_ceil(cluster.window));
  options.late = plan.drop_late ? cluster::LatePackets::drop : cluster::LatePackets::deliver;
  options.first = SequenceNumber(cluster.last_sequence_number + 1);
  options.fifo_paths = plan.fifo_paths || plan.per_flow;
  if (plan.per_flow) options.flows.buckets = flow_buckets;
  return options;
}

}  // namespace

std::string_view to_string(End end) {
  return end == End::sgw1 ? "SGW1" : "SGW2";
}

IpAddress path_address(End end, std::size_t path) {
  return IpAddress::v4(base_address + (end == End::sgw2 ? other_end : 0) + 1 +
                       static_cast<std::uint32_t>(path));
}

std::optional<std::size_t> path_of(const IpAddress& address) {
  const auto number = load_be<std::uint32_t>(address.octets().data());
  const std::uint32_t place = (number & ~other_end) - base_address;
  if (!address.is_v4() || place == 0 || place >= other_end) return std::nullopt;
  return place - 1;
}

Spi spi_of(End receiver, cluster::SubSaId sub_sa) {
  return Spi{base_spi + 2 * sub_sa.value + static_cast<std::uint32_t>(place(receiver))};
}

Gateway::Gateway(End end, const Scenario& scenario, const crypto::Provider& provider, std::uint64_t seed)
    : end_(end),
      scenario_(scenario),
      rng_(seed),
      data_path_(options_of(end, seed), {rng_, lifetime_, inbound_policy_}),
      clusters_(data_path_, provider) {
  ipsec::Spd spd = protect_all(end);
  data_path_.use(spd);
}

Result<std::unique_ptr<Gateway>> Gateway::make(End end, const Scenario& scenario,
                                               const crypto::Provider& provider, std::uint64_t seed) {
  std::unique_ptr<Gateway> gateway(new Gateway(end, scenario, provider, seed));
  if (auto founded = gateway->found(); !founded) return std::unexpected(std::move(founded).error());
  return gateway;
}

Result<> Gateway::found() {
  const ClusterPlan& plan = scenario_.cluster;
  auto scheduler = cluster::make_scheduler(plan.scheduler, rng_);
  if (!scheduler) return std::unexpected(std::move(scheduler).error());
  cluster::ClusterEnd::Policy policy{.scheduler = *std::move(scheduler)};
  policy.look_every = std::chrono::milliseconds(10);
  if (plan.lease != 0) policy.leases = cluster::LeaseRules{.numbers = plan.lease, .time = plan.lease_time};
  if (scenario_.reordering.policy != ReorderBy::none)
    policy.reordering.emplace(options_of(scenario_.reordering, plan), policy_of(scenario_.reordering));
  auto founded = clusters_.found(parameters_of(plan), std::move(policy));
  if (!founded) return std::unexpected(std::move(founded).error());
  if (plan.last_sequence_number != 0) (*founded)->core()->window()->resynchronise(plan.last_sequence_number);
  return {};
}

// Both ends make the same keys of the SPI: nothing here is secret.
void Gateway::fill(ipsec::SaParameters& parameters, const SubSaPlan& sub_sa, End from, Duration grace) const {
  static constexpr std::size_t key_and_salt = 16 + 4;
  parameters.spi = spi_of(opposite(from), sub_sa.id);
  parameters.source = path_address(from, sub_sa.path);
  parameters.destination = path_address(opposite(from), sub_sa.path);
  parameters.encryption = crypto::EncryptionId::aes_gcm_16;
  Octets key(key_and_salt);
  SeededRng(parameters.spi.value).fill(key);
  parameters.encryption_key = SecretOctets(std::move(key));
  parameters.extended_sequence_numbers = scenario_.cluster.extended_sequence_numbers;
  if (sub_sa.expires) parameters.lifetime.hard.until = *sub_sa.expires + grace;
}

Result<> Gateway::join(const SubSaPlan& sub_sa, const PathPlan& path, Instant now) {
  ipsec::InboundParameters in;
  fill(in, sub_sa, opposite(end_), sub_sa.grace);
  in.replay_window = scenario_.cluster.window;
  if (auto joined = clusters_.join(cluster_id, sub_sa.id, std::move(in), now); !joined)
    return std::unexpected(std::move(joined).error());
  ipsec::OutboundParameters out;
  fill(out, sub_sa, end_, Duration{0});
  out.path_mtu = path.path_mtu;
  auto joined = clusters_.join(cluster_id, sub_sa.id, std::move(out), now, path.weight);
  if (!joined) return std::unexpected(std::move(joined).error());
  return {};
}

std::uint64_t Gateway::abandon(std::uint32_t workers, std::uint32_t numbers) {
  std::uint64_t abandoned = 0;
  for (std::uint32_t worker = 0; worker < workers; ++worker)
    abandoned += cluster().core()->sequence().take(numbers).count;
  return abandoned;
}

Gateway::Sent Gateway::send(OctetView packet, Instant now) {
  ipsec::HeldPacket held(packet);
  ipsec::Outgoing outgoing{.packet = held.buffer()};
  ipsec::Fate fate{};
  clusters_.send({&outgoing, 1}, now, {&fate, 1}, actions_);
  Sent sent{.discard = outgoing.discard, .number = outgoing.number, .packets = {}, .clear = {}};
  const OctetView result = outgoing.packet.view();
  if (fate == ipsec::Fate::protected_) sent.packets.emplace_back(result.begin(), result.end());
  if (fate == ipsec::Fate::bypassed) sent.clear.emplace_back(result.begin(), result.end());
  for (const ipsec::Emission& emission : actions_.packets.emissions)
    if (emission.side == ipsec::Emission::Side::unprotected) sent.packets.push_back(emission.packet.octets());
  tell();
  return sent;
}

// One packet at a time, so that what the counters say is of this one.
ipsec::Discard Gateway::receive(OctetView packet, Instant now) {
  const ipsec::DiscardCounters before = data_path_.discards();
  ipsec::HeldPacket held(packet);
  clusters_.receive({&held.buffer(), 1}, now, actions_);
  tell();
  for (std::size_t cause = 0; cause < ipsec::discard_causes; ++cause)
    if (data_path_.discards().by_cause[cause] != before.by_cause[cause])
      return static_cast<ipsec::Discard>(cause);
  return ipsec::Discard::none;
}

void Gateway::on_time(Instant now) {
  clusters_.on_time(now, actions_);
  tell();
}

namespace {

struct Note {
  GatewayEvents& events;

  void operator()(const cluster::SubSaEnded&) const { ++events.sub_sas_ended; }
  void operator()(const cluster::ClusterEnded&) const { ++events.clusters_ended; }
  void operator()(const cluster::SequenceRunsOut&) const { ++events.sequence_runs_out; }
  void operator()(const cluster::WindowTooSmall& event) const {
    ++events.windows_too_small;
    events.window_that_would_have_held = event.would_have_held;
  }
  void operator()(const cluster::NumbersNotShared&) const { ++events.not_shared; }
  void operator()(const cluster::ClusterMtuChanged&) const { ++events.mtu_changes; }
  void operator()(const cluster::PathChanged&) const {}
};

}  // namespace

void Gateway::tell() {
  for (const ipsec::Delivery& delivery : actions_.packets.deliveries)
    delivered_.push_back({{delivery.packet.view().begin(), delivery.packet.view().end()}, delivery.number});
  for (const ipsec::Event& event : actions_.packets.events)
    if (std::holds_alternative<ipsec::Acquire>(event)) ++events_.acquires;
  for (const ipsec::Emission& emission : actions_.packets.emissions)
    if (emission.side == ipsec::Emission::Side::to_source) ++events_.sources_told;
  for (const cluster::ClusterEvent& event : actions_.events)
    std::visit(Note{events_}, event);
  actions_.clear();
}

}  // namespace mpsec::sim
