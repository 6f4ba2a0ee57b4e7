#include "pcap-replay/core/observers.hpp"

#include <fmt/format.h>

#include "pcap-replay/core/report.hpp"

namespace mpsec::replay {

void PacketPrinter::on_protected(const ProtectedPacket& packet) {
  depth_ = packet.depth;
  const bool judged = packet.stream.judge == Judge::engine;
  const std::string_view verdict = packet.discard != ipsec::Discard::none ? to_string(packet.discard)
                                   : !judged                              ? "fresh"
                                                                          : "accepted";
  const std::string shared = packet.shared ? fmt::format("  cluster: {}", to_string(*packet.shared)) : "";
  fmt::print(to_, "{}{:>6}  {}  {} {:#010x} number {}  {} > {}  {} octets  {}{}\n",
             std::string(depth_ * 2, ' '), packet.frame.number, to_utc(packet.frame.time),
             to_string(packet.found.kind), packet.found.spi.value, packet.number,
             to_string(packet.found.source()), to_string(packet.found.destination()),
             packet.found.packet.size(), verdict, shared);
}

void PacketPrinter::on_clear(const ClearPacket& clear) {
  fmt::print(to_, "{}        {}\n", std::string(depth_ * 2, ' '), summary_of(clear.packet));
}

void PacketPrinter::on_ike(const IkeRecord& record, unsigned depth) {
  const std::string_view space = record.chain.empty() ? "" : "  ";
  const std::string fragments =
      record.fragments == 0 ? "" : fmt::format(" from {} fragments", record.fragments);
  fmt::print(to_, "{}{:>6}  {}  {}  {}  {} > {}  {} octets{}{}  {}{}{}{}\n", std::string(depth * 2, ' '),
             record.frame, to_utc(record.time), title_of(record),
             ike::to_string(ike::IkeSpis{record.header.initiator_spi, record.header.responder_spi}),
             to_string(record.source), to_string(record.destination), record.octets, space, record.chain,
             to_string(record.verdict), fragments, record.why.empty() ? "" : ": ", record.why);
}

void ClearPacketWriter::on_clear(const ClearPacket& clear) {
  ++written_;
  to_.write(interface_, clear.packet, clear.frame.time,
            fmt::format("frame {}, {}, number {}", clear.frame.number, name_of(clear.stream), clear.number));
}

std::string summary_of(OctetView ip_packet) {
  const auto walk = wire::walk_headers(ip_packet);
  if (!walk) return fmt::format("{} octets: {}", ip_packet.size(), to_string(walk.error()));
  Found addresses;
  addresses.packet = ip_packet;
  addresses.version = walk->version;
  return fmt::format("{} {} > {}, protocol {}, {} octets", walk->version == IpVersion::v4 ? "IPv4" : "IPv6",
                     to_string(addresses.source()), to_string(addresses.destination()), walk->protocol,
                     ip_packet.size());
}

}  // namespace mpsec::replay
