// The command line of mpsec-ctl.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "gateway/ctl/ctl.hpp"

namespace {

using mpsec::gateway::ctl::Call;
using mpsec::gateway::ctl::Json;

constexpr const char* description =
    "Asks a running mpsec-gateway, and tells it what to do, over its control socket. SAs are named by their "
    "numbers, which `status` shows, or by the names that the gateway's file gives to peers and children.";

constexpr const char* footer =
    "Examples:\n"
    "  mpsec-ctl -s a.sock status\n"
    "  mpsec-ctl -s a.sock initiate b                # waits until it is there, or says why not\n"
    "  mpsec-ctl -s a.sock rekey-child net --peer b\n"
    "  mpsec-ctl -s a.sock terminate --all\n"
    "  mpsec-ctl -s a.sock --json watch | jq .event\n"
    "Exit codes:\n"
    "  0  done\n"
    "  1  the gateway refused, or it failed: standard error says why in one line\n"
    "  2  nothing was asked: a wrong option, or no gateway listens";

// A number where the text is one, else a name.
Json number_or_name(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

// What the options of the commands write to; the request is made of them.
struct Words {
  std::string peer, path, child, json;
  std::string ike_sa;  // a number, or the name of its peer
  bool all = false, no_wait = false;
  double timeout = 60;
};

class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {
    initiate();
    create_child();
    rekeys();
    terminate();
    plain("status", "status", "the SAs, clusters and paths that there are");
    plain("counters", "counters", "what was counted since the start; zeros only with --json");
    plain("metrics", "metrics", "all numbers, in the text format that Prometheus reads");
    plain("watch", "watch", "events as they happen, until Ctrl-C");
    plain("reload", "reload", "have the gateway read its file anew; no SA is lost");
    plain("stop", "stop", "have the gateway delete all SAs and end; returns when it has gone");
    plain("version", "version", "the gateway's name and version");
    raw();
  }
  double timeout() const { return words_.timeout; }

  // Of the command that was given.
  Json request() const {
    Json request{{"request", request_}};
    if (request_.empty()) return Json::parse(words_.json, nullptr, false);
    const auto put = [&](const char* name, const std::string& text) {
      if (!text.empty()) request[name] = text;
    };
    put("peer", words_.peer);
    put("path", words_.path);
    if (!words_.child.empty())
      request["child"] = request_ == "create_child" ? Json(words_.child) : number_or_name(words_.child);
    if (!words_.ike_sa.empty()) {
      const Json sa = number_or_name(words_.ike_sa);
      request[sa.is_number() ? "ike_sa" : "peer"] = sa;
    }
    if (words_.all) request["all"] = true;
    if (!waits_) return request;
    if (words_.no_wait) request["wait"] = false;
    request["timeout"] = words_.timeout;
    return request;
  }

 private:
  CLI::App* command(const char* name, const char* request, const char* help, bool waits) {
    CLI::App* const command = app_.add_subcommand(name, help);
    command->callback([this, request, waits] { request_ = request, waits_ = waits; });
    if (!waits) return command;
    command->add_flag("--no-wait", words_.no_wait, "return when it has begun");
    command->add_option("--timeout", words_.timeout, "seconds to wait for it")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 86400.0));
    return command;
  }
  void plain(const char* name, const char* request, const char* help) { command(name, request, help, false); }

  void initiate() {
    CLI::App* const one =
        command("initiate", "initiate", "make the IKE SAs of a peer, and their Child SAs", true);
    one->add_option("PEER", words_.peer, "its name in the gateway's file")->required();
    one->add_option("--path", words_.path, "only this path of it");
  }
  void create_child() {
    CLI::App* const one = command("create-child", "create_child", "make a further Child SA", true);
    one->add_option("CHILD", words_.child, "its name in the gateway's file")->required();
    one->add_option("--ike-sa", words_.ike_sa, "the number of the IKE SA, or its peer")->required();
  }
  void rekeys() {
    CLI::App* const ike = command("rekey-ike", "rekey_ike", "replace an IKE SA by a fresh one", true);
    ike->add_option("IKE_SA", words_.ike_sa, "its number, or its peer")->required();
    CLI::App* const child = command("rekey-child", "rekey_child", "replace a Child SA by a fresh one", true);
    child->add_option("CHILD", words_.child, "its number, or its name")->required();
    child->add_option("--peer", words_.peer, "whose Child SA it is, where the name alone does not tell");
  }
  void terminate() {
    CLI::App* const one = command("terminate", "terminate", "delete SAs, and tell the peer", true);
    auto* const all = one->add_flag("--all", words_.all, "every IKE SA");
    auto* const sa = one->add_option("--ike-sa", words_.ike_sa, "this IKE SA, by its number")
                         ->check(CLI::PositiveNumber)
                         ->excludes(all);
    auto* const child = one->add_option("--child", words_.child, "this Child SA, by its number or name")
                            ->excludes(all)
                            ->excludes(sa);
    one->add_option("--peer", words_.peer, "all IKE SAs of this peer; with --child whose that is")
        ->excludes(all)
        ->excludes(sa);
    one->callback([this, one, child, all, sa] {
      request_ = "terminate", waits_ = true;
      if (child->empty() && all->empty() && sa->empty() && one->get_option("--peer")->empty())
        throw CLI::RequiredError("one of --ike-sa, --child, --peer, --all");
    });
  }
  void raw() {
    CLI::App* const one = app_.add_subcommand("request", "send a request as it stands in docs/gateway.md");
    one->add_option("JSON", words_.json, "an object, as {\"request\": \"status\"}")
        ->required()
        ->check([](const std::string& text) {
          return Json::accept(text) && Json::parse(text).is_object() ? "" : "it is no JSON object";
        });
  }

  CLI::App& app_;
  Words words_;
  std::string request_;
  bool waits_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  Call call;
  CLI::App app(description, "mpsec-ctl");
  app.add_option("-s,--socket", call.socket, "the control socket, gateway.control of the gateway's file")
      ->required()
      ->envname("MPSEC_CONTROL");
  app.add_flag("--json", call.raw, "print what the gateway answers as it is: JSON lines");
  app.set_version_flag("--version", std::string("mpsec-ctl " MPSEC_VERSION));
  app.footer(footer);
  app.require_subcommand(1);
  CommandLine commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? mpsec::gateway::ctl::exit_done : mpsec::gateway::ctl::exit_unasked;
  }
  call.request = commands.request();
  call.timeout =
      std::chrono::duration_cast<mpsec::Duration>(std::chrono::duration<double>(commands.timeout()));
  return mpsec::gateway::ctl::run(call, stdout, stderr);
}
