#include "interop/suite/network/target_file.hpp"

#include <fmt/format.h>

#include "gateway/settings/algorithms.hpp"
#include "gateway/settings/document.hpp"
#include "gateway/settings/identities.hpp"
#include "gateway/settings/reading.hpp"
#include "gateway/settings/selectors.hpp"
#include "ike/signature_authentication.hpp"

namespace mpsec::conformance {

using gateway::Findings;
using gateway::Reading;
using gateway::TableReader;

namespace {

constexpr std::string_view example =
    R"(# What mpsec-conformance has to know of a gateway. Read by: mpsec-conformance run --target THIS-FILE
# Every address and name here is to be set; the rest has the default that is shown.

name = "my gateway 1.0"

# What it has beside plain IKEv2 and ESP. Cases that need what is not here are "unsupported".
# extended-sequence-numbers sequence-numbers-32 sa-clusters several-paths fragmentation nat-traversal ipv6-inside
# transport-mode childless configuration key-exchange-in-child certificates tfc-padding cookies
features = ["sequence-numbers-32", "nat-traversal"]
# waivers = "waivers.toml"     # failures that are expected; written by: mpsec-conformance waive RUN

[tester]                       # the machine that mpsec-conformance runs on
id = "tester.example"          # how it names itself: a domain, an address, user@domain, "dn:CN=..."
net = "10.2.0.0/24"            # the inner addresses that the gateway has a tunnel to
host = "10.2.0.1"              # one of them, from which is pinged
# ike_port = 500               # ports of the tester; others than 500 and 4500 need no privilege, and then
# nat_port = 4500              # hooks cannot make the gateway initiate

[gateway]
id = "gateway.example"
net = "10.1.0.0/24"
host = "10.1.0.1"              # an inner address that answers ping
# esp = "udp"                  # "udp": the tester pretends a NAT; "raw": protocol 50, needs CAP_NET_RAW
# window = 64                  # anti-replay, in packets
# ike_port = 500
# nat_port = 4500
# first_retransmission = "1s"
# liveness = "30s"             # of silence, after which it asks whether the tester is there
# answers_within = "500ms"     # measured where it is not said

[[path]]                       # at least one pair of addresses
tester = "192.0.2.2"
gateway = "192.0.2.1"

[[credential]]                 # of the tester: a key that the gateway shares, or certificate and private_key
name = "tester"
key_file = "tester.psk"        # or key = "...", key_hex = "..."
# certificate = "tester.pem"   # in the place of the key, for the feature "certificates": for the tester's id, by
# private_key = "tester.key"   # an authority that the gateway trusts; with an RSA key one case more runs
# chain = ["between.pem"]      # from the certificate's issuer to that authority, where there are any between

# [[authority]]                # of the gateway's certificate, where it has one
# name = "ca"
# certificate = "ca.pem"

# [refused]                    # names of further [[credential]]s that the gateway has to refuse, and why
# strange-authority = "..."    # by one that it does not trust
# expired = "..."
# another-name = "..."         # by the right authority, for another id

[proposals]                    # what the gateway is configured with, the most wanted first
ike = ["aes128gcm16-prfsha256-x25519"]
esp = ["aes128gcm16"]

# Commands that make the gateway do something; each gets a number as $1. Cases that need one that is not here
# are "unsupported".
[hooks]
# timeout = "10s"
# initiate = "ssh gateway swanctl --initiate --child net"
# rekey-child = "ssh gateway swanctl --rekey --child net"
# rekey-ike = "ssh gateway swanctl --rekey --ike tester"
# delete-child = "ssh gateway swanctl --terminate --child net"
# delete-ike = "ssh gateway swanctl --terminate --ike tester"
# reset = "..."                # takes every IKE SA with the tester away, half-open ones too; before each case
# create-child = "..."
# send-traffic = "..."         # one ping from gateway.host to tester.host, its mark is $1
# set-cookie-threshold = "..." # in half-open IKE SAs; $1 is "usual" when the case is over
# set-lifetime = "..."         # of Child SAs, seconds; likewise
# set-outbound-sequence = "..."
# read-replay-counters = "..." # prints replayed=N, and if it can too_old=N not_authentic=N accepted=N
# read-audit = "..."           # prints a line for each entry of its log, of what it knows:
#                              # event=no-sa|replayed|not-authentic|fragment|exhausted time=T spi=0xN source=A destination=A number=N
)";

// The value of a text that `parse` understands.
template <class Value, class Parse>
std::optional<Value> parsed(TableReader& reader, std::string_view name, Parse parse) {
  const auto text = reader.text(name);
  if (!text) {
    if (!reader.has(name)) reader.fail(name, "expected it, found nothing");
    return std::nullopt;
  }
  auto value = parse(*text);
  if (value) return *std::move(value);
  reader.fail(name, value.error().why);
  return std::nullopt;
}

template <class Kind>
std::optional<Kind> known(std::string_view word) {
  for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i)
    if (to_string(static_cast<Kind>(i)) == word) return static_cast<Kind>(i);
  return std::nullopt;
}
template <class Kind>
std::vector<std::string_view> all_words() {
  std::vector<std::string_view> words;
  for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i)
    words.push_back(to_string(static_cast<Kind>(i)));
  return words;
}

