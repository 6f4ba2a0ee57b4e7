// mpsec-gateway: check a file, or run what it says.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>

#include "gateway/io/privileges.hpp"
#include "gateway/program/daemon.hpp"
#include "gateway/program/gateway_file.hpp"

namespace mpsec::gateway {
namespace {

enum Exit : int { fine = 0, failed = 1, wrong_usage = 2 };

using Read = std::expected<Settings, std::vector<Error>>;

// Warnings go where errors go.
Read read(const std::filesystem::path& file, const crypto::PkiProvider& pki) {
  return read_gateway_file(file, pki, RunningClock().at_start(), [](const Error& warning) {
    fmt::print(stderr, "warning: {}\n", to_string(warning));
  });
}

void print(const std::vector<Error>& errors) {
  for (const Error& error : errors)
    fmt::print(stderr, "{}\n", to_string(error));
}

// All of them as one, for a reply that has room for one.
Error together(const std::vector<Error>& errors) {
  Error all = errors.front();
  for (std::size_t i = 1; i < errors.size(); ++i)
    all.why += "; " + to_string(errors[i]);
  return all;
}

int check(const std::filesystem::path& file) {
  const auto pki = crypto::make_openssl_pki();
  const Read settings = read(file, *pki);
  if (!settings) return print(settings.error()), failed;
  fmt::print(
      "{}: in order. {} peer(s), {} child(ren) with a policy, {} cluster(s), {} address(es) to listen at\n",
      file.string(), settings->ike.peers.size(), settings->policies.size(), settings->clusters.size(),
      settings->listen.size());
  return fine;
}

int run(const std::filesystem::path& file) {
  const auto pki = crypto::make_openssl_pki();
  Read settings = read(file, *pki);
  if (!settings) return print(settings.error()), failed;
  const std::string name = settings->name;
  auto daemon = Daemon::open(*std::move(settings), [&file, &pki]() -> Result<Settings> {
    Read again = read(file, *pki);
    if (!again) return std::unexpected(together(again.error()));
    return *std::move(again);
  });
  if (!daemon) return print({daemon.error()}), failed;
  const auto privileges = drop_privileges({});
  if (!privileges) return print({privileges.error()}), failed;
  if (!privileges->why_not_locked.empty())
    fmt::print(stderr, "mpsec-gateway: {}\n", privileges->why_not_locked);
  fmt::print(stderr, "mpsec-gateway: {} is up\n", name);
  if (auto ended = (*daemon)->run(); !ended) return print({ended.error()}), failed;
  return fine;
}

}  // namespace
}  // namespace mpsec::gateway

int main(int argc, char** argv) {
  using namespace mpsec::gateway;
  CLI::App app{"An IPsec gateway with IKEv2 and SA clusters (docs/gateway.md)."};
  app.require_subcommand(1);
  std::string file;
  CLI::App* const check_command = app.add_subcommand("check", "Read a file whole and say all that is wrong");
  CLI::App* const run_command = app.add_subcommand("run", "Run until TERM or INT; HUP reads the file again");
  for (CLI::App* command : {check_command, run_command})
    command->add_option("FILE", file, "TOML")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? fine : wrong_usage;
  }
  return *check_command ? check(file) : run(file);
}
