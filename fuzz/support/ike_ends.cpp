// depends: ike crypto_open wire_ike
#include "support/ike_ends.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/open/open_ike_provider.hpp"
#include "crypto/open/open_provider.hpp"
#include "support/require.hpp"
#include "wire/codec.hpp"

namespace mpsec::fuzz {

using namespace ike;

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t most_children = 8;
constexpr std::size_t most_half_open = 16;
constexpr unsigned most_attempts = 20;  // so that a thousand datagrams are more than honest ends need

const crypto::Provider& provider_of(const IkeWorld& world) {
  static const auto open = crypto::make_open_provider();
  return world.provider == nullptr ? *open : *world.provider;
}

test::PairSettings settings(bool cookies, const IkeWorld& world) {
  static const auto open = crypto::make_open_ike_provider();
  auto settings = test::pre_shared_key_settings(provider_of(world),
                                                world.ike_provider == nullptr ? *open : *world.ike_provider);
  settings.change = [clusters = world.clusters](Configuration& whole) {
    whole.most_children = most_children;
    whole.most_half_open = most_half_open;
    whole.peers[0].window = 4;
    auto& groups = whole.peers[0].proposals[0].key_exchange;
    groups.push_back(crypto::KeyExchangeId::ecp_256);
    // with PFS or without
    auto& children = whole.peers[0].children[0].proposals;
    children.push_back(children[0]);
    children[1].key_exchange = {crypto::KeyExchangeId::curve25519};
    if (clusters)
      whole.peers[0].children[0].cluster = ClusterWish{.name = "net", .most_sub_sas = most_children};
  };
  if (cookies) settings.cookies = {.demand_from = 0, .relax_below = 0};
  world.change(settings);
  return settings;
}

const IkeStatus* newest_established(const std::vector<IkeStatus>& all) {
  const auto found = std::find_if(all.rbegin(), all.rend(), [](const IkeStatus& sa) {
    return sa.state == IkeState::established || sa.state == IkeState::rekeying;
  });
  return found == all.rend() ? nullptr : &*found;
}

// Puts `with` in the place of every `word` of the same length.
void replace(Octets& octets, std::string_view word, OctetView with) {
  const auto same = [](std::uint8_t octet, char letter) {
    return octet == static_cast<std::uint8_t>(letter);
  };
  for (auto at = octets.begin();; at += static_cast<std::ptrdiff_t>(word.size())) {
    at = std::search(at, octets.end(), word.begin(), word.end(), same);
    if (at == octets.end()) return;
    std::ranges::copy(with, at);
  }
}

std::string text_of(const IkeStatus& sa) {
  auto text = fmt::format("{} {} {} {} {} {}\n", sa.id.value, to_string(sa.spis), to_string(sa.state),
                          to_string(sa.path.local), to_string(sa.path.remote), sa.suite);
  for (const ChildStatus& child : sa.children)
    text += fmt::format("  {} {} {:08x} {:08x}\n", child.id.value, to_string(child.state),
                        child.inbound.value, child.outbound.value);
  return text;
}

// What both ends must agree about: the IKE SAs with the SPIs of their children, those of A first.
std::vector<std::string> agreed(const std::vector<IkeStatus>& all, bool swap) {
  std::vector<std::string> lines;
  for (const IkeStatus& sa : all) {
    std::vector<std::string> children;
    for (const ChildStatus& child : sa.children)
      children.push_back(fmt::format(" {:08x}/{:08x}", (swap ? child.outbound : child.inbound).value,
                                     (swap ? child.inbound : child.outbound).value));
    std::ranges::sort(children);
    lines.push_back(to_string(sa.spis));
    for (const std::string& child : children)
      lines.back() += child;
  }
  std::ranges::sort(lines);
  return lines;
}

// And the clusters, with the number of their sub-SAs.
std::vector<std::string> agreed(const std::vector<ClusterStatus>& all) {
  std::vector<std::string> lines;
  for (const ClusterStatus& cluster : all)
    lines.push_back(fmt::format("cluster {:016x} of {}", cluster.id.value, cluster.sub_sas.size()));
  return lines;
}

}  // namespace