struct Draft {
  TargetFile file;
  std::uint16_t tester_ike = 500, gateway_ike = 500;
  bool raw = false;
};

struct End {
  ipsec::Identity id;
  ipsec::AddressRange net;
  IpAddress host;
};
End read_end(TableReader& reader) {
  End end;
  if (auto id = parsed<ipsec::Identity>(reader, "id", gateway::identity_of)) end.id = *std::move(id);
  if (auto net = parsed<ipsec::AddressRange>(reader, "net", ipsec::AddressRange::parse)) end.net = *net;
  if (auto host = parsed<IpAddress>(reader, "host", IpAddress::parse)) {
    end.host = *host;
    if (!end.net.contains(end.host)) reader.fail("host", "expected an address of the net");
  }
  return end;
}

void read_tester(TableReader& reader, Draft& draft) {
  const End end = read_end(reader);
  draft.file.description.tester_id = end.id;
  draft.file.description.tester_net = end.net;
  draft.file.description.tester_host = end.host;
  reader.number("ike_port", draft.tester_ike, 1);
  reader.number("nat_port", draft.file.local_nat_port, 1);
}

void read_gateway_end(TableReader& reader, Draft& draft) {
  Description& description = draft.file.description;
  const End end = read_end(reader);
  description.target_id = end.id;
  description.target_net = end.net;
  description.target_host = end.host;
  constexpr std::array<gateway::Named<bool>, 2> ways{{{"udp", false}, {"raw", true}}};
  reader.choice<bool>("esp", ways, draft.raw);
  description.encapsulate = !draft.raw;
  reader.number("window", description.window, 1);
  reader.number("ike_port", draft.gateway_ike, 1);
  reader.number("nat_port", draft.file.remote_nat_port, 1);
  reader.duration("first_retransmission", description.first_retransmission, std::chrono::milliseconds(1));
  reader.duration("liveness", description.liveness_after, std::chrono::milliseconds(1));
  reader.duration("answers_within", draft.file.answers_within);
}

void read_paths(TableReader& document, Draft& draft) {
  const auto tables = document.tables("path");
  if (tables.empty())
    document.fail("path", "expected at least one [[path]] with the addresses of tester and gateway");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("path[{}]", i), document.findings());
    const auto tester = parsed<IpAddress>(reader, "tester", IpAddress::parse);
    const auto target = parsed<IpAddress>(reader, "gateway", IpAddress::parse);
    if (!tester || !target) continue;
    if (tester->version() != target->version())
      reader.fail("gateway", "expected an address of the tester's family");
    draft.file.paths.push_back({{*tester, draft.tester_ike}, {*target, draft.gateway_ike}});
    draft.file.listen.push_back({.address = *tester,
                                 .ike_port = draft.tester_ike,
                                 .nat_port = draft.file.local_nat_port,
                                 .raw = draft.raw});
  }
}

// Who judges the gateway's proofs.
std::shared_ptr<const ike::ProofChecker> checker_of(const Reading& reading) {
  using Line = ike::StandardProofChecker::Line;
  std::vector<Line> lines{{{wire::ike::AuthenticationMethod::shared_key_message_integrity_code},
                           std::make_shared<ike::PreSharedKeyChecker>()}};
  if (!reading.settings.anchors.empty()) {
    ike::SignatureChecker::Settings signatures;
    signatures.anchors = reading.settings.anchors;
    signatures.at_start = reading.sources.now.value_or(0);
    signatures.sha1 = true;  // method 1 is made of it where the tester announces no hashes
    lines.push_back({ike::SignatureChecker::methods(),
                     std::make_shared<ike::SignatureChecker>(std::move(signatures), reading.sources.pki)});
  }
  return std::make_shared<ike::StandardProofChecker>(std::move(lines));
}

// Takes the credentials that are named in [refused] out of those that were read.
void read_refused(TableReader& reader, Reading& reading, Description& description) {
  constexpr std::array<gateway::Named<Flaw>, 3> flaws{{{"strange-authority", Flaw::strange_authority},
                                                       {"expired", Flaw::expired},
                                                       {"another-name", Flaw::another_name}}};
  for (const auto& [word, flaw] : flaws) {
    const auto name = reader.text(word);
    if (!name || !reading.credentials.refer(*name, reader.place(word), word)) continue;
    const auto entry = reading.credential_entries.extract(*name);
    if (entry && entry.mapped().private_key)
      description.wrong_signers[flaw] = {entry.mapped().private_key, entry.mapped().chain};
    else
      reader.fail(word, "expected a [[credential]] with a certificate, and for this flaw alone");
  }
}

