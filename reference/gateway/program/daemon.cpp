#include "gateway/program/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

#include "gateway/program/io_counters.hpp"
#include "gateway/program/routes.hpp"

namespace mpsec::gateway {
namespace {

// How long the peers have for the answers to our Deletes.
constexpr Duration farewell = std::chrono::seconds(3);
// One turn of the loop does not serve one descriptor for ever while others wait.
constexpr int most_batches = 16;

ListenAddress listen_address(const ListenSettings& settings) {
  return {settings.address, settings.interface, settings.ike_port, settings.nat_port, settings.raw};
}

AddressPrefix prefix_of(const InterfaceAddress& address) {
  return {address.address, address.prefix_length};
}

TunOptions options_of(const TunSettings& settings) {
  TunOptions options;
  options.name = settings.name;
  options.mtu = settings.mtu;
  std::ranges::transform(settings.addresses, std::back_inserter(options.addresses), prefix_of);
  std::ranges::transform(settings.routes, std::back_inserter(options.routes), prefix_of);
  return options;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(Settings settings, ReadSettings read_settings) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(read_settings)));
  if (auto opened = daemon->open_all(std::move(settings)); !opened)
    return std::unexpected(std::move(opened).error());
  return daemon;
}

Result<> Daemon::open_all(Settings settings) {
  if (!settings.control.key_log.empty()) {
    auto keys = KeyFiles::open(settings.control.key_log);
    if (!keys) return std::unexpected(std::move(keys).error());
    keys_ = *std::move(keys);
  }
  auto journal = Journal::open(settings.control.journal, settings.name, clock_.at_start());
  if (!journal) return std::unexpected(std::move(journal).error());
  journal_ = *std::move(journal);
  if (!settings.control.socket.empty()) {
    auto control = ControlSocket::open(context_, settings.control.socket, requests_);
    if (!control) return std::unexpected(std::move(control).error());
    control_ = *std::move(control);
  }
  std::vector<ListenAddress> addresses;
  std::ranges::transform(settings.listen, std::back_inserter(addresses), listen_address);
  const std::vector<TunnelRoute> routes =
      settings.tun.policy_routes ? tunnel_routes(settings) : std::vector<TunnelRoute>{};
  OutsideOptions outside_options;
  TunOptions tun_options = options_of(settings.tun);
  tun_options.queues = settings.workers;
  if (lead_to_peers(routes, settings)) {
    tun_options.table.emplace();
    outside_options.mark = tun_options.table->mark;
  }
  auto outside = Outside::open(addresses, outside_options);
  if (!outside) return std::unexpected(std::move(outside).error());
  outside_ = *std::move(outside);
  open_teller();
  auto tun = Tun::open(tun_options);
  if (!tun) return std::unexpected(std::move(tun).error());
  tun_ = *std::move(tun);
  for (const TunnelRoute& route : routes)
    if (auto added = tun_->add_route(route.to, route.source); !added) return added;
  auto core = Core::make(std::move(settings), providers_.seams(clock_.at_start(), keys_.get()), now());
  if (!core) return std::unexpected(std::move(core).error());
  core_ = *std::move(core);
  return open_workers();
}

// The gateway serves without it; the journal says what is missing then.
void Daemon::open_teller() {
  if (auto teller = SourceTeller::open())
    teller_ = *std::move(teller);
  else
    journal_->write(now(), Fault{std::move(teller).error()});
}

Result<> Daemon::open_workers() {
  if (core_->crew() == nullptr) return {};
  auto bell = Bell::make();
  if (!bell) return std::unexpected(std::move(bell).error());
  bell_ = *std::move(bell);
  for (std::size_t number = 1; number <= core_->crew()->size(); ++number) {
    auto worker =
        WorkerThread::make({core_->crew()->desk(number), tun_->queue(number), outside_->make_sender(),
                            teller_ ? &*teller_ : nullptr, clock_, *bell_});
    if (!worker) return std::unexpected(std::move(worker).error());
    workers_.push_back(*std::move(worker));
  }
  return {};
}

Result<> Daemon::run() {
  for (const int descriptor : outside_->descriptors())
    outside_waits_.emplace_back(context_, ::dup(descriptor));
  for (std::size_t i = 0; i < outside_waits_.size(); ++i)
    wait_for_outside(i);
  tun_wait_.emplace(context_, ::dup(tun_->descriptor()));
  wait_for_tun();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    signals_.add(signal);
  wait_for_signals();
  wait_for_workers();
  on_timer();
  context_.run();
  workers_.clear();
  return result_;
}

// --- the loop

void Daemon::wait_for_outside(std::size_t index) {
  outside_waits_[index].async_wait(asio::posix::stream_descriptor::wait_read,
                                   [this, index](const asio::error_code& error) {
                                     if (error) return;
                                     read_outside(outside_->descriptors()[index]);
                                     wait_for_outside(index);
                                   });
}

void Daemon::wait_for_tun() {
  tun_wait_->async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (error) return;
    read_tun();
    if (tun_->gone()) {
      result_ = std::unexpected(Error{Blame::local_fault, fmt::format("interface {}", tun_->name()),
                                      std::nullopt, "it was deleted; start the gateway again", ""});
      return stop();  // what peers still send has nowhere to go, so they are told
    }
    wait_for_tun();
  });
}

