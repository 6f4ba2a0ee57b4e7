#include "ipsec/pad.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "ipsec/pad_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

IdentityPattern dns(std::string_view text) {
  return IdentityPattern::dns(text).value();
}

std::vector<AddressRange> ranges(std::initializer_list<std::string_view> texts) {
  std::vector<AddressRange> result;
  for (const auto text : texts)
    result.push_back(AddressRange::parse(text).value());
  return result;
}

PadEntry by_address(std::vector<AddressRange> remote) {
  PadEntry entry = pad_entry(1, {dns(".example.com")}, "branches");
  entry.children = ChildrenByAddress{std::move(remote)};
  return entry;
}

struct Refusal {
  const char* what;
  std::function<void(PadEntry&)> change;
  const char* text;
};

const Refusal refusals[] = {
    {"no identity", [](auto& e) { e.identities.clear(); },
     "PAD entry 7 'web'/identities: found none; need at least one that peers match (RFC 4301 4.4.3.1)"},
    {"no method", [](auto& e) { e.authentication.clear(); }, "'web'/authentication: found no method"},
    {"empty key", [](auto& e) { e.authentication.emplace_back(PreSharedKey{}); },
     "authentication[1]/pre-shared key: the key has 0 octets; allowed: at least 1 (RFC 7296 2.15)"},
    {"no trust anchor", [](auto& e) { e.authentication[0] = Certificate{}; },
     "authentication[0]/certificate: found no trust anchor"},
    {"nameless trust anchor", [](auto& e) { e.authentication[0] = Certificate{{"root", ""}, true, {}, {}}; },
     "or one without a name"},
    {"empty URL", [](auto& e) { e.authentication[0] = Certificate{{"root"}, true, {""}, {}}; }, "empty URL"},
    {"key ID in a certificate",
     [](auto& e) {
       e.identities = {*IdentityPattern::key_id(hex("6d79"))};
       e.authentication[0] = Certificate{{"root"}, true, {}, {}};
     },
     "no certificate holds key ID 0x6d79; allowed: certificates that need not hold the identity"},
    {"no raw key", [](auto& e) { e.authentication[0] = RawPublicKey{}; }, "found no key; need the DER"},
    {"EAP by nobody", [](auto& e) { e.authentication[0] = Eap{}; }, "found no name of who decides"},
    {"post-quantum key without id",
     [](auto& e) { e.post_quantum_keys.push_back({{}, SecretOctets(hex("01")), true}); },
     "post_quantum_keys[0]: the id has 0 octets and the key 1"},
    {"children without addresses", [](auto& e) { e.children = ChildrenByAddress{}; },
     "children/remote: found no address range; need at least one, or children by name (RFC 4301 4.4.3.3)"},
    {"reversed range", [](auto& e) { e.children = ChildrenByAddress{{{ip("10.0.0.2"), ip("10.0.0.1")}}}; },
     "children/remote: 10.0.0.2-10.0.0.1: range reversed"},
    {"gateway", [](auto& e) { e.gateways.emplace_back("not a name"); },
     "gateways: expected an address or a DNS name"},
    {"id taken", [](auto& e) { e.id = PadEntryId{3}; },
     "PAD entry 3 'web': its id is that of PAD entry 3 'all'"},
};

TEST(Pad, RefusesAnEntryThatCannotBeAndSaysWhy) {
  for (const Refusal& refusal : refusals) {
    Pad pad;
    ASSERT_TRUE(pad.append(pad_entry(3, {dns(".")}, "all")));
    PadEntry entry = pad_entry(7, {dns("a")}, "web");
    refusal.change(entry);
    const auto appended = pad.append(std::move(entry));
    ASSERT_FALSE(appended) << refusal.what;
    EXPECT_EQ(appended.error().blame, Blame::local_fault);
    EXPECT_THAT(to_string(appended.error()), HasSubstr(refusal.text)) << refusal.what;
    EXPECT_EQ(pad.entries().size(), 1u);
  }
  Pad pad;
  EXPECT_THAT(to_string(pad.insert(pad_entry(7, {dns("a")}), 1).error()),
              HasSubstr("place 1 is beyond the end; allowed: 0 to 0"));
  EXPECT_THAT(to_string(pad.remove(PadEntryId{9}).error()), HasSubstr("PAD entry 9: there is no PAD entry"));
}

