#include "interop/defects/bends.hpp"

#include <list>
#include <map>

#include "crypto/openssl/openssl_provider.hpp"
#include "ike/protection.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

class Tap final : public ike::MessageTap {
 public:
  std::function<void(Message&)> out = [](Message&) {}, in = [](Message&) {};
  void outgoing(Message& message) override { out(message); }
  void incoming(Message& message) override { in(message); }
};

class Packets final : public ipsec::PacketTap {
 public:
  using Act = std::function<void(ipsec::PacketBuffer&, MutableOctets)>;
  Act out = [](ipsec::PacketBuffer&, MutableOctets) {}, in = out;
  void before_sealing(ipsec::PacketBuffer& packet, MutableOctets text) noexcept override {
    out(packet, text);
  }
  void after_opening(ipsec::PacketBuffer& packet, MutableOctets text) noexcept override { in(packet, text); }
};

// The keys of every IKE SA, with which messages at the socket are opened and sealed again.
class Sockets final : public ike::KeyLog {
 public:
  BendMessage in, out;

  void ike_sa(const IkeSaKeys& keys) override {
    Known& known = sas_[keys.spis];
    known.keys = keys.keys.clone();
    known.protection = keys.suite.protection;
  }
  void child_sa(const ipsec::InboundParameters&, const ipsec::OutboundParameters&) override {}

  // Opened if it can be, and else as it is on the wire; nothing: it is no message.
  std::optional<Message> look(const Datagram& datagram) {
    const bool marker = ike::has_marker({datagram.local, datagram.remote}) && datagram.octets.size() >= 4;
    const OctetView octets = OctetView(datagram.octets).subspan(marker ? 4 : 0);
    if (auto message = open(octets)) return message;
    auto message = decode_message(octets);
    if (!message) return std::nullopt;
    return *std::move(message);
  }

  std::vector<Datagram> pass(const BendMessage& bend, Datagram datagram) {
    std::vector<Datagram> passed;
    const bool marker = ike::has_marker({datagram.local, datagram.remote}) && datagram.octets.size() >= 4;
    const OctetView octets = OctetView(datagram.octets).subspan(marker ? 4 : 0);
    auto message = bend ? open(octets) : std::nullopt;
    if (!message) {
      passed.push_back(std::move(datagram));
      return passed;
    }
    const Message before = *message;
    for (Message& one : bend(*std::move(message))) {
      // What was not changed keeps its octets, so that a retransmission stays one.
      if (one == before)
        passed.push_back(datagram);
      else
        passed.push_back(ike::to_datagram({datagram.local, datagram.remote}, seal(std::move(one))));
    }
    return passed;
  }

  Octets seal(Message message) {
    static_cast<void>(wire::ike::complete(message));
    Known* const known = of(message.header);
    if (known == nullptr || message.header.exchange_type == ExchangeType::ike_sa_init) return encode(message);
    const bool first = message.header.initiator;
    auto sealer = ike::MessageSealer::create(
        *provider_, known->protection, (first ? known->keys.ei : known->keys.er).view(),
        (first ? known->keys.ai : known->keys.ar).view(), next_iv_ += 1000);
    const auto inside = message.payloads.empty() ? PayloadType::none : type_of(message.payloads.front().body);
    const Octets plain = encode(message.payloads);
    Octets octets;
    message.header.next_payload = PayloadType::encrypted;
    wire::write(octets, message.header);
    wire::write(octets, PayloadHeader{.next_payload = inside});
    static_cast<void>(ike::set_lengths(octets, IkeHeader::octets, sealer->layout().sealed(plain.size())));
    static_cast<void>(sealer->seal(octets, plain, rng_));
    return octets;
  }

 private:
  struct Known {
    ike::IkeKeys keys;
    ike::Protection protection;
  };
  Known* of(const IkeHeader& header) {
    const auto at = sas_.find({header.initiator_spi, header.responder_spi});
    return at == sas_.end() ? nullptr : &at->second;
  }
  std::optional<Message> open(OctetView octets) {
    auto message = decode_message(octets);
    if (!message || message->payloads.empty()) return std::nullopt;
    const auto* sealed = std::get_if<Encrypted>(&message->payloads.back().body);
    if (sealed == nullptr) return *std::move(message);
    Known* const known = of(message->header);
    if (known == nullptr) return std::nullopt;
    const bool first = message->header.initiator;
    auto opener = ike::MessageOpener::create(*provider_, known->protection,
                                             (first ? known->keys.ei : known->keys.er).view(),
                                             (first ? known->keys.ai : known->keys.ar).view());
    Octets copy(octets.begin(), octets.end());
    const auto plain = opener->open(copy, copy.size() - sealed->octets.size());
    if (!plain) return std::nullopt;
    auto inside = decode_payloads(message->payloads.back().header.next_payload, *plain);
    if (!inside) return std::nullopt;
    message->payloads = *std::move(inside);
    return *std::move(message);
  }
  std::map<ike::IkeSpis, Known> sas_;
  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  SeededRng rng_{3};
  std::uint64_t next_iv_ = std::uint64_t{1} << 40;
};

