#include <fmt/format.h>

#include "vectors/run/choice.hpp"
#include "vectors/run/run_crypto.hpp"

namespace mpsec::vectors {
namespace {

// Some provider code works on several jobs at once, so one of these sizes is more than one.
constexpr std::size_t batch_sizes[] = {1, 5};

// Several jobs with octets of their own.
class Batch {
 public:
  Batch(std::size_t size, const AeadCase& aead, OctetView text, OctetView icv)
      : texts_(size, Octets(text.begin(), text.end())), icvs_(size, Octets(icv.begin(), icv.end())) {
    for (std::size_t i = 0; i < size; ++i)
      jobs_.push_back(
          {.nonce = aead.nonce.data(), .associated = aead.aad, .text = texts_[i], .icv = icvs_[i].data()});
  }

  std::span<crypto::AeadJob> jobs() { return jobs_; }
  std::size_t size() const { return jobs_.size(); }
  const Octets& text(std::size_t i) const { return texts_[i]; }
  Octets& icv(std::size_t i) { return icvs_[i]; }
  bool authentic(std::size_t i) const { return jobs_[i].authentic; }

 private:
  std::vector<Octets> texts_, icvs_;
  std::vector<crypto::AeadJob> jobs_;
};

std::string at(std::string_view what, std::size_t index, std::size_t size) {
  return size == 1 ? std::string(what) : fmt::format("{}, job {} of a batch of {}", what, index, size);
}

Outcome seal(crypto::Aead& key, const AeadCase& aead) {
  const Octets no_icv(key.icv_octets());
  for (const std::size_t size : batch_sizes) {
    Batch batch(size, aead, *aead.plaintext, no_icv);
    key.seal(batch.jobs());
    for (std::size_t i = 0; i < size; ++i) {
      Outcome text = compare(at("ciphertext", i, size), aead.ciphertext, batch.text(i));
      if (text.verdict != Outcome::Verdict::passed) return text;
      if (!aead.tag) continue;
      Outcome tag = compare(at("tag", i, size), *aead.tag, batch.icv(i));
      if (tag.verdict != Outcome::Verdict::passed) return tag;
    }
  }
  return Outcome::passed();
}

// One job in the middle of a larger batch is altered: it alone must be refused.
Outcome open(crypto::Aead& key, const AeadCase& aead, const Expectation& expectation) {
  for (const std::size_t size : batch_sizes) {
    Batch batch(size, aead, aead.ciphertext, *aead.tag);
    const std::size_t altered = size / 2;
    if (size > 1) batch.icv(altered)[0] ^= 0x80;
    key.open(batch.jobs());
    for (std::size_t i = 0; i < size; ++i) {
      if (size > 1 && i == altered) {
        if (batch.authentic(i) && expectation.verdict == Expectation::Verdict::pass)
          return Outcome::failed(at("accepted an altered tag", i, size));
      } else if (!batch.authentic(i)) {
        Outcome outcome = judge_tried(expectation, {Reason::icv, at("not authentic", i, size)});
        if (outcome.verdict != Outcome::Verdict::passed) return outcome;
      } else if (expectation.verdict == Expectation::Verdict::refuse) {
        return Outcome::failed(
            fmt::format("expected {}, got {}", to_string(expectation), at("accepted", i, size)));
      } else if (aead.plaintext) {
        Outcome outcome = compare(at("plaintext", i, size), *aead.plaintext, batch.text(i));
        if (outcome.verdict != Outcome::Verdict::passed) return outcome;
      }
    }
  }
  return Outcome::passed();
}

}  // namespace

Outcome run_aead(const AeadCase& aead, const Expectation& expectation, const crypto::Provider& provider) {
  const EncryptionChoice choice = choose(aead, expectation);
  if (!choice) return judge_refusal(expectation, choice.error());
  if (!provider.supports(**choice))
    return Outcome::not_run(NotRunnable::Cause::unsupported,
                            fmt::format("{} has no {}", provider.name(), (*choice)->name));
  auto key = provider.aead(**choice, aead.key);
  if (!key) return judge_tried(expectation, {Reason::key_size, to_string(key.error())});
  if (expectation.verdict == Expectation::Verdict::refuse && expectation.reason == Reason::key_size)
    return Outcome::failed("expected refusal for key-size, got a key");
  if (expectation.verdict == Expectation::Verdict::pass && aead.plaintext) {
    Outcome sealed = seal(**key, aead);
    if (sealed.verdict != Outcome::Verdict::passed || !aead.tag) return sealed;
  }
  return aead.tag ? open(**key, aead, expectation)
                  : Outcome::not_run(NotRunnable::Cause::unsupported,
                                     "neither a tag to open nor a plaintext to seal");
}

}  // namespace mpsec::vectors
