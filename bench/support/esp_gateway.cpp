// depends: ipsec cluster crypto_openssl crypto_ipsec_mb
#include "support/esp_gateway.hpp"

#include <algorithm>

#include "cluster/make_scheduler.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/ipv4.hpp"
#include "wire/udp.hpp"

namespace mpsec::bench {

using namespace ipsec;

namespace {

constexpr PolicyId protected_id{10};
constexpr ClusterId cluster_id{1};
constexpr std::uint32_t window = 1024;
constexpr std::uint16_t first_port = 10000;

AddressRange range(const char* text) {
  return AddressRange::parse(text).value();
}

// What the SA is for, seen from the end that sends.
Selector to_port(std::size_t sa) {
  Selector selector;
  selector.local = {range("198.51.100.0/24")};
  selector.remote = {range("203.0.113.0/24")};
  selector.protocol = ProtocolSelector::number(17);
  selector.remote_port = PortSelector::one(static_cast<std::uint16_t>(first_port + sa));
  return selector;
}

// And from the end that receives.
Selector reversed(Selector selector) {
  std::swap(selector.local, selector.remote);
  std::swap(selector.local_port, selector.remote_port);
  return selector;
}

template <class Parameters>
Parameters parameters_of(std::size_t sa, const EspPlan& plan) {
  Parameters parameters;
  parameters.mode = plan.mode;
  parameters.spi = Spi{static_cast<std::uint32_t>(0x1000 + sa * 7)};
  parameters.source = ip(plan.mode == Mode::tunnel ? "192.0.2.1" : "198.51.100.1");
  parameters.destination = ip(plan.mode == Mode::tunnel ? "192.0.2.2" : "203.0.113.1");
  parameters.encryption = crypto::EncryptionId::aes_gcm_16;
  parameters.encryption_key = SecretOctets(Octets(20, static_cast<std::uint8_t>(sa)));
  parameters.selectors = {to_port(sa)};
  return parameters;
}

}  // namespace

EspGateway::EspGateway(const crypto::Provider& provider, const EspPlan& plan, EspParts parts)
    : plan_(plan),
      parts_(std::move(parts)),
      path_({}, {rng_, parts_.lifetime ? *parts_.lifetime : lifetime_,
                 parts_.inbound ? *parts_.inbound : inbound_policy_, parts_.tap}),
      outgoing_(plan.batch),
      fates_(plan.batch),
      arrived_(plan.batch) {
  add_policies();
  plan.scheduler.empty() ? add_sas(provider) : add_cluster(provider);
  for (std::size_t i = 0; i < plan.batch; ++i) {
    clear_.push_back(clear_packet(plan.scheduler.empty() ? i * 617 % plan.sas : 0));
    storage_.emplace_back(headroom + plan.inner_octets + tailroom);
  }
  refill();
}

// Nine that the packets do not match stand before the one that they do.
void EspGateway::add_policies() {
  Spd spd;
  for (std::uint32_t i = 1; i < protected_id.value; ++i) {
    Policy other;
    other.id = PolicyId{i};
    other.action = i % 2 == 0 ? Action::bypass : Action::discard;
    Selector selector;
    selector.local = {range("198.51.100.0/24")};
    selector.remote = {AddressRange::of(IpAddress::v4(0x0a000000 + i))};
    other.selectors = {selector};
    if (!spd.append(other)) std::abort();
  }
  Policy protect;
  protect.id = protected_id, protect.action = Action::protect;
  Selector all;
  all.local = {range("198.51.100.0/24")}, all.remote = {range("203.0.113.0/24")};
  protect.selectors = {all};
  protect.protect = ProtectSpec{};
  protect.protect->mode = plan_.mode;
  if (plan_.mode == Mode::tunnel)
    protect.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("192.0.2.2")};
  if (!plan_.scheduler.empty()) protect.protect->by = cluster_id;
  if (!spd.append(protect)) std::abort();
  path_.use(spd);
}

