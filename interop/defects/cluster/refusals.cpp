// Against the SA cluster profile 2.3.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// Says another reason than the right one, where `which` is refused.
Bent misnames(ClusterRefusal which, ClusterRefusal as) {
  return outgoing([=](Message& message) {
    change_refusal(message, [&](SaClusterRefused& refused) {
      if (refused.reason == which) refused.reason = as;
    });
  });
}

// Refusals of that field get through as other errors.
Bent tells_otherwise(ClusterField field) {
  return outgoing([=](Message& message) {
    change_refusal(message, [&](SaClusterRefused& refused) {
      if (refused.unequal == field) refused.unequal = ClusterField::none;
    });
  });
}

}  // namespace

MPSEC_DEFECT(
        .id = "gives-up-where-the-peer-knows-no-clusters", .rule = "profile/2.3/no-join-is-one-ordinary-sa",
        .does = "Deletes the Child SA that answers its founding without JOIN.", .make = [] {
          const auto asked = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                if (!message.header.response || message.header.exchange_type != ExchangeType::ike_auth ||
                    !std::exchange(*asked, false) ||
                    notify_in(message, NotifyType::sa_cluster_join) != nullptr)
                  return;
                add(message, make_payload(make_sa_cluster_vendor_id()));
                add(message,
                    make_payload(make_notify(NotifyType::sa_cluster_supported, SaClusterSupported{})));
                add(message, make_payload(make_notify(NotifyType::sa_cluster_join,
                                                      encode(SaClusterJoin{.cluster = ClusterId{1}}))));
              },
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) { *asked = join.founds; });
              });
        });

MPSEC_DEFECT(
        .id = "asks-for-a-cluster-again-by-rekey", .rule = "profile/2.3/no-further-sub-sas-after-fallback",
        .does = "Rekeys an ordinary SA with a JOIN that founds a cluster.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.response || notify_in(message, NotifyType::rekey_sa) == nullptr ||
                notify_in(message, NotifyType::sa_cluster_join) != nullptr)
              return;
            add(message, make_payload(make_sa_cluster_vendor_id()));
            add(message,
                make_payload(make_notify(NotifyType::sa_cluster_join,
                                         encode(SaClusterJoin{.cluster = ClusterId{5}, .founds = true}))));
          });
        });

MPSEC_DEFECT(
        .id = "calls-an-unknown-cluster-ended", .rule = "profile/2.3/refusal-instead-of-the-child",
        .does = "Refuses a join to a cluster that there never was with reason 6.",
        .make = [] { return misnames(ClusterRefusal::unknown_cluster, ClusterRefusal::not_configured); });

MPSEC_DEFECT(
        .id = "looks-for-the-cluster-first", .rule = "profile/2.3/refusal-instead-of-the-child",
        .does = "Says that there is no such cluster before it looks whether JOIN is well formed.",
        .make = [] {
          const auto known = std::make_shared<ClusterId>();
          const auto other = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                *other = false;
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.founds) *known = join.cluster;
                  *other = join.cluster != *known && join.cluster != ClusterId{0};
                });
              },
              [=](Message& message) {
                change_refusal(message, [&](SaClusterRefused& refused) {
                  if (*other) refused.reason = ClusterRefusal::unknown_cluster;
                });
              });
        });

MPSEC_DEFECT(
        .id = "does-not-name-the-selectors", .rule = "profile/3/equal-over-the-cluster",
        .does = "Refuses a join with other selectors without naming the field.",
        .make = [] { return tells_otherwise(ClusterField::selectors); });

MPSEC_DEFECT(
        .id = "calls-a-join-with-other-numbers-malformed", .rule = "profile/4/esn-on-all-or-none",
        .does = "Refuses a join with other numbers as if JOIN was malformed.", .make = [] {
          const auto joins = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                *joins = false;
                change_join(message, [&](SaClusterJoin& join) { *joins = !join.founds; });
              },
              [=](Message& message) {
                const bool extended = notify_in(message, NotifyType::no_proposal_chosen) != nullptr;
                if (!*joins || !message.header.response || !extended) return;
                remove_notify(message, NotifyType::no_proposal_chosen);
                add(message, make_payload(make_sa_cluster_vendor_id()));
                add(message, make_payload(make_notify(NotifyType::sa_cluster_refused,
                                                      encode(SaClusterRefused{ClusterRefusal::malformed}))));
              });
        });

