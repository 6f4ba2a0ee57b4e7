#include <fmt/format.h>

#include "pcap-replay/core/report_ike.hpp"

namespace mpsec::replay {
namespace {

using Json = nlohmann::ordered_json;

std::string spi_text(IkeSpi spi) {
  return fmt::format("{:016x}", spi.value);
}

Json key_of(const IkeSession& session) {
  const IkeKeyEntry* const key = session.key();
  if (key == nullptr) return nullptr;
  return {{"where", key->where},
          {"encryption", (*crypto::find(key->messages->encryption))->name},
          {"integrity", key->messages->integrity == crypto::IntegrityId::none
                            ? Json()
                            : Json((*crypto::find(key->messages->integrity))->name)},
          {"icv_checked", key->messages->icv_checked()}};
}

Json verdicts_of(const IkeSession& session) {
  Json verdicts = Json::object();
  for (std::size_t i = 0; i < ike_verdicts; ++i)
    if (session.by_verdict[i] != 0)
      verdicts[std::string(to_string(static_cast<IkeVerdict>(i)))] = session.by_verdict[i];
  return verdicts;
}

Json failures_of(const IkeSession& session) {
  Json failures = Json::object();
  for (const auto& [verdict, frames] : session.failures)
    failures[std::string(to_string(verdict))] = {{"count", frames.count()},
                                                 {"frames", frames.kept()},
                                                 {"all_frames", frames.kept().size() == frames.count()}};
  return failures;
}

Json made_by(const IkeFollower* follower) {
  Json made = Json::array();
  if (follower == nullptr) return made;
  for (const IkeOffspring& offspring : follower->offspring())
    made.push_back({{"frame", offspring.frame},
                    {"what", offspring.what},
                    {"algorithms", offspring.algorithms},
                    {"keys_derived", offspring.keyed}});
  return made;
}

Json session_of(const IkeSession& session) {
  const IkeFollower* const follower = session.follower();
  return {{"initiator_spi", spi_text(session.spis().initiator)},
          {"responder_spi", spi_text(session.spis().responder)},
          {"initiator", to_string(session.initiator)},
          {"responder", to_string(session.responder)},
          {"messages", session.messages},
          {"first_frame", session.first_frame},
          {"last_frame", session.last_frame},
          {"first_time", to_utc(session.first_time)},
          {"last_time", to_utc(session.last_time)},
          {"key", key_of(session)},
          {"verdicts", verdicts_of(session)},
          {"failures", failures_of(session)},
          {"reassembled", session.completed},
          {"made", made_by(follower)},
          {"made_count", follower != nullptr ? follower->offspring_count() : 0},
          {"missing", follower != nullptr ? Json(follower->missing()) : Json::array()}};
}

Json message_of(const IkeRecord& record) {
  const wire::ike::IkeHeader& header = record.header;
  const auto type = static_cast<std::uint8_t>(header.exchange_type);
  return {{"frame", record.frame},
          {"time", to_utc(record.time)},
          {"source", to_string(record.source)},
          {"destination", to_string(record.destination)},
          {"version", header.major_version},
          {"initiator_spi", spi_text(header.initiator_spi)},
          {"responder_spi", spi_text(header.responder_spi)},
          {"exchange", header.major_version == 1   ? ike_v1_exchange(type)
                       : header.major_version == 2 ? to_string(header.exchange_type)
                                                   : fmt::format("exchange type {}", type)},
          {"from_initiator", header.initiator},
          {"response", header.response},
          {"message_id", header.message_id.value},
          {"octets", record.octets},
          {"payloads", record.chain},
          {"fragments", record.fragments},
          {"verdict", to_string(record.verdict)},
          {"why", record.why}};
}

// Over all IKE SAs.
Json totals_of(const Replay& replay) {
  std::array<std::uint64_t, ike_verdicts> totals{};
  for (const IkeSession& session : replay.ike().sessions())
    for (std::size_t i = 0; i < ike_verdicts; ++i)
      totals[i] += session.by_verdict[i];
  Json verdicts = Json::object();
  for (std::size_t i = 0; i < ike_verdicts; ++i)
    if (totals[i] != 0) verdicts[std::string(to_string(static_cast<IkeVerdict>(i)))] = totals[i];
  return verdicts;
}

}  // namespace

Json ike_json(const Replay& replay) {
  Json v1 = Json::object();
  for (const auto& [type, count] : replay.ike().v1_exchanges())
    v1[ike_v1_exchange(type)] = count;
  Json sas = Json::array(), messages = Json::array();
  for (const IkeSession& session : replay.ike().sessions())
    sas.push_back(session_of(session));
  for (const IkeRecord& record : replay.ike_messages())
    messages.push_back(message_of(record));
  return {{"messages_seen", replay.ike_message_count()},
          {"not_tracked", replay.ike().not_tracked()},
          {"verdicts", totals_of(replay)},
          {"v1_exchanges", std::move(v1)},
          {"sas", std::move(sas)},
          {"messages", std::move(messages)}};
}

}  // namespace mpsec::replay
