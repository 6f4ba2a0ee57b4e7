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

}  // namespace

Core::Parts::Parts(const Settings& settings, const Core::Seams& seams)
    : data_path(options_of(settings, seams.rng), {seams.rng, lifetime, inbound}),
      ends(data_path, seams.provider),
      sas({ends, seams.provider, seams.rng}) {}

Result<> Core::Parts::use(Settings& settings, const Core::Seams& seams) {
  auto spd = make_spd(settings);
  if (!spd) return std::unexpected(std::move(spd).error());
  auto authorized = make_pad(std::move(settings.pad));
  if (!authorized) return std::unexpected(std::move(authorized).error());
  data_path.use(*spd);
  pad.use(*std::move(authorized));
  checker.use(make_checker(settings, seams.pki, seams.at_start));
  retransmission = ike::ExponentialBackOff(settings.retransmission);
  sas.configure(settings);
  return {};
}

ike::Seams Core::Parts::engine_seams(const Core::Seams& seams) {
  return {seams.rng, seams.provider, seams.ike_provider, pad,        checker, *cookies,
          pools,     retransmission, narrowing,          collisions, nullptr, seams.key_log};
}

}  // namespace mpsec::gateway
