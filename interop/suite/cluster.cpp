#include "interop/suite/cluster.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

template <class Data>
std::optional<Data> said_in(const Message& message, NotifyType type) {
  const Notify* notify = find_notify(message.payloads, type);
  if (notify == nullptr) return std::nullopt;
  const auto data = data_of<Data>(*notify);
  if (!data) return std::nullopt;
  return *data;
}

std::string text_of(const std::optional<SaClusterRefused>& refused) {
  if (!refused) return "no SA_CLUSTER_REFUSED";
  return fmt::format("SA_CLUSTER_REFUSED with reason {}, field {}", static_cast<unsigned>(refused->reason),
                     static_cast<unsigned>(refused->unequal));
}

Message delete_of(IkeSession& sa, ProtocolId protocol, Octets spis) {
  Delete body;
  body.protocol = protocol;
  body.spis = std::move(spis);
  body.spi_size = body.spis.empty() ? 0 : 4;
  body.spi_count = body.spis.empty() ? 0 : 1;
  Payloads payloads;
  payloads.push_back(make_payload(std::move(body)));
  return sa.informational(std::move(payloads));
}

}  // namespace

std::optional<SaClusterJoin> join_in(const Message& message) {
  return said_in<SaClusterJoin>(message, NotifyType::sa_cluster_join);
}

std::optional<SaClusterSupported> supported_in(const Message& message) {
  return said_in<SaClusterSupported>(message, NotifyType::sa_cluster_supported);
}

std::optional<SaClusterRefused> refused_in(const Message& message) {
  return said_in<SaClusterRefused>(message, NotifyType::sa_cluster_refused);
}

bool has_cluster_vendor_id(const Message& message) {
  return std::ranges::any_of(find_all<VendorId>(message.payloads),
                             [](const VendorId* vendor) { return knows_sa_clusters(*vendor); });
}

bool says_nothing_of_clusters(const Message& message) {
  return !has_cluster_vendor_id(message) &&
         std::ranges::none_of(find_all<Notify>(message.payloads), [](const Notify* one) {
           return one->type == NotifyType::sa_cluster_supported || one->type == NotifyType::sa_cluster_join ||
                  one->type == NotifyType::sa_cluster_refused;
         });
}

void expect_refused(Tester& t, const Message& response, ClusterRefusal reason, ClusterField field) {
  t.check(find<SecurityAssociation>(response.payloads) == nullptr, "no Child SA", "an SA payload");
  const auto refused = refused_in(response);
  const SaClusterRefused wanted{reason, field};
  if (refused != wanted) t.fail(text_of(wanted), text_of(refused), Miss::notify);
}

Cluster::Cluster(Tester& tester) : tester_(tester) {
  opening.clusters = true;
  own.cluster = ClusterId{tester.rng().next_u64() | 1};
  own.founds = own.anti_replay = true;
  own.window = opening.cluster_window;
}

// --- the tester asks

SaClusterJoin Cluster::joining() const {
  SaClusterJoin join = own;
  join.founds = false;
  return join;
}

ChildWish Cluster::wish(const SaClusterJoin& join) const {
  ChildWish wish = opening.child;
  wish.cluster = join;
  return wish;
}

Opening Cluster::opening_with(const SaClusterJoin& join, std::size_t path) const {
  Opening with = opening;
  with.path = path;
  with.child = wish(join);
  return with;
}

Message Cluster::ask_over(const Opening& begun) {
  IkeSession& sa = tester_.half_open(begun);
  ike.push_back(&sa);
  return heard = tester_.ask(sa, sa.auth_request());
}

void Cluster::take(EspChild& child) {
  child.highest_received = top_received;
  children.push_back(&child);
}

IkeSession& Cluster::enter(const SaClusterJoin& join, std::size_t path) {
  return tester_.control([&]() -> IkeSession& {
    const Message response = ask_over(opening_with(join, path));
    tester_.expect_no_error(response);
    const auto answered = join_in(response);
    tester_.check(answered.has_value(), "a JOIN that answers the tester's", "none");
    if (!peers) peers = answered;
    IkeSession& sa = *ike.back();
    EspChild* const child = sa.take_auth(response);
    tester_.check(child != nullptr, "a Child SA", "none");
    take(*child);
    static_cast<void>(ping(*child));
    return sa;
  });
}

IkeSession& Cluster::found(std::size_t path) {
  return enter(own, path);
}

IkeSession& Cluster::join(std::size_t path) {
  return enter(joining(), path);
}

