// Against RFC 7296 2.8.1, 2.8.2, 2.25: what is answered while both ends act on one SA.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using ike::ChildState;
using ike::CollisionAnswer;
using ike::IkeState;

namespace {

// The standard policy, but for what is given.
struct Policy final : ike::StandardCollisionPolicy {
  using Base = ike::StandardCollisionPolicy;
  std::function<std::optional<CollisionAnswer>(IkeState, std::optional<ChildState>)> rekey_child{};
  std::function<std::optional<CollisionAnswer>(IkeState)> create_child{};
  std::function<std::optional<CollisionAnswer>(std::optional<ChildState>)> delete_child{};
  std::function<std::optional<CollisionAnswer>(IkeState, bool)> rekey_ike{};
  bool turns_nonces = false;

  CollisionAnswer on_rekey_child(IkeState ike, std::optional<ChildState> child,
                                 bool creating) const override {
    const auto own = rekey_child ? rekey_child(ike, child) : std::nullopt;
    return own ? *own : Base::on_rekey_child(ike, child, creating);
  }
  CollisionAnswer on_create_child(IkeState ike) const override {
    const auto own = create_child ? create_child(ike) : std::nullopt;
    return own ? *own : Base::on_create_child(ike);
  }
  CollisionAnswer on_delete_child(std::optional<ChildState> child) const override {
    const auto own = delete_child ? delete_child(child) : std::nullopt;
    return own ? *own : Base::on_delete_child(child);
  }
  CollisionAnswer on_rekey_ike(IkeState ike, bool busy) const override {
    const auto own = rekey_ike ? rekey_ike(ike, busy) : std::nullopt;
    return own ? *own : Base::on_rekey_ike(ike, busy);
  }
  bool ours_is_redundant(const ike::NoncePair& ours, const ike::NoncePair& theirs) const override {
    return Base::ours_is_redundant(ours, theirs) != turns_nonces;
  }
};

Bent colliding(std::function<void(Policy&)> change) {
  const auto policy = std::make_shared<Policy>();
  change(*policy);
  Bent bent;
  bent.seams.collisions = policy.get();
  bent.state = policy;
  return bent;
}

std::optional<CollisionAnswer> if_so(bool so, CollisionAnswer answer) {
  return so ? std::optional(answer) : std::nullopt;
}

bool deletes_ike(const Message& message) {
  return std::ranges::any_of(find_all<Delete>(message.payloads),
                             [](const Delete* one) { return one->protocol == ProtocolId::ike; });
}
bool asks_to_rekey_ike(const Message& message) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  return message.header.exchange_type == ExchangeType::create_child_sa && !message.header.response &&
         sa != nullptr && !sa->proposals.empty() && sa->proposals.front().protocol == ProtocolId::ike;
}

}  // namespace

MPSEC_DEFECT(
        .id = "does-not-find-a-closing-child", .rule = "rfc7296/2.25.1/rekey-of-a-child-that-is-closing",
        .does = "Says CHILD_SA_NOT_FOUND for a child whose Delete is not answered yet.", .make = [] {
          return colliding([](Policy& policy) {
            policy.rekey_child = [](IkeState, std::optional<ChildState> child) {
              return if_so(child == ChildState::closing, CollisionAnswer::not_found);
            };
          });
        });
MPSEC_DEFECT(
        .id = "puts-crossing-child-rekeys-off", .rule = "rfc7296/2.25.1/rekey-of-a-child-that-is-rekeying",
        .does = "Says TEMPORARY_FAILURE to the rekey of a child that it rekeys itself.", .make = [] {
          return colliding([](Policy& policy) {
            policy.rekey_child = [](IkeState, std::optional<ChildState> child) {
              return if_so(child == ChildState::rekeying, CollisionAnswer::temporary_failure);
            };
          });
        });
MPSEC_DEFECT(
        .id = "answers-deletes-of-rekeying-children-empty",
        .rule = "rfc7296/2.25.1/delete-of-a-child-that-is-rekeying",
        .does = "Leaves its own half out of the answer to the Delete of a child that it is rekeying.",
        .make = [] {
          return colliding([](Policy& policy) {
            policy.delete_child = [](std::optional<ChildState> child) {
              return if_so(child == ChildState::rekeying, CollisionAnswer::without_delete);
            };
          });
        });
