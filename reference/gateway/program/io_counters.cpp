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

void add(OutsideCounters::Traffic& sum, const OutsideCounters::Traffic& one) {
  sum.packets += one.packets, sum.octets += one.octets;
  sum.messages += one.messages, sum.calls += one.calls;
}

void add(TunCounters::Traffic& sum, const TunCounters::Traffic& one) {
  sum.packets += one.packets, sum.octets += one.octets, sum.messages += one.messages;
}

}  // namespace

void add(OutsideCounters& sum, const OutsideCounters& one) {
  using Unsent = OutsideCounters::Unsent;
  add(sum.received, one.received), add(sum.sent, one.sent);
  for (const auto cause : {&Unsent::no_buffer, &Unsent::too_big, &Unsent::refused, &Unsent::unreachable,
                           &Unsent::not_permitted, &Unsent::no_socket, &Unsent::malformed, &Unsent::other})
    sum.unsent.*cause += one.unsent.*cause;
  sum.fragmented += one.fragmented;
  sum.reports += one.reports, sum.reports_lost += one.reports_lost;
}

void add(TunCounters& sum, const TunCounters& one) {
  add(sum.read, one.read), add(sum.written, one.written);
  sum.not_read += one.not_read, sum.not_written += one.not_written;
}

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
