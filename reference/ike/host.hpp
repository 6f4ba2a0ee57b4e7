// What an IKE SA asks of the engine that holds it.
#pragma once

#include <memory>

#include "ike/channel.hpp"
#include "ike/clusters.hpp"
#include "ike/configuration.hpp"
#include "ike/seams.hpp"
#include "ike/spi_lease.hpp"
#include "ike/turn.hpp"
#include "ike/types.hpp"

namespace mpsec::ike {

class IkeSa;
struct ChildSa;

class Host : public ChildSpis {
 public:
  virtual const Configuration& configuration() const = 0;
  virtual const Seams& seams() const = 0;

  virtual IkeSaId new_ike_sa_id() = 0;
  virtual ChildId new_child_id() = 0;
  // Of ours in use nowhere else, and never 0.
  virtual IkeSpi new_ike_spi(Turn& turn) = 0;

  // The child is found by its SPI and by its name from now on, at this IKE SA.
  virtual void note_child(const ChildSa& child, IkeSaId owner) = 0;
  virtual void forget_child(ChildId child) = 0;

  // Of all IKE SAs together.
  virtual Clusters& clusters() = 0;

  // Takes over the successor of an IKE SA.
  virtual IkeSa& adopt(std::unique_ptr<IkeSa> sa) = 0;
  virtual IkeSa* find(IkeSaId id) = 0;
  // Whether an IKE SA between these, other than `but`, is alive.
  virtual bool has_other(const ipsec::Identity& local, const ipsec::Identity& remote, IkeSaId but) const = 0;
  //= rfc7296/2.4/initial-contact-ends-the-others
  virtual void close_others(const IkeSa& sa, Turn& turn) = 0;
  // The configuration for a peer whose identity is known now, and which allows what was chosen before it was.
  // `asked`: the IDr of the request, if there was one.
  virtual const PeerConfiguration* find_peer(const Path& path, const ipsec::Identity& peer,
                                             const std::optional<ipsec::Identity>& asked,
                                             const ChosenSuite& chosen) const = 0;
  // All that any peer along this path may use, in the order of the peers.
  virtual std::vector<IkeProposal> proposals_for(const Path& path) const = 0;
};

}  // namespace mpsec::ike