void EspGateway::add_sas(const crypto::Provider& provider) {
  for (std::size_t i = 0; i < plan_.sas; ++i) {
    auto out = parameters_of<OutboundParameters>(i, plan_);
    out.path_mtu = 65535;
    out.extended_sequence_numbers = true;
    auto in = parameters_of<InboundParameters>(i, plan_);
    in.replay_window = window;
    in.extended_sequence_numbers = true;
    in.selectors = {reversed(to_port(i))};
    const auto* sender = path_.add(protected_id, OutboundSa::make(std::move(out), provider).value());
    const auto receiver = path_.add(InboundSa::make(std::move(in), provider, parts_.window).value());
    if (!receiver) std::abort();
    outbound_sa_octets_ = sender->memory_octets();
    inbound_sa_octets_ = (*receiver)->memory_octets();
  }
}

// All for the first SA's traffic. Sender and receiver are one end here, so its selectors are seen from both.
void EspGateway::add_cluster(const crypto::Provider& provider) {
  cluster::ClusterParameters parameters;
  parameters.id = cluster_id;
  parameters.mode = plan_.mode;
  parameters.selectors = {to_port(0), reversed(to_port(0))};
  parameters.replay_window = parameters.peer_window = window;
  auto scheduler = cluster::make_scheduler(plan_.scheduler, rng_);
  if (!scheduler) std::abort();
  cluster_ = cluster::SaCluster::make(parameters, {path_, provider, *std::move(scheduler)}).value();
  for (std::size_t i = 0; i < plan_.sas; ++i) {
    auto out = parameters_of<OutboundParameters>(i, plan_);
    auto in = parameters_of<InboundParameters>(i, plan_);
    out.path_mtu = 65535;
    out.extended_sequence_numbers = in.extended_sequence_numbers = true;
    in.replay_window = window;
    out.selectors = in.selectors = parameters.selectors;
    const auto sub_sa = cluster_->new_sub_sa();
    const auto sender = cluster_->join(sub_sa, std::move(out));
    const auto receiver = cluster_->join(sub_sa, std::move(in));
    if (!sender || !receiver) std::abort();
    outbound_sa_octets_ = (*sender)->memory_octets();
    inbound_sa_octets_ = (*receiver)->memory_octets();
  }
}

Octets EspGateway::clear_packet(std::size_t sa) const {
  wire::Ipv4Header header;
  header.total_length = static_cast<std::uint16_t>(plan_.inner_octets);
  header.protocol = 17;
  std::ranges::copy(ip("198.51.100.1").octets(), header.source.begin());
  std::ranges::copy(ip("203.0.113.1").octets(), header.destination.begin());
  header.checksum = wire::internet_checksum(wire::encode(header));
  Octets packet = wire::encode(header);
  wire::UdpHeader udp;
  udp.source_port = 5000;
  udp.destination_port = static_cast<std::uint16_t>(first_port + sa);
  udp.length = static_cast<std::uint16_t>(plan_.inner_octets - packet.size());
  append(packet, wire::encode(udp));
  packet.resize(plan_.inner_octets, 0x5a);
  return packet;
}

void EspGateway::refill() {
  for (std::size_t i = 0; i < plan_.batch; ++i) {
    std::ranges::copy(clear_[i], storage_[i].begin() + headroom);
    outgoing_[i] = {.packet = PacketBuffer(storage_[i], headroom, plan_.inner_octets)};
  }
}

void EspGateway::send() {
  actions_.clear();
  path_.send(outgoing_, {}, fates_, actions_);
  for (std::size_t i = 0; i < plan_.batch; ++i)
    arrived_[i] = outgoing_[i].packet;
}

void EspGateway::receive() {
  actions_.clear();
  path_.receive(arrived_, {}, actions_);
}

bool EspGateway::all_sent() const {
  return std::ranges::all_of(fates_, [](Fate fate) { return fate == Fate::protected_; });
}

}  // namespace mpsec::bench
