#include "sim/cluster/probe.hpp"

#include <algorithm>

namespace mpsec::sim {
namespace {

constexpr std::size_t message_octets = 6;

}  // namespace

Octets ProbeMessage::encode() const {
  Octets octets(message_octets);
  octets[0] = answer ? 1 : 0;
  octets[1] = attempt;
  store_be(octets.data() + 2, id);
  return octets;
}

std::optional<ProbeMessage> ProbeMessage::decode(OctetView octets) {
  if (octets.size() != message_octets || octets[0] > 1) return std::nullopt;
  return ProbeMessage{octets[0] == 1, octets[1], load_be<std::uint32_t>(octets.data() + 2)};
}

void Probe::start(Instant end) {
  end_ = end;
  ask();
}

void Probe::ask() {
  if (seams_.time.now() >= end_) return;
  request_ = {.id = request_.id + 1};
  asked_ = seams_.time.now();
  waits_ = true;
  send();
}

void Probe::send() {
  ++requests_;
  seams_.send(request_.encode());
  timer_ = seams_.time.after(round_trip_.patience(), [this] { give_up(); });
}

void Probe::give_up() {
  ++unanswered_;
  seams_.on_unanswered();
  if (seams_.time.now() >= end_) return;
  ++request_.attempt;
  send();
}

void Probe::receive(const ProbeMessage& answer) {
  if (!waits_ || answer.id != request_.id) return;
  waits_ = false;
  seams_.time.cancel(timer_);
  const Duration took = seams_.time.now() - asked_;
  const bool sent_once = request_.attempt == 0;
  if (sent_once) round_trip_.sample(took);
  seams_.on_answer(sent_once ? std::optional(took) : std::nullopt);
  seams_.time.after(std::max(interval_ - took, Duration{0}), [this] { ask(); });
}

}  // namespace mpsec::sim
