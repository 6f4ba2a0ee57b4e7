#include "ike/narrowing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "ike/traffic_ranges.hpp"

namespace mpsec::ike {
namespace {

using namespace traffic;

std::unexpected<Refusal> refused(wire::ike::NotifyType notify, std::string why) {
  return std::unexpected(Refusal{.notify = notify,
                                 .error = Error{.blame = Blame::no_common_ground,
                                                .path = "TSi, TSr",
                                                .offset = std::nullopt,
                                                .why = std::move(why),
                                                .clause = "RFC 7296 2.9"}});
}

// As much as a line of a log has room for.
template <class Selectors>
std::string first_few(const Selectors& selectors) {
  constexpr std::size_t few = 3, most_octets = 240;
  std::string text;
  for (std::size_t i = 0; i < std::min(few, selectors.size()); ++i)
    text += (i == 0 ? "" : "; ") + to_string(selectors[i]);
  if (text.size() > most_octets) text.replace(most_octets, std::string::npos, "...");
  if (selectors.size() > few) text += fmt::format("; and {} more", selectors.size() - few);
  return text.empty() ? "nothing" : text;
}

std::string nothing_allowed(const NarrowingRequest& request) {
  return fmt::format("nothing of what is proposed is allowed; proposed: local {}, remote {}; allowed: {}",
                     first_few(request.proposed.local), first_few(request.proposed.remote),
                     first_few(request.allowed));
}

Product first_of(const Product& product) {
  if (product.empty()) return {};
  return pruned({.local = {product.local.front()}, .remote = {product.remote.front()}});
}

bool is_one_pair(const Product& product) {
  const auto one = [](const Sides& sides) {
    const Interval& addresses = sides.front().addresses;
    return addresses.first == addresses.last &&
           std::ranges::all_of(sides, [&](const Side& each) { return each.addresses == addresses; });
  };
  return !product.empty() && one(product.local) && one(product.remote);
}

Product with_addresses_of(const Product& pair, const Product& product) {
  Product filter;
  for (const IpVersion version : {IpVersion::v4, IpVersion::v6}) {
    if (pair.local.front().version != version) continue;
    filter.local.push_back({.version = version, .addresses = pair.local.front().addresses});
    filter.remote.push_back({.version = version, .addresses = pair.remote.front().addresses});
  }
  return intersection(product, filter);
}

// One request on its way to an answer.
class Narrowing {
 public:
  Narrowing(Product proposed, const NarrowingRequest& request)
      : proposed_(std::move(proposed)), first_(first_of(proposed_)) {
    //= rfc7296/2.9.2/rekeyed-sa-is-not-narrower
    if (request.in_use != nullptr) allow(product_of(*request.in_use));
    for (const ipsec::Selector& selector : request.allowed)
      if (auto product = product_of(selector)) allow(*std::move(product));
  }

  bool all_allowed() { return coverage_.covered(proposed_, boxes_); }
  bool first_allowed() { return !first_.empty() && coverage_.covered(first_, boxes_); }
  const Product& first() const { return first_; }

  //= rfc7296/2.9/narrowed-to-a-subset-with-the-first-choice
  Product widest() {
    Product taken;
    if (first_allowed()) taken = first_;
    // Those that hold the first choice whole come first: with them most can be taken together.
    std::vector<Product> parts;
    for (const Product& each : allowed_)
      if (Product part = intersection(proposed_, each); !part.empty()) parts.push_back(std::move(part));
    std::ranges::stable_partition(parts, [&](const Product& part) { return holds_first(part); });
    for (const Product& part : parts) {
      Product more = taken.empty() ? part : joined(taken, part);
      const bool fits = std::max(more.local.size(), more.remote.size()) <= most_in_payload;
      if (fits && (taken.empty() || coverage_.covered(more, boxes_)))
        taken = std::move(more);
      else
        left_.push_back(part);
    }
    return taken;
  }

  // Whether some of what is allowed is not in `taken`.
  bool leaves_some(const Product& taken) {
    const auto boxes = boxes_of(taken);
    return std::ranges::any_of(left_, [&](const Product& part) { return !coverage_.covered(part, boxes); });
  }

 private:
  void allow(Product product) {
    append_boxes(product, boxes_);
    allowed_.push_back(std::move(product));
  }
  bool holds_first(const Product& part) {
    return !first_.empty() && coverage_.covered(first_, boxes_of(part));
  }

  Coverage coverage_;
  Product proposed_, first_;
  std::vector<Product> allowed_;
  std::vector<Box> boxes_;
  std::vector<Product> left_;
};

}  // namespace

Granted<Narrowed> StandardNarrowing::narrow(const NarrowingRequest& request) const {
  Product proposed = product_of(request.proposed, settings_.most_considered);
  Narrowing narrowing(proposed, request);
  const bool rekeying = request.in_use != nullptr;
  if (settings_.one_address_pair && !rekeying && !is_one_pair(proposed)) {
    //= rfc7296/2.9/single-pair-required
    if (!is_one_pair(narrowing.first()) || !narrowing.first_allowed())
      return refused(wire::ike::NotifyType::single_pair_required,
                     "expected one address on each side, found ranges and no allowed first choice");
    const Product pair = narrowing.first();
    const Product taken = with_addresses_of(pair, narrowing.widest());
    return Narrowed{traffic::pair_of(taken), settings_.announce_additional};
  }
  //= rfc7296/2.9/all-allowed-comes-back-as-it-was
  if (narrowing.all_allowed()) {
    const Product same = proposed;
    if (!boxes_of(same).empty()) return Narrowed{traffic::pair_of(same), false};
  }
  const Product taken = narrowing.widest();
  //= rfc7296/2.9/nothing-acceptable
  if (taken.empty()) return refused(wire::ike::NotifyType::ts_unacceptable, nothing_allowed(request));
  //= rfc7296/2.9/additional-selectors-possible
  return Narrowed{traffic::pair_of(taken), settings_.announce_additional && narrowing.leaves_some(taken)};
}

}  // namespace mpsec::ike
