// Against the SA cluster profile 2.2: what is said of clusters, and what counts.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool has_vendor_id(const Message& message) {
  return std::ranges::any_of(find_all<VendorId>(message.payloads),
                             [](const VendorId* one) { return knows_sa_clusters(*one); });
}

bool is_of_child(const Message& message, bool response) {
  return message.header.response == response &&
         (message.header.exchange_type == ExchangeType::ike_auth ||
          message.header.exchange_type == ExchangeType::create_child_sa);
}

}  // namespace

MPSEC_DEFECT(
        .id = "answers-a-founder-without-bit-1", .rule = "profile/2.2/answer-to-a-founder",
        .does = "The JOIN that answers a founder has bit 1 clear.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.response)
              change_join(message, [](SaClusterJoin& join) { join.founds = false; });
          });
        });

MPSEC_DEFECT(
        .id = "speaks-of-clusters-without-vendor-id", .rule = "profile/2.2/vendor-id-comes-first",
        .does = "Leaves the Vendor ID out of its answers.", .make = [] {
          return outgoing([](Message& message) {
            if (!is_of_child(message, true) || !has_vendor_id(message)) return;
            remove_payloads<VendorId>(message);
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "vendor-id-without-supported", .rule = "profile/2.2/supported-goes-with-vendor-id",
        .does = "Sends the Vendor ID in IKE_AUTH without SUPPORTED.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_auth)
              remove_notify(message, NotifyType::sa_cluster_supported);
          });
        });

MPSEC_DEFECT(
        .id = "grants-duplication-unasked", .rule = "profile/2.2/answer-to-a-founder",
        .does = "Sets bit 2 in its answer to a founder that has not.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.response)
              change_join(message, [](SaClusterJoin& join) { join.duplication = join.founds; });
          });
        });

MPSEC_DEFECT(
        .id = "takes-the-vendor-id-in-clear", .rule = "profile/2.2/only-under-encryption",
        .does = "Lets a Vendor ID in IKE_SA_INIT count for the IKE SA.", .make = [] {
          const auto seen = std::make_shared<bool>(false);
          return incoming([=](Message& message) {
            if (is_request(message, ExchangeType::ike_sa_init)) *seen = has_vendor_id(message);
            if (is_request(message, ExchangeType::ike_auth) && *seen && !has_vendor_id(message))
              add(message, make_payload(make_sa_cluster_vendor_id()));
          });
        });

MPSEC_DEFECT(
        .id = "sends-the-vendor-id-in-clear", .rule = "profile/2.2/only-under-encryption",
        .does = "Sends the Vendor ID in IKE_SA_INIT.", .make = [] {
          return outgoing([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_sa_init)
              add(message, make_payload(make_sa_cluster_vendor_id()));
          });
        });

MPSEC_DEFECT(
        .id = "takes-a-join-without-vendor-id", .rule = "profile/2.2/unknown-without-vendor-id",
        .does = "Takes a JOIN from a peer that has not sent the Vendor ID, or no SUPPORTED.", .make = [] {
          return incoming([](Message& message) {
            if (!is_request(message, ExchangeType::ike_auth) ||
                notify_in(message, NotifyType::sa_cluster_join) == nullptr)
              return;
            if (!has_vendor_id(message)) add(message, make_payload(make_sa_cluster_vendor_id()));
            if (notify_in(message, NotifyType::sa_cluster_supported) == nullptr)
              add(message, make_payload(make_notify(NotifyType::sa_cluster_supported,
                                                    SaClusterSupported{.most_but_one = 63})));
          });
        });

MPSEC_DEFECT(
        .id = "takes-any-supported", .rule = "profile/2.2/supported-of-another-version",
        .does = "Takes a SUPPORTED of another version or length, and the first of two.", .make = [] {
          return incoming([](Message& message) {
            if (notify_in(message, NotifyType::sa_cluster_supported) == nullptr) return;
            Notify right = *notify_in(message, NotifyType::sa_cluster_supported);
            right.data.resize(5);
            right.data[0] = 1;
            remove_notify(message, NotifyType::sa_cluster_supported);
            add(message, make_payload(std::move(right)));
          });
        });

MPSEC_DEFECT(
        .id = "answers-a-join-out-of-place", .rule = "profile/2.2/join-beside-the-child",
        .does = "Answers a JOIN with one, beside whatever it stands.", .make = [] {
          const auto stray = std::make_shared<std::optional<Notify>>();
          return incoming_and_outgoing(
              [=](Message& message) {
                stray->reset();
                const auto* sa = find<SecurityAssociation>(message.payloads);
                const bool child = sa != nullptr && sa->proposals.at(0).protocol != ProtocolId::ike;
                const Notify* join = notify_in(message, NotifyType::sa_cluster_join);
                if (!message.header.response && !child && join != nullptr) *stray = *join;
              },
              [=](Message& message) {
                if (message.header.response && *stray) add(message, make_payload(**stray));
              });
        });