class BentWindow final : public ipsec::AntiReplay {
 public:
  BentWindow(std::shared_ptr<AntiReplay> inner, WindowBend bend)
      : inner_(std::move(inner)), bend_(std::move(bend)) {}
  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override {
    inner_->check(on_wire, hints);
    for (std::size_t i = 0; i < hints.size(); ++i) {
      if (bend_.check) hints[i] = bend_.check(on_wire[i], hints[i], inner_->top());
      // A hint that refuses would keep a bent accept() from being asked.
      else if (bend_.accept)
        hints[i].verdict = bend_.accept(hints[i].number, hints[i].verdict, inner_->top());
    }
  }
  void accept(std::span<const std::uint64_t> numbers,
              std::span<ipsec::ReplayVerdict> verdicts) noexcept override {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint64_t top = inner_->top();
      inner_->accept(numbers.subspan(i, 1), verdicts.subspan(i, 1));
      if (bend_.accept) verdicts[i] = bend_.accept(numbers[i], verdicts[i], top);
    }
  }
  std::uint64_t top() const noexcept override { return inner_->top(); }
  void resynchronise(std::uint64_t number) noexcept override { inner_->resynchronise(number); }

 private:
  std::shared_ptr<AntiReplay> inner_;
  WindowBend bend_;
};

class BentNumbers final : public ipsec::SequenceSource {
 public:
  BentNumbers(std::shared_ptr<SequenceSource> inner, std::function<std::uint64_t(std::uint64_t)> bend)
      : inner_(std::move(inner)), bend_(std::move(bend)) {}
  Range take(std::uint32_t wanted) noexcept override {
    Range range = inner_->take(std::min(wanted, 1u));
    if (range.count != 0) range.first = bend_(range.first);
    return range;
  }
  std::uint64_t left() const noexcept override { return inner_->left(); }

 private:
  std::shared_ptr<SequenceSource> inner_;
  std::function<std::uint64_t(std::uint64_t)> bend_;
};

}  // namespace

Bent outgoing(std::function<void(Message&)> bend) {
  const auto tap = std::make_shared<Tap>();
  tap->out = std::move(bend);
  Bent bent;
  bent.seams.messages = tap.get();
  bent.state = tap;
  return bent;
}

Bent incoming(std::function<void(Message&)> bend) {
  const auto tap = std::make_shared<Tap>();
  tap->in = std::move(bend);
  Bent bent;
  bent.seams.messages = tap.get();
  bent.state = tap;
  return bent;
}

Bent outgoing_and_incoming(std::function<void(Message&)> out, std::function<void(Message&)> in) {
  return incoming_and_outgoing(std::move(in), std::move(out));
}

Bent incoming_and_outgoing(std::function<void(Message&)> in, std::function<void(Message&)> out) {
  const auto tap = std::make_shared<Tap>();
  tap->in = std::move(in);
  tap->out = std::move(out);
  Bent bent;
  bent.seams.messages = tap.get();
  bent.state = tap;
  return bent;
}

Bent refusing(Judge unusual) {
  return incoming([=](Message& message) {
    if (!message.header.response && unusual(message))
      message.payloads = {make_payload(UnknownPayload{.type = static_cast<PayloadType>(250)}, true)};
  });
}

Bent taking_for_the_last(Judge wrong) {
  const auto last = std::make_shared<Payloads>();
  return incoming([=](Message& message) {
    if (message.header.response || message.header.exchange_type != ExchangeType::ike_sa_init) return;
    if (wrong(message))
      message.payloads = *last;
    else
      *last = message.payloads;
  });
}

Bent with_tap(Bent bent, const Bent& tap) {
  bent.seams.messages = tap.seams.messages;
  bent.state =
      std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(bent.state, tap.state);
  return bent;
}

Bent at_socket(BendMessage in, BendMessage out) {
  const auto sockets = std::make_shared<Sockets>();
  sockets->in = std::move(in);
  sockets->out = std::move(out);
  Bent bent;
  bent.keys = sockets.get();
  bent.state = sockets;
  bent.ike_in = [sockets](Datagram one) { return sockets->pass(sockets->in, std::move(one)); };
  bent.ike_out = [sockets](Datagram one) { return sockets->pass(sockets->out, std::move(one)); };
  return bent;
}

