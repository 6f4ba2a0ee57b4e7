#include "crypto/ipsec_mb/lanes.hpp"

#include <fmt/format.h>

namespace mpsec::crypto::mb {
namespace {

struct TierNeed {
  Tier tier;
  std::uint64_t features;
  void (*initialise)(IMB_MGR*);
};

constexpr TierNeed tiers[] = {
    // the fastest first
    {Tier::avx512, IMB_CPUFLAGS_AVX512, init_mb_mgr_avx512},
    {Tier::avx2, IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2},
    {Tier::sse, IMB_CPUFLAGS_SSE, init_mb_mgr_sse},
};

bool runs_here(const TierNeed& need) {
  return (imb_get_feature_flags() & need.features) == need.features;
}

}  // namespace

void ReleaseManager::operator()(IMB_MGR* manager) const noexcept {
  wipe({reinterpret_cast<std::uint8_t*>(manager), imb_get_mb_mgr_size()});
  std::free(manager);
}

Manager make_manager(Tier tier, std::string* why) {
  for (const TierNeed& need : tiers) {
    if (need.tier != tier) continue;
    if (!runs_here(need)) {
      if (why != nullptr)
        *why = fmt::format("this machine lacks the instructions of the tier {}", to_string(tier));
      return nullptr;
    }
    constexpr std::size_t line = 64;
    void* memory = std::aligned_alloc(line, (imb_get_mb_mgr_size() + line - 1) / line * line);
    Manager manager(memory == nullptr ? nullptr : imb_set_pointers_mb_mgr(memory, 0, 1));
    if (manager) need.initialise(manager.get());
    if (manager && imb_get_errno(manager.get()) == 0) return manager;
    if (why != nullptr) *why = fmt::format("intel-ipsec-mb does not start in the tier {}", to_string(tier));
    return nullptr;
  }
  return nullptr;
}

Tier best_tier() {
  for (const TierNeed& need : tiers)
    if (runs_here(need)) return need.tier;
  return Tier::sse;
}

void Workspace::run_jobs(std::size_t count) noexcept {
  static_assert(chunk <= IMB_MAX_JOBS / 2, "the queue holds a chunk without a flush in between");
  IMB_MGR* lanes = manager.get();
  std::size_t done = 0;
  const auto finished = [&done](const IMB_JOB* job) {
    if (job == nullptr) return false;
    must(job->status == IMB_STATUS_COMPLETED, "a job");
    ++done;
    return true;
  };
  for (std::size_t i = 0; i < count; ++i) {
    *IMB_GET_NEXT_JOB(lanes) = jobs[i];
    const IMB_JOB* job = IMB_SUBMIT_JOB_NOCHECK(lanes);
    while (finished(job))
      job = IMB_GET_COMPLETED_JOB(lanes);
  }
  while (finished(IMB_FLUSH_JOB(lanes))) {
  }
  must(done == count, "some jobs of a batch");
}

Workspace& workspace(Tier tier) noexcept {
  static thread_local std::array<std::unique_ptr<Workspace>, 4> of_this_thread;
  std::unique_ptr<Workspace>& here = of_this_thread[static_cast<std::size_t>(tier)];
  if (!here) [[unlikely]] {
    here = std::make_unique<Workspace>();
    here->manager = make_manager(tier, nullptr);
    must(here->manager != nullptr, "a manager");
  }
  return *here;
}

}  // namespace mpsec::crypto::mb
