// Against the SA cluster profile 3.
#include <map>

#include "interop/defects/bends.hpp"
#include "interop/suite/esp_child.hpp"
#include "interop/suite/moves.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool is_join_answer(const Message& message) {
  return message.header.response && message.header.exchange_type == ExchangeType::create_child_sa &&
         find_notify(message.payloads, NotifyType::sa_cluster_join) != nullptr;
}

bool is_rekey(const Message& message) {
  return !message.header.response && find_notify(message.payloads, NotifyType::rekey_sa) != nullptr;
}

bool deletes_child(const Message& message) {
  const auto* body = find<Delete>(message.payloads);
  return body != nullptr && body->protocol == ProtocolId::esp;
}

// What passes of ESP, by its SPI.
Bent dropping(Bent bent, std::function<bool(std::uint32_t spi)> drops) {
  bent.esp_in = [drops = std::move(drops)](EspPacket one) {
    std::vector<EspPacket> on;
    if (!drops(spi_of(one).value)) on.push_back(std::move(one));
    return on;
  };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "one-spi-for-two-sub-sas", .rule = "profile/3/different-spis",
        .does = "Says the same SPI for every sub-SA that joins by CREATE_CHILD_SA.", .make = [] {
          const auto first = std::make_shared<Octets>();
          return outgoing([=](Message& message) {
            auto* sa = is_join_answer(message) ? find<SecurityAssociation>(message.payloads) : nullptr;
            if (sa == nullptr) return;
            if (first->empty()) *first = sa->proposals.at(0).spi;
            sa->proposals.at(0).spi = *first;
          });
        });

MPSEC_DEFECT(
        .id = "wants-equal-algorithms", .rule = "profile/3/free-for-each-sub-sa",
        .does = "Refuses a sub-SA with another cipher than the first.", .make = [] {
          const auto first = std::make_shared<std::optional<std::uint16_t>>();
          return incoming([=](Message& message) {
            const auto* sa = find<SecurityAssociation>(message.payloads);
            if (sa == nullptr || message.header.response || sa->proposals.at(0).protocol != ProtocolId::esp)
              return;
            const std::uint16_t cipher = sa->proposals[0].transforms.at(0).id;
            if (!*first) *first = cipher;
            if (**first == cipher) return;
            change_join(message, [](SaClusterJoin& join) { join.cluster = ClusterId{~join.cluster.value}; });
          });
        });

MPSEC_DEFECT(
        .id = "one-sub-sa-for-a-path", .rule = "draft-zhang/3.5/same-or-different-routes",
        .does = "Refuses a third sub-SA of one IKE SA.", .make = [] {
          const auto joined = std::make_shared<int>(0);
          return incoming([=](Message& message) {
            if (message.header.response || is_rekey(message) ||
                message.header.exchange_type != ExchangeType::create_child_sa)
              return;
            change_join(message, [&](SaClusterJoin& join) {
              if (!join.founds && ++*joined == 2) join.cluster = ClusterId{~join.cluster.value};
            });
          });
        });

MPSEC_DEFECT(
        .id = "joins-without-integrity", .rule = "profile/3/integrity-on-every-sub-sa",
        .does = "Agrees to a sub-SA whose proposal has no integrity.", .make = [] {
          return incoming_and_outgoing(
              [=](Message& message) {
                auto* sa = find<SecurityAssociation>(message.payloads);

                if (sa == nullptr || message.header.response ||
                    message.header.exchange_type != ExchangeType::create_child_sa)
                  return;
                auto& proposal = sa->proposals.at(0);
                if (proposal.protocol != ProtocolId::esp) return;
                const bool has = std::ranges::any_of(proposal.transforms, [](const Transform& one) {
                  return one.type == TransformType::integrity;
                });
                const bool gcm = proposal.transforms.at(0).id == 20;
                if (has || gcm) return;

                proposal.transforms.push_back(Transform{.type = TransformType::integrity, .id = 12});
                static_cast<void>(complete(message));
              },
              [](Message&) {});
        });