MPSEC_DEFECT(
        .id = "answers-crossing-deletes-by-its-own",
        .rule = "rfc7296/1.4.1/crossing-delete-is-answered-without-delete",
        .does = "Deletes a child again in the answer to a Delete that crosses its own.", .make = [] {
          return colliding([](Policy& policy) {
            policy.delete_child = [](std::optional<ChildState> child) {
              return if_so(child == ChildState::closing, CollisionAnswer::proceed);
            };
          });
        });
MPSEC_DEFECT(
        .id = "lets-the-ike-sa-be-rekeyed-amid-children",
        .rule = "rfc7296/2.25.1/no-ike-rekey-while-children-are-busy",
        .does = "Grants the rekey of an IKE SA while an exchange of its own about a child is not answered.",
        .make = [] {
          return colliding([](Policy& policy) {
            policy.rekey_ike = [](IkeState ike, bool busy) {
              return if_so(busy && ike == IkeState::established, CollisionAnswer::proceed);
            };
          });
        });
MPSEC_DEFECT(
        .id = "lets-the-highest-nonce-go", .rule = "rfc7296/2.8.1/lowest-nonce-goes",
        .does = "Takes the successor with the lowest of the four nonces for the one that stays.",
        .make = [] { return colliding([](Policy& policy) { policy.turns_nonces = true; }); });
MPSEC_DEFECT(
        .id = "takes-a-crossed-rekey-for-failed",
        .rule = "rfc7296/2.8.1/error-after-a-known-collision-is-ignored",
        .does = "Asks for another child when its rekey fails that has crossed the peer's.", .make = [] {
          const auto ours = std::make_shared<bool>(false);
          const auto crossed = std::make_shared<bool>(false);
          const auto failed = std::make_shared<bool>(false);
          return at_socket(
              [=](Message message) {
                const bool rekey = find_notify(message.payloads, NotifyType::rekey_sa) != nullptr;
                *crossed |= *ours && !message.header.response && rekey;
                if (!*crossed || !message.header.response ||
                    find_notify(message.payloads, NotifyType::temporary_failure) == nullptr)
                  return std::vector{message};
                *failed = true;  // kept from the engine, which asks again
                return std::vector<Message>{};
              },
              [=](Message message) {
                const bool rekey = !message.header.response &&
                                   find_notify(message.payloads, NotifyType::rekey_sa) != nullptr;
                *ours |= rekey;
                if (rekey && *failed) ++message.header.message_id.value;
                return std::vector{message};
              });
        });
MPSEC_DEFECT(
        .id = "refuses-to-rekey-a-closing-ike-sa",
        .rule = "rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-closing",
        .does = "Says NO_ADDITIONAL_SAS to the rekey of an IKE SA that it is deleting.", .make = [] {
          const auto closing = std::make_shared<bool>(false);
          return outgoing([=](Message& message) {
            *closing |= !message.header.response && deletes_ike(message);
            if (!*closing || !message.header.response) return;
            for (Payload& one : message.payloads)
              if (auto* notify = std::get_if<Notify>(&one.body);
                  notify != nullptr && notify->type == NotifyType::temporary_failure)
                notify->type = NotifyType::no_additional_sas;
          });
        });
MPSEC_DEFECT(
        .id = "puts-crossing-ike-rekeys-off", .rule = "rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-rekeying",
        .does = "Says TEMPORARY_FAILURE to the rekey of an IKE SA that it rekeys itself.", .make = [] {
          return colliding([](Policy& policy) {
            policy.rekey_ike = [](IkeState ike, bool) {
              return if_so(ike == IkeState::rekeying, CollisionAnswer::temporary_failure);
            };
          });
        });
MPSEC_DEFECT(
        .id = "makes-children-amid-an-ike-rekey", .rule = "rfc7296/2.25.2/no-child-while-rekeying-the-ike-sa",
        .does = "Makes and rekeys children while its rekey of the IKE SA is not answered.", .make = [] {
          return colliding([](Policy& policy) {
            policy.create_child = [](IkeState ike) {
              return if_so(ike == IkeState::rekeying, CollisionAnswer::proceed);
            };
            policy.rekey_child = [](IkeState ike, std::optional<ChildState>) {
              return if_so(ike == IkeState::rekeying, CollisionAnswer::proceed);
            };
          });
        });

namespace {

// While its own rekey of the IKE SA is not answered: what the peer asks for passes this.
Bent amid_ike_rekey(std::function<bool(const Message&)> dropped) {
  const auto amid = std::make_shared<bool>(false);
  return at_socket(
      [=](Message message) {
        if (message.header.response) *amid = false;
        return std::vector<Message>(*amid && !message.header.response && dropped(message) ? 0 : 1, message);
      },
      [=](Message message) {
        *amid |= asks_to_rekey_ike(message);
        return std::vector{message};
      });
}

}  // namespace

