// depends: ike wire_ike
#include <algorithm>

#include "support/draw.hpp"
#include "support/ike_ends.hpp"
#include "support/require.hpp"
#include "support/wire_mutators.hpp"

namespace mpsec::fuzz {

using namespace std::chrono_literals;
using End = IkeEnds::End;

namespace {

constexpr std::size_t header_octets = wire::ike::IkeHeader::octets;

}  // namespace

// The first octet: the stage, and whether cookies are asked for. The rest is a datagram to B, which comes
// twice.
void fuzz_ike_responder(OctetView input, const IkeWorld& world) {
  if (input.empty()) return;
  constexpr IkeStage stages[] = {IkeStage::nothing, IkeStage::half_open, IkeStage::established};
  const IkeStage stage = stages[input[0] % 3];
  IkeEnds ends(stage, (input[0] & 0x80) != 0, world);
  const std::string before = ends.established(End::b);
  const Octets datagram = ends.with_words_replaced(input.subspan(1));
  world.before(ends, End::b);
  ends.receive_raw(End::b, datagram);
  world.after(ends, End::b);
  ends.receive_raw(End::b, datagram);
  ends.require_unchanged(End::b, before);
  ends.require_bounded();
  const bool half_open = stage == IkeStage::half_open;
  ends.pair().wire.clear();  // the answers are for somebody else
  ends.release();
  if (half_open) require(!ends.established(End::b).empty(), "the real peer still comes in");
  ends.require_rest(5s);
  if (!half_open) ends.require_unchanged(End::b, before);
  if (stage != IkeStage::nothing) ends.require_alive();
  ends.require_nothing_left();
}

// The first octet: whether A waits for IKE_SA_INIT's or for IKE_AUTH's response. The rest comes in its place;
// then the real one.
void fuzz_ike_initiator_reply(OctetView input, const IkeWorld& world) {
  if (input.empty()) return;
  const bool auth = input[0] % 2 == 1;
  IkeEnds ends(auth ? IkeStage::answered : IkeStage::init_sent, false, world);
  const std::string before = ends.established(End::a);
  world.before(ends, End::a);
  ends.receive_raw(End::a, ends.with_words_replaced(input.subspan(1)));
  world.after(ends, End::a);
  ends.require_bounded();
  if (auth) ends.require_unchanged(End::a, before);
  ends.release();
  ends.require_rest(10min);
  if (auth) {
    require(!ends.established(End::a).empty(), "only the real response counts");
    require(ends.disagreement().empty(), "the ends agree");
    ends.require_alive();
  }
  ends.require_nothing_left();
}

// An IKE message in clear. Its SPIs say what happens around it; the rest of its header stays, and what stands
// behind is sealed.
//   octet 0        who receives it, B or A; with 2 added the sender has keys, and IKE_AUTH is still to come;
//                  with 4 the Child SA is the first of a cluster
//   octets 1, 2    what that end is asked to do first (IkeCommand), so that requests are on their way
//   octet 3        how often it comes, with Message IDs that count up
//   octet 4        what it is asked to do in between
void fuzz_ike_authenticated(OctetView input, const IkeWorld& world) {
  if (input.size() < header_octets) return;
  const End at = input[0] % 2 == 0 ? End::b : End::a;
  const bool is_stranger = (input[0] & 2) != 0;
  const IkeStage before_proof = at == End::b ? IkeStage::half_open : IkeStage::answered;
  IkeWorld with = world;
  with.clusters = (input[0] & 4) != 0;
  IkeEnds ends(is_stranger ? before_proof : IkeStage::established, false, with);
  for (const std::uint8_t command : {input[1], input[2]})
    ends.command(at, IkeCommand(command % (ike_commands - 1)));
  ends.pair().wire.clear();  // what it asks is answered by the fuzzer or by nobody
  Octets header(input.begin(), input.begin() + header_octets);
  world.before(ends, at);
  for (int times = 0; times <= input[3] % 32; ++times) {
    const Octets plaintext = ends.with_words_replaced(input.subspan(header_octets));
    ends.receive_sealed(at, header, wire::ike::PayloadType(header[16]), plaintext);
    store_be(header.data() + 20, load_be<std::uint32_t>(header.data() + 20) + 1);
    ends.command(at, IkeCommand(input[4] % (ike_commands - 1)));
    ends.pair().wire.clear();
  }
  world.after(ends, at);
  if (is_stranger) require(!ends.is_established(at), "nobody comes in without a proof");
  ends.require_bounded();
  ends.require_rest(5min);
  ends.require_bounded();
  ends.require_nothing_left();
}

// A header for all (its first octet: whether before IKE_AUTH), and fragments from A to B, each: number,
// total, the type of the first payload, a number of octets, and these.
void fuzz_ike_fragments(OctetView input, const IkeWorld& world) {
  if (input.size() < header_octets) return;
  IkeEnds ends(input[0] % 2 == 0 ? IkeStage::established : IkeStage::half_open, false, world);
  const OctetView header = input.first(header_octets);
  OctetView left = input.subspan(header_octets);
  world.before(ends, End::b);
  while (left.size() >= 4) {
    const std::size_t size = std::min<std::size_t>(left[3], left.size() - 4);
    const Octets plaintext = ends.with_words_replaced(left.subspan(4, size));
    ends.receive_sealed(End::b, header, wire::ike::PayloadType(left[2]), plaintext,
                        IkeEnds::FragmentPlace{left[0], left[1]});
    left = left.subspan(4 + size);
  }
  world.after(ends, End::b);
  ends.require_bounded();
  ends.require_rest(1min);
  ends.require_nothing_left();
}

namespace {

// One act of a session: what, and with what.
void act(IkeEnds& ends, Draw& draw) {
  auto& pair = ends.pair();
  const std::uint8_t what = draw.below(8), with = draw.octet();
  const std::size_t place = pair.wire.empty() ? 0 : with % pair.wire.size();
  if (what < 5 && what > 0 && pair.wire.empty()) return;
  switch (what) {
    case 0:  // time goes on: from a millisecond to nine hours
      pair.now += Duration(1ms) * (std::int64_t{1} << (with % 26));
      return pair.on_time();
    case 1:  // one arrives
      return pair.deliver(pair.take(place));
    case 2:  // it is lost
      return static_cast<void>(pair.take(place));
    case 3:  // it arrives, and will again
      return pair.deliver(Datagram(pair.wire[place]));
    case 4: {  // it is altered on the way
      Octets& octets = pair.wire[place].octets;
      octets[draw.octet() % octets.size()] ^= static_cast<std::uint8_t>(1 + with);
      return pair.deliver(pair.take(place));
    }
    case 5:  // all arrive
      return require(pair.deliver_all(), "the ends come to an end of their talk");
    default:  // an end is asked for something
      return ends.command(with % 2 == 0 ? End::a : End::b, IkeCommand(with / 2 % ike_commands), with / 16);
  }
}

}  // namespace

// Acts, each of two octets: what happens on the wire, time, and what users ask for. Then the network heals.
// An octet that is left over: the Child SAs are those of a cluster.
void fuzz_ike_session(OctetView input, const IkeWorld& world) {
  IkeWorld with = world;
  with.clusters = input.size() % 2 == 1;
  IkeEnds ends(IkeStage::established, false, with);
  Draw draw(input);
  for (int acts = 0; acts < 200 && !draw.empty(); ++acts) {
    act(ends, draw);
    ends.require_bounded();
  }
  require(ends.pair().deliver_all(), "the ends come to an end of their talk");
  ends.require_rest(5min);
  require(ends.disagreement().empty(), "the ends agree once the network has healed");
  ends.require_nothing_left();
}

std::size_t mutate_ike_message_behind(std::size_t prefix, std::uint8_t* data, std::size_t size,
                                      std::size_t max_size, unsigned seed) {
  if (size <= prefix || seed % 16 == 0) return mutate_ike_message(data, size, max_size, seed);
  return prefix + mutate_ike_message(data + prefix, size - prefix, max_size - prefix, seed);
}

}  // namespace mpsec::fuzz
