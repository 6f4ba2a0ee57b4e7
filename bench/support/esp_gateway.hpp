// Two ends of some SAs behind a policy database of ten entries, and packets to send through them: the whole
// path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/sa_cluster.hpp"
#include "ipsec/data_path.hpp"

namespace mpsec::bench {

struct EspPlan {
  std::size_t sas = 1;
  std::size_t inner_octets = 1420;
  std::size_t batch = 32;
  ipsec::Mode mode = ipsec::Mode::tunnel;
  // As sub-SAs of one cluster, by a scheduler of that name (cluster::make_scheduler); empty: each SA for
  // itself.
  std::string scheduler{};
};

// The seams that a benchmark replaces; what is null stays as the engine has it. The window is for one SA.
struct EspParts {
  ipsec::LifetimePolicy* lifetime = nullptr;
  ipsec::InboundPolicy* inbound = nullptr;
  std::shared_ptr<ipsec::AntiReplay> window = nullptr;
  ipsec::PacketTap* tap = nullptr;
};

// Sends and receives one batch over and over. A batch goes to `sas` SAs in a fixed, scattered order.
class EspGateway {
 public:
  EspGateway(const crypto::Provider& provider, const EspPlan& plan, EspParts parts = {});
  // Octets of memory of the first SA of each direction, without key schedules.
  std::size_t inbound_sa_octets() const { return inbound_sa_octets_; }
  std::size_t outbound_sa_octets() const { return outbound_sa_octets_; }

  // Clear packets into the buffers. What is in the buffers otherwise is lost.
  void refill();
  void send();     // the refilled packets: policy, SA, header, number, encryption
  void receive();  // the packets that were sent: SA, window, decryption, selectors
  // True if every packet of the last call came through.
  bool all_sent() const;
  bool all_received() const { return actions_.deliveries.size() == plan_.batch; }

 private:
  static constexpr std::size_t headroom = 128, tailroom = 64;
  void add_policies();
  void add_sas(const crypto::Provider& provider);
  void add_cluster(const crypto::Provider& provider);
  Octets clear_packet(std::size_t sa) const;

  EspPlan plan_;
  EspParts parts_;
  std::size_t inbound_sa_octets_ = 0;
  std::size_t outbound_sa_octets_ = 0;
  SeededRng rng_{1};
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy inbound_policy_;
  ipsec::DataPath path_;
  std::unique_ptr<cluster::SaCluster> cluster_;
  ipsec::Actions actions_;
  std::vector<Octets> clear_;
  std::vector<Octets> storage_;
  std::vector<ipsec::Outgoing> outgoing_;
  std::vector<ipsec::Fate> fates_;
  std::vector<ipsec::PacketBuffer> arrived_;
};

}  // namespace mpsec::bench