MPSEC_DEFECT(
        .id = "sends-one-nonce-always", .rule = "profile/3/no-key-twice",
        .does = "Sends the same nonce in every CREATE_CHILD_SA response that makes a sub-SA.", .make = [] {
          const auto first = std::make_shared<Octets>();
          return outgoing([=](Message& message) {
            auto* nonce = is_join_answer(message) ? find<Nonce>(message.payloads) : nullptr;
            if (nonce == nullptr) return;
            if (first->empty())
              *first = nonce->data;
            else
              nonce->data = *first;
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "is-ready-after-it-has-answered", .rule = "profile/3/receive-before-answering",
        .does = "Drops the first packet on every sub-SA but the first.", .make = [] {
          const auto seen = std::make_shared<std::map<std::uint32_t, int>>();
          return dropping({}, [=](std::uint32_t spi) {
            const bool first = (*seen)[spi]++ == 0;
            return first && seen->size() > 1;
          });
        });

MPSEC_DEFECT(
        .id = "no-joining-under-traffic", .rule = "profile/3/joining-under-traffic",
        .does = "Lets no sub-SA join once the cluster has accepted four packets.", .make = [] {
          const auto count = std::make_shared<int>(0);
          Bent bent = incoming([=](Message& message) {
            if (message.header.response || message.header.exchange_type != ExchangeType::ike_auth) return;
            change_join(message, [&](SaClusterJoin& join) {
              if (!join.founds && *count >= 5) join.cluster = ClusterId{~join.cluster.value};
            });
          });
          bent.delivered = [=](Octets packet) {
            ++*count;
            std::vector<Octets> one;
            one.push_back(std::move(packet));
            return one;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "takes-any-join-for-that-of-a-rekey", .rule = "profile/3/rekey-carries-join",
        .does = "Takes whatever JOIN a rekey has, or none, for one to the same cluster.", .make = [] {
          const auto cluster = std::make_shared<std::optional<SaClusterJoin>>();
          return incoming([=](Message& message) {
            if (message.header.response) return;
            if (is_rekey(message)) {
              const bool said = notify_in(message, NotifyType::sa_cluster_join) != nullptr;
              remove_notify(message, NotifyType::sa_cluster_join);
              if (!*cluster && said) return;
              SaClusterJoin join = cluster->value_or(SaClusterJoin{});
              join.founds = false;
              if (*cluster)
                add(message, make_payload(make_notify(NotifyType::sa_cluster_join, encode(join))));
              return;
            }
            change_join(message, [&](SaClusterJoin& join) { *cluster = join; });
          });
        });

MPSEC_DEFECT(
        .id = "rekeys-without-join", .rule = "profile/3/rekey-carries-join",
        .does = "Leaves JOIN out when it rekeys a sub-SA.", .make = [] {
          return outgoing([](Message& message) {
            if (is_rekey(message)) remove_notify(message, NotifyType::sa_cluster_join);
          });
        });

MPSEC_DEFECT(
        .id = "keeps-what-rekeys-without-join", .rule = "profile/3/rekey-carries-join",
        .does = "Does not mind an answer to its rekey that has no JOIN.", .make = [] {
          const auto asked = std::make_shared<std::optional<SaClusterJoin>>();
          return incoming_and_outgoing(
              [=](Message& message) {
                if (!message.header.response || !*asked ||
                    message.header.exchange_type != ExchangeType::create_child_sa)
                  return;
                SaClusterJoin join = **asked;
                asked->reset();
                if (notify_in(message, NotifyType::sa_cluster_join) == nullptr)
                  add(message, make_payload(make_notify(NotifyType::sa_cluster_join, encode(join))));
              },
              [=](Message& message) {
                if (!is_rekey(message)) return;
                change_join(message, [&](SaClusterJoin& join) { *asked = join; });
              });
        });

MPSEC_DEFECT(
        .id = "old-leaves-when-new-joins", .rule = "profile/3/new-joins-before-old-leaves",
        .does = "Accepts nothing on a sub-SA any more once a packet has come on the one that replaces it.",
        .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          const auto order = std::make_shared<std::vector<std::uint32_t>>();
          return dropping(incoming([=](Message& message) { *rekeyed |= is_rekey(message); }),
                          [=](std::uint32_t spi) {
                            if (std::ranges::find(*order, spi) == order->end()) order->push_back(spi);
                            return *rekeyed && order->size() == 2 && spi == order->front();
                          });
        });

MPSEC_DEFECT(
        .id = "full-cluster-cannot-be-rekeyed", .rule = "profile/3/one-to-65536-sub-sas",
        .does = "Counts what rekeys a sub-SA as one more.", .make = [] {
          const auto most = std::make_shared<unsigned>(99);
          return incoming_and_outgoing(
              [=](Message& message) {
                change<SaClusterSupported>(message, NotifyType::sa_cluster_supported,
                                           [&](SaClusterSupported& one) { *most = one.most_but_one; });
                if (*most == 0 && is_rekey(message))
                  change_join(message,
                              [](SaClusterJoin& join) { join.cluster = ClusterId{~join.cluster.value}; });
              },
              [=](Message& message) {
                change_refusal(message, [&](SaClusterRefused& refused) {
                  if (*most == 0 && refused.unequal == ClusterField::membership)
                    refused = {ClusterRefusal::too_many_sub_sas, ClusterField::none};
                });
              });
        });

MPSEC_DEFECT(
        .id = "limits-nothing", .rule = "profile/10/limits-for-each-peer",
        .does = "Says that it takes eight sub-SAs, and takes as many as come.", .make = [] {
          Bent bent = outgoing([](Message& message) {
            change<SaClusterSupported>(message, NotifyType::sa_cluster_supported,
                                       [](SaClusterSupported& one) { one.most_but_one = 7; });
          });
          bent.settings = [](gateway::Settings& all) {
            for (auto& peer : all.ike.peers)
              for (auto& child : peer.children)
                if (child.cluster) child.cluster->most_sub_sas = 4096;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "sends-on-what-is-deleted", .rule = "profile/3/leaving",
        .does = "Confirms the Delete of a sub-SA, and goes on with it.", .make = [] {
          return incoming([](Message& message) {
            if (message.header.response || !deletes_child(message)) return;
            remove_payloads<Delete>(message);
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "forgets-numbers-with-a-sub-sa", .rule = "profile/3/leaving",
        .does = "Accepts every number again once a sub-SA has left.", .make = [] {
          const auto left = std::make_shared<bool>(false);
          const auto note = [=](Message& message) {
            *left |= !message.header.response && deletes_child(message);
          };
          Bent bent = incoming_and_outgoing(note, note);
          bent.seams.window =
              window({.accept = [=](std::uint64_t, ipsec::ReplayVerdict standard, std::uint64_t) {
                return *left ? ipsec::ReplayVerdict::fresh : standard;
              }}).seams.window;
          return bent;
        });

MPSEC_DEFECT(
        .id = "falls-silent-while-it-deletes", .rule = "profile/3/leaving",
        .does = "Sends nothing any more from its own Delete of a sub-SA until that is confirmed.",
        .make = [] {
          const auto deleting = std::make_shared<bool>(false);
          Bent bent = incoming_and_outgoing(
              [=](Message& message) {
                if (message.header.response && message.header.exchange_type == ExchangeType::informational)
                  *deleting = false;
              },
              [=](Message& message) { *deleting |= !message.header.response && deletes_child(message); });
          bent.esp_out = [=](EspPacket one) {
            std::vector<EspPacket> on;
            if (!*deleting) on.push_back(std::move(one));
            return on;
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "revives-a-cluster", .rule = "profile/3/last-sub-sa-gone",
        .does = "Founds a cluster anew where a peer joins one that has ended.", .make = [] {
          const auto last = std::make_shared<ClusterId>();
          const auto gone = std::make_shared<bool>(false);
          const auto joins = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                if (message.header.response) return;
                *joins = false;
                *gone |= deletes_child(message);
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.founds) *last = join.cluster;
                  *joins = *gone && !join.founds && join.cluster == *last;
                  join.founds |= *joins;
                });
              },
              [=](Message& message) {
                if (*joins) change_join(message, [](SaClusterJoin& join) { join.founds = false; });
              });
        });

MPSEC_DEFECT(
        .id = "new-cluster-counts-on", .rule = "profile/3/last-sub-sa-gone",
        .does = "Counts on in a new cluster from where the old one has ended.", .make = [] {
          const auto founded = std::make_shared<int>(0);
          Bent bent = incoming([=](Message& message) {
            if (message.header.exchange_type == ExchangeType::create_child_sa && !message.header.response)
              change_join(message, [&](SaClusterJoin& join) { *founded += join.founds ? 1 : 0; });
          });
          bent.seams.sequence = numbers([=](std::uint64_t number) {
                                  return *founded != 0 ? number + 7 : number;
                                }).seams.sequence;
          return bent;
        });

MPSEC_DEFECT(
        .id = "sends-in-clear-without-a-sub-sa", .rule = "profile/5/never-clear-text",
        .does = "Sends in clear what no sub-SA is left for.", .make = [] {
          Bent bent;
          bent.leaks = [](OctetView, bool gone) { return !gone; };
          return bent;
        });

MPSEC_DEFECT(
        .id = "rekeys-all-at-once", .rule = "profile/3/lifetimes-are-the-sub-sas",
        .does = "Rekeys the youngest sub-SA in the place of the oldest.", .make = [] {
          const auto first = std::make_shared<Octets>();
          return incoming_and_outgoing(
              [](Message&) {},
              [=](Message& message) {
                if (is_join_answer(message))
                  *first = find<SecurityAssociation>(message.payloads)->proposals.at(0).spi;
                if (Notify* notify = is_rekey(message) ? notify_in(message, NotifyType::rekey_sa) : nullptr;
                    notify != nullptr && !first->empty())
                  notify->spi = *first;
              });
        });

MPSEC_DEFECT(
        .id = "ends-the-cluster-with-its-oldest", .rule = "profile/3/lifetimes-are-the-sub-sas",
        .does =
            "Accepts nothing in a cluster any more once its own Delete of a sub-SA, or of the IKE SA of one, "
            "has "
            "gone out.",
        .make = [] {
          const auto ended = std::make_shared<bool>(false);
          return dropping(outgoing([=](Message& message) {
                            *ended |= !message.header.response &&
                                      (deletes_child(message) || deletes_ike_sa(message));
                          }),
                          [=](std::uint32_t) { return *ended; });
        });

}  // namespace mpsec::conformance
