// A play of two ends written down: every datagram as it is sent, what it says, and every secret, so that
// others can follow it. Under a fixed Rng and clock the same play is the same text, octet for octet.
#pragma once

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "crypto/signature.hpp"
#include "ike/test_world.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike::test {

// Both ends' providers: writes down every private value of a key exchange.
class WitnessedProvider final : public crypto::IkeProvider {
 public:
  explicit WitnessedProvider(std::vector<std::string>& pairs) : pairs_(&pairs) {}
  std::string description() const override { return inner_->description(); }
  bool supports(const crypto::PrfTransform& one) const noexcept override { return inner_->supports(one); }
  bool supports(const crypto::KeyExchangeTransform& one) const noexcept override {
    return inner_->supports(one);
  }
  Result<std::unique_ptr<crypto::Prf>> prf(const crypto::PrfTransform& one, OctetView key) const override {
    return inner_->prf(one, key);
  }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(const crypto::KeyExchangeTransform& transform,
                                                            Rng& rng) const override {
    LastDrawn drawn(rng);
    auto made = inner_->key_exchange(transform, drawn);
    // The last octets drawn are the private value: what is made of them is held against what was made.
    if (made) {
      const auto again = inner_->key_exchange_from(transform, drawn.octets);
      EXPECT_TRUE(again && std::ranges::equal((*again)->public_value(), (*made)->public_value()));
      pairs_->push_back(fmt::format(R"({{"group": "{}", "private": "{}", "public": "{}"}})", transform.slug,
                                    to_hex(drawn.octets), to_hex((*made)->public_value())));
    }
    return made;
  }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange_from(const crypto::KeyExchangeTransform& one,
                                                                 OctetView value) const override {
    return inner_->key_exchange_from(one, value);
  }
  crypto::Sha1Digest sha1(std::initializer_list<OctetView> parts) const noexcept override {
    return inner_->sha1(parts);
  }

 private:
  struct LastDrawn final : Rng {
    explicit LastDrawn(Rng& from) : inner(from) {}
    void fill(MutableOctets out) override {
      inner.fill(out);
      octets.assign(out.begin(), out.end());
    }
    Rng& inner;
    Octets octets;
  };
  std::unique_ptr<crypto::IkeProvider> inner_ = crypto::make_openssl_ike_provider();
  std::vector<std::string>* pairs_;
};

// Signs as it once has signed, so that signatures which draw on randomness stay the same: they stand in a
// file, one a line, and are taken from there as long as they are good for what is to be signed.
class SignedOnce final : public crypto::PrivateKey {
 public:
  SignedOnce(std::shared_ptr<const crypto::PrivateKey> inner, std::string file)
      : inner_(std::move(inner)), file_(std::move(file)) {}
  const crypto::PublicKey& public_key() const noexcept override { return inner_->public_key(); }
  std::expected<Octets, crypto::SignatureFault> sign(const crypto::SignatureAlgorithm& algorithm,
                                                     crypto::MessageParts message,
                                                     crypto::EcdsaForm form) const override {
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);)
      if (Octets octets = from_hex(line).value_or(Octets{});
          public_key().verify(algorithm, message, octets, form))
        return octets;
    auto signature = inner_->sign(algorithm, message, form);
    if (signature && std::getenv("MPSEC_WRITE_TRANSCRIPTS") != nullptr)
      std::ofstream(file_) << to_hex(*signature) << "\n";
    return signature;
  }

 private:
  std::shared_ptr<const crypto::PrivateKey> inner_;
  std::string file_;
};

// What one end derives.
class Notary final : public KeyLog {
 public:
  Notary(std::vector<std::string>& ike, std::vector<std::string>& children)
      : ike_(&ike), children_(&children) {}
  void ike_sa(const IkeSaKeys& of) override {
    std::string text =
        fmt::format(R"({{"initiator_spi": "{:016x}", "responder_spi": "{:016x}", "suite": "{}")",
                    of.spis.initiator.value, of.spis.responder.value, to_string(of.suite));
    const std::pair<const char*, const SecretOctets*> named[] = {
        {"SK_d", &of.keys.d},   {"SK_ai", &of.keys.ai}, {"SK_ar", &of.keys.ar}, {"SK_ei", &of.keys.ei},
        {"SK_er", &of.keys.er}, {"SK_pi", &of.keys.pi}, {"SK_pr", &of.keys.pr}};
    for (const auto& [name, key] : named)
      text += fmt::format(R"(, "{}": "{}")", name, to_hex(key->view()));
    ike_->push_back(text + "}");
  }
  void child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) override {
    note(inbound, "to A");
    note(outbound, "to B");
  }

 private:
  void note(const ipsec::SaParameters& sa, std::string_view way) {
    children_->push_back(fmt::format(
        R"({{"way": "{}", "protocol": "{}", "mode": "{}", "spi": "{:08x}", "extended_sequence_numbers": {}, )"
        R"("encryption_key": "{}", "integrity_key": "{}"}})",
        way, sa.protocol == ipsec::Protocol::ah ? "AH" : "ESP",
        sa.mode == ipsec::Mode::tunnel ? "tunnel" : "transport", sa.spi.value, sa.extended_sequence_numbers,
        to_hex(sa.encryption_key.view()), to_hex(sa.integrity_key.view())));
  }
  std::vector<std::string>*ike_, *children_;
};