EspChild& Cluster::join_on(IkeSession& sa) {
  return tester_.control([&]() -> EspChild& {
    const Message request = sa.create_child_request(wish(joining()));
    heard = tester_.ask(sa, request);
    tester_.expect_no_error(heard);
    take(*sa.take_child(request, heard));
    static_cast<void>(ping(*children.back()));
    return *children.back();
  });
}

EspChild& Cluster::rekey(IkeSession& sa, EspChild& old) {
  return tester_.control([&]() -> EspChild& {
    ChildWish again = wish(joining());
    again.rekeys = old.terms().own;
    const Message request = sa.create_child_request(again);
    heard = tester_.ask(sa, request);
    tester_.expect_no_error(heard);
    take(*sa.take_child(request, heard));
    static_cast<void>(ping(*children.back()));
    return *children.back();
  });
}

// --- the target asks

IkeSession& Cluster::await_request(std::size_t path) {
  return tester_.control([&]() -> IkeSession& {
    Opening begun = opening;
    begun.path = path;
    IkeSession& sa = tester_.await_init_request(begun);
    const Message init = sa.waiting.front();
    sa.waiting.pop_front();
    sa.take_init_request(init);
    sa.send(sa.init_response(init));
    sa.keep_own_init();
    heard = tester_.expect_request(sa, ExchangeType::ike_auth);
    tester_.check(sa.proof_is_good(heard), "an AUTH payload that proves the target's identity",
                  "one that does not");
    ike.push_back(&sa);
    return sa;
  });
}

void Cluster::answer(IkeSession& sa) {
  tester_.control([&] {
    const Message request = heard;
    sa.send(sa.auth_response(request));
    tester_.check(sa.made_child() != nullptr, "a request for a Child SA", "none");
    take(*sa.made_child());
    static_cast<void>(ping(*children.back()));
  });
}

IkeSession& Cluster::await_founding(std::size_t path) {
  IkeSession& sa = await_request(path);
  tester_.control([&] {
    peers = join_in(heard);
    tester_.check(peers && peers->founds, "a JOIN that founds a cluster", "none");
    own.cluster = peers->cluster;
    answer(sa);
  });
  return sa;
}

// --- packets

void Cluster::note(const Tester::Pong& pong) {
  top_received = std::max(top_received, pong.opened.number);
  for (EspChild* child : children)
    child->highest_received = std::max(child->highest_received, top_received);
}

Tester::Pong Cluster::ping(EspChild& child) {
  const Instant until = tester_.now() + tester_.request_patience();  // as Tester::ping()
  auto pong = tester_.receive_pong(send_ping(child), tester_.link().patience());
  while (!pong && tester_.now() < until)
    pong = tester_.receive_pong(send_ping(child), tester_.link().patience());
  if (!pong) pong = tester_.expect_pong(send_ping(child));
  note(*pong);
  return *std::move(pong);
}

std::vector<Tester::Pong> Cluster::pings(std::size_t count) {
  std::vector<Tester::Pong> pongs;
  for (std::size_t i = 0; i < count; ++i)
    pongs.push_back(ping(*children.at(i % children.size())));
  return pongs;
}

void Cluster::ping_all() {
  tester_.control([&] { static_cast<void>(pings(children.size())); });
}

void Cluster::delete_child(IkeSession& sa, EspChild& child) {
  tester_.expect_no_error(tester_.ask(sa, delete_request(sa, child)));
  std::erase(children, &child);
}

void Cluster::delete_ike(IkeSession& sa) {
  tester_.expect_no_error(tester_.ask(sa, delete_request(sa)));
  for (const auto& child : sa.children)
    std::erase(children, child.get());
  std::erase(ike, &sa);
}

std::vector<std::uint64_t> numbers_of(const std::vector<Tester::Pong>& pongs) {
  std::vector<std::uint64_t> numbers;
  for (const Tester::Pong& pong : pongs)
    numbers.push_back(pong.opened.number);
  return numbers;
}

Message delete_request(IkeSession& sa, const EspChild& child) {
  return delete_of(sa, ProtocolId::esp, spi_octets(child.terms().own));
}

Message delete_request(IkeSession& sa) {
  return delete_of(sa, ProtocolId::ike, {});
}

bool deletes(const Message& message, const EspChild& child) {
  for (const Delete* body : find_all<Delete>(message.payloads))
    for (const OctetView spi : spis_of(*body))
      if (body->protocol == ProtocolId::esp && child_spi(spi) == child.terms().peer) return true;
  return false;
}

void make_two(Cluster& cluster) {
  cluster.found(0);
  cluster.join(1);
}

void make_two_that_work(Cluster& cluster) {
  make_two(cluster);
  cluster.ping_all();
}

}  // namespace mpsec::conformance
