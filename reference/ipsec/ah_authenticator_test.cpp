#include "ipsec/ah_authenticator.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "ipsec/ah_test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using namespace ah_test;

// A sealed packet whose headers before AH lie at known places.
struct Sample {
  struct Part {
    AhHeader header;
    std::size_t at;
    std::size_t octets;  // of its fixed fields
  };
  Octets packet;
  std::vector<Part> parts;
};

Sample ipv4_sample(Ends& ends) {
  return {ends.sealed(ipv4_packet({}, payload)), {{AhHeader::ipv4, 0, 20}, {AhHeader::ah, 20, 12}}};
}

// Everything that may stand before AH at once.
Sample ipv6_sample(Ends& ends) {
  const std::vector<Extension> extensions{
      options_header(protocol::hop_by_hop, "05020000 3e0401020304"),
      options_header(protocol::destination_options, "1e0401020304 7e0401020304"), routing_header(0, 2, 0),
      fragment_header()};
  const std::array headers{AhHeader::hop_by_hop, AhHeader::destination_options, AhHeader::routing,
                           AhHeader::fragment};
  const std::array<std::size_t, 4> fixed{2, 2, 8, 8};
  Sample sample{ends.sealed(ipv6_packet(extensions, payload)), {{AhHeader::ipv6, 0, 40}}};
  std::size_t at = 40;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    sample.parts.push_back({headers[i], at, fixed[i]});
    at += extensions[i].octets.size();
  }
  sample.parts.push_back({AhHeader::ah, at, 12});
  return sample;
}

// The bits of the fixed headers that may change, by the matrix.
Octets free_bits(const Sample& sample) {
  Octets bits(sample.packet.size());
  for (const Sample::Part& part : sample.parts)
    for (const AhField& field : ah_field_matrix)
      if (field.header == part.header && may_change(field.coverage)) field.fill(&bits[part.at]);
  return bits;
}

TEST(AhFieldMatrix, NamesEveryBitOfTheFixedHeadersOnce) {
  const std::array<std::pair<AhHeader, std::size_t>, 7> sizes{{{AhHeader::ipv4, 20},
                                                               {AhHeader::ipv6, 40},
                                                               {AhHeader::hop_by_hop, 2},
                                                               {AhHeader::destination_options, 2},
                                                               {AhHeader::routing, 8},
                                                               {AhHeader::fragment, 8},
                                                               {AhHeader::ah, 12}}};
  for (const auto& [header, size] : sizes) {
    Octets all(size);
    for (const AhField& field : ah_field_matrix) {
      if (field.header != header) continue;
      Octets one(size);
      field.fill(one.data());
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_EQ(all[i] & one[i], 0) << field.name;
        all[i] |= one[i];
      }
    }
    EXPECT_EQ(all, Octets(size, 0xff)) << static_cast<int>(header);
  }
}

// Every field of every header: a change of any of its bits, and of all at once, is refused or not as the
// matrix says.
void expect_verdicts_of_the_matrix(Ends& ends, const Sample& sample) {
  for (const Sample::Part& part : sample.parts)
    for (const AhField& field : ah_field_matrix) {
      if (field.header != part.header) continue;
      Octets mask(part.octets);
      field.fill(mask.data());
      Octets changed = sample.packet;
      for (std::size_t i = 0; i < mask.size(); ++i)
        changed[part.at + i] ^= mask[i];
      // A change that makes a fragment of the packet is refused before the ICV is looked at.
      const bool fragment =
          field.header == AhHeader::ipv4 && (field.name == "Flags" || field.name == "Fragment Offset");
      const Discard verdict = ends.judged(changed);
      if (fragment)
        EXPECT_EQ(verdict, Discard::fragment_for_ipsec) << field.name;
      else
        EXPECT_EQ(verdict == Discard::none, may_change(field.coverage))
            << field.name << ' ' << to_string(verdict);
    }
}

