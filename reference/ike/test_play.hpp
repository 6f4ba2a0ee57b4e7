// A play of two ends: what each says is held on the wire until the script lets it through, so that a test
// can have it come late, twice, in another order or never. Told back in words: who said what, in which order,
// and what each end made of it.
//
// A script is a row of words:
//   A:rekey(1) B:delete(2) A:create A:rekey-ike(1) A:close(1) A:poke(1)   commands, with the end's own number
//   A:soft(1) A:hard(1)     the data path says that this child's lifetime is used up
//   a1? a1!                 A's first request after IKE_AUTH arrives, and its answer; b2? likewise
//   drop:a1? twice:a1?      what is on the wire is lost; comes, and once more
//   again:a1?               what was once said comes once more: a replay
//   all                     everything arrives, and what that causes
//   wait:2s run:2s          time goes on, everything said being held, or arriving at once
//   A:deaf B:shifted        an end errs: see Tap
#pragma once

#include <charconv>
#include <set>

#include "ike/test_world.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike::test {

struct PlaySettings {
  EndOptions a, b;
  bool silence = false;  // an end may have nothing to send on for a while, and then for good
  bool gap = false;      // an end may send what the other no longer receives
};

class Play {
 public:
  explicit Play(const PlaySettings& settings, std::uint64_t seed)
      : settings_(settings), taps_{Tap(*this, 'a'), Tap(*this, 'b')} {
    settings_.a.tap = &taps_[0];
    settings_.b.tap = &taps_[1];
    world_ = std::make_unique<World>(settings_.a, settings_.b, seed);
  }
  Play(Play&&) = delete;

  World& world() { return *world_; }
  const std::vector<std::string>& complaints() const { return complaints_; }

  // The IKE SA and what its IKE_AUTH makes; numbering starts behind it.
  void establish() {
    world_->initiate(world_->a);
    all();
    said_.clear();
    names_.clear();
    nonces_.clear();
    asked_ = {};
    world_->a.events.clear();
    world_->b.events.clear();
    established_ = true;
  }

  void run(std::string_view script) {
    while (!script.empty()) {
      const std::size_t end = std::min(script.find(' '), script.size());
      if (end != 0) word(script.substr(0, end));
      script.remove_prefix(std::min(end + 1, script.size()));
    }
  }

  // Both close what they have; nothing may be left.
  void end() {
    established_ = false;
    for (End* end : {&world_->a, &world_->b})
      for (const IkeStatus& sa : end->engine().status())
        command(*end,
                [&](Engine& engine, Actions& actions) { return engine.close(sa.id, world_->now, actions); });
    pass(std::chrono::minutes(10), true);
    for (End* end : {&world_->a, &world_->b})
      if (end->engine().ike_sas() != 0 || end->engine().child_spis() != 0 || !end->installed.empty() ||
          end->engine().next_deadline() || !end->engine().cluster_status().empty())
        complain(fmt::format("something is left at {}", letter(*end)));
  }

  // "a1? rekey child; a1! granted; ...", in the order of being said.
  std::string said() const { return joined(said_); }
  // "c1 rekeying; c2 installed; ..."
  static std::string told(const End& end) {
    std::vector<std::string> told;
    for (const Event& event : end.events)
      if (std::string text = told_of(event); !text.empty()) told.push_back(std::move(text));
    return joined(told);
  }
  // "i1 c2": what is there and established.
  static std::string has(End& end) {
    std::string text;
    for (const IkeStatus& sa : end.engine().status()) {
      text += fmt::format("{}i{}{}", text.empty() ? "" : " ", sa.id.value,
                          sa.state == IkeState::established ? "" : fmt::format("({})", to_string(sa.state)));
      for (const ChildStatus& child : sa.children)
        text += fmt::format(
            " c{}{}", child.id.value,
            child.state == ChildState::installed ? "" : fmt::format("({})", to_string(child.state)));
    }
    return text.empty() ? "nothing" : text;
  }
  // The nonces by who said them: "a1?", "a1!".
  const std::map<std::string, Octets>& nonces() const { return nonces_; }

 private:
  using Message = wire::ike::Message;

