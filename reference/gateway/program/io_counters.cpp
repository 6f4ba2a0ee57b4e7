#include "gateway/program/io_counters.hpp"

namespace mpsec::gateway {
namespace {

Json to_json(const OutsideCounters::Traffic& traffic) {
  return {{"packets", traffic.packets},
          {"octets", traffic.octets},
          {"messages", traffic.messages},
          {"calls", traffic.calls}};
}

Json to_json(const TunCounters::Traffic& traffic) {
  return {{"packets", traffic.packets}, {"octets", traffic.octets}, {"messages", traffic.messages}};
}

Json to_json(const OutsideCounters::Unsent& unsent) {
  return {{"no_buffer", unsent.no_buffer},
          {"too_big", unsent.too_big},
          {"refused", unsent.refused},
          {"unreachable", unsent.unreachable},
          {"not_permitted", unsent.not_permitted},
          {"no_socket", unsent.no_socket},
          {"malformed", unsent.malformed},
          {"other", unsent.other}};
}

}  // namespace

Json to_json(const OutsideCounters& outside, const TunCounters& tun) {
  return {
      {"outside",
       {{"received", to_json(outside.received)},
        {"sent", to_json(outside.sent)},
        {"unsent", to_json(outside.unsent)},
        {"fragmented", outside.fragmented},
        {"reports", outside.reports},
        {"reports_lost", outside.reports_lost}}},
      {"tun",
       {{"read", to_json(tun.read)}, {"written", to_json(tun.written)}, {"not_written", tun.not_written}}}};
}

}  // namespace mpsec::gateway