MPSEC_DEFECT(
        .id = "deletes-no-children-amid-an-ike-rekey",
        .rule = "rfc7296/2.25.2/delete-of-a-child-while-rekeying-the-ike-sa",
        .does = "Drops the Delete of a child while its rekey of the IKE SA is not answered.", .make = [] {
          return amid_ike_rekey([](const Message& message) {
            return find<Delete>(message.payloads) != nullptr && !deletes_ike(message);
          });
        });
MPSEC_DEFECT(
        .id = "insists-on-its-ike-rekey", .rule = "rfc7296/2.25.2/delete-of-an-ike-sa-that-is-rekeying",
        .does = "Drops the Delete of an IKE SA while its rekey of it is not answered.",
        .make = [] { return amid_ike_rekey(deletes_ike); });
MPSEC_DEFECT(
        .id = "insists-on-its-ike-rekey-after-the-peers",
        .rule = "rfc7296/2.8.2/delete-of-the-old-settles-the-rekey",
        .does = "Does not close the old IKE SA for the peer's Delete if the rekeys of it have crossed.",
        .make = [] {
          const auto ours = std::make_shared<bool>(false);
          const auto crossed = std::make_shared<bool>(false);
          return outgoing_and_incoming([=](Message& message) { *ours |= asks_to_rekey_ike(message); },
                                       [=](Message& message) {
                                         *crossed |= *ours && asks_to_rekey_ike(message);
                                         if (*crossed && !message.header.response && deletes_ike(message))
                                           message.payloads.clear();
                                       });
        });
MPSEC_DEFECT(
        .id = "lets-the-wrong-ike-sa-go", .rule = "rfc7296/2.8.2/redundant-ike-sa-is-deleted-by-its-maker",
        .does = "Does not delete an IKE SA that has become redundant by crossing rekeys, nor the old one.",
        .make = [] {
          const auto ours = std::make_shared<bool>(false);
          const auto crossed = std::make_shared<bool>(false);
          return at_socket(
              [=](Message message) {
                *crossed |= *ours && asks_to_rekey_ike(message);
                return std::vector{message};
              },
              [=](Message message) {
                *ours |= asks_to_rekey_ike(message);
                const bool drop = *crossed && !message.header.response && deletes_ike(message);
                return std::vector<Message>(drop ? 0 : 1, message);
              });
        });
MPSEC_DEFECT(
        .id = "refuses-to-rekey-a-replaced-ike-sa",
        .rule = "rfc7296/2.8.2/rekey-of-a-replaced-ike-sa-gets-temporary-failure",
        .does = "Says NO_PROPOSAL_CHOSEN to the second rekey of an IKE SA.", .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          return outgoing([=](Message& message) {
            if (!message.header.response || message.header.exchange_type != ExchangeType::create_child_sa)
              return;
            for (Payload& one : message.payloads)
              if (auto* notify = std::get_if<Notify>(&one.body);
                  *rekeyed && notify != nullptr && notify->type == NotifyType::temporary_failure)
                notify->type = NotifyType::no_proposal_chosen;
            const auto* sa = find<SecurityAssociation>(message.payloads);
            *rekeyed |= sa != nullptr && sa->proposals.front().protocol == ProtocolId::ike;
          });
        });

// --- INITIAL_CONTACT

namespace {

Bent deaf_after_initial_contact(ExchangeType in) {
  const auto deaf = std::make_shared<bool>(false);
  Bent bent = incoming([=](Message& message) {
    *deaf |= message.header.exchange_type == in && !message.header.response &&
             find_notify(message.payloads, NotifyType::initial_contact) != nullptr;
  });
  bent.esp_in = [=](EspPacket packet) { return *deaf ? std::vector<EspPacket>{} : std::vector{packet}; };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "serves-no-peer-that-comes-back", .rule = "rfc7296/2.4/initial-contact-may-follow-a-crash",
        .does = "Takes no packets of a peer that has said INITIAL_CONTACT.",
        .make = [] { return deaf_after_initial_contact(ExchangeType::ike_auth); });
MPSEC_DEFECT(
        .id = "closes-children-for-a-late-initial-contact",
        .rule = "rfc7296/2.4/initial-contact-elsewhere-may-be-ignored",
        .does = "Takes no packets of a peer that has said INITIAL_CONTACT in INFORMATIONAL.",
        .make = [] { return deaf_after_initial_contact(ExchangeType::informational); });

}  // namespace mpsec::conformance