IkeEnds::IkeEnds(IkeStage stage, bool cookies, const IkeWorld& world)
    : provider_(provider_of(world)), pair_(settings(cookies, world), nullptr, &keys_) {
  if (stage == IkeStage::nothing) return;
  pair_.initiate(pair_.a);
  if (cookies) {  // the request without a cookie, and the cookie
    pair_.deliver(pair_.take());
    pair_.deliver(pair_.take());
  }
  constexpr int delivered[] = {0, 0, 2, 3, 4};
  for (int left = delivered[static_cast<int>(stage)]; left > 0; --left)
    pair_.deliver(pair_.take());
  held_back_ = std::exchange(pair_.wire, {});
}

void IkeEnds::command(End end, IkeCommand command, std::size_t which) {
  if (command == IkeCommand::initiate) {
    if (++attempts_ > most_attempts) return;
    ++asked_for_;
    return pair_.initiate(gateway(end));
  }
  const auto all = gateway(end).engine().status();
  if (command == IkeCommand::none || all.empty()) return;
  const IkeStatus& sa = all[which % all.size()];
  const ChildId child = sa.children.empty() ? ChildId{} : sa.children[which % sa.children.size()].id;
  if (command != IkeCommand::check_liveness) ++asked_for_;
  pair_.at(gateway(end), [&](Engine& engine, Actions& actions) -> Result<> {
    switch (command) {
      case IkeCommand::check_liveness:
        return engine.check_liveness(sa.id, pair_.now, actions);
      case IkeCommand::create_child:
        return engine.create_child(sa.id, "net", pair_.now, actions);
      case IkeCommand::rekey_child:
        return engine.rekey_child(child, pair_.now, actions);
      case IkeCommand::rekey_ike:
        return engine.rekey_ike(sa.id, pair_.now, actions);
      case IkeCommand::delete_child:
        return engine.delete_child(child, pair_.now, actions);
      default:
        return engine.close(sa.id, pair_.now, actions);
    }
  });
}

void IkeEnds::receive_raw(End at, Octets octets) {
  const Path& path = gateway(at).path();
  pair_.deliver({path.remote, path.local, std::move(octets)});
}

