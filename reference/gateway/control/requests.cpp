#include "gateway/control/requests.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "gateway/control/report_lines.hpp"
#include "gateway/control/request_call.hpp"
#include "gateway/control/waits.hpp"

namespace mpsec::gateway {
namespace {

constexpr Duration usual_wait = std::chrono::seconds(60);

Error malformed(std::string why, std::optional<std::size_t> offset = std::nullopt) {
  return {Blame::malformed, "request", offset, std::move(why), ""};
}

// The library's text without its own name, and without what it repeats of the input.
std::string reason_of(const Json::parse_error& error) {
  std::string text = error.what();
  for (const std::string_view mark : {"syntax error while parsing ", "parse error "})
    if (const auto at = text.find(mark); at != std::string::npos) text.erase(0, at + mark.size());
  if (const auto at = text.find("; last read"); at != std::string::npos) text.resize(at);
  return text;
}

Result<Json> parse(std::string_view line) {
  if (line.size() > Requests::longest_line)
    return std::unexpected(malformed(
        fmt::format("a line of {} octets, at most {} are read", line.size(), Requests::longest_line)));
  try {
    Json request = Json::parse(line);
    if (request.is_object()) return request;
    return std::unexpected(malformed(
        fmt::format("expected an object as {{\"request\": \"status\"}}, found {}", shown(request))));
  } catch (const Json::parse_error& error) {
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    return std::unexpected(malformed("this is no JSON: " + reason_of(error), offset));
  }
}

// What identifies the reply: the client's own `id`, where it has given one, and the request's name.
Json head_of(const Json& request) {
  Json head;
  if (const auto id = request.find("id"); id != request.end() && id->is_primitive()) head["id"] = *id;
  if (const auto name = request.find("request"); name != request.end() && name->is_string())
    head["request"] = *name;
  return head;
}

}  // namespace

const std::vector<Requests::Command>& Requests::commands() {
  static const std::vector<Command> all{
      {"initiate", &Requests::initiate, true},
      {"create_child", &Requests::create_child, true},
      {"rekey_ike", &Requests::rekey_ike, true},
      {"rekey_child", &Requests::rekey_child, true},
      {"terminate", &Requests::terminate, true},
      {"status", &Requests::status},
      {"counters", &Requests::counters},
      {"metrics", &Requests::metrics},
      {"watch", &Requests::watch},
      {"reload", &Requests::reload},
      {"stop", &Requests::stop},
      {"get", &Requests::not_yet},
      {"put", &Requests::not_yet},
      {"version", &Requests::version},
  };
  return all;
}

Requests::Requests(Host& host, std::optional<crypto::CalendarSeconds> calendar)
    : host_(host), calendar_(calendar) {}
Requests::~Requests() = default;

void Requests::handle(std::string_view line, Client& client) {
  const auto request = parse(line);
  if (!request) return reply(client, Json::object(), std::unexpected(request.error()));
  Call call{client, head_of(*request), Members(*request, "request")};
  auto answered = answer(call);
  if (!answered)
    reply(client, std::move(call.head), std::unexpected(std::move(answered).error()));
  else if (*answered)
    reply(client, std::move(call.head), **std::move(answered));
  host_.take_output();
}

Requests::Answer Requests::answer(Call& call) {
  static_cast<void>(call.members.number_or_text("id"));
  call.members.require("request");
  const auto name = call.members.text("request");
  if (auto wrong = call.members.so_far(); !wrong) return std::unexpected(std::move(wrong).error());
  const auto command = std::ranges::find(commands(), *name, &Command::name);
  if (command != commands().end()) return run(*command, call);
  std::vector<std::string> names;
  std::ranges::transform(commands(), std::back_inserter(names), &Command::name);
  return std::unexpected(unknown_name("request/request", "request", *name, names));
}

Requests::Answer Requests::run(const Command& command, Call& call) {
  if (command.may_wait) {
    if (waiting_.size() >= most_waiting) {
      return std::unexpected(
          Error{Blame::local_fault, "request", std::nullopt,
                fmt::format("{} requests wait for their ends, as many as may", most_waiting), ""});
    }
    call.wait = call.members.flag("wait", true);
    call.limit = call.members.seconds("timeout", usual_wait);
  }
  return (this->*command.run)(call);
}

Requests::Answer Requests::wait_or(Call& call, std::unique_ptr<Wait> wait, Json at_once) {
  if (!call.wait) return at_once;
  waiting_.push_back({&call.client, call.head, std::move(wait), host_.now() + call.limit, call.limit});
  return std::nullopt;
}

void Requests::reply(Client& client, Json head, const Result<Json>& outcome) {
  head["ok"] = outcome.has_value();
  if (outcome)
    head.update(*outcome);
  else
    head["error"] = trace::to_json(outcome.error());
  client.reply(trace::to_line(head));
}

// --- later

void Requests::forget(const Client& client) {
  std::erase_if(waiting_, [&](const Waiting& one) { return one.client == &client; });
  std::erase(watchers_, &client);
}

bool Requests::expects_more(const Client& client) const {
  return std::ranges::find(watchers_, &client) != watchers_.end() ||
         std::ranges::find(waiting_, &client, &Waiting::client) != waiting_.end();
}

void Requests::on_report(const Report& report) {
  tell_watchers(report);
  if (const auto* event = std::get_if<ike::Event>(&report))
    answer_waiting([&](const Waiting& one) { return one.wait->on(*event, host_.core()); });
}

void Requests::on_time(Instant now) {
  answer_waiting([&](const Waiting& one) -> std::optional<Result<Json>> {
    if (now < one.until) return std::nullopt;
    const double seconds = std::chrono::duration<double>(one.limit).count();
    return std::unexpected(
        Error{Blame::local_fault, "request/timeout", std::nullopt,
              fmt::format("{} has neither come nor failed within {} s; the gateway goes on trying",
                          one.wait->text(), seconds),
              ""});
  });
}

// Those that have come to their end leave first: an answer may make a client go.
template <class Outcome>
void Requests::answer_waiting(Outcome outcome_of) {
  std::vector<std::pair<Waiting, Result<Json>>> done;
  std::erase_if(waiting_, [&](Waiting& one) {
    auto outcome = outcome_of(one);
    if (outcome) done.emplace_back(std::move(one), *std::move(outcome));
    return outcome.has_value();
  });
  for (auto& [one, outcome] : done)
    reply(*one.client, std::move(one.head), outcome);
}

std::optional<Instant> Requests::next_deadline() const {
  const auto first = std::ranges::min_element(waiting_, {}, &Waiting::until);
  if (first == waiting_.end()) return std::nullopt;
  return first->until;
}

void Requests::tell_watchers(const Report& report) {
  if (watchers_.empty()) return;
  const trace::Origin origin{host_.now(), host_.core().settings().name, calendar_};
  std::vector<std::string> lines;
  for (const LineLimit::LeftOut& one : limit_.left_out(origin.at))
    lines.push_back(to_json_line(origin, one));
  if (limit_.admits(report, origin.at)) lines.push_back(to_json_line(origin, report));
  // A copy: one that reads too slowly leaves meanwhile.
  for (Client* const client : std::vector(watchers_))
    for (const std::string& line : lines)
      client->event(line);
}

}  // namespace mpsec::gateway