Bent answering(std::function<std::optional<Message>(const Message&)> answer) {
  // The engine is asked something that it answers at once, and its answer makes way for ours.
  constexpr IkeSpi probe{0x70726f6265};
  const auto sockets = std::make_shared<Sockets>();
  const auto ours = std::make_shared<Message>();
  Bent bent;
  bent.keys = sockets.get();
  bent.state = sockets;
  bent.ike_in = [=](Datagram one) {
    const auto message = sockets->look(one);
    auto reply = message && !message->header.response ? answer(*message) : std::nullopt;
    if (reply) {
      *ours = *std::move(reply);
      Message asked;
      asked.header.initiator_spi = asked.header.responder_spi = probe;
      asked.header.exchange_type = ExchangeType::informational;
      asked.header.initiator = true;
      one = ike::to_datagram({one.local, one.remote}, encode(asked));
    }
    return std::vector{one};
  };
  bent.ike_out = [=](Datagram one) {
    const auto message = sockets->look(one);
    if (message && message->header.initiator_spi == probe)
      one = ike::to_datagram({one.local, one.remote}, sockets->seal(*ours));
    return std::vector{one};
  };
  return bent;
}

Message response_to(const Message& request, Payloads payloads) {
  Message message{request.header, std::move(payloads)};
  message.header.response = true;
  message.header.initiator = !request.header.initiator;
  return message;
}

Bent datagrams(std::function<std::vector<Datagram>(Datagram)> in,
               std::function<std::vector<Datagram>(Datagram)> out) {
  Bent bent;
  bent.ike_in = std::move(in);
  bent.ike_out = std::move(out);
  return bent;
}

Bent with(decltype(gateway::Replacements::window) window) {
  Bent bent;
  bent.seams.window = std::move(window);
  return bent;
}

Bent window(WindowBend bend) {
  Bent bent;
  bent.seams.window = [bend = std::move(bend)](auto inner,
                                               const auto&) -> std::shared_ptr<ipsec::AntiReplay> {
    return std::make_shared<BentWindow>(std::move(inner), bend);
  };
  return bent;
}

Bent window_of(std::uint32_t size) {
  Bent bent;
  bent.seams.window = [size](auto, const ipsec::InboundParameters& sa) -> std::shared_ptr<ipsec::AntiReplay> {
    return std::make_shared<ipsec::ReplayWindow>(size, sa.extended_sequence_numbers);
  };
  return bent;
}

Bent numbers(std::function<std::uint64_t(std::uint64_t)> bend) {
  Bent bent;
  bent.seams.sequence = [bend = std::move(bend)](auto inner,
                                                 const auto&) -> std::shared_ptr<ipsec::SequenceSource> {
    return std::make_shared<BentNumbers>(std::move(inner), bend);
  };
  return bent;
}

Bent sealing(std::function<void(ipsec::PacketBuffer&, MutableOctets)> bend) {
  const auto tap = std::make_shared<Packets>();
  tap->out = std::move(bend);
  Bent bent;
  bent.seams.packets = tap.get();
  bent.state = tap;
  return bent;
}

Bent opening(std::function<void(ipsec::PacketBuffer&, MutableOctets)> bend) {
  const auto tap = std::make_shared<Packets>();
  tap->in = std::move(bend);
  Bent bent;
  bent.seams.packets = tap.get();
  bent.state = tap;
  return bent;
}

Bent esp_arriving(std::function<std::vector<EspPacket>(EspPacket)> bend) {
  Bent bent;
  bent.esp_in = std::move(bend);
  return bent;
}

Bent esp_leaving(std::function<std::vector<EspPacket>(EspPacket)> bend) {
  Bent bent;
  bent.esp_out = std::move(bend);
  return bent;
}

Bent dies_of(std::string_view datagram) {
  Bent bent;
  bent.ike_in = [deadly = from_hex(datagram).value(), dead = std::make_shared<bool>(false)](Datagram one) {
    // On port 4500 a marker of zeros stands before it.
    const std::size_t marker = one.octets.size() - std::min(one.octets.size(), deadly.size());
    *dead |= std::ranges::equal(OctetView(one.octets).subspan(marker), deadly);
    return *dead ? std::vector<Datagram>{} : std::vector{std::move(one)};
  };
  return bent;
}

Bent settings(std::function<void(gateway::Settings&)> change) {
  Bent bent;
  bent.settings = std::move(change);
  return bent;
}

Notify* notify_in(Message& message, NotifyType type) {
  for (Payload& payload : message.payloads)
    if (auto* notify = std::get_if<Notify>(&payload.body); notify != nullptr && notify->type == type)
      return notify;
  return nullptr;
}

bool change_join(Message& message, const std::function<void(SaClusterJoin&)>& how) {
  return change<SaClusterJoin>(message, NotifyType::sa_cluster_join, how);
}

bool change_refusal(Message& message, const std::function<void(SaClusterRefused&)>& how) {
  return change<SaClusterRefused>(message, NotifyType::sa_cluster_refused, how);
}

void add(Message& message, Payload payload) {
  message.payloads.push_back(std::move(payload));
  static_cast<void>(wire::ike::complete(message));
}

void remove_notify(Message& message, NotifyType type) {
  std::erase_if(message.payloads, [&](const Payload& one) {
    const auto* notify = std::get_if<Notify>(&one.body);
    return notify != nullptr && notify->type == type;
  });
  static_cast<void>(wire::ike::complete(message));
}

}  // namespace mpsec::conformance