TEST(AhFieldMatrix, HoldsForWholeFields) {
  //= rfc4302/3.3.3.1.1.1/mutable-ipv4-fields-are-zeroed
  //= rfc4302/3.3.3.1.2.1/mutable-ipv6-fields-are-zeroed
  Ends ends;
  expect_verdicts_of_the_matrix(ends, ipv4_sample(ends));
  expect_verdicts_of_the_matrix(ends, ipv6_sample(ends));
}

// The bits that may change and leave a packet that the receiver takes; octets of options too.
Octets passing_bits(const Sample& sample) {
  Octets bits = free_bits(sample);
  if (sample.parts[0].header == AhHeader::ipv4) {
    bits[6] = 0xc0, bits[7] = 0;  // the ICV does not cover the rest, but it makes a fragment of the packet
    return bits;
  }
  for (const std::size_t option : {46, 64}) {  // hop by hop and for the destination
    EXPECT_TRUE(sample.packet[option] == 0x3e || sample.packet[option] == 0x7e);
    std::fill_n(&bits[option + 2], 4, std::uint8_t{0xff});
  }
  return bits;
}

// Every single bit of the packet, payload and ICV too: the matrix is all there is.
TEST(AhFieldMatrix, HoldsForEveryBit) {
  Ends ends;
  for (const Sample& sample : {ipv4_sample(ends), ipv6_sample(ends)}) {
    const Octets passing = passing_bits(sample);
    for (std::size_t bit = 0; bit < sample.packet.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1 << bit % 8);
      Octets changed = sample.packet;
      changed[bit / 8] ^= mask;
      EXPECT_EQ(ends.judged(changed) == Discard::none, (passing[bit / 8] & mask) != 0)
          << bit / 8 << '.' << bit % 8;
    }
  }
}

RC_GTEST_PROP(AhFieldMatrix, AnyChangeOfMutableFieldsPassesAndAnyOfAnotherDoesNot, (bool is_v6)) {
  Ends ends;
  const Sample sample = is_v6 ? ipv6_sample(ends) : ipv4_sample(ends);
  const Octets passing = passing_bits(sample);
  const auto noise = *rc::gen::container<Octets>(sample.packet.size(), rc::gen::arbitrary<std::uint8_t>());
  Octets changed = sample.packet;
  for (std::size_t i = 0; i < noise.size(); ++i)
    changed[i] ^= static_cast<std::uint8_t>(noise[i] & passing[i]);
  RC_ASSERT(ends.judged(changed) == Discard::none);
  const auto at = *rc::gen::suchThat(rc::gen::inRange<std::size_t>(0, noise.size()),
                                     [&](std::size_t i) { return passing[i] == 0; });
  changed[at] ^= *rc::gen::inRange<std::uint8_t>(1, 255);
  RC_ASSERT(ends.judged(changed) != Discard::none);
}

TEST(AhFieldMatrix, HoldsForIpv4Options) {
  //= rfc4302/3.3.3.1.1.2/mutable-option-is-zeroed-as-a-whole
  Ends ends;
  for (const AhOption& option : ah_ipv4_options) {
    const std::size_t octets = hex(option.octets).size();
    const Octets sealed = ends.sealed(ipv4_packet(hex(option.octets), payload));
    EXPECT_EQ(ends.judged(sealed), Discard::none) << option.name;
    for (std::size_t i = 2; i < octets; ++i) {
      Octets changed = sealed;
      changed[20 + i] ^= 0x55;
      EXPECT_EQ(ends.judged(changed) == Discard::none, may_change(option.coverage))
          << option.name << ' ' << i;
    }
    if (octets < 2) continue;
    // The whole option is one: even its kind may change, into another that may change.
    Octets changed = sealed;
    changed[20] = ipv4_option::stream_id;
    EXPECT_EQ(ends.judged(changed) == Discard::none, may_change(option.coverage)) << option.name;
    changed[20] = ipv4_option::security;
    EXPECT_EQ(ends.judged(changed) == Discard::none, sealed[20] == ipv4_option::security) << option.name;
  }
}

