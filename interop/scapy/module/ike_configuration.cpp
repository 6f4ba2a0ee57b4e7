#include "ike_configuration.hpp"

namespace mpsec::python {
namespace {

using namespace ike;

// A dict whose names must all be asked for.
class Taker {
 public:
  Taker(const py::handle& given, std::string path)
      : given_(py::dict(py::reinterpret_borrow<py::dict>(given).attr("copy")())), path_(std::move(path)) {}

  template <class T>
  T get(const char* name, T otherwise) {
    if (!given_.contains(name)) return otherwise;
    const py::object value = given_.attr("pop")(name);
    try {
      return value.cast<T>();
    } catch (const py::cast_error&) {
      throw py::type_error(path_ + "/" + name + ": found " + std::string(py::repr(value)));
    }
  }
  py::list list(const char* name) { return get<py::list>(name, py::list()); }
  Duration seconds(const char* name, Duration otherwise) {
    const double given = get<double>(name, -1);
    return given < 0 ? otherwise : std::chrono::duration_cast<Duration>(std::chrono::duration<double>(given));
  }
  std::string inside(const char* name, std::size_t index) const {
    return path_ + "/" + name + "[" + std::to_string(index) + "]";
  }
  const std::string& path() const { return path_; }
  void done() const {
    for (const auto& [name, value] : given_)
      throw py::key_error(path_ + "/" + std::string(py::str(name)));
  }

