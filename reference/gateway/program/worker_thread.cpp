#include "gateway/program/worker_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace mpsec::gateway {
namespace {

// How soon a core that was too busy is told again.
constexpr Duration patience = std::chrono::milliseconds(1);
// Until a busy worker looks at the time and counts.
constexpr int most_turns = 64;

timespec to_timespec(Duration duration) {
  const auto nanoseconds = std::max<std::int64_t>(0, duration.count());
  return {static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
}

}  // namespace

Result<Bell> Bell::make() {
  Bell bell;
  bell.event_ = FileDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!bell.event_) return refused("gateway.workers", "making an event descriptor", errno, "");
  return bell;
}

void Bell::ring() const {
  const std::uint64_t one = 1;
  // Full: it rings already.
  static_cast<void>(!::write(event_.number(), &one, sizeof one));
}

void Bell::silence() const {
  std::uint64_t rung = 0;
  static_cast<void>(!::read(event_.number(), &rung, sizeof rung));
}

Result<std::unique_ptr<WorkerThread>> WorkerThread::make(Sides sides) {
  auto bell = Bell::make();
  if (!bell) return std::unexpected(std::move(bell).error());
  std::unique_ptr<WorkerThread> thread(new WorkerThread(std::move(sides), *std::move(bell)));
  WorkerThread& made = *thread;
  made.sides_.desk.wake_by([&made] { made.wake(); }, [&made] { made.sides_.core.ring(); });
  return thread;
}

WorkerThread::~WorkerThread() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
}

Result<> WorkerThread::start() {
  // Signals are the core's thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& refusal) {
    error = refusal.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0)
    return refused("gateway.workers", "starting a thread", error, "allow more, or have fewer workers");
  return {};
}

void WorkerThread::run() {
  while (!stopping_) {
    for (int i = 0; i < most_turns && !stopping_ && turn();)
      ++i;
    tell();
    wait();
  }
}

// One batch of each side. True if there may be more.
bool WorkerThread::turn() {
  const Instant now = sides_.clock.now();
  bool more = sides_.desk.receive_next(now, output_);
  if (more) put_out();
  batch_.clear();
  if (!sides_.tun.gone()) more |= sides_.tun.read(batch_);
  if (!batch_.empty()) {
    sides_.desk.send(batch_.packets(), now, output_, [this] { put_out(); });
  }
  if (deadline_ && *deadline_ <= now) {
    sides_.desk.on_time(now, output_);
    put_out();
    deadline_.reset();
  }
  return more;
}

void WorkerThread::put_out() {
  if (!output_.outside.empty()) sides_.outside->send(output_.outside);
  if (!output_.inside.empty()) {
    views_.clear();
    for (const ipsec::PacketBuffer& packet : output_.inside)
      views_.push_back(packet.view());
    sides_.tun.write(views_);
  }
  if (sides_.teller != nullptr) sides_.teller->tell(output_.to_sources);
  output_.clear();
  told_ = sides_.desk.finish();
}

void WorkerThread::tell() {
  std::vector<PathReport> reports = sides_.outside->take_reports();
  const bool heard = !reports.empty();
  {
    const std::lock_guard lock(mutex_);
    counters_ = {sides_.outside->counters(), sides_.tun.counters()};
    std::ranges::move(reports, std::back_inserter(reports_));
  }
  if (heard) sides_.core.ring();
}

void WorkerThread::wait() {
  std::optional<Instant> until = deadline_ = sides_.desk.next_deadline();
  const Instant now = sides_.clock.now();
  if (!told_ && (!until || *until > now + patience)) until = now + patience;
  const timespec timeout = to_timespec(until ? *until - now : Duration{});
  // A queue whose interface is gone stays readable; the core ends the gateway.
  pollfd both[] = {{bell_.descriptor(), POLLIN, 0}, {sides_.tun.descriptor(), POLLIN, 0}};
  ::ppoll(both, sides_.tun.gone() ? 1 : 2, until ? &timeout : nullptr, nullptr);
  if (both[0].revents != 0) bell_.silence();
  if (!told_) told_ = sides_.desk.finish();
}

// --- other threads

WorkerThread::Counters WorkerThread::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::vector<PathReport> WorkerThread::take_reports() {
  const std::lock_guard lock(mutex_);
  return std::exchange(reports_, {});
}

}  // namespace mpsec::gateway
