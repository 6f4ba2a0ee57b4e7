#include "gateway/control/waits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace mpsec::gateway {
namespace {

using Outcome = Wait::Outcome;

template <class... Kinds>
struct Either : Kinds... {
  using Kinds::operator()...;
};

std::unexpected<Error> failed(ike::IkeSaId sa, const std::optional<std::string>& child, Error error) {
  const std::string inner = child ? fmt::format("/child '{}'", *child) : std::string();
  error.path = fmt::format("IKE SA {}{}/{}", sa.value, inner, error.path);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> ended(const ike::IkeStateChanged& event, const std::optional<Error>& reason) {
  if (reason) return failed(event.sa, std::nullopt, *reason);
  return std::unexpected(Error{Blame::local_fault, fmt::format("IKE SA {}", event.sa.value), std::nullopt,
                               fmt::format("it was closed by '{}'", to_string(event.by)), ""});
}

bool is_end(const ike::IkeStateChanged& event) {
  return event.to == ike::IkeState::closed;
}

class Initiation final : public Wait {
 public:
  Initiation(std::span<const ike::IkeSaId> sas, const ike::PeerConfiguration& peer) {
    std::set<std::string> children;
    if (!peer.childless)
      for (const ike::ChildConfiguration& child : peer.children)
        children.insert(child.name);
    for (const ike::IkeSaId sa : sas)
      pending_[sa].children = children;
    whole_["ike_sas"] = Json::array();
  }

  std::optional<Outcome> on(const ike::Event& event, const Core& core) override {
    return std::visit(Either{[&](const ike::IkeStateChanged& changed) { return on_state(changed); },
                             [&](const ike::ChildStateChanged& changed) { return on_child(changed, core); },
                             [&](const ike::NegotiationFailed& failure) { return on_failure(failure); },
                             [&](const ike::IkeRekeyed& rekeyed) -> std::optional<Outcome> {
                               if (auto moved = pending_.extract(rekeyed.old_sa); !moved.empty()) {
                                 moved.key() = rekeyed.new_sa;
                                 pending_.insert(std::move(moved));
                               }
                               return std::nullopt;
                             },
                             [](const auto&) -> std::optional<Outcome> { return std::nullopt; }},
                      event);
  }
  std::string text() const override {
    std::vector<std::uint64_t> numbers;
    for (const auto& [sa, _] : pending_)
      numbers.push_back(sa.value);
    return fmt::format("IKE SA {}", fmt::join(numbers, ", "));
  }

 private:
  struct Pending {
    bool established = false;
    std::set<std::string> children;  // not there yet
    std::vector<std::uint64_t> made;
    std::optional<Error> reason;  // should it be closed
  };

  std::optional<Outcome> on_state(const ike::IkeStateChanged& event) {
    const auto at = pending_.find(event.sa);
    if (at == pending_.end()) return std::nullopt;
    if (is_end(event)) return ended(event, at->second.reason);
    if (event.to == ike::IkeState::established) at->second.established = true;
    return look_at(at);
  }
  std::optional<Outcome> on_child(const ike::ChildStateChanged& event, const Core& core) {
    const auto at = pending_.find(event.sa);
    if (at == pending_.end() || event.to != ike::ChildState::installed) return std::nullopt;
    at->second.made.push_back(event.child.value);
    at->second.children.erase(core.child_name(event.child));
    return look_at(at);
  }
  std::optional<Outcome> on_failure(const ike::NegotiationFailed& event) {
    const auto at = pending_.find(event.sa);
    if (at == pending_.end()) return std::nullopt;
    if (event.child && at->second.children.contains(*event.child))
      return failed(event.sa, event.child, event.error);
    if (!event.child) at->second.reason = event.error;
    return std::nullopt;
  }
  std::optional<Outcome> look_at(std::map<ike::IkeSaId, Pending>::iterator at) {
    const Pending& one = at->second;
    if (!one.established || !one.children.empty()) return std::nullopt;
    whole_["ike_sas"].push_back({{"ike_sa", at->first.value}, {"children", one.made}});
    pending_.erase(at);
    if (pending_.empty()) return whole_;
    return std::nullopt;
  }

  std::map<ike::IkeSaId, Pending> pending_;
  Json whole_;
};

class NewChild final : public Wait {
 public:
  NewChild(ike::IkeSaId sa, std::string child) : sa_(sa), child_(std::move(child)) {}

  std::optional<Outcome> on(const ike::Event& event, const Core& core) override {
    if (const auto* rekeyed = std::get_if<ike::IkeRekeyed>(&event); rekeyed && rekeyed->old_sa == sa_)
      sa_ = rekeyed->new_sa;
    if (const auto* made = std::get_if<ike::ChildStateChanged>(&event);
        made && made->sa == sa_ && made->by == ike::ChildEvent::created &&
        core.child_name(made->child) == child_)
      return Json{{"child", made->child.value}};
    if (const auto* failure = std::get_if<ike::NegotiationFailed>(&event); failure && failure->sa == sa_) {
      if (failure->child == child_) return failed(sa_, failure->child, failure->error);
      if (!failure->child) reason_ = failure->error;
    }
    if (const auto* changed = std::get_if<ike::IkeStateChanged>(&event);
        changed && changed->sa == sa_ && is_end(*changed))
      return ended(*changed, reason_);
    return std::nullopt;
  }
  std::string text() const override { return fmt::format("child '{}' of IKE SA {}", child_, sa_.value); }

 private:
  ike::IkeSaId sa_;
  std::string child_;
  std::optional<Error> reason_;
};

class IkeRekey final : public Wait {
 public:
  explicit IkeRekey(ike::IkeSaId sa) : sa_(sa) {}

  std::optional<Outcome> on(const ike::Event& event, const Core& /*core*/) override {
    if (const auto* rekeyed = std::get_if<ike::IkeRekeyed>(&event); rekeyed && rekeyed->old_sa == sa_)
      return Json{{"ike_sa", rekeyed->new_sa.value}};
    if (const auto* failure = std::get_if<ike::NegotiationFailed>(&event);
        failure && failure->sa == sa_ && !failure->child)
      return failed(sa_, std::nullopt, failure->error);
    if (const auto* changed = std::get_if<ike::IkeStateChanged>(&event);
        changed && changed->sa == sa_ && is_end(*changed))
      return ended(*changed, std::nullopt);
    return std::nullopt;
  }
  std::string text() const override { return fmt::format("the rekey of IKE SA {}", sa_.value); }

 private:
  ike::IkeSaId sa_;
};

class ChildRekey final : public Wait {
 public:
  explicit ChildRekey(ike::ChildId child) : child_(child) {}

  std::optional<Outcome> on(const ike::Event& event, const Core& core) override {
    if (const auto* changed = std::get_if<ike::ChildStateChanged>(&event)) return on_child(*changed, core);
    const auto* failure = std::get_if<ike::NegotiationFailed>(&event);
    if (failure && failure->sa == sa_ && failure->child == name_)
      return failed(failure->sa, failure->child, failure->error);
    return std::nullopt;
  }
  std::string text() const override { return fmt::format("the rekey of child {}", child_.value); }

 private:
  std::optional<Outcome> on_child(const ike::ChildStateChanged& event, const Core& core) {
    if (event.sa == sa_ && event.by == ike::ChildEvent::created && core.child_name(event.child) == name_)
      heir_ = event.child;
    if (event.child != child_) return std::nullopt;
    sa_ = event.sa;
    if (!name_) name_ = core.child_name(child_);
    if (event.to == ike::ChildState::replaced && heir_) return Json{{"child", heir_->value}};
    if (event.to != ike::ChildState::closed) return std::nullopt;
    return std::unexpected(Error{Blame::local_fault, fmt::format("child {}", child_.value), std::nullopt,
                                 fmt::format("it was closed by '{}'", to_string(event.by)), ""});
  }

  ike::ChildId child_;
  std::optional<ike::ChildId> heir_;
  std::optional<ike::IkeSaId> sa_;   // once the rekey has begun
  std::optional<std::string> name_;  // likewise
};

class IkeEnd final : public Wait {
 public:
  explicit IkeEnd(std::span<const ike::IkeSaId> sas) : left_(sas.begin(), sas.end()) {
    whole_["ike_sas"] = Json::array();
  }

  std::optional<Outcome> on(const ike::Event& event, const Core& /*core*/) override {
    const auto* changed = std::get_if<ike::IkeStateChanged>(&event);
    if (changed == nullptr || !is_end(*changed) || left_.erase(changed->sa) == 0) return std::nullopt;
    whole_["ike_sas"].push_back({{"ike_sa", changed->sa.value}, {"by", to_string(changed->by)}});
    if (!left_.empty()) return std::nullopt;
    return whole_;
  }
  std::string text() const override { return fmt::format("the end of {} IKE SAs", left_.size()); }

 private:
  std::set<ike::IkeSaId> left_;
  Json whole_;
};

class ChildEnd final : public Wait {
 public:
  explicit ChildEnd(ike::ChildId child) : child_(child) {}

  std::optional<Outcome> on(const ike::Event& event, const Core& /*core*/) override {
    const auto* changed = std::get_if<ike::ChildStateChanged>(&event);
    if (changed == nullptr || changed->child != child_ || changed->to != ike::ChildState::closed)
      return std::nullopt;
    return Json{{"child", child_.value}, {"by", to_string(changed->by)}};
  }
  std::string text() const override { return fmt::format("the end of child {}", child_.value); }

 private:
  ike::ChildId child_;
};

}  // namespace

std::unique_ptr<Wait> wait_for_initiation(std::span<const ike::IkeSaId> sas,
                                          const ike::PeerConfiguration& peer) {
  return std::make_unique<Initiation>(sas, peer);
}
std::unique_ptr<Wait> wait_for_child(ike::IkeSaId sa, std::string child) {
  return std::make_unique<NewChild>(sa, std::move(child));
}
std::unique_ptr<Wait> wait_for_ike_rekey(ike::IkeSaId sa) {
  return std::make_unique<IkeRekey>(sa);
}
std::unique_ptr<Wait> wait_for_child_rekey(ike::ChildId child) {
  return std::make_unique<ChildRekey>(child);
}
std::unique_ptr<Wait> wait_for_ike_end(std::span<const ike::IkeSaId> sas) {
  return std::make_unique<IkeEnd>(sas);
}
std::unique_ptr<Wait> wait_for_child_end(ike::ChildId child) {
  return std::make_unique<ChildEnd>(child);
}

}  // namespace mpsec::gateway