 private:
  py::dict given_;
  std::string path_;
};

std::vector<AllowedEncryption> encryption_of(const py::list& names) {
  std::vector<AllowedEncryption> all;
  for (const auto& name : names) {
    if (py::isinstance<py::str>(name)) {
      all.push_back({value_or_raise(crypto::find_encryption(name.cast<std::string>()))->id, std::nullopt});
      continue;
    }
    const auto [cipher, bits] = name.cast<std::pair<std::string, std::uint16_t>>();
    all.push_back({value_or_raise(crypto::find_encryption(cipher))->id, bits});
  }
  return all;
}

template <class Find>
auto ids_of(const py::list& names, Find find) {
  std::vector<std::remove_cvref_t<decltype((*find(std::string_view()))->id)>> all;
  for (const auto& name : names)
    all.push_back(value_or_raise(find(name.cast<std::string>()))->id);
  return all;
}

IkeProposal ike_proposal(Taker taker) {
  IkeProposal proposal{.encryption = encryption_of(taker.list("encryption")),
                       .prf = ids_of(taker.list("prf"), crypto::find_prf),
                       .integrity = ids_of(taker.list("integrity"), crypto::find_integrity),
                       .key_exchange = ids_of(taker.list("key_exchange"), crypto::find_key_exchange)};
  taker.done();
  return proposal;
}

ChildProposal child_proposal(Taker taker, ipsec::Protocol protocol) {
  using wire::ike::SequenceNumbers;
  ChildProposal proposal{.encryption = encryption_of(taker.list("encryption")),
                         .integrity = ids_of(taker.list("integrity"), crypto::find_integrity),
                         .key_exchange = ids_of(taker.list("key_exchange"), crypto::find_key_exchange)};
  proposal.protocol =
      protocol == ipsec::Protocol::ah ? wire::ike::ProtocolId::ah : wire::ike::ProtocolId::esp;
  if (const auto esn = taker.get<std::vector<bool>>("esn", {}); !esn.empty()) {
    proposal.sequence_numbers.clear();
    for (const bool extended : esn)
      proposal.sequence_numbers.push_back(extended ? SequenceNumbers::extended
                                                   : SequenceNumbers::no_extended);
  }
  taker.done();
  return proposal;
}

std::vector<ipsec::AddressRange> ranges_of(const py::list& texts) {
  std::vector<ipsec::AddressRange> ranges;
  for (const auto& text : texts)
    ranges.push_back(value_or_raise(ipsec::AddressRange::parse(text.cast<std::string>())));
  return ranges;
}

SaLifetime lifetime(Taker& taker, SaLifetime otherwise) {
  return {taker.seconds("rekey_after", otherwise.rekey_after),
          taker.seconds("end_after", otherwise.end_after), taker.get("jitter", otherwise.jitter)};
}

template <class T>
T one_of(Taker& taker, const char* name, std::pair<const char*, T> one, std::pair<const char*, T> other) {
  const auto word = taker.get<std::string>(name, one.first);
  if (word == one.first) return one.second;
  if (word == other.first) return other.second;
  throw py::value_error(std::string(name) + ": expected " + one.first + " or " + other.first + ", found " +
                        word);
}

std::optional<ClusterWish> cluster_wish(Taker& child) {
  const auto given = child.get<std::optional<py::dict>>("cluster", std::nullopt);
  if (!given) return std::nullopt;
  Taker taker(*given, child.path() + "/cluster");
  ClusterWish wish;
  wish.name = taker.get<std::string>("name", "cluster");
  wish.most_sub_sas = taker.get("most_sub_sas", wish.most_sub_sas);
  wish.anti_replay = taker.get("anti_replay", wish.anti_replay);
  wish.window = taker.get("window", wish.window);
  wish.duplication = taker.get("duplication", wish.duplication);
  taker.done();
  return wish;
}

ChildConfiguration child_of(Taker taker) {
  ChildConfiguration child;
  child.name = taker.get<std::string>("name", "child");
  child.policy = ipsec::PolicyId{1};
  child.protocol =
      one_of<ipsec::Protocol>(taker, "protocol", {"esp", ipsec::Protocol::esp}, {"ah", ipsec::Protocol::ah});
  child.mode = one_of<ipsec::Mode>(taker, "mode", {"tunnel", ipsec::Mode::tunnel},
                                   {"transport", ipsec::Mode::transport});
  const py::list proposals = taker.list("proposals");
  for (std::size_t i = 0; i < proposals.size(); ++i)
    child.proposals.push_back(child_proposal({proposals[i], taker.inside("proposals", i)}, child.protocol));
  child.selectors = {{.local = ranges_of(taker.list("local")), .remote = ranges_of(taker.list("remote"))}};
  child.lifetime = lifetime(taker, child.lifetime);
  child.replay_window = taker.get("replay_window", child.replay_window);
  child.cluster = cluster_wish(taker);
  taker.done();
  return child;
}

PeerConfiguration peer_of(Taker& taker) {
  PeerConfiguration peer;
  peer.name = taker.get<std::string>("name", "peer");
  peer.local_id = identity_named(taker.get<std::string>("local_id", ""));
  const py::list proposals = taker.list("ike"), children = taker.list("children");
  for (std::size_t i = 0; i < proposals.size(); ++i)
    peer.proposals.push_back(ike_proposal({proposals[i], taker.inside("ike", i)}));
  for (std::size_t i = 0; i < children.size(); ++i)
    peer.children.push_back(child_of({children[i], taker.inside("children", i)}));
  peer.childless = taker.get("childless", peer.childless);
  peer.initial_contact = taker.get("initial_contact", peer.initial_contact);
  peer.window = taker.get("window", peer.window);
  peer.fragment_beyond = taker.get("fragment_beyond", peer.fragment_beyond);
  peer.liveness_after = taker.seconds("liveness_after", peer.liveness_after);
  peer.lifetime = lifetime(taker, peer.lifetime);
  return peer;
}

}  // namespace

ipsec::Identity identity_named(const std::string& text) {
  if (const auto address = IpAddress::parse(text)) return ipsec::Identity::address(*address);
  return text.contains('@') ? ipsec::Identity::rfc822(text) : ipsec::Identity::fqdn(text);
}

EnginePeers engine_peers(const py::list& peers) {
  EnginePeers made;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    Taker taker(peers[i], "peers[" + std::to_string(i) + "]");
    PeerConfiguration peer = peer_of(taker);
    const ipsec::Identity remote = identity_named(taker.get<std::string>("remote_id", ""));
    const py::bytes key = taker.get<py::bytes>("key", py::bytes());
    taker.done();
    peer.remote_id = remote;
    peer.credential = std::make_shared<PreSharedKeyCredential>(SecretOctets(view_of(key)));
    const OctetView octets = view_of(key);
    made.keys.emplace_back(remote, Octets(octets.begin(), octets.end()));
    made.configuration.peers.push_back(std::move(peer));
  }
  return made;
}

}  // namespace mpsec::python
