#include "interop/defects/esp_bends.hpp"

#include "crypto/openssl/openssl_provider.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {
namespace {

class Trial final : public ipsec::InboundPolicy {
 public:
  std::function<ipsec::Discard(const Trailer&, ipsec::Discard)> trailer;
  std::function<ipsec::Discard(const ipsec::PacketSelectors&, ipsec::Discard)> selector;

  void judge_trailers(std::span<const Trailer> all, std::span<ipsec::Discard> verdicts) noexcept override {
    standard_.judge_trailers(all, verdicts);
    for (std::size_t i = 0; trailer && i < all.size(); ++i)
      verdicts[i] = trailer(all[i], verdicts[i]);
  }
  void judge_selectors(const ipsec::SelectorMatcher& matcher, std::span<const ipsec::PacketSelectors> all,
                       std::span<ipsec::Discard> verdicts) noexcept override {
    standard_.judge_selectors(matcher, all, verdicts);
    for (std::size_t i = 0; selector && i < all.size(); ++i)
      verdicts[i] = selector(all[i], verdicts[i]);
  }

 private:
  ipsec::StandardInboundPolicy standard_;
};

Bent judging(std::shared_ptr<Trial> judge) {
  Bent bent;
  bent.seams.inbound = judge.get();
  bent.state = std::move(judge);
  return bent;
}

std::vector<EspPacket> alone(EspPacket packet) {
  std::vector<EspPacket> one;
  one.push_back(std::move(packet));
  return one;
}

}  // namespace

EspKeys::EspKeys() : provider_(crypto::make_openssl_provider()) {}

void EspKeys::child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) {
  const auto add = [&](const ipsec::SaParameters& one, bool in) {
    auto cipher = ipsec::EspCipher::make(*provider_, one);
    if (!cipher) return;
    sas_.insert_or_assign(one.spi,
                          Sa{*std::move(cipher), one.encryption, one.integrity, one.encryption_key.size(),
                             one.extended_sequence_numbers, in, one.udp.has_value()});
  };
  add(inbound, true);
  add(outbound, false);
}

EspKeys::Sa* EspKeys::of(const EspPacket& packet) {
  const auto at = sas_.find(spi_of(packet));
  return at == sas_.end() ? nullptr : &at->second;
}

std::optional<Octets> EspKeys::text_of(Sa& sa, const EspPacket& packet, std::uint64_t number) {
  const std::size_t at = ipsec::esp_header_octets + sa.cipher.iv_octets();
  const std::size_t frame = at + sa.cipher.icv_octets();
  if (packet.octets.size() < frame + ipsec::esp_trailer_octets) return std::nullopt;
  Octets copy = packet.octets;
  ipsec::EspJob job{copy.data(), static_cast<std::uint32_t>(copy.size() - frame), number};
  sa.cipher.open({&job, 1});
  if (!job.authentic) return std::nullopt;
  const OctetView text = OctetView(copy).subspan(at, copy.size() - frame);
  return Octets(text.begin(), text.end());
}

EspPacket EspKeys::sealed(Sa& sa, const EspPacket& like, OctetView text, std::uint64_t number,
                          std::uint8_t iv) {
  const std::size_t at = ipsec::esp_header_octets + sa.cipher.iv_octets();
  EspPacket packet{like.path, Octets(at + text.size() + sa.cipher.icv_octets())};
  std::ranges::copy(OctetView(like.octets).first(4), packet.octets.begin());
  store_be(packet.octets.data() + 4, static_cast<std::uint32_t>(number));
  std::ranges::copy(text, packet.octets.begin() + static_cast<std::ptrdiff_t>(at));
  ipsec::EspJob job{packet.octets.data(), static_cast<std::uint32_t>(text.size()), number};
  Octets ivs(sa.cipher.iv_octets(), iv);
  sa.cipher.seal({&job, 1}, ivs.data());
  return packet;
}

Bent esp_with_keys(BendEsp in, BendEsp out) {
  const auto keys = std::make_shared<EspKeys>();
  Bent bent;
  bent.keys = keys.get();
  bent.state = keys;
  if (in) bent.esp_in = [keys, in](EspPacket packet) { return in(*keys, std::move(packet)); };
  if (out) bent.esp_out = [keys, out](EspPacket packet) { return out(*keys, std::move(packet)); };
  return bent;
}

Bent texts(std::function<void(Octets& text)> bend) {
  return esp_with_keys({}, [bend](EspKeys& keys, EspPacket packet) {
    EspKeys::Sa* const sa = keys.of(packet);
    const std::uint32_t number = number_on_wire(packet);
    auto text = sa != nullptr ? EspKeys::text_of(*sa, packet, number) : std::nullopt;
    if (!text) return alone(std::move(packet));
    bend(*text);
    return alone(EspKeys::sealed(*sa, packet, *text, number, static_cast<std::uint8_t>(number * 37)));
  });
}

Bent blind_to(std::function<std::optional<std::size_t>(const EspKeys::Sa&, std::size_t octets)> at) {
  return esp_with_keys(
      [at](EspKeys& keys, EspPacket packet) {
        EspKeys::Sa* const sa = keys.of(packet);
        const std::uint32_t number = number_on_wire(packet);
        const auto place = sa != nullptr ? at(*sa, packet.octets.size()) : std::nullopt;
        if (!place || EspKeys::text_of(*sa, packet, number)) return alone(std::move(packet));
        EspPacket tried = packet;
        for (int value = 0; value < 256; ++value) {
          tried.octets.at(*place) = static_cast<std::uint8_t>(value);
          if (EspKeys::text_of(*sa, tried, number_on_wire(tried))) return alone(std::move(tried));
        }
        return alone(std::move(packet));
      },
      {});
}

Bent trailers(std::function<ipsec::Discard(const ipsec::InboundPolicy::Trailer&, ipsec::Discard)> bend) {
  auto judge = std::make_shared<Trial>();
  judge->trailer = std::move(bend);
  return judging(std::move(judge));
}

Bent selectors(std::function<ipsec::Discard(const ipsec::PacketSelectors&, ipsec::Discard)> bend) {
  auto judge = std::make_shared<Trial>();
  judge->selector = std::move(bend);
  return judging(std::move(judge));
}

Bent window_where(std::function<bool(const ipsec::InboundParameters&)> where, WindowBend bend) {
  Bent bent = window(std::move(bend));
  bent.seams.window = [all = std::move(bent.seams.window), where = std::move(where)](
                          auto inner, const ipsec::InboundParameters& sa) {
    return where(sa) ? all(std::move(inner), sa) : inner;
  };
  return bent;
}

}  // namespace mpsec::conformance