  class Tap final : public MessageTap {
   public:
    Tap(Play& play, char own) : play_(&play), own_(own) {}
    void outgoing(Message& message) override {
      if (!message.header.response && std::exchange(leaps_, false)) message.header.message_id.value += 10;
      play_->note(message, own_);
    }
    void incoming(Message& message) override {
      using namespace wire::ike;
      if (message.header.response) return;
      if (forgets_) {  // a policy that has changed: ECP-256 is no longer allowed
        for (Payload& payload : message.payloads)
          if (auto* sa = std::get_if<SecurityAssociation>(&payload.body))
            for (Proposal& proposal : sa->proposals)
              std::erase_if(proposal.transforms, [](const Transform& one) {
                return one.type == TransformType::key_exchange &&
                       one.id == static_cast<std::uint16_t>(crypto::KeyExchangeId::ecp_256);
              });
      }
      if (std::exchange(deaf_, false))
        std::erase_if(message.payloads,
                      [](const Payload& payload) { return std::holds_alternative<Delete>(payload.body); });
      if (std::exchange(shifted_, false))
        for (Payload& payload : message.payloads)
          if (auto* notify = std::get_if<Notify>(&payload.body);
              notify != nullptr && notify->type == NotifyType::rekey_sa)
            notify->spi[3] ^= 1;
    }
    void bend(std::string_view how) {
      deaf_ |= how == "deaf";        // to the Delete in it
      shifted_ |= how == "shifted";  // the SPI that it wants rekeyed is another
      forgets_ |= how == "forgets";  // from now on
      leaps_ |= how == "leaps";      // its own next request has a number far off
    }
    static bool can(std::string_view how) {
      return how == "deaf" || how == "shifted" || how == "forgets" || how == "leaps";
    }

   private:
    Play* play_;
    char own_;
    bool deaf_ = false, shifted_ = false, forgets_ = false, leaps_ = false;
  };

  // Who asked what: the SPIs, the part of who asked, the number.
  using Key = std::tuple<IkeSpi, IkeSpi, bool, MessageId>;
  static Key key_of(const wire::ike::IkeHeader& header) {
    return {header.initiator_spi, header.responder_spi, header.initiator != header.response,
            header.message_id};
  }

  void note(const Message& message, char own) {
    if (!established_) return;
    const auto& header = message.header;
    if (!header.response && !names_.contains(key_of(header)))
      names_[key_of(header)] = fmt::format("{}{}", own, ++asked_[own == 'a' ? 0 : 1]);
    const std::string name = name_of(header);
    said_.push_back(name + " " + content_of(message));
    if (const auto* nonce = wire::ike::find<wire::ike::Nonce>(message.payloads)) nonces_[name] = nonce->data;
  }
  std::string name_of(const wire::ike::IkeHeader& header) const {
    const auto found = names_.find(key_of(header));
    return (found == names_.end() ? "?" : found->second) + (header.response ? "!" : "?");
  }

  static std::string content_of(const Message& message) {
    using namespace wire::ike;
    for (const auto* notify : find_all<Notify>(message.payloads))
      if (static_cast<std::uint16_t>(notify->type) < 16384) return to_string(notify->type);
    if (const auto* body = find<Delete>(message.payloads))
      return body->protocol == ProtocolId::ike ? "delete IKE" : "delete child";
    if (message.header.response)
      return find<SecurityAssociation>(message.payloads) != nullptr ? "granted" : "empty";
    if (find_notify(message.payloads, NotifyType::rekey_sa) != nullptr) return "rekey child";
    const auto* sa = find<SecurityAssociation>(message.payloads);
    if (sa == nullptr) return "empty";
    return sa->proposals.at(0).protocol == ProtocolId::ike ? "rekey IKE" : "new child";
  }

  static std::string told_of(const Event& event) {
    if (const auto* child = std::get_if<ChildStateChanged>(&event))
      return fmt::format("c{} {}{}", child->child.value, to_string(child->to),
                         child->to == ChildState::closed ? fmt::format(" by {}", to_string(child->by)) : "");
    if (const auto* sa = std::get_if<IkeStateChanged>(&event))
      return fmt::format("i{} {}{}", sa->sa.value, to_string(sa->to),
                         sa->to == IkeState::closed ? fmt::format(" by {}", to_string(sa->by)) : "");
    if (const auto* rekeyed = std::get_if<IkeRekeyed>(&event))
      return fmt::format("i{} to i{}", rekeyed->old_sa.value, rekeyed->new_sa.value);
    if (const auto* failed = std::get_if<NegotiationFailed>(&event))
      return fmt::format("failed: {}", failed->error.why);
    if (const auto* refused = std::get_if<MessageRefused>(&event))
      return fmt::format("refused: {}", refused->error.why);
    return {};
  }

