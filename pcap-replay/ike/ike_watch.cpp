#include "pcap-replay/ike/ike_watch.hpp"

#include <algorithm>

namespace mpsec::replay {

using namespace wire::ike;

namespace {

constexpr std::uint8_t version_2 = 2;

// The header, as far as the message has one.
IkeHeader header_of(OctetView octets) {
  constexpr std::size_t version_at = 17, exchange_at = 18;
  if (const auto header = decode_header(octets)) return *header;
  IkeHeader header;
  header.major_version =
      octets.size() > version_at ? static_cast<std::uint8_t>(octets[version_at] >> 4) : version_2;
  header.exchange_type =
      octets.size() > exchange_at ? static_cast<ExchangeType>(octets[exchange_at]) : ExchangeType{};
  return header;
}

}  // namespace

void IkeWatch::add_keys(const std::vector<IkeKeyEntry>& entries) {
  for (const IkeKeyEntry& entry : entries) {
    IkeKeyEntry copy{.where = entry.where,
                     .initiator_spi = entry.initiator_spi,
                     .responder_spi = entry.responder_spi,
                     .messages = entry.messages ? std::optional(entry.messages->clone()) : std::nullopt,
                     .prf = entry.prf,
                     .d = entry.d.clone(),
                     .shared_secrets = {}};
    for (const SecretOctets& secret : entry.shared_secrets)
      copy.shared_secrets.push_back(secret.clone());
    entries_[{entry.initiator_spi, entry.responder_spi}].push_back(
        std::make_shared<const IkeKeyEntry>(std::move(copy)));
  }
}

std::optional<std::size_t> IkeWatch::find_message(OctetView payload) const {
  constexpr std::size_t marker = 4;
  if (entries_.empty()) return std::nullopt;
  for (const std::size_t before : {std::size_t{0}, marker}) {
    if (payload.size() < before + IkeHeader::octets) continue;
    if (before == marker && load_be<std::uint32_t>(payload.data()) != 0) continue;
    const IkeHeader header = header_of(payload.subspan(before));
    if (header.major_version != version_2 || header.length != payload.size() - before) continue;
    const auto known = entries_.lower_bound({header.initiator_spi, IkeSpi{0}});
    if (known == entries_.end() || known->first.initiator != header.initiator_spi) continue;
    if (header.responder_spi == IkeSpi{0} || entries_.contains({header.initiator_spi, header.responder_spi}))
      return before;
  }
  return std::nullopt;
}

IkeRecord IkeWatch::read(const IkeMessage& message, std::vector<KeyEntry>& children) {
  IkeRecord record{.frame = message.frame,
                   .time = message.time,
                   .source = message.source,
                   .destination = message.destination,
                   .header = header_of(message.octets),
                   .octets = message.octets.size()};
  if (record.header.major_version == 1)
    ++v1_exchanges_[static_cast<std::uint8_t>(record.header.exchange_type)];
  if (record.header.major_version != version_2) {
    record.verdict = IkeVerdict::other_version;
    return record;
  }
  IkeSession* session = session_of(record.header);
  if (session == nullptr) ++not_tracked_;
  std::optional<IkeSession> passing;  // one that is not kept is read all the same
  if (session == nullptr)
    session = &passing.emplace(ike::IkeSpis{record.header.initiator_spi, record.header.responder_spi});
  if (!message.whole) {
    record.verdict = IkeVerdict::cut;
    session->count(record);
    return record;
  }
  DisclosedKeys disclosed;
  session->read(message, record, tools(), disclosed);
  for (IkeKeyEntry& entry : disclosed.ike_sas)
    learn(std::make_shared<const IkeKeyEntry>(std::move(entry)));
  std::ranges::move(disclosed.children, std::back_inserter(children));
  return record;
}

IkeSession* IkeWatch::session_of(const IkeHeader& header) {
  const ike::IkeSpis spis{header.initiator_spi, header.responder_spi};
  if (const auto known = by_spis_.find(spis); known != by_spis_.end()) return known->second;
  const bool init = header.exchange_type == ExchangeType::ike_sa_init;
  if (init && spis.responder != IkeSpi{0}) {
    // The responder has taken up what was asked without its SPI.
    auto half_open = by_spis_.extract({spis.initiator, IkeSpi{0}});
    if (!half_open) return add_session(spis);
    half_open.key() = spis;
    IkeSession* const session = half_open.mapped();
    session->set_responder_spi(spis.responder);
    by_spis_.insert(std::move(half_open));
    return session;
  }
  if (init) {
    // A request sent again, after its answer.
    const auto answered = by_spis_.lower_bound(spis);
    if (answered != by_spis_.end() && answered->first.initiator == spis.initiator) return answered->second;
  }
  return add_session(spis);
}

IkeSession* IkeWatch::add_session(const ike::IkeSpis& spis) {
  const auto first = entries_.lower_bound({spis.initiator, IkeSpi{0}});
  const bool has_key = first != entries_.end() && first->first.initiator == spis.initiator;
  if (!has_key && sessions_.size() >= options_.most_sas) return nullptr;
  if (sessions_.size() >= options_.most_sas + entries_.size()) return nullptr;
  IkeSession& session = sessions_.emplace_back(spis);
  for (auto entry = first; entry != entries_.end() && entry->first.initiator == spis.initiator; ++entry) {
    if (spis.responder != IkeSpi{0} && entry->first.responder != spis.responder) continue;
    for (const auto& one : entry->second)
      session.add_entry(one, tools());
  }
  by_spis_.emplace(spis, &session);
  return &session;
}

void IkeWatch::learn(std::shared_ptr<const IkeKeyEntry> entry) {
  if (learnt_ == options_.most_successors) return;
  ++learnt_;
  const ike::IkeSpis spis{entry->initiator_spi, entry->responder_spi};
  IkeEntries& known = entries_[spis];
  known.push_back(entry);
  if (const auto session = by_spis_.find(spis); session != by_spis_.end())
    session->second->add_entry(std::move(entry), tools());
}

}  // namespace mpsec::replay