struct ScribeSettings {
  EndOptions a, b;
  std::optional<IpAddress> nat{};                         // before A
  std::vector<std::string> keys{};                        // of the ends' identities, as JSON
  std::function<void(wire::ike::Message&, char)> bend{};  // the sender's letter: before it is sealed
};

class Scribe {
 public:
  explicit Scribe(ScribeSettings settings)
      : settings_(std::move(settings)), a_(*this, 'A'), b_(*this, 'B'), notary_(ike_, children_) {
    settings_.a.tap = &a_;
    settings_.b.tap = &b_;
    settings_.a.key_log = &notary_;
    settings_.a.ike_provider = settings_.b.ike_provider = std::make_shared<WitnessedProvider>(pairs_);
    world_ = std::make_unique<World>(settings_.a, settings_.b, 1);
  }
  Scribe(Scribe&&) = delete;
  World& world() { return *world_; }

  // Everything on the wire arrives, ten milliseconds each, and what that causes.
  void all() {
    for (int i = 0; i < 100 && !world_->wire.empty(); ++i) {
      const Datagram sent = world_->take();
      note(sent);
      world_->now += 10ms;
      deliver(sent);
    }
    EXPECT_TRUE(world_->wire.empty());
  }
  // The first datagram on the wire arrives, and what answers it is lost.
  void lose() {
    const Datagram sent = world_->take();
    note(sent);
    deliver(sent);
    for (const Datagram& lost : std::exchange(world_->wire, {}))
      note(lost);
  }
  // Octets that no engine would send.
  void forge(const Datagram& datagram) { world_->wire.push_back(datagram); }
  void run(Duration duration) {
    const Instant until = world_->now + duration;
    for (int i = 0; i < 100; ++i) {
      all();
      const auto next = earlier(world_->a.engine().next_deadline(), world_->b.engine().next_deadline());
      if (!next || *next > until) break;
      world_->now = std::max(world_->now, *next);
      for (End* end : {&world_->a, &world_->b})
        world_->at(*end,
                   [&](Engine& engine, Actions& actions) { return engine.on_time(world_->now, actions), 0; });
    }
    world_->now = until;
  }

  std::string text(std::string_view title, std::string_view about) const {
    std::string text =
        fmt::format("{{\n\"format\": \"mpsec-ike-transcript-1\",\n\"title\": \"{}\",\n", title);
    text += fmt::format("\"about\": \"{}\",\n\"messages\": [\n{}\n],\n", about, joined(messages_));
    text += fmt::format("\"events\": {{\n\"A\": {},\n\"B\": {}\n}},\n", events(world_->a), events(world_->b));
    text += fmt::format("\"secrets\": {{\n\"identities\": [\n{}\n],\n", joined(settings_.keys));
    text += fmt::format("\"key_exchanges\": [\n{}\n],\n", joined(pairs_));
    text += fmt::format("\"ike_sas\": [\n{}\n],\n\"child_sas\": [\n{}\n]\n}}\n}}\n", joined(ike_),
                        joined(children_));
    return text;
  }

 private:
  using Message = wire::ike::Message;
  using Key = std::tuple<IkeSpi, IkeSpi, bool, bool, MessageId>;

  class Tap final : public MessageTap {
   public:
    Tap(Scribe& scribe, char own) : scribe_(&scribe), own_(own) {}
    void outgoing(Message& message) override {
      if (scribe_->settings_.bend) scribe_->settings_.bend(message, own_);
      scribe_->inside_[key_of(message.header)] = message.payloads;
    }
    void incoming(Message&) override {}