void read_proofs(TableReader& document, Reading& reading, Draft& draft) {
  gateway::read_credentials(document, reading);
  gateway::read_authorities(document, reading);
  Description& description = draft.file.description;
  if (toml::table* const refused = document.table("refused"); refused != nullptr) {
    TableReader reader(*refused, "refused", reading.findings);
    read_refused(reader, reading, description);
  }
  if (reading.credential_entries.size() != 1)
    return document.fail(
        "credential",
        fmt::format("expected one [[credential]], the tester's, beside those of [refused]; found {}",
                    reading.credential_entries.size()));
  const auto& [name, entry] = *reading.credential_entries.begin();
  static_cast<void>(reading.credentials.refer(name, document.place(), "credential"));
  description.credential = entry.credential;
  if (entry.private_key) description.signer = Signer{entry.private_key, entry.chain};
  std::vector<std::string> anchors;
  for (const auto& [authority, _] : reading.settings.anchors)
    anchors.push_back(authority);
  if (entry.private_key && anchors.empty())
    document.fail("authority", "expected the [[authority]] of the gateway's certificate");
  auto key = std::make_shared<SecretOctets>(entry.key.clone());
  description.pad_entry = [key, anchors] {
    ipsec::PadEntry pad;
    pad.id = ipsec::PadEntryId{1};
    pad.identities = gateway::patterns_of("*").value();
    if (!key->empty()) pad.authentication.emplace_back(ipsec::PreSharedKey{key->clone()});
    if (!anchors.empty()) {
      ipsec::Certificate certificate;
      certificate.trust_anchors = anchors;
      pad.authentication.emplace_back(std::move(certificate));
    }
    return pad;
  };
  description.checker = checker_of(reading);
}

void read_proposals(TableReader& reader, Draft& draft) {
  Description& description = draft.file.description;
  for (const gateway::PlacedText& words : reader.texts("ike")) {
    if (auto one = gateway::ike_proposal_of(words.text))
      description.ike_proposals.push_back(*std::move(one));
    else
      reader.fail_at(words.at, "ike", one.error().why);
  }
  for (const gateway::PlacedText& words : reader.texts("esp")) {
    if (auto one = gateway::child_proposal_of(words.text, ipsec::Protocol::esp))
      description.child_proposals.push_back(*std::move(one));
    else
      reader.fail_at(words.at, "esp", one.error().why);
  }
  if (description.ike_proposals.empty())
    reader.fail("ike", "expected proposals as the gateway has them, found none");
  if (description.child_proposals.empty())
    reader.fail("esp", "expected proposals as the gateway has them, found none");
}

void read_hooks(TableReader& reader, Draft& draft) {
  Duration timeout = draft.file.hooks.timeout;
  reader.duration("timeout", timeout, std::chrono::milliseconds(100));
  draft.file.hooks.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  reader.text("reset", draft.file.hooks.reset);
  for (const std::string_view word : all_words<Hook>()) {
    const auto command = reader.text(word);
    if (!command) continue;
    const Hook hook = *known<Hook>(word);
    draft.file.hooks.commands[hook] = *command;
    draft.file.description.hooks.add(hook);
  }
}

void read_all(toml::table& table, Reading& reading, Draft& draft) {
  TableReader document(table, "", reading.findings);
  document.text("name", draft.file.description.name);
  const auto part = [&](std::string_view name, auto read) {
    toml::table* const found = document.table(name);
    if (found == nullptr) return document.fail(name, fmt::format("expected a table [{}]", name));
    TableReader reader(*found, std::string(name), reading.findings);
    read(reader);
  };
  part("tester", [&](TableReader& reader) { read_tester(reader, draft); });
  part("gateway", [&](TableReader& reader) { read_gateway_end(reader, draft); });
  part("proposals", [&](TableReader& reader) { read_proposals(reader, draft); });
  read_paths(document, draft);
  read_proofs(document, reading, draft);
  if (toml::table* const hooks = document.table("hooks"); hooks != nullptr) {
    TableReader reader(*hooks, "hooks", reading.findings);
    read_hooks(reader, draft);
  }
  for (const gateway::PlacedText& word : document.texts("features")) {
    if (const auto feature = known<Feature>(word.text))
      draft.file.description.features.add(*feature);
    else
      document.fail_at(word.at, "features",
                       fmt::format("expected a feature, found '{}'; {}", gateway::shown(word.text),
                                   gateway::advice(word.text, all_words<Feature>())));
  }
  if (draft.file.paths.size() > 1) draft.file.description.features.add(Feature::several_paths);
  if (const auto waivers = document.text("waivers")) draft.file.waivers = reading.resolve(*waivers);
}

}  // namespace

std::expected<TargetFile, std::vector<Error>> read_target_file(std::string_view document,
                                                               const std::filesystem::path& file,
                                                               const gateway::SettingsSources& sources) {
  Findings findings(file.string());
  Reading reading(findings, sources, file.parent_path());
  Draft draft;
  gateway::read_document(document, findings, [&](toml::table& table) { read_all(table, reading, draft); });
  if (findings.errors() != 0) return std::unexpected(findings.all_errors());
  return std::move(draft.file);
}

std::string_view example_target_file() {
  return example;
}

}  // namespace mpsec::conformance