//= rfc4301/4.4.3.2/pre-shared-secret-is-in-the-entry
//= rfc4301/4.4.3.2/trust-anchor-is-in-the-entry
//= rfc4301/4.4.3.4/entry-names-the-method
TEST(Pad, HandsOutTheDataOfThePermittedMethodsOnly) {
  PadEntry entry = pad_entry(1, {dns("a")}, "gw");
  entry.authentication.emplace_back(Certificate{{"root"}, true, {"http://ocsp.example"}, {}});
  entry.authentication.emplace_back(Eap{"radius", true});
  ASSERT_TRUE(validate(entry));
  ASSERT_TRUE(require<PreSharedKey>(entry));
  EXPECT_EQ((*require<PreSharedKey>(entry))->key.size(), 8u);
  EXPECT_THAT((*require<Certificate>(entry))->trust_anchors, ElementsAre("root"));
  EXPECT_TRUE((*require<Eap>(entry))->mutual_method_suffices);
  const auto refused = require<RawPublicKey>(entry);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, PadRefusalCause::method_not_permitted);
  EXPECT_EQ(
      to_string(refused.error().error),
      "PAD entry 1 'gw': found raw public key; allowed: pre-shared key, certificate, EAP (RFC 4301 4.4.3.4)");
}

//= rfc4301/4.4.3.2/identity-match-with-certificate-can-be-required
TEST(Pad, LooksForAnIdentityInSubjectOrAlternatives) {
  const CertificateNames certificate{name_of({{country, "US"}, {common_name, "gw"}}),
                                     {Identity::fqdn("gw.example.com"), Identity::rfc822("a@example.com"),
                                      Identity::address(ip("192.0.2.1"))}};
  EXPECT_TRUE(asserted_by(certificate, Identity::fqdn("GW.example.com")));
  EXPECT_TRUE(asserted_by(certificate, Identity::rfc822("a@Example.com")));
  EXPECT_TRUE(asserted_by(certificate, Identity::address(ip("192.0.2.1"))));
  EXPECT_TRUE(asserted_by(certificate,
                          Identity::distinguished_name(name_of({{country, "us"}, {common_name, "gw"}}))));
  EXPECT_FALSE(asserted_by(certificate, Identity::distinguished_name(name_of({{country, "US"}}))));
  EXPECT_FALSE(asserted_by(certificate, Identity::fqdn("gw.example.org")));
  EXPECT_FALSE(asserted_by(certificate, Identity::fqdn(".example.com")));
  EXPECT_FALSE(asserted_by(certificate, Identity::key_id(hex("01"))));
}

TEST(Pad, RefusesWhoMatchesNothingWithACause) {
  Pad pad;
  ASSERT_TRUE(pad.append(pad_entry(1, {dns(".example.com")})));
  const auto stranger = pad.snapshot()->find(Identity::fqdn("gw.example.org"));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(to_string(stranger.error().cause), "no_entry");
  EXPECT_EQ(to_string(stranger.error().error), "PAD: no entry is for fqdn gw.example.org (RFC 4301 4.4.3)");
  EXPECT_EQ(stranger.error().error.blame, Blame::no_common_ground);
  const auto garbage = pad.snapshot()->find({IdentityType::ipv6_address, hex("01")});
  ASSERT_FALSE(garbage);
  EXPECT_EQ(to_string(garbage.error().cause), "malformed_identity");
  EXPECT_EQ(garbage.error().error.blame, Blame::malformed);
}

//= rfc4301/4.4.3.3/entry-id-defines-the-authorized-identities
TEST(Pad, SearchesThePolicyByTheIdentityOfThePeer) {
  Pad pad;
  const Identity peer = Identity::fqdn("a.example.com");
  ASSERT_TRUE(pad.append(pad_entry(1, {dns(".example.com")}, "branches")));
  const auto snapshot = pad.snapshot();
  const auto child = snapshot->authorize_child(*pad.entries()[0], peer, {});
  ASSERT_TRUE(child);
  EXPECT_EQ(std::get<ChildByName>(*child).name, peer);
  const auto other = snapshot->authorize_child(*pad.entries()[0], Identity::fqdn("a.example.org"), {});
  ASSERT_FALSE(other);
  EXPECT_EQ(to_string(other.error().cause), "identity_of_other_entry");
  EXPECT_EQ(to_string(other.error().error),
            "PAD entry 1 'branches': the entry is not for fqdn a.example.org (RFC 4301 4.4.3.3)");
}