TEST(AhFieldMatrix, HoldsForIpv6Options) {
  //= rfc4302/A2/data-of-changing-option-is-zeroed
  Ends ends;
  for (const std::uint8_t number : {protocol::hop_by_hop, protocol::destination_options})
    for (const AhOption& option : ah_ipv6_options) {
      // In front of a fragment header destination options stay before AH.
      const std::vector<Extension> extensions{options_header(number, option.octets), fragment_header()};
      const std::size_t octets = hex(option.octets).size();
      const Octets sealed = ends.sealed(ipv6_packet(extensions, payload));
      EXPECT_EQ(ends.judged(sealed), Discard::none) << option.name;
      for (std::size_t i = 0; i < octets; ++i) {
        Octets changed = sealed;
        changed[42 + i] ^= 0x40;  // of a type, not the bit that says whether it may change
        const bool passes = i >= 2 && may_change(option.coverage);
        EXPECT_EQ(ends.judged(changed) == Discard::none, passes) << option.name << ' ' << i;
      }
    }
}

// What routers do on the way of a source route, step by step; the destination is foretold.
TEST(AhJourney, Ipv4SourceRoute) {
  //= rfc4302/3.3.3.1.1.1/destination-is-predicted-with-source-route
  Ends ends;
  Octets packet = ends.sealed(ipv4_packet(hex("83 0b 04 cb007101 cb007102 00"), payload));
  for (const int pointer : {4, 8}) {
    EXPECT_EQ(ends.judged(packet), Discard::integrity_failed) << "not there yet";
    std::swap_ranges(&packet[16], &packet[20],
                     &packet[20 + pointer - 1]);  // RFC 791 3.1, Record Route left out
    packet[22] = static_cast<std::uint8_t>(pointer + 4);
    packet[8] -= 1;
  }
  EXPECT_EQ(ends.judged(packet), Discard::none);
  packet[19] ^= 1;
  EXPECT_EQ(ends.judged(packet), Discard::integrity_failed);
}

RC_GTEST_PROP(AhJourney, Ipv6SourceRoute, ()) {
  //= rfc4302/A2/routing-header-as-it-arrives
  Ends ends;
  const auto count = *rc::gen::inRange<std::uint8_t>(1, 6),
             left = *rc::gen::inRange<std::uint8_t>(0, static_cast<std::uint8_t>(count + 1));
  Octets packet = ends.sealed(ipv6_packet({routing_header(0, count, left)}, payload));
  for (int segment = left; segment > 0; --segment) {  // RFC 2460 4.4
    RC_ASSERT(ends.judged(packet) == Discard::integrity_failed);
    const std::size_t next = 48 + static_cast<std::size_t>(count - segment) * 16;
    std::swap_ranges(&packet[24], &packet[40], &packet[next]);
    packet[43] = static_cast<std::uint8_t>(segment - 1);
    packet[7] -= 1;
  }
  RC_ASSERT(ends.judged(packet) == Discard::none);
  packet[*rc::gen::inRange<std::size_t>(44, 48 + count * 16u)] ^= 0x10;
  RC_ASSERT(ends.judged(packet) == Discard::integrity_failed);
}

TEST(AhJourney, SomebodyTakesTheFragmentHeaderOff) {
  //= rfc4302/A2/fragment-header-is-skipped-inbound
  //= rfc4302/A2/fragment-header-is-skipped-outbound
  Ends ends;
  Octets packet = ends.sealed(ipv6_packet({fragment_header()}, payload));
  EXPECT_EQ(ends.judged(packet), Discard::none);
  packet[6] = packet[40];
  packet.erase(packet.begin() + 40, packet.begin() + 48);
  packet[5] -= 8;
  EXPECT_EQ(ends.judged(packet), Discard::none);
}

TEST(AhAuthenticator, CoversTheHighHalfOfExtendedNumbersOnly) {
  //= rfc4302/3.3.3.2.2/high-half-follows-the-payload
  const std::uint64_t number = 0x0000'0007'0000'0001;
  for (const bool is_v6 : {false, true}) {
    const Octets packet = is_v6 ? ipv6_packet({}, payload) : ipv4_packet({}, payload);
    Ends extended(crypto::IntegrityId::hmac_sha1_96, true), plain(crypto::IntegrityId::hmac_sha1_96, false);
    EXPECT_EQ(extended.judged(extended.sealed(packet, number), number), Discard::none);
    EXPECT_EQ(extended.judged(extended.sealed(packet, number), number + (1ull << 32)),
              Discard::integrity_failed);
    EXPECT_EQ(plain.judged(plain.sealed(packet, number), 1), Discard::none);
    EXPECT_EQ(extended.judged(plain.sealed(packet, number), number), Discard::integrity_failed);
  }
}

