#include <fmt/format.h>

#include "vectors/run/choice.hpp"
#include "vectors/run/run_crypto.hpp"

namespace mpsec::vectors {
namespace {

constexpr std::size_t batch_sizes[] = {1, 5};

template <class Work>
Outcome work(std::string_view what, const CipherCase& cipher, OctetView from, OctetView to,
             const Work& work) {
  for (const std::size_t size : batch_sizes) {
    std::vector<Octets> texts(size, Octets(from.begin(), from.end()));
    std::vector<crypto::CipherJob> jobs;
    for (Octets& text : texts)
      jobs.push_back({.iv = cipher.iv.data(), .text = text});
    work(std::span(jobs));
    for (std::size_t i = 0; i < size; ++i) {
      const std::string name =
          size == 1 ? std::string(what) : fmt::format("{}, job {} of a batch of {}", what, i, size);
      Outcome outcome = compare(name, to, texts[i]);
      if (outcome.verdict != Outcome::Verdict::passed) return outcome;
    }
  }
  return Outcome::passed();
}

}  // namespace

Outcome run_cipher(const CipherCase& cipher, const Expectation& expectation,
                   const crypto::Provider& provider) {
  const EncryptionChoice choice = choose(cipher, expectation);
  if (!choice) return judge_refusal(expectation, choice.error());
  if (!provider.supports(**choice))
    return Outcome::not_run(NotRunnable::Cause::unsupported,
                            fmt::format("{} has no {}", provider.name(), (*choice)->name));
  auto key = provider.cipher(**choice, cipher.key);
  if (!key) return judge_tried(expectation, {Reason::key_size, to_string(key.error())});
  if (expectation.verdict == Expectation::Verdict::refuse)
    return Outcome::failed(fmt::format("expected {}, got a key", to_string(expectation)));
  Outcome encrypted = work("ciphertext", cipher, cipher.plaintext, cipher.ciphertext,
                           [&](std::span<crypto::CipherJob> jobs) { (*key)->encrypt(jobs); });
  if (encrypted.verdict != Outcome::Verdict::passed) return encrypted;
  return work("plaintext", cipher, cipher.ciphertext, cipher.plaintext,
              [&](std::span<crypto::CipherJob> jobs) { (*key)->decrypt(jobs); });
}

}  // namespace mpsec::vectors
