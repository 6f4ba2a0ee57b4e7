// What the tests of the laws share: every provider of this machine keeps them, with each of its algorithms.
#pragma once

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <rapidcheck.h>
#include <span>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"
#include "crypto/open/open_provider.hpp"
#include "crypto/provider.hpp"
#include "crypto/select/select_provider.hpp"

namespace mpsec::crypto::laws {

inline const std::vector<std::unique_ptr<Provider>>& providers() {
  static const std::vector<std::unique_ptr<Provider>> all = [] {
    auto here = available_providers();
    for (const Tier tier : {Tier::avx2, Tier::sse}) {
      auto held_back = make_ipsec_mb_provider(tier);
      if (held_back && held_back->description() != here.back()->description())
        here.push_back(std::move(held_back));
    }
    here.push_back(make_open_provider());
    return here;
  }();
  return all;
}

// The provider that this one must agree with: libcrypto, or for the open one itself.
inline const Provider& arbiter(const Provider& provider) {
  return provider.name() == "open" ? provider : *providers().front();
}

// From one random seed: contents need no shrinking, and lengths are what matters.
inline Octets some(std::size_t octets) {
  Octets all(octets);
  SeededRng(*rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>())).fill(all);
  return all;
}

// Lengths a datagram has, with the edges of blocks and batches of blocks well represented.
inline std::size_t some_length(std::size_t limit) {
  return *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 80), rc::gen::inRange<std::size_t>(0, limit),
                         rc::gen::map(rc::gen::inRange<std::size_t>(0, limit / 64),
                                      [](std::size_t blocks) { return blocks * 64; }));
}

inline std::size_t some_batch() {
  return *rc::gen::inRange<std::size_t>(1, 41);
}

inline Octets some_key(const EncryptionTransform& transform) {
  return some(transform.key_sizes[*rc::gen::inRange<std::size_t>(0, transform.key_sizes.size())]);
}

// Flips one bit in one of the parts that are not empty.
inline void flip_one_bit(std::vector<Octets*> parts) {
  std::erase_if(parts, [](const Octets* part) { return part->empty(); });
  Octets& part = **rc::gen::elementOf(parts);
  part[*rc::gen::inRange<std::size_t>(0, part.size())] ^=
      static_cast<std::uint8_t>(1u << *rc::gen::inRange(0, 8));
}

// Calls with one batch of jobs over the items (job_over(Item&) is found beside Item), and keeps the verdicts.
template <class Job, class Item, class Call>
void run_batch(std::vector<Item>& items, Call call) {
  std::vector<Job> jobs;
  for (Item& item : items)
    jobs.push_back(job_over(item));
  call(std::span<Job>(jobs));
  if constexpr (requires(Job job) { job.authentic; })
    for (std::size_t i = 0; i < jobs.size(); ++i)
      items[i].authentic = jobs[i].authentic;
}

inline Octets some_key(const IntegrityTransform& transform) {
  return some(transform.key_octets + transform.salt_octets);
}

// The laws are tests with a provider for parameter, and hold for each transform that it supports.
class ProviderLaws : public testing::TestWithParam<const Provider*> {
 protected:
  static const Provider& provider() { return *GetParam(); }

  template <class Transform, class Wanted, class Law>
  static void for_each(std::span<const Transform> transforms, Wanted wanted, Law law) {
    for (const Transform& transform : transforms)
      if (wanted(transform) && provider().supports(transform)) law(transform);
  }

  // The law with many random choices for each transform.
  template <class Transform, class Wanted, class Law>
  static void for_all(std::span<const Transform> transforms, Wanted wanted, Law law) {
    for_each(transforms, wanted, [&law](const Transform& transform) {
      EXPECT_TRUE(rc::check(std::string(transform.name), [&] { law(transform); }));
    });
  }
};

inline auto each_provider() {
  std::vector<const Provider*> all;
  for (const auto& provider : providers())
    all.push_back(provider.get());
  return testing::ValuesIn(all);
}

inline std::string provider_name(const testing::TestParamInfo<const Provider*>& info) {
  std::string name = info.param->description();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return fmt::format("{}_{}", info.index, name);
}

}  // namespace mpsec::crypto::laws
