// Against the SA cluster profile 2.4, 5 and 9: what happens between IKE SAs and on paths.
#include "interop/defects/bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool deletes_the_ike_sa(const Message& message) {
  const auto* body = find<Delete>(message.payloads);
  return body != nullptr && body->protocol == ProtocolId::ike;
}

bool rekeys_ike(const Message& message) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  return message.header.exchange_type == ExchangeType::create_child_sa && sa != nullptr &&
         !sa->proposals.empty() && sa->proposals[0].protocol == ProtocolId::ike;
}

// Drops all ESP once `since` is set.
Bent with_deaf_packets(Bent bent, std::shared_ptr<bool> since) {
  bent.esp_in = [since](EspPacket one) {
    std::vector<EspPacket> on;
    if (!*since) on.push_back(std::move(one));
    return on;
  };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "tells-another-identity-that-nothing-is-there",
        .rule = "profile/2.4/same-identities-and-pad-entry",
        .does = "Makes an ordinary Child SA with whoever asks to join a cluster of somebody else.",
        .make = [] {
          const auto first = std::make_shared<Octets>();
          return incoming([=](Message& message) {
            const auto* id = find<IdentificationInitiator>(message.payloads);
            if (id == nullptr || message.header.response) return;
            if (first->empty()) *first = id->data;
            if (id->data != *first) remove_notify(message, NotifyType::sa_cluster_join);
          });
        });

MPSEC_DEFECT(
        .id = "sends-initial-contact-always", .rule = "profile/2.4/initial-contact-at-most-once",
        .does = "Sends INITIAL_CONTACT in every IKE_AUTH request.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_auth && !message.header.response &&
                notify_in(message, NotifyType::initial_contact) == nullptr)
              add(message, make_payload(make_notify(NotifyType::initial_contact)));
          });
        });

MPSEC_DEFECT(
        .id = "forgets-all-on-initial-contact", .rule = "profile/2.4/initial-contact-spares-live-clusters",
        .does = "Does not ask the other IKE SAs of a cluster whether they live when INITIAL_CONTACT comes.",
        .make = [] {
          return incoming([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_auth)
              remove_notify(message, NotifyType::initial_contact);
          });
        });

MPSEC_DEFECT(
        .id = "ends-the-cluster-with-an-ike-sa", .rule = "profile/2.4/deleting-an-ike-sa-takes-its-own",
        .does = "Accepts no more packets once one IKE SA has been deleted, and says so.", .make = [] {
          const auto gone = std::make_shared<bool>(false);
          return with_deaf_packets(incoming([=](Message& message) {
                                     if (!message.header.response) *gone |= deletes_the_ike_sa(message);
                                   }),
                                   gone);
        });

MPSEC_DEFECT(
        .id = "loses-membership-by-ike-rekey", .rule = "profile/2.4/ike-rekey-keeps-membership",
        .does = "Begins to count anew when an IKE SA is rekeyed.", .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          const auto note = [=](Message& message) { *rekeyed |= rekeys_ike(message); };
          Bent bent = incoming_and_outgoing(note, note);
          const auto begun = std::make_shared<std::uint64_t>(0);
          bent.seams.sequence = numbers([=](std::uint64_t number) {
                                  if (*rekeyed && *begun == 0) *begun = number - 1;
                                  return number - *begun;
                                }).seams.sequence;
          return bent;
        });

MPSEC_DEFECT(
        .id = "drops-a-sub-sa-that-moves", .rule = "profile/2.4/moved-addresses-keep-membership",
        .does = "Accepts nothing on a sub-SA once its packets come from another address.", .make = [] {
          const auto addresses = std::make_shared<std::map<std::uint32_t, IpAddress>>();
          return esp_arriving([=](EspPacket one) {
            const auto [at, fresh] = addresses->try_emplace(spi_of(one).value, one.path.local.address);
            std::vector<EspPacket> on;
            if (at->second == one.path.local.address) on.push_back(std::move(one));
            return on;
          });
        });

}  // namespace mpsec::conformance