//= rfc4301/4.4.3.3/address-ranges-of-both-families
TEST(Pad, LetsAPeerSpeakForItsAddressesOnly) {
  const PadEntry entry = by_address(ranges({"10.0.0.0/24", "10.0.1.0/24", "2001:db8::/32"}));
  ASSERT_TRUE(validate(entry));
  const PadSnapshot snapshot({});
  const Identity peer = Identity::fqdn("a.example.com");
  const auto ask = [&](std::initializer_list<std::string_view> remote) {
    return snapshot.authorize_child(entry, peer, ranges(remote));
  };
  const auto whole = std::get<ChildByAddress>(ask({"10.0.0.128-10.0.1.7", "2001:db8:1::/48"}).value());
  EXPECT_TRUE(whole.whole);
  EXPECT_EQ(whole.remote, ranges({"10.0.0.128-10.0.1.7", "2001:db8:1::/48"}));
  const auto part = std::get<ChildByAddress>(ask({"10.0.1.128-10.0.5.0", "::/0"}).value());
  EXPECT_FALSE(part.whole);
  EXPECT_EQ(part.remote, ranges({"10.0.1.128-10.0.1.255", "2001:db8::/32"}));
  const auto none = ask({"172.16.0.0/12"});
  ASSERT_FALSE(none);
  EXPECT_EQ(to_string(none.error().cause), "addresses_not_authorized");
  EXPECT_THAT(
      to_string(none.error().error),
      HasSubstr("'branches': found 172.16.0.0-172.31.255.255; allowed: 10.0.0.0-10.0.0.255, 10.0.1.0-"));
  EXPECT_EQ(to_string(ask({}).error().cause), "no_addresses");
  const std::vector<AddressRange> reversed = {{ip("10.0.0.9"), ip("10.0.0.1")}};
  EXPECT_EQ(to_string(snapshot.authorize_child(entry, peer, reversed).error().cause),
            "addresses_not_authorized");
}

TEST(Pad, WarnsOfEntriesThatNoPeerComesTo) {
  Pad pad;
  const auto append = [&](std::uint32_t id, std::vector<IdentityPattern> identities, std::string name) {
    ASSERT_TRUE(pad.append(pad_entry(id, std::move(identities), std::move(name))));
  };
  append(1, {dns(".example.com"), range_pattern("10.0.0.0/25")}, "all");
  append(2, {dns("gw.example.com")}, "gw");
  append(3, {dns("."), range_pattern("10.0.0.64-10.0.0.255")}, "wide");
  append(4, {range_pattern("10.0.0.0/24")}, "late");
  append(5, {range_pattern("10.0.0.0-10.0.1.0")}, "reaches further");
  append(6, {dns("x.org"), *IdentityPattern::key_id(hex("01"))}, "one of two");
  std::vector<std::string> warnings;
  for (const auto& shadowed : find_shadowed(pad.entries()))
    warnings.push_back(to_string(shadowed));
  EXPECT_THAT(warnings, ElementsAre("PAD entry 2 'gw' never applies: PAD entry 1 'all' takes all its peers",
                                    "PAD entry 4 'late' never applies: PAD entry 1 'all', PAD entry 3 'wide' "
                                    "together take all its peers"));
}

// --- the ordered search, by the book and slowly

// A pattern or an identity as lists of labels, to be compared without the engine's own means.
struct ModelName {
  int kind;  // 0: DNS; 1: mail; 2: directory; 3: key; 4: address
  std::vector<std::string> labels;
  std::string local;
  bool group = false;
  std::uint32_t first = 0, last = 0;

  bool matches(const ModelName& one) const {
    if (kind != one.kind) return false;
    if (kind == 4) return first <= one.first && one.first <= last;
    if (kind == 1 && !local.empty() && local != one.local) return false;
    if (!group) return labels == one.labels;
    if (labels.size() > one.labels.size()) return false;
    return kind == 2 ? std::equal(labels.begin(), labels.end(), one.labels.begin())
                     : std::equal(labels.rbegin(), labels.rend(), one.labels.rbegin());
  }
  std::string dotted() const {
    std::string text;
    for (const std::string& label : labels)
      text += (text.empty() ? "" : ".") + label;
    return text;
  }
  Octets directory() const {
    std::vector<Attribute> attributes;
    for (const std::string& label : labels)
      attributes.push_back({common_name, label});
    return name_of(attributes);
  }
  Identity identity() const {
    if (kind == 0) return Identity::fqdn(dotted());
    if (kind == 1) return Identity::rfc822(local + "@" + dotted());
    if (kind == 2) return Identity::distinguished_name(directory());
    const std::string text = dotted();
    if (kind == 3) return Identity::key_id(Octets(text.begin(), text.end()));
    return Identity::address(IpAddress::v4(first));
  }
  IdentityPattern pattern() const {
    if (kind == 0) return dns((group ? "." : "") + dotted());
    if (kind == 1) return *IdentityPattern::rfc822(local + (group ? "@." : "@") + dotted());
    if (kind == 2 && group) return *IdentityPattern::below(directory());
    if (kind == 4) return *IdentityPattern::addresses({IpAddress::v4(first), IpAddress::v4(last)});
    return *IdentityPattern::exactly(identity());
  }
};