  static std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, "; "));
  }
  char letter(const End& end) const { return &end == &world_->a ? 'A' : 'B'; }
  void complain(std::string what) { complaints_.push_back(std::move(what)); }

  // --- the script

  void word(std::string_view word) {
    if (word == "all") return all();
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return arrive(word, 1, false);
    const std::string_view head = word.substr(0, colon), rest = word.substr(colon + 1);
    if (head == "drop") return arrive(rest, 0, false);
    if (head == "twice") return arrive(rest, 2, false);
    if (head == "again") return arrive(rest, 1, true);
    if (head == "wait" || head == "run") return pass(duration(rest), head == "run");
    if (head != "A" && head != "B") return complain(fmt::format("no such word: {}", word));
    if (Tap::can(rest)) return taps_[head == "A" ? 0 : 1].bend(rest);
    order(head == "A" ? world_->a : world_->b, rest);
  }

  static std::uint64_t number(std::string_view digits) {
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  static Duration duration(std::string_view text) {
    const auto value = static_cast<std::int64_t>(number(text));
    return text.back() == 'm' ? Duration(std::chrono::minutes(value)) : Duration(std::chrono::seconds(value));
  }

  void order(End& end, std::string_view what) {
    const std::size_t open = std::min(what.find('('), what.size());
    const std::string_view verb = what.substr(0, open);
    const std::uint64_t which = number(what.substr(std::min(open + 1, what.size())));
    const ChildId child{which};
    const IkeSaId sa{std::max<std::uint64_t>(which, 1)};
    command(end, [&](Engine& engine, Actions& actions) -> Result<> {
      const Instant now = world_->now;
      if (verb == "rekey") return engine.rekey_child(child, now, actions);
      if (verb == "delete") return engine.delete_child(child, now, actions);
      if (verb == "create") return engine.create_child(sa, "net", now, actions);
      if (verb == "rekey-ike") return engine.rekey_ike(sa, now, actions);
      if (verb == "close") return engine.close(sa, now, actions);
      if (verb == "poke") return engine.check_liveness(sa, now, actions);
      if (verb == "soft" || verb == "hard") {
        engine.on_lifetime(child, verb == "hard", now, actions);
        return {};
      }
      return std::unexpected(Error{Blame::local_fault, "script", std::nullopt, std::string(what), ""});
    });
  }
  void command(End& end, auto act) {
    if (auto done = world_->at(end, act); !done)
      complain(fmt::format("{}: {}", letter(end), mpsec::to_string(done.error())));
    look();
  }

  // What is on the wire by this name, or once was, arrives so often.
  void arrive(std::string_view name, int copies, bool replay) {
    keep();
    std::optional<Datagram> found;
    if (replay && history_.contains(std::string(name))) found = history_.at(std::string(name));
    for (std::size_t i = 0; !replay && !found && i < world_->wire.size(); ++i)
      if (name_of(*wire::ike::decode_header(world_->wire[i].octets)) == name) found = world_->take(i);
    if (!found) return complain(fmt::format("{} is not on the wire", name));
    for (int i = 0; i < copies; ++i)
      give(*found);
  }
  void keep() {
    for (const Datagram& datagram : world_->wire)
      history_.try_emplace(name_of(*wire::ike::decode_header(datagram.octets)), datagram);
  }
  void give(const Datagram& datagram) {
    world_->deliver(datagram);
    look();
  }
  void all() {
    for (int i = 0; i < 300 && !world_->wire.empty(); ++i) {
      keep();
      give(world_->take());
    }
    if (!world_->wire.empty()) complain("the ends talk without end");
  }

  void pass(Duration how_long, bool arriving) {
    const Instant until = world_->now + how_long;
    for (int i = 0; i < 1000; ++i) {
      if (arriving) all();
      const auto next = earlier(world_->a.engine().next_deadline(), world_->b.engine().next_deadline());
      if (!next || *next > until) break;
      world_->now = std::max(world_->now, *next);
      for (End* end : {&world_->a, &world_->b})
        world_->at(*end,
                   [&](Engine& engine, Actions& actions) { return engine.on_time(world_->now, actions), 0; });
      look();
    }
    world_->now = until;
  }

  // --- traffic: at every moment, what an end would send on now, the other receives on.
  void look() {
    if (!established_) return;
    look(world_->a, world_->b);
    look(world_->b, world_->a);
  }
  void look(const End& from, const End& to) {
    const End::Installed* newest = nullptr;
    for (const auto& [id, child] : from.installed)
      if (child.outbound && (newest == nullptr || child.outbound_serial > newest->outbound_serial))
        newest = &child;
    if (newest == nullptr) {
      if (!settings_.silence) complain(fmt::format("{} has nothing to send on", letter(from)));
      return;
    }
    const auto receives = [&](const auto& one) {
      return one.second.inbound && one.second.inbound->spi == newest->outbound->spi &&
             std::ranges::equal(one.second.inbound->encryption_key.view(),
                                newest->outbound->encryption_key.view());
    };
    if (!settings_.gap && std::ranges::none_of(to.installed, receives))
      complain(fmt::format("{} sends what is not received, after {}", letter(from),
                           said_.empty() ? "nothing" : said_.back()));
  }

  PlaySettings settings_;
  std::array<Tap, 2> taps_;
  std::unique_ptr<World> world_;
  bool established_ = false;
  std::vector<std::string> complaints_, said_;
  std::map<Key, std::string> names_;
  std::array<int, 2> asked_{};
  std::map<std::string, Octets> nonces_;
  std::map<std::string, Datagram> history_;
};

}  // namespace mpsec::ike::test
