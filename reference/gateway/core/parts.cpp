#include "gateway/core/parts.hpp"

namespace mpsec::gateway {
namespace {

ipsec::DataPath::Options options_of(const Settings& settings, Rng& rng) {
  ipsec::DataPath::Options options;
  options.seed = rng.next_u64();
  for (const ListenSettings& listen : settings.listen) {
    if (listen.nat_port != 0) options.encapsulation_port = listen.nat_port;
    auto& own = listen.address.is_v4() ? options.own_v4 : options.own_v6;
    if (!own) own = listen.address;
  }
  return options;
}

std::unique_ptr<Crew> crew_of(const Settings& settings, const Core::Seams& seams) {
  if (settings.workers == 1) return nullptr;
  return std::make_unique<Crew>(settings.workers - 1, options_of(settings, seams.rng),
                                Worker::Seams{seams.rng, seams.provider});
}

// What takes the place of `standard`, where something does.
template <class Part>
Part& replaced(Part& standard, const Core::Seams& seams, auto member) {
  auto* const other = seams.replacements == nullptr ? nullptr : seams.replacements->*member;
  return other == nullptr ? standard : *other;
}

}  // namespace

Core::Parts::Parts(const Settings& settings, const Core::Seams& seams)
    : data_path(options_of(settings, seams.rng),
                {seams.rng, replaced<ipsec::LifetimePolicy>(lifetime, seams, &Replacements::lifetime),
                 replaced<ipsec::InboundPolicy>(inbound, seams, &Replacements::inbound),
                 seams.replacements == nullptr ? nullptr : seams.replacements->packets}),
      ends(data_path, seams.provider),
      crew(crew_of(settings, seams)),
      sas({ends, seams.provider, seams.rng, seams.replacements, crew.get()}) {
  if (crew)
    ends.tell_paths([this](ipsec::ClusterId cluster, cluster::SubSaId sub_sa,
                           const cluster::PathKnowledge& known) { crew->note_path(cluster, sub_sa, known); });
}

Result<> Core::Parts::use(Settings& settings, const Core::Seams& seams) {
  auto spd = make_spd(settings);
  if (!spd) return std::unexpected(std::move(spd).error());
  auto authorized = make_pad(std::move(settings.pad));
  if (!authorized) return std::unexpected(std::move(authorized).error());
  data_path.use(*spd);
  if (crew) crew->use(*spd);
  pad.use(*std::move(authorized));
  checker.use(make_checker(settings, seams.pki, seams.at_start));
  retransmission = ike::ExponentialBackOff(settings.retransmission);
  sas.configure(settings);
  return {};
}

ike::Seams Core::Parts::engine_seams(const Core::Seams& seams) {
  return {seams.rng,
          seams.provider,
          seams.ike_provider,
          pad,
          replaced<const ike::ProofChecker>(checker, seams, &Replacements::checker),
          *cookies,
          pools,
          replaced<const ike::RetransmissionPolicy>(retransmission, seams, &Replacements::retransmission),
          replaced<const ike::NarrowingPolicy>(narrowing, seams, &Replacements::narrowing),
          replaced<const ike::CollisionPolicy>(collisions, seams, &Replacements::collisions),
          seams.replacements == nullptr ? nullptr : seams.replacements->messages,
          seams.key_log,
          &sas};
}

}  // namespace mpsec::gateway