ModelName any_name(bool pattern) {
  ModelName name{.kind = *rc::gen::inRange(0, 5), .labels = {}, .local = {}};
  const auto letter = [] { return std::string(1, *rc::gen::element('a', 'b')); };
  name.group = pattern && name.kind != 3 && *rc::gen::arbitrary<bool>();
  for (int i = *rc::gen::inRange(name.group ? 0 : 1, 4); i > 0; --i)
    name.labels.push_back(letter());
  if (!name.group || *rc::gen::arbitrary<bool>()) name.local = letter();
  if (name.group || (pattern && name.kind == 1 && *rc::gen::arbitrary<bool>())) name.local = "";
  const auto one = *rc::gen::inRange(0u, 12u), other = *rc::gen::inRange(0u, 12u);
  name.first = std::min(one, pattern ? other : one), name.last = std::max(one, pattern ? other : one);
  return name;
}

struct ModelEntry {
  std::uint32_t id;
  std::vector<ModelName> names;

  bool matches(const ModelName& one) const {
    return std::ranges::any_of(names, [&](const ModelName& name) { return name.matches(one); });
  }
  PadEntry entry() const {
    std::vector<IdentityPattern> patterns;
    for (const ModelName& name : names)
      patterns.push_back(name.pattern());
    return pad_entry(id, std::move(patterns));
  }
};

// Entries come, go and move, in both alike.
void edit(Pad& pad, std::vector<ModelEntry>& model, std::uint32_t id) {
  const auto place = *rc::gen::inRange<std::size_t>(0, model.size() + 1);
  const int what = *rc::gen::inRange(0, 5);
  if (what < 3 || place == model.size()) {
    ModelEntry entry{id, {}};
    for (int i = *rc::gen::inRange(1, 3); i > 0; --i)
      entry.names.push_back(any_name(true));
    RC_ASSERT(pad.insert(entry.entry(), place).has_value());
    model.insert(model.begin() + static_cast<std::ptrdiff_t>(place), entry);
    return;
  }
  const auto from = *rc::gen::inRange<std::size_t>(0, model.size());
  const ModelEntry moved = model[from];
  model.erase(model.begin() + static_cast<std::ptrdiff_t>(from));
  if (what == 3) {
    RC_ASSERT(pad.remove(PadEntryId{moved.id}).has_value());
  } else {
    RC_ASSERT(pad.move(PadEntryId{moved.id}, place).has_value());
    model.insert(model.begin() + static_cast<std::ptrdiff_t>(place), moved);
  }
}

//= rfc4301/4.4.3.1/ordered-search-of-entries
RC_GTEST_PROP(Pad, FindsTheFirstThatMatches, ()) {
  Pad pad;
  std::vector<ModelEntry> model;
  for (std::uint32_t id = 0; id < 12; ++id)
    edit(pad, model, id);
  std::set<std::uint32_t> found_ids;
  const auto snapshot = pad.snapshot();
  for (int i = 0; i < 30; ++i) {
    const ModelName peer = any_name(false);
    const auto expected = std::ranges::find_if(model, [&](const auto& entry) { return entry.matches(peer); });
    const auto found = snapshot->find(peer.identity());
    RC_ASSERT(found.has_value() == (expected != model.end()));
    if (!found) continue;
    RC_ASSERT((*found)->id.value == expected->id);
    found_ids.insert(expected->id);
  }
  for (const auto& shadowed : find_shadowed(pad.entries()))
    RC_ASSERT(!found_ids.contains(shadowed.entry->id.value));
}

RC_GTEST_PROP(Pad, GivesAChildExactlyWhatIsAssertedAndAuthorized, ()) {
  const auto some = [] {
    std::vector<AddressRange> result;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      const auto one = *rc::gen::inRange(0u, 24u), other = *rc::gen::inRange(0u, 24u);
      result.push_back({IpAddress::v4(std::min(one, other)), IpAddress::v4(std::max(one, other))});
    }
    return result;
  };
  const auto holds = [](const std::vector<AddressRange>& all, const IpAddress& address) {
    return std::ranges::any_of(all, [&](const AddressRange& range) { return range.contains(address); });
  };
  const auto authorized = some(), asserted = some();
  const auto child =
      PadSnapshot({}).authorize_child(by_address(authorized), Identity::fqdn("example.com"), asserted);
  const auto given = child ? std::get<ChildByAddress>(*child) : ChildByAddress{};
  bool whole = true;
  for (std::uint32_t number = 0; number < 26; ++number) {
    const IpAddress address = IpAddress::v4(number);
    RC_ASSERT(holds(given.remote, address) == (holds(authorized, address) && holds(asserted, address)));
    whole &= !holds(asserted, address) || holds(authorized, address);
  }
  RC_ASSERT(!child || given.whole == whole);
}

}  // namespace
}  // namespace mpsec::ipsec