MPSEC_DEFECT(
        .id = "lets-in-a-sub-sa-without-anti-replay", .rule = "profile/3/equal-over-the-cluster",
        .does = "Takes a JOIN with bit 0 clear as if it was set.", .make = [] {
          const auto window = std::make_shared<std::uint32_t>(0);
          return incoming([=](Message& message) {
            change_join(message, [&](SaClusterJoin& join) {
              if (join.founds) *window = join.window;
              if (!join.anti_replay && join.window == 0) join.anti_replay = true, join.window = *window;
            });
          });
        });

MPSEC_DEFECT(
        .id = "lets-in-another-window", .rule = "profile/3/equal-over-the-cluster",
        .does = "Lets a sub-SA in that comes with another window of the peer.", .make = [] {
          const auto window = std::make_shared<std::uint32_t>(0);
          return incoming([=](Message& message) {
            if (message.header.response) return;
            change_join(message, [&](SaClusterJoin& join) {
              if (join.founds) *window = join.window;
              if (join.window == 2 * *window) join.window = *window;
            });
          });
        });

MPSEC_DEFECT(
        .id = "lets-in-too-many", .rule = "profile/3/one-to-65536-sub-sas",
        .does = "Heeds its own limit of sub-SAs alone, not that of the peer.", .make = [] {
          return incoming([](Message& message) {
            change<SaClusterSupported>(message, NotifyType::sa_cluster_supported,
                                       [](SaClusterSupported& one) { one.most_but_one = 63; });
          });
        });

MPSEC_DEFECT(
        .id = "counts-before-it-compares", .rule = "profile/2.3/refusal-instead-of-the-child",
        .does = "Says that there are too many sub-SAs before it looks whether the fields are equal.",
        .make = [] {
          const auto most = std::make_shared<unsigned>(99);
          return incoming_and_outgoing(
              [=](Message& message) {
                change<SaClusterSupported>(message, NotifyType::sa_cluster_supported,
                                           [&](SaClusterSupported& one) { *most = one.most_but_one; });
              },
              [=](Message& message) {
                change_refusal(message, [&](SaClusterRefused& refused) {
                  if (*most == 0) refused = {ClusterRefusal::too_many_sub_sas, ClusterField::none};
                });
              });
        });

MPSEC_DEFECT(
        .id = "refuses-the-ike-sa-with-the-join", .rule = "profile/2.3/refusal-instead-of-the-child",
        .does = "Is deaf on an IKE SA in whose IKE_AUTH it has refused a join.", .make = [] {
          const auto deaf = std::make_shared<std::optional<IkeSpi>>();
          return at_socket(
              [=](Message message) {
                std::vector<Message> on;
                if (message.header.initiator_spi != *deaf) on.push_back(std::move(message));
                return on;
              },
              [=](Message message) {
                if (message.header.exchange_type == ExchangeType::ike_auth &&
                    notify_in(message, NotifyType::sa_cluster_refused) != nullptr)
                  *deaf = message.header.initiator_spi;
                return std::vector{std::move(message)};
              });
        });

MPSEC_DEFECT(
        .id = "takes-any-answer-to-its-join", .rule = "profile/2.3/join-answered-without-join",
        .does = "Takes a Child SA for a sub-SA whatever JOIN answers its join, or none.", .make = [] {
          const auto asked = std::make_shared<std::optional<SaClusterJoin>>();
          const auto window = std::make_shared<std::uint32_t>(0);
          return incoming_and_outgoing(
              [=](Message& message) {
                if (!message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.founds) *window = join.window;
                });
                if (!*asked || find<SecurityAssociation>(message.payloads) == nullptr ||
                    message.header.exchange_type == ExchangeType::ike_sa_init)
                  return;
                remove_notify(message, NotifyType::sa_cluster_join);
                SaClusterJoin join = **asked;
                join.window = *window;
                add(message, make_payload(make_notify(NotifyType::sa_cluster_join, encode(join))));
                asked->reset();
              },
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) {
                  if (!join.founds) *asked = join;
                });
              });
        });

MPSEC_DEFECT(
        .id = "asks-again-whatever-the-reason", .rule = "profile/2.3/reaction-to-reasons",
        .does = "Asks again for a sub-SA that was refused because of an unequal field.", .make = [] {
          return incoming([](Message& message) {
            change_refusal(message, [](SaClusterRefused& refused) {
              if (refused.reason == ClusterRefusal::unequal_field)
                refused = {ClusterRefusal::unknown_cluster};
            });
          });
        });

}  // namespace mpsec::conformance
