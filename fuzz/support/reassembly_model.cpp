// depends: ipsec
#include "support/reassembly_model.hpp"

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/header_build.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::fuzz {
namespace {

std::size_t end_of(const FragmentWish& wish) {
  return wish.offset + wish.payload.size();
}

std::size_t header_octets(const FragmentWish& wish) {
  return wish.six ? 0 : wish.with_option ? 24 : 20;  // as the largest length counts them
}

bool possible(const FragmentWish& wish) {
  return !wish.payload.empty() && (!wish.more || wish.payload.size() % 8 == 0) &&
         header_octets(wish) + end_of(wish) <= 0xffff;
}

bool alone(const FragmentWish& wish) {
  return !wish.more && wish.offset == 0;
}

// The datagram whose first piece is `wish`, if its payload were `wish.payload`.
Octets datagram_of(FragmentWish wish) {
  wish.more = false;
  wish.offset = 0;
  Octets packet = wish.packet();
  if (wish.six) {
    packet.erase(packet.begin() + 40, packet.begin() + 48);
    packet[6] = wire::protocol::no_next_header;
    store_be(packet.data() + 4, static_cast<std::uint16_t>(wish.payload.size()));
  }
  return packet;
}

}  // namespace

FragmentWish FragmentWish::of(OctetView four) {
  FragmentWish wish;
  wish.six = (four[0] & 1) != 0;
  wish.identification = four[0] >> 1 & 1;
  wish.seconds = four[0] >> 2;
  const std::uint32_t blocks = four[1] < 0x80 ? four[1] % 32u : 8192u - (0x100u - four[1]) % 8u;
  wish.offset = std::min(blocks, 8191u) * 8;
  wish.more = (four[3] & 1) != 0;
  wish.ecn = four[3] >> 1 & 3;
  wish.with_option = (four[3] & 8) != 0;
  wish.payload.resize(four[2]);
  for (std::size_t i = 0; i < wish.payload.size(); ++i)
    wish.payload[i] = static_cast<std::uint8_t>((wish.offset + i) ^ (four[3] >> 4));
  return wish;
}

Octets FragmentWish::packet() const {
  Octets packet;
  const auto size = static_cast<std::uint16_t>(payload.size());
  if (six) {
    packet = wire::encode(wire::Ipv6Header{.ecn = ecn,
                                           .payload_length = static_cast<std::uint16_t>(8 + size),
                                           .next_header = wire::protocol::fragment});
    wire::write(packet, wire::FragmentHeader{.next_header = wire::protocol::no_next_header,
                                             .fragment_offset = static_cast<std::uint16_t>(offset / 8),
                                             .more_fragments = more,
                                             .identification = identification});
  } else {
    wire::Ipv4Header header;
    header.ihl = with_option ? 6 : 5;
    header.ecn = ecn;
    header.total_length = static_cast<std::uint16_t>(header.ihl * 4 + size);
    header.identification = identification;
    header.flags = more ? 1 : 0;
    header.fragment_offset = static_cast<std::uint16_t>(offset / 8);
    packet = wire::encode(header);
    if (with_option) append(packet, hex("01010100"));
    wire::store_ipv4_checksum(packet.data(), packet.size());
  }
  append(packet, payload);
  return packet;
}

ReassemblyModel::Answer ReassemblyModel::offer(const FragmentWish& wish, Instant now) {
  std::erase_if(begun_, [now](const auto& entry) { return entry.second.deadline <= now; });
  if (alone(wish)) return {datagram_of(wish)};
  if (!possible(wish)) return {{}, true};
  auto [entry, fresh] = begun_.try_emplace({wish.six, wish.identification});
  Begun& begun = entry->second;
  if (fresh) begun.deadline = now + std::chrono::seconds(60);
  if (begun.abandoned) return {{}, true};
  for (const FragmentWish& piece : begun.pieces)
    if (piece.offset == wish.offset && piece.payload == wish.payload && piece.more == wish.more) return {};
  for (const FragmentWish& piece : begun.pieces)
    if (contradict(piece, wish) || contradict(wish, piece)) {
      begun = {begun.deadline, true, {}};
      return {{}, true};
    }
  begun.pieces.push_back(wish);
  const Answer answer = join(begun.pieces);
  if (answer.discarded || !answer.datagram.empty()) begun_.erase(entry);
  return answer;
}

bool ReassemblyModel::contradict(const FragmentWish& one, const FragmentWish& other) {
  const bool overlap = one.offset < end_of(other) && other.offset < end_of(one);
  return overlap || (!one.more && end_of(other) > end_of(one));
}

ReassemblyModel::Answer ReassemblyModel::join(std::vector<FragmentWish> pieces) {
  std::ranges::sort(pieces, {}, &FragmentWish::offset);
  FragmentWish whole = pieces.front();
  if (whole.offset != 0 || pieces.back().more) return {};
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].offset != whole.payload.size()) return {};
    append(whole.payload, pieces[i].payload);
  }
  const auto some = [&pieces](std::uint8_t ecn) {
    return std::ranges::any_of(pieces, [ecn](const FragmentWish& piece) { return piece.ecn == ecn; });
  };
  if ((some(0) && some(3)) || header_octets(whole) + whole.payload.size() > 0xffff) return {{}, true};
  if (some(3)) whole.ecn = 3;
  return {datagram_of(whole)};
}

bool reassembly_agrees(OctetView octets) {
  ipsec::Reassembler reassembler;
  ReassemblyModel model;
  Instant now{};
  for (; octets.size() >= 4; octets = octets.subspan(4)) {
    const FragmentWish wish = FragmentWish::of(octets);
    now += std::chrono::seconds(wish.seconds);
    const auto expected = model.offer(wish, now);
    const auto outcome = reassembler.offer(wish.packet(), now);
    const Octets datagram = outcome.datagram ? outcome.datagram->octets() : Octets{};
    const bool discarded = outcome.discard != ipsec::Discard::none;
    if (datagram != expected.datagram || discarded != expected.discarded) return false;
  }
  reassembler.expire(now + std::chrono::seconds(60));
  return reassembler.datagrams() == 0 && reassembler.octets() == 0;
}

}  // namespace mpsec::fuzz