void IkeEnds::receive_sealed(End at, OctetView header_octets, wire::ike::PayloadType first,
                             OctetView plaintext, std::optional<FragmentPlace> place) {
  if (!keys_.kept || plaintext.size() > 60'000) return;
  const auto& [spis, protection, keys] = *keys_.kept;
  const bool from_initiator = at == End::b;
  auto header = *wire::ike::decode_header(header_octets);
  header.initiator_spi = spis.initiator, header.responder_spi = spis.responder;
  header.initiator = from_initiator;
  header.next_payload =
      place ? wire::ike::PayloadType::encrypted_fragment : wire::ike::PayloadType::encrypted;
  Octets message;
  wire::write(message, header);
  wire::write(message, wire::ike::PayloadHeader{.next_payload = first});
  if (place) {
    append_be(message, place->number);
    append_be(message, place->total);
  }
  auto sealer =
      MessageSealer::create(provider_, protection, (from_initiator ? keys.ei : keys.er).view(),
                            (from_initiator ? keys.ai : keys.ar).view(), 1'000'000)  // far from the engine's
          .value();
  SeededRng rng(1);
  static_cast<void>(
      set_lengths(message, wire::ike::IkeHeader::octets, sealer.layout().sealed(plaintext.size())));
  static_cast<void>(sealer.seal(message, plaintext, rng));
  receive_raw(at, std::move(message));
}

Octets IkeEnds::with_words_replaced(OctetView octets) {
  Octets replaced(octets.begin(), octets.end());
  replace(replaced, "SPIn", wire::ike::spi_octets(Spi(0x1000 + ++fresh_)));
  const auto ours = pair_.a.engine().status(), theirs = pair_.b.engine().status();
  const auto& any = theirs.empty() ? ours : theirs;
  if (any.empty()) return replaced;
  replace(replaced, "SPI_INIT", wire::ike::spi_octets(any.back().spis.initiator));
  replace(replaced, "SPI_RESP", wire::ike::spi_octets(any.back().spis.responder));
  if (const auto clusters = pair_.b.engine().cluster_status(); !clusters.empty()) {
    Octets id;
    append_be(id, clusters.front().id.value);
    replace(replaced, "CLUSTER1", id);
  }
  const IkeStatus* sa = newest_established(theirs);
  if (sa == nullptr || sa->children.empty()) return replaced;
  replace(replaced, "SPIa", wire::ike::spi_octets(sa->children[0].outbound));
  replace(replaced, "SPIb", wire::ike::spi_octets(sa->children[0].inbound));
  return replaced;
}

void IkeEnds::release() {
  std::ranges::move(std::exchange(held_back_, {}), std::back_inserter(pair_.wire));
  require(pair_.deliver_all(), "the ends come to an end of their talk");
}

bool IkeEnds::is_established(End at) const {
  return newest_established(gateway(at).engine().status()) != nullptr;
}

std::string IkeEnds::established(End at) const {
  std::string text;
  for (const IkeStatus& sa : gateway(at).engine().status())
    if (sa.state != IkeState::init_answered && sa.state != IkeState::init_sent) text += text_of(sa);
  return text;
}

std::string IkeEnds::disagreement() const {
  auto ours = agreed(pair_.a.engine().status(), false), theirs = agreed(pair_.b.engine().status(), true);
  std::ranges::move(agreed(pair_.a.engine().cluster_status()), std::back_inserter(ours));
  std::ranges::move(agreed(pair_.b.engine().cluster_status()), std::back_inserter(theirs));
  return ours == theirs ? "" : fmt::format("A: {}\nB: {}", fmt::join(ours, ", "), fmt::join(theirs, ", "));
}

void IkeEnds::require_bounded() const {
  for (const Engine* engine : {&pair_.a.engine(), &pair_.b.engine()}) {
    require(engine->half_open() <= most_half_open, "half-open IKE SAs are bounded");
    require(engine->ike_sas() <= engine->half_open() + 2 * (asked_for_ + 2), "IKE SAs are bounded");
    // Each child may have one that replaces it; each request on its way may ask for one more.
    require(engine->child_spis() <= (2 * most_children + 4) * engine->ike_sas() + asked_for_,
            "SPIs of children are bounded");
    std::size_t sub_sas = 0;
    for (const ClusterStatus& cluster : engine->cluster_status()) {
      require(!cluster.sub_sas.empty() || cluster.awaited != 0,
              "a cluster ends with its last sub-SA, or with the last answer that would join it");
      sub_sas += cluster.sub_sas.size();
    }
    require(sub_sas <= engine->child_spis(), "sub-SAs are Child SAs that are there");
  }
}

void IkeEnds::require_unchanged(End at, const std::string& before) const {
  require(established(at) == before, "nobody changes an SA without its keys");
}

void IkeEnds::require_rest(Duration duration) {
  require(pair_.run_for(duration), "the ends come to rest");
  pair_.on_time();
  require(pair_.deliver_all(), "the ends come to an end of their talk");
}

void IkeEnds::require_alive(End end) {
  const auto heard = [this] {
    return std::pair(pair_.a.engine().counters().received, pair_.b.engine().counters().received);
  };
  const auto [a, b] = heard();
  command(end, IkeCommand::check_liveness);
  require_rest(10s);  // unanswered, it would come again
  require(heard() == std::pair(a + 1, b + 1), "the ends still talk");
}

std::vector<const char*> IkeEnds::leftovers(const Engine& engine) {
  std::vector<const char*> left;
  if (engine.ike_sas() != 0) left.push_back("no IKE SA outlives its end");
  if (engine.child_spis() != 0) left.push_back("every SPI comes back");
  if (!engine.cluster_status().empty()) left.push_back("no cluster outlives its sub-SAs");
  if (engine.next_deadline()) left.push_back("nothing is waited for");
  return left;
}

void IkeEnds::require_nothing_left() {
  for (const End end : {End::a, End::b})
    for (const IkeStatus& sa : gateway(end).engine().status())
      pair_.at(gateway(end), [&](Engine& engine, Actions& actions) {
        static_cast<void>(engine.close(sa.id, pair_.now, actions));
      });
  require_rest(10min);
  for (const End end : {End::a, End::b})
    for (const char* law : leftovers(gateway(end).engine()))
      require(false, law);
}

}  // namespace mpsec::fuzz