TEST(AhAuthenticator, CoversIvAndPadding) {
  //= rfc4302/3.3.3.1/icv-is-zero-for-its-computation
  Ends gmac(crypto::IntegrityId::aes_128_gmac), hmac(crypto::IntegrityId::hmac_sha2_256_128);
  const Octets packet = ipv6_packet({}, payload);
  for (Ends* ends : {&gmac, &hmac}) {
    const Octets sealed = ends->sealed(packet);
    EXPECT_EQ(ends->judged(sealed), Discard::none);
    for (std::size_t i = 40; i < 40 + ends->layout.header_octets(IpVersion::v6); ++i) {
      Octets changed = sealed;
      changed[i] ^= 1;
      EXPECT_NE(ends->judged(changed), Discard::none) << i;
    }
  }
}

TEST(AhAuthenticator, TakesAnyReservedBitsAndPaddingThatTheSenderSigned) {
  //= rfc4302/2.3/reserved-is-ignored-inbound
  //= rfc4302/3.3.3.2.1/padding-is-arbitrary-and-covered
  Ends ends;
  Octets sealed = ends.sealed(ipv6_packet({}, payload));
  const AhPlace place = ah_locate(sealed).value();
  store<&Ah::reserved>(&sealed[place.at], 0xbeef);
  sealed[place.end() - 1] = 0xaa;
  AhJob job{.packet = sealed, .place = place, .number = 1};
  ends.authenticator.sign(*ends.mac, ends.layout, {&job, 1});
  EXPECT_EQ(ends.judged(sealed), Discard::none);
}

TEST(AhAuthenticator, RefusesTheLengthOfAnotherLayout) {
  Ends sender(crypto::IntegrityId::hmac_sha1_96), receiver(crypto::IntegrityId::hmac_sha2_256_128);
  EXPECT_EQ(receiver.judged(sender.sealed(ipv4_packet({}, payload))), Discard::ah_bad_length);
}

TEST(AhAuthenticator, DoesNotSignWhatItCannotOrder) {
  Ends ends;
  HeldPacket held(ipv6_packet({routing_header(4, 1, 0)}, payload));
  const auto place = ah_encapsulate(held.buffer(), ends.layout, Spi(256), 1);
  ASSERT_TRUE(place);
  const Octets before = held.octets();
  AhJob job{.packet = held.buffer().writable(), .place = *place};
  ends.authenticator.sign(*ends.mac, ends.layout, {&job, 1});
  EXPECT_EQ(job.discard, Discard::ah_unprocessable);
  EXPECT_EQ(held.octets(), before);
}

// A batch gives what its packets give one by one, however long, and whatever stands among them.
RC_GTEST_PROP(AhAuthenticator, BatchIsOneByOne, ()) {
  const auto id = *rc::gen::element(crypto::IntegrityId::hmac_sha1_96, crypto::IntegrityId::aes_128_gmac);
  Ends ends(id, *rc::gen::arbitrary<bool>());
  const auto count = *rc::gen::inRange<std::size_t>(0, 80);
  std::vector<Octets> packets(count);
  std::vector<AhJob> jobs(count);
  std::vector<Discard> expected(count);
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_v6 = *rc::gen::arbitrary<bool>();
    packets[i] = ends.sealed(
        is_v6 ? ipv6_packet(some_extensions(), payload) : ipv4_packet(some_ipv4_options(), payload), i + 1);
    if (*rc::gen::arbitrary<bool>()) packets[i].back() ^= 1;
    jobs[i] = {.packet = packets[i], .place = ah_locate(packets[i]).value(), .number = i + 1};
    if (*rc::gen::inRange(0, 5) == 0) jobs[i].discard = Discard::replay_duplicate;
    expected[i] = jobs[i].discard != Discard::none ? jobs[i].discard : ends.judged(packets[i], i + 1);
  }
  ends.authenticator.verify(*ends.mac, ends.layout, jobs);
  for (std::size_t i = 0; i < count; ++i)
    RC_ASSERT(jobs[i].discard == expected[i]);
}