MPSEC_DEFECT(
        .id = "overlooks-a-malformed-join", .rule = "profile/2.2/malformed-join-is-refused",
        .does = "Makes an ordinary Child SA where JOIN is malformed or there are two.", .make = [] {
          return incoming_and_outgoing(
              [](Message& message) {
                const auto joins = std::ranges::count_if(
                    find_all<Notify>(message.payloads),
                    [](const auto* one) { return one->type == NotifyType::sa_cluster_join; });
                bool right = joins == 1 && is_of_child(message, false);
                const bool whole = change_join(message, [&](SaClusterJoin& join) {
                  right &= join.cluster != ClusterId{0} &&
                           (join.anti_replay ? join.window >= 32 && join.window <= 0x8000'0000u
                                             : join.window == 0);
                });
                if (joins != 0 && is_of_child(message, false) && (!right || !whole))
                  remove_notify(message, NotifyType::sa_cluster_join);
              },
              [](Message&) {});
        });

MPSEC_DEFECT(
        .id = "calls-an-id-in-use-unknown", .rule = "profile/2.2/malformed-join-is-refused",
        .does = "Refuses a founding under an ID in use with reason 1.", .make = [] {
          const auto founds = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                change_join(message, [&](SaClusterJoin& join) { *founds = join.founds; });
              },
              [=](Message& message) {
                change_refusal(message, [&](SaClusterRefused& refused) {
                  if (*founds) refused.reason = ClusterRefusal::unknown_cluster;
                });
              });
        });

MPSEC_DEFECT(
        .id = "founds-and-says-it-joins", .rule = "profile/2.2/founding",
        .does = "Founds a cluster with bit 1 clear.", .make = [] {
          return incoming_and_outgoing(
              [](Message& message) {
                if (message.header.response && message.header.exchange_type == ExchangeType::ike_auth)
                  change_join(message, [](SaClusterJoin& join) { join.founds = true; });
              },
              [](Message& message) {
                if (is_request(message, ExchangeType::ike_auth))
                  change_join(message, [](SaClusterJoin& join) { join.founds = false; });
              });
        });

MPSEC_DEFECT(
        .id = "founds-under-one-id-always", .rule = "profile/2.2/founding",
        .does = "Founds every cluster under the same ID.", .make = [] {
          const auto real = std::make_shared<ClusterId>();
          static constexpr ClusterId always{0x0123'4567'89ab'cdef};
          return incoming_and_outgoing(
              [=](Message& message) {
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.cluster == always) join.cluster = *real;
                });
              },
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.founds) *real = join.cluster;
                  if (join.cluster == *real) join.cluster = always;
                });
              });
        });

MPSEC_DEFECT(
        .id = "joins-with-another-window", .rule = "profile/2.2/joining",
        .does = "Says twice its window when it asks to join, or answers one who joins.", .make = [] {
          return outgoing([](Message& message) {
            change_join(message, [](SaClusterJoin& join) {
              if (!join.founds) join.window *= 2;
            });
          });
        });

MPSEC_DEFECT(
        .id = "lets-only-the-founder-join", .rule = "profile/2.2/joining",
        .does = "Knows no cluster for a peer that asks to join one which it has not founded itself.",
        .make = [] {
          const auto ours = std::make_shared<std::optional<ClusterId>>();
          return incoming_and_outgoing(
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) {
                  if (!join.founds && *ours == join.cluster) join.cluster = ClusterId{~join.cluster.value};
                });
              },
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) {
                  if (join.founds) *ours = join.cluster;
                });
              });
        });

MPSEC_DEFECT(
        .id = "takes-any-answer-to-its-founding", .rule = "profile/2.2/wrong-answer-is-deleted",
        .does = "Takes whatever JOIN answers its founding for what it has asked for.", .make = [] {
          const auto asked = std::make_shared<SaClusterJoin>();
          return incoming_and_outgoing(
              [=](Message& message) {
                if (!message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) { join = *asked; });
              },
              [=](Message& message) {
                if (message.header.response) return;
                change_join(message, [&](SaClusterJoin& join) { *asked = join; });
              });
        });

MPSEC_DEFECT(
        .id = "judges-a-join-before-the-proof", .rule = "profile/2.2/judged-once-authenticated",
        .does = "Says of a JOIN that there is no such cluster even where authentication fails.", .make = [] {
          return outgoing([](Message& message) {
            if (notify_in(message, NotifyType::authentication_failed) == nullptr) return;
            add(message, make_payload(make_sa_cluster_vendor_id()));
            add(message,
                make_payload(make_notify(NotifyType::sa_cluster_refused,
                                         encode(SaClusterRefused{ClusterRefusal::unknown_cluster}))));
          });
        });

}  // namespace mpsec::conformance