void Daemon::wait_for_workers() {
  if (!bell_) return;
  if (!workers_wait_) {
    workers_wait_.emplace(context_, ::dup(bell_->descriptor()));
    for (const auto& worker : workers_)
      if (auto started = worker->start(); !started) return end(std::move(started));
  }
  workers_wait_->async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (error) return;
    bell_->silence();
    read_news();
    wait_for_workers();
  });
}

void Daemon::wait_for_signals() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      journal_->reopen();
      if (auto reloaded = reload(); !reloaded) journal_->write(now(), Fault{std::move(reloaded).error()});
    } else {
      stop();
    }
    wait_for_signals();
  });
}

void Daemon::read_outside(int descriptor) {
  bool more = true;
  for (int i = 0; i < most_batches && more; ++i) {
    batch_.clear();
    datagrams_.clear();
    more = outside_->receive(descriptor, batch_, datagrams_);
    for (const Datagram& datagram : datagrams_)
      core_->receive_ike(datagram, now(), output_);
    if (!batch_.empty()) core_->receive(batch_.packets(), now(), output_);
    take_output();
  }
  take_path_reports(outside_->take_reports());
  set_timer();
}

void Daemon::read_tun() {
  bool more = true;
  for (int i = 0; i < most_batches && more; ++i) {
    batch_.clear();
    more = tun_->read(batch_);
    if (!batch_.empty()) core_->send(batch_.packets(), now(), output_);
    take_output();
  }
  set_timer();
}

void Daemon::read_news() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Desk& desk = core_->crew()->desk(i + 1);
    int batches = 0;
    for (auto news = desk.news(); news; news = ++batches < most_batches ? desk.news() : nullptr) {
      core_->take_news(*news, now(), output_);
      take_output();
      desk.give_back(std::move(news));
    }
    if (batches == most_batches) bell_->ring();
    take_path_reports(workers_[i]->take_reports());
  }
  set_timer();
}

void Daemon::on_timer() {
  core_->on_time(now(), output_);
  requests_.on_time(now());
  journal_->on_time(now());
  take_output();
  timer_at_.reset();
  set_timer();
}

void Daemon::set_timer() {
  if (core_->stopped() || (give_up_at_ && *give_up_at_ <= now())) return end({});
  std::optional<Instant> next = core_->next_deadline();
  for (const auto& at : {requests_.next_deadline(), journal_->next_deadline(), give_up_at_})
    if (at && (!next || *at < *next)) next = at;
  if (next == timer_at_) return;
  timer_at_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(*next - now()));
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) on_timer();
  });
}

void Daemon::take_output() {
  for (const Datagram& datagram : output_.ike)
    outside_->send(datagram);
  if (!output_.outside.empty()) outside_->send(output_.outside);
  if (!output_.inside.empty()) {
    views_.clear();
    for (const ipsec::PacketBuffer& packet : output_.inside)
      views_.push_back(packet.view());
    tun_->write(views_);
  }
  if (teller_) teller_->tell(output_.to_sources);
  change_addresses();
  for (const Report& report : output_.reports) {
    journal_->write(now(), report);
    requests_.on_report(report);
  }
  output_.clear();
  set_timer();
}

void Daemon::change_addresses() {
  for (const VirtualAddress& change : output_.addresses) {
    const AddressPrefix prefix{change.address, static_cast<std::uint8_t>(change.address.size() * 8)};
    auto changed = change.gained ? tun_->add_address(prefix) : tun_->remove_address(prefix);
    if (!changed) journal_->write(now(), Fault{std::move(changed).error()});
  }
}

// What routers say: hints for IKE, and path MTUs for the data path, which judges them.
void Daemon::take_path_reports(std::vector<PathReport> reports) {
  for (const PathReport& report : reports) {
    if (report.kind == PathReport::Kind::refused || report.kind == PathReport::Kind::unreachable)
      core_->on_unreachable(report.remote.address, now(), output_);
    if (report.icmp.empty()) continue;
    batch_.clear();
    batch_.add(report.icmp);
    core_->receive(batch_.packets(), now(), output_);
    take_output();
  }
  take_output();
}

Result<> Daemon::reload() {
  auto settings = read_settings_();
  if (!settings) return std::unexpected(std::move(settings).error());
  auto reloaded = core_->reload(*std::move(settings), now(), output_);
  take_output();
  set_timer();
  return reloaded;
}

void Daemon::stop() {
  if (give_up_at_) return end({});  // asked twice: at once
  give_up_at_ = now() + farewell;
  core_->stop(now(), output_);
  take_output();
  set_timer();
}

Json Daemon::io_counters() const {
  OutsideCounters outside = outside_->counters();
  TunCounters tun = tun_->counters();
  for (const auto& worker : workers_) {
    const WorkerThread::Counters further = worker->counters();
    add(outside, further.outside), add(tun, further.tun);
  }
  Json counters = to_json(outside, tun);
  counters["journal_lines_lost"] = journal_->lost();
  return counters;
}

void Daemon::end(Result<> result) {
  if (!result) result_ = std::move(result);
  context_.stop();
}

}  // namespace mpsec::gateway