   private:
    Scribe* scribe_;
    char own_;
  };

  static Key key_of(const wire::ike::IkeHeader& header) {
    return {header.initiator_spi, header.responder_spi, header.initiator, header.response, header.message_id};
  }
  static std::string joined(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, ",\n"));
  }
  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
      if (letter == '"' || letter == '\\') out += '\\';
      out += letter;
    }
    return out + "\"";
  }
  static std::string events(const End& end) {
    std::vector<std::string> lines;
    for (const Event& event : end.events)
      lines.push_back(quoted(to_string(event)));
    return "[\n" + joined(lines) + "\n]";
  }

  // The lines of a dump that say something.
  static std::string tree(std::string_view dump) {
    static constexpr std::array dull{"RESERVED: 0x0", "Critical: 0x0", "Last Substruc",
                                     "SPI: 0 octets", "Next Payload",  "Reserved Flags"};
    std::istringstream in{std::string(dump)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line == "IKE Header") continue;
      const std::string_view field = std::string_view(line).substr(line.find_first_not_of(' '));
      if (std::ranges::none_of(dull, [&](std::string_view start) { return field.starts_with(start); }))
        lines.push_back(quoted(line.substr(std::min<std::size_t>(line.size(), 2))));
    }
    return "[\n" + joined(lines) + "\n]";
  }

  void note(const Datagram& sent) {
    OctetView octets = sent.octets;
    const bool marked =
        octets.size() >= 4 && std::ranges::all_of(octets.first(4), [](auto o) { return o == 0; });
    if (marked) octets = octets.subspan(4);
    const auto header = wire::ike::decode_header(octets);
    std::string text = fmt::format(
        "{{\n\"number\": {},\n\"at_ms\": {},\n\"source\": \"{}\",\n\"destination\": \"{}\",\n\"datagram\": "
        "\"{}\"",
        messages_.size() + 1,
        std::chrono::duration_cast<std::chrono::milliseconds>(world_->now - Instant{}).count(),
        mpsec::to_string(sent.local), mpsec::to_string(sent.remote), to_hex(sent.octets));
    if (header) text += said(*header, octets);
    messages_.push_back(text + "\n}");
  }
  // What the datagram says: the header, and the payloads, those inside where it is protected.
  std::string said(const wire::ike::IkeHeader& header, OctetView octets) const {
    const auto message = wire::ike::decode_message(octets);
    const bool sealed = message && !message->payloads.empty() &&
                        (header.next_payload == wire::ike::PayloadType::encrypted ||
                         header.next_payload == wire::ike::PayloadType::encrypted_fragment);
    std::string text = fmt::format(",\n\"header\": {}", tree(wire::dump(header)));
    if (!sealed) {
      if (message) text += fmt::format(",\n\"payloads\": {}", tree(wire::ike::dump(message->payloads)));
      return text;
    }
    if (const auto* part = wire::ike::find<wire::ike::EncryptedFragment>(message->payloads))
      text += fmt::format(",\n\"fragment\": \"{} of {}\"", part->fragment_number, part->total_fragments);
    const auto inside = inside_.find(key_of(header));
    if (inside == inside_.end()) return text;
    return text + fmt::format(",\n\"inside\": \"{}\",\n\"payloads\": {}",
                              to_hex(wire::ike::encode(inside->second)),
                              tree(wire::ike::dump(inside->second)));
  }

  // What goes by the NAT gets its address, and ports 40000 higher.
  void deliver(const Datagram& sent) {
    const bool from_a = sent.local.address == world_->a.address();
    Datagram arrived{sent.remote, sent.local, sent.octets};
    if (settings_.nat && from_a)
      arrived.remote = {*settings_.nat, static_cast<std::uint16_t>(sent.local.port + 40000)};
    if (settings_.nat && sent.remote.address == *settings_.nat)
      arrived.local = {world_->a.address(), static_cast<std::uint16_t>(sent.remote.port - 40000)};
    world_->at(
        world_->a.owns(arrived.local.address) ? world_->a : world_->b,
        [&](Engine& engine, Actions& actions) { return engine.receive(arrived, world_->now, actions), 0; });
  }

  ScribeSettings settings_;
  std::vector<std::string> messages_, pairs_, ike_, children_;
  std::map<Key, wire::ike::Payloads> inside_;
  Tap a_, b_;
  Notary notary_;
  std::unique_ptr<World> world_;
};

}  // namespace mpsec::ike::test
