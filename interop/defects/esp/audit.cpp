// Against RFC 4303 4: entries that are missing, or say too little.
#include "interop/defects/esp_bends.hpp"

namespace mpsec::conformance {
namespace {

using Event = AuditEntry::Event;

Bent without(Event event) {
  Bent bent;
  bent.audit = [=](AuditEntry& entry) { return entry.event != event; };
  return bent;
}
Bent thinned(Event event, std::function<void(AuditEntry&)> thin) {
  Bent bent;
  bent.audit = [=](AuditEntry& entry) {
    if (entry.event == event) thin(entry);
    return true;
  };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "audits-no-unknown-spis", .rule = "rfc4303/4/no-sa-is-an-auditable-event",
        .does = "Writes nothing down of packets without an SA.",
        .make = [] { return without(Event::no_sa); });
MPSEC_DEFECT(
        .id = "audits-unknown-spis-without-the-spi",
        .rule = "rfc4303/4/no-sa-record-names-spi-time-addresses-number-and-flow",
        .does = "Does not say which SPI it does not know.",
        .make = [] { return thinned(Event::no_sa, [](AuditEntry& entry) { entry.spi.reset(); }); });
MPSEC_DEFECT(
        .id = "audits-no-replays", .rule = "rfc4303/4/failed-replay-check-is-an-auditable-event",
        .does = "Writes nothing down of replayed packets.", .make = [] { return without(Event::replayed); });
MPSEC_DEFECT(
        .id = "audits-replays-without-the-number",
        .rule = "rfc4303/4/replay-record-names-spi-time-addresses-number-and-flow",
        .does = "Does not say which number was replayed.",
        .make = [] { return thinned(Event::replayed, [](AuditEntry& entry) { entry.number.reset(); }); });
MPSEC_DEFECT(
        .id = "audits-no-wrong-icvs", .rule = "rfc4303/4/failed-icv-is-an-auditable-event",
        .does = "Writes nothing down of packets with a wrong ICV.",
        .make = [] { return without(Event::not_authentic); });
MPSEC_DEFECT(
        .id = "audits-wrong-icvs-without-addresses",
        .rule = "rfc4303/4/icv-record-names-spi-time-addresses-number-and-flow",
        .does = "Does not say whence a packet with a wrong ICV came.", .make = [] {
          return thinned(Event::not_authentic, [](AuditEntry& entry) { entry.source.reset(); });
        });
MPSEC_DEFECT(
        .id = "audits-wrong-tags-without-time",
        .rule = "rfc4303/3.4.4.2/combined-mode-audit-names-spi-time-addresses-number-and-flow",
        .does = "Does not say when a packet with a wrong ICV came.", .make = [] {
          return thinned(Event::not_authentic, [](AuditEntry& entry) { entry.has_time = false; });
        });
MPSEC_DEFECT(
        .id = "audits-no-overflow", .rule = "rfc4303/4/overflow-is-an-auditable-event",
        .does = "Writes nothing down when its numbers are used up.",
        .make = [] { return without(Event::exhausted); });
MPSEC_DEFECT(
        .id = "audits-overflow-without-the-spi",
        .rule = "rfc4303/4/overflow-record-names-spi-time-addresses-number-and-flow",
        .does = "Does not say which SA's numbers are used up.",
        .make = [] { return thinned(Event::exhausted, [](AuditEntry& entry) { entry.spi.reset(); }); });

}  // namespace mpsec::conformance
