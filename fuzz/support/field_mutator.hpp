// Mutation that knows fields: from the same declarations as the codec, by way of visit().
#pragma once

#include "base/rng.hpp"
#include "wire/visit.hpp"

namespace mpsec::fuzz {

// Changes declared structs one field at a time; the same seed makes the same changes.
class FieldMutator {
 public:
  explicit FieldMutator(std::uint64_t seed) : rng_(seed) {}

  // Changes one field, octet string or list of `value`, anything that wire::visit() takes, in one way:
  //   a number       0, all ones, one more or less, a bit flipped, a boundary, its octets turned round,
  //   random octets         cut short, made longer, a part of them twice, a part overwritten; a fixed count
  //   is kept a list         an element removed, doubled, or two swapped
  // A value without fields stays as it is.
  template <class Value>
  void mutate(Value& value) {
    Counter counter;
    visit_with(value, counter);
    if (counter.seen() == 0) return;
    Changer changer(rng_, rng_.below(counter.seen()));
    visit_with(value, changer);
  }

  Rng& rng() { return rng_; }

 private:
  // Sees everything that may be changed, in the same order on every visit.
  class Visitor : public wire::FieldVisitor {
   public:
    void number(std::string_view, unsigned bits, std::uint64_t& value) override;
    void octets(std::string_view, Octets& value) override;
    void fixed_octets(std::string_view, MutableOctets value) override;
    void list(std::string_view, wire::ListHandle& list) override;
    void enter(std::string_view, std::optional<std::size_t>) override {}
    void leave() override {}
    std::size_t seen() const { return seen_; }

   protected:
    virtual void on_number(unsigned, std::uint64_t&) {}
    virtual void on_octets(Octets&) {}
    virtual void on_fixed_octets(MutableOctets) {}
    virtual void on_list(wire::ListHandle&) {}
    virtual bool is_wanted(std::size_t) const { return false; }

   private:
    std::size_t seen_ = 0;
  };
  using Counter = Visitor;

  class Changer final : public Visitor {
   public:
    Changer(Rng& rng, std::size_t wanted) : rng_(rng), wanted_(wanted) {}

   private:
    void on_number(unsigned bits, std::uint64_t& value) override;
    void on_octets(Octets& value) override;
    void on_fixed_octets(MutableOctets value) override;
    void on_list(wire::ListHandle& list) override;
    bool is_wanted(std::size_t index) const override { return index == wanted_; }

    Rng& rng_;
    std::size_t wanted_;
  };

  template <class Value>
  static void visit_with(Value& value, wire::FieldVisitor& visitor) {
    visit(value, visitor);  // found beside the value's type
  }

  SeededRng rng_;
};

}  // namespace mpsec::fuzz
