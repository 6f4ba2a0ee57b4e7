#include "interop/report/evidence.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "interop/suite/ip_packets.hpp"
#include "sim/packet.hpp"
#include "trace/files/pcapng_writer.hpp"
#include "trace/files/private_file.hpp"
#include "trace/wireshark_key_log.hpp"

namespace mpsec::conformance {
namespace {

// The step as an IP packet; nothing: it carried none.
std::optional<Octets> packet_of(const Step& step) {
  if (step.kind == Step::Kind::note || !step.path || step.octets.empty()) return std::nullopt;
  // The marker depends on the tester's port, which comes first either way.
  Datagram datagram = ike::to_datagram(*step.path, step.octets);
  EspPacket esp{*step.path, step.octets};
  if (step.kind == Step::Kind::received) {
    std::swap(datagram.local, datagram.remote);
    std::swap(esp.path.local, esp.path.remote);
  }
  if (step.esp) return to_ip(esp);
  const auto packet = sim::Packet::udp(datagram);
  if (!packet) return std::nullopt;
  return Octets(packet->octets().begin(), packet->octets().end());
}

Result<> write_packets(const std::string& path, const Outcome& outcome, std::int64_t zero_seconds) {
  auto writer = trace::PcapngWriter::create(path, "mpsec-conformance");
  if (!writer) return std::unexpected(std::move(writer).error());
  const auto interface = writer->add_interface(outcome.one->id);
  for (const Step& step : outcome.steps)
    if (const auto packet = packet_of(step))
      writer->write(interface, *packet, step.at + std::chrono::seconds(zero_seconds), step.text,
                    step.kind == Step::Kind::sent ? trace::Direction::outbound : trace::Direction::inbound);
  return writer->commit();
}

// Wireshark decrypts IKE by the keys alone; ESP only where its configuration says so.
Result<> write_preferences(const std::string& path) {
  constexpr std::string_view text = "esp.enable_encryption_decode: TRUE\n";
  auto file = trace::PrivateFile::create(path);
  if (!file) return std::unexpected(std::move(file).error());
  file->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return file->commit();
}

// Of one direction, as the packets on the wire have it.
void fill(ipsec::SaParameters& sa, const ChildTerms& terms, const ike::ChildKeys& keys) {
  sa.mode = terms.transport ? ipsec::Mode::transport : ipsec::Mode::tunnel;
  if (terms.path.local.port != 0) sa.udp.emplace();
  if (terms.protection.encryption != nullptr) sa.encryption = terms.protection.encryption->id;
  if (terms.protection.integrity != nullptr) sa.integrity = terms.protection.integrity->id;
  sa.encryption_key = keys.encryption.clone();
  sa.integrity_key = keys.integrity.clone();
  sa.extended_sequence_numbers = terms.extended_sequence_numbers;
}

void log(trace::WiresharkKeyLog& keys, const Secrets::ChildSa& child) {
  const ChildTerms& terms = child.terms;
  ipsec::InboundParameters inbound;
  fill(inbound, terms, child.receiving);
  inbound.spi = terms.own;
  inbound.source = terms.path.remote.address, inbound.destination = terms.path.local.address;
  ipsec::OutboundParameters outbound;
  fill(outbound, terms, child.sending);
  outbound.spi = terms.peer;
  outbound.source = terms.path.local.address, outbound.destination = terms.path.remote.address;
  keys.child_sa(inbound, outbound);
}

}  // namespace

std::string evidence_name(std::string_view case_id) {
  std::string name(case_id);
  std::ranges::replace(name, '/', '.');
  return name;
}

Result<> write_evidence(const std::string& folder, const Outcome& outcome, std::int64_t zero_seconds) {
  if (outcome.steps.empty()) return {};
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (!fault) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, fault);
  if (fault)
    return std::unexpected(Error{Blame::local_fault,
                                 folder,
                                 std::nullopt,
                                 fmt::format("the folder cannot be made: {}", fault.message()),
                                 {}});
  const auto written = write_packets(folder + "/packets.pcapng", outcome, zero_seconds);
  if (!written || outcome.secrets == nullptr) return written;
  trace::WiresharkKeyLog keys;
  for (const Secrets::IkeSa& sa : outcome.secrets->ike_sas)
    keys.ike_sa({sa.spis, sa.suite, sa.keys});
  for (const Secrets::ChildSa& child : outcome.secrets->children)
    log(keys, child);
  if (auto logged = keys.write(folder); !logged) return logged;
  return write_preferences(folder + "/preferences");
}

}  // namespace mpsec::conformance