// Heads too long to be held together: the batch is cut.
TEST(AhAuthenticator, TakesHeadsOfAnyLength) {
  Ends ends;
  const Extension longest = options_header(protocol::destination_options, "1eff" + std::string(510, '0'));
  std::vector<Extension> extensions(14, longest);
  extensions.push_back(routing_header(0, 127, 0));
  std::vector<Octets> packets(32, ends.sealed(ipv6_packet(extensions, payload)));
  std::vector<AhJob> jobs;
  for (Octets& packet : packets)
    jobs.push_back({.packet = packet, .place = ah_locate(packet).value(), .number = 1});
  EXPECT_GT(jobs[0].place.end() * jobs.size(), 0x10000u);
  packets[17].back() ^= 1;
  ends.authenticator.verify(*ends.mac, ends.layout, jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    EXPECT_EQ(jobs[i].discard, i == 17 ? Discard::integrity_failed : Discard::none);
}

RC_GTEST_PROP(AhAuthenticator, RoundTrip, (bool is_v6, bool extended, Octets data, std::uint64_t number)) {
  const crypto::IntegrityTransform& transform = *rc::gen::elementOf(crypto::integrity_transforms());
  RC_PRE(transform.supported);
  RC_PRE(crypto::make_openssl_provider()->supports(transform));
  Ends ends(transform.id, extended);
  const Octets packet = is_v6 ? ipv6_packet(some_extensions(), data) : ipv4_packet(some_ipv4_options(), data);
  Octets sealed = ends.sealed(packet, number);
  // Source routes are not yet at their end, so only the sender can judge.
  AhJob job{.packet = sealed, .place = ah_locate(sealed).value(), .number = number};
  ends.authenticator.verify(*ends.mac, ends.layout, {&job, 1}, AhRole::outgoing);
  RC_ASSERT(job.discard == Discard::none);
  RC_ASSERT(stripped(sealed) == packet);
}

// Two packets of DPDK's test suite: HMAC-SHA2-256-128 in tunnel mode, AES-GMAC in transport mode.
TEST(AhVectors, Dpdk) {
  std::ifstream file(MPSEC_SHARED_DIR "/data/dpdk-ipsec/ipsec-vectors.json");
  if (!file) GTEST_SKIP() << "no ../shared/data/dpdk-ipsec/ipsec-vectors.json";
  int tried = 0;
  const auto document = nlohmann::json::parse(file);
  for (const auto& vector : document.at("vectors")) {
    if (vector.at("sa").at("proto") != "SA_PROTO_AH") continue;
    const bool gmac = vector.contains("salt");
    const auto octets = [&](const char* name) { return hex(vector.at(name).get<std::string>()); };
    Octets key = octets("auth_key");
    if (gmac) append(key, octets("salt"));
    Ends ends(gmac ? crypto::IntegrityId::aes_128_gmac : crypto::IntegrityId::hmac_sha2_256_128, false, key);

    const Octets input = octets("input_text"), output = octets("output_text");
    EXPECT_EQ(ends.judged(output), Discard::none);
    const AhPlace place = ah_locate(output).value();
    EXPECT_EQ(gmac ? stripped(output) : inner_of(output), input);

    // The sender's ICV too, computed anew over the packet without it.
    Octets again = output;
    std::fill_n(&again[place.icv_at(ends.layout)], ends.layout.icv_octets, std::uint8_t{0});
    AhJob job{.packet = again, .place = place, .number = 1};
    ends.authenticator.sign(*ends.mac, ends.layout, {&job, 1});
    EXPECT_EQ(again, output);
    ++tried;
  }
  EXPECT_GE(tried, 2);
}

}  // namespace
}  // namespace mpsec::ipsec
