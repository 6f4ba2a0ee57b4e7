// A gateway that runs: the core between sockets, tunnel interface, control socket and clock. One
// thread, and one for each further worker.
#pragma once

#include <asio.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "gateway/control/control_socket.hpp"
#include "gateway/control/journal.hpp"
#include "gateway/control/requests.hpp"
#include "gateway/core/core.hpp"
#include "gateway/io/outside.hpp"
#include "gateway/io/source_teller.hpp"
#include "gateway/io/tun.hpp"
#include "gateway/program/clock.hpp"
#include "gateway/program/key_files.hpp"
#include "gateway/program/providers.hpp"
#include "gateway/program/worker_thread.hpp"

namespace mpsec::gateway {

class Daemon final : public Host {
 public:
  // Reads the settings anew, for reload; with the error told whole.
  using ReadSettings = std::function<Result<Settings>()>;

  // Opens everything that `settings` name. Fails with what stands in the way and the remedy; nothing is left
  // behind then.
  static Result<std::unique_ptr<Daemon>> open(Settings settings, ReadSettings read_settings);

  // Until somebody stops it (TERM, INT, `stop`) or the tunnel interface is gone, and the peers were told.
  // Fails with why it could not go on.
  Result<> run();

  // --- Host
  Core& core() override { return *core_; }
  Instant now() const override { return clock_.now(); }
  Output& output() override { return output_; }
  // Sends, writes and tells what calls into the core have caused.
  void take_output() override;
  Result<> reload() override;
  void stop() override;
  Json io_counters() const override;

 private:
  explicit Daemon(ReadSettings read_settings) : read_settings_(std::move(read_settings)) {}
  Result<> open_all(Settings settings);
  void open_teller();
  Result<> open_workers();

  // --- the loop
  void wait_for_outside(std::size_t index);
  void wait_for_tun();
  void wait_for_signals();
  void wait_for_workers();
  void read_outside(int descriptor);
  void read_tun();
  void read_news();
  void on_timer();
  void set_timer();
  void change_addresses();
  void take_path_reports(std::vector<PathReport> reports);
  void end(Result<> result);

  asio::io_context context_;
  asio::steady_timer timer_{context_};
  asio::signal_set signals_{context_};
  RunningClock clock_;
  Providers providers_;
  ReadSettings read_settings_;
  std::unique_ptr<KeyFiles> keys_;
  std::unique_ptr<Outside> outside_;
  std::optional<SourceTeller> teller_;
  std::unique_ptr<Tun> tun_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<Journal> journal_;
  Requests requests_{*this};
  std::unique_ptr<ControlSocket> control_;
  std::vector<asio::posix::stream_descriptor> outside_waits_;
  std::optional<asio::posix::stream_descriptor> tun_wait_, workers_wait_;
  std::optional<Bell> bell_;  // that workers ring
  std::vector<std::unique_ptr<WorkerThread>> workers_;

  PacketBatch batch_;
  std::vector<Datagram> datagrams_;
  std::vector<OctetView> views_;
  Output output_;
  std::optional<Instant> timer_at_;
  std::optional<Instant> give_up_at_;  // stopping: peers that do not answer are not waited for any longer
  Result<> result_;
};

}  // namespace mpsec::gateway
