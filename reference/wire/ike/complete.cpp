#include "wire/ike/complete.hpp"

#include <limits>

#include "wire/codec.hpp"

namespace mpsec::wire::ike {
namespace {

// Fills in lengths and counts from the inside out, and remembers the first that does not fit.
class Completer {
 public:
  void operator()(SecurityAssociation& payload) {
    for (std::size_t i = 0; i < payload.proposals.size(); ++i) {
      Proposal& proposal = payload.proposals[i];
      proposal.last_substructure = i + 1 < payload.proposals.size() ? Proposal::more : Proposal::last;
      complete_proposal(proposal);
    }
  }
  void operator()(Notify& payload) { set(payload.spi_size, payload.spi.size(), "Notify/SPI Size"); }
  void operator()(Delete& payload) {
    if (payload.spi_size > 0)
      set(payload.spi_count, payload.spis.size() / payload.spi_size, "Delete/Num of SPIs");
  }
  void operator()(TrafficSelectorsInitiator& payload) { complete_selectors(payload); }
  void operator()(TrafficSelectorsResponder& payload) { complete_selectors(payload); }
  void operator()(Configuration& payload) {
    for (ConfigurationAttribute& attribute : payload.attributes)
      set(attribute.length, attribute.value.size(), "CP/Attribute/Length");
  }
  void operator()(Eap& payload) {
    const bool has_type = payload.has_type() || !payload.data.empty();
    set(payload.length, 4 + std::size_t{has_type} + payload.data.size(), "EAP/Length");
  }
  // The others have neither lengths nor counts.
  template <class Other>
  void operator()(Other&) {}

  template <class Number>
  void set(Number& field, std::size_t value, std::string_view name) {
    if (value <= std::numeric_limits<Number>::max()) {
      field = static_cast<Number>(value);
    } else if (result_) {
      result_ = std::unexpected(Error{
          Blame::local_fault, std::string(name), std::nullopt,
          fmt::format("need at most {}, have {}", std::numeric_limits<Number>::max(), value), "RFC 7296 3"});
    }
  }

  Result<> result() && { return std::move(result_); }

 private:
  void complete_proposal(Proposal& proposal) {
    for (std::size_t i = 0; i < proposal.transforms.size(); ++i) {
      Transform& transform = proposal.transforms[i];
      transform.last_substructure = i + 1 < proposal.transforms.size() ? Transform::more : Transform::last;
      for (Attribute& attribute : transform.attributes)
        if (!attribute.is_short)
          set(attribute.length, attribute.long_value.size(),
              "SA/Proposal/Transform/Attribute/Attribute Length");
      set(transform.length, wire::encode(transform).size(), "SA/Proposal/Transform/Transform Length");
    }
    set(proposal.spi_size, proposal.spi.size(), "SA/Proposal/SPI Size");
    set(proposal.transform_count, proposal.transforms.size(), "SA/Proposal/Num Transforms");
    set(proposal.length, wire::encode(proposal).size(), "SA/Proposal/Proposal Length");
  }
  void complete_selectors(TrafficSelectors& payload) {
    set(payload.count, payload.selectors.size(), "TS/Number of TSs");
    for (TrafficSelector& selector : payload.selectors)
      set(selector.length, wire::encode(selector).size(), "TS/Traffic Selector/Selector Length");
  }

  Result<> result_;
};

void complete_chain(Payloads& payloads, Completer& completer) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    Payload& payload = payloads[i];
    std::visit(completer, payload.body);
    const bool seals = std::holds_alternative<Encrypted>(payload.body) ||
                       std::holds_alternative<EncryptedFragment>(payload.body);
    if (i + 1 < payloads.size())
      payload.header.next_payload = type_of(payloads[i + 1].body);
    else if (!seals)
      payload.header.next_payload = PayloadType::none;
    completer.set(payload.header.length, encode(payload).size(), "Payload Length");
  }
}

// Writes down every number with its path.
class NumberList final : public FieldVisitor {
 public:
  struct Entry {
    std::string path;
    std::uint64_t value;
  };

  void number(std::string_view name, unsigned, std::uint64_t& value) override {
    std::string path;
    for (const std::string& part : open_)
      path += part + "/";
    entries_.push_back({path + std::string(name), value});
  }
  void octets(std::string_view, Octets&) override {}
  void fixed_octets(std::string_view, MutableOctets) override {}
  void enter(std::string_view name, std::optional<std::size_t> index) override {
    // The payloads of the message have names that tell them apart well enough.
    const bool numbered = index && !open_.empty();
    open_.push_back(numbered ? fmt::format("{}[{}]", name, *index) : std::string(name));
  }
  void leave() override { open_.pop_back(); }

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<std::string> open_;
  std::vector<Entry> entries_;
};

// Completing changes numbers only, but where it changes which fields there are (EAP's type).
template <class Whole>
Result<> compare(Whole received, Whole right) {
  if (received == right) return {};
  NumberList found, expected;
  visit(received, found);
  visit(right, expected);
  for (std::size_t i = 0; i < std::min(found.entries().size(), expected.entries().size()); ++i) {
    const auto &one = found.entries()[i], &other = expected.entries()[i];
    if (one.value == other.value) continue;
    return std::unexpected(Error{Blame::malformed, one.path, std::nullopt,
                                 fmt::format("expected {}, found {}", other.value, one.value), "RFC 7296 3"});
  }
  return {};
}

}  // namespace

Result<> complete(Payloads& payloads) {
  Completer completer;
  complete_chain(payloads, completer);
  return std::move(completer).result();
}

Result<> complete(Message& message) {
  Completer completer;
  complete_chain(message.payloads, completer);
  message.header.next_payload =
      message.payloads.empty() ? PayloadType::none : type_of(message.payloads.front().body);
  completer.set(message.header.length, encode(message).size(), "IKE Header/Length");
  return std::move(completer).result();
}

Result<> check_complete(const Payloads& payloads) {
  Payloads right = payloads;
  if (auto completed = complete(right); !completed) return completed;
  return compare(payloads, right);
}

Result<> check_complete(const Message& message) {
  Message right = message;
  if (auto completed = complete(right); !completed) return completed;
  return compare(message, right);
}

}  // namespace mpsec::wire::ike
