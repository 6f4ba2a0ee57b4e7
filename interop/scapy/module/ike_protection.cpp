// SK and SKF payloads: seals and opens whole messages.
#include "ike/fragmentation.hpp"
#include "ike/protection.hpp"
#include "ike_tools.hpp"
#include "provider.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::python {
namespace {

using namespace wire::ike;

class Sealer {
 public:
  Sealer(const std::string& encryption, const py::bytes& sk_e, const std::string& integrity,
         const py::bytes& sk_a, std::uint64_t first_iv, std::uint64_t seed, const std::string& provider)
      : rng_(seed),
        sealer_(value_or_raise(ike::MessageSealer::create(
            provider_named(provider), protection_named(encryption, 0, py::len(sk_e), integrity),
            view_of(sk_e), view_of(sk_a), first_iv))) {}

  // The message with its payloads in an SK payload.
  py::bytes seal(const Message& message, std::optional<std::uint8_t> padding) {
    return bytes_of(seal_part(message, PayloadType::encrypted, first_of(message), encode(message.payloads), 0,
                              0, padding));
  }
  // As SK where it fits into datagrams of that many octets (IP and UDP headers included), else in fragments.
  py::list seal_fragments(const Message& message, std::size_t largest_datagram) {
    const Octets plaintext = encode(message.payloads);
    const ike::BodyLayout& layout = sealer_.layout();
    const ike::FragmentFrame frame{largest_datagram, 20, false, {layout.iv, layout.icv, layout.block}};
    const auto pieces = value_or_raise(ike::split(plaintext, frame));
    py::list sealed;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      sealed.append(bytes_of(seal_part(
          message, PayloadType::encrypted_fragment, i == 0 ? first_of(message) : PayloadType::none, pieces[i],
          static_cast<std::uint16_t>(i + 1), static_cast<std::uint16_t>(pieces.size()), std::nullopt)));
    return sealed;
  }

 private:
  static PayloadType first_of(const Message& message) {
    return message.payloads.empty() ? PayloadType::none : type_of(message.payloads.front().body);
  }
  Octets seal_part(const Message& message, PayloadType type, PayloadType first, OctetView plaintext,
                   std::uint16_t number, std::uint16_t total, std::optional<std::uint8_t> padding) {
    IkeHeader header = message.header;
    header.next_payload = type;
    Octets octets = wire::encode(header);
    PayloadHeader payload;
    payload.next_payload = first;
    append(octets, wire::encode(payload));
    if (total != 0) append_be(octets, number), append_be(octets, total);
    const ike::BodyLayout& layout = sealer_.layout();
    const std::size_t body =
        padding ? layout.iv + plaintext.size() + *padding + 1 + layout.icv : layout.sealed(plaintext.size());
    value_or_raise(ike::set_lengths(octets, IkeHeader::octets, body));
    if (auto sealed = sealer_.seal(octets, plaintext, rng_, padding); !sealed)
      raise({.blame = Blame::local_fault,
             .path = "seal",
             .offset = {},
             .why = std::string(to_string(sealed.error())),
             .clause = {}});
    return octets;
  }

  SeededRng rng_;
  ike::MessageSealer sealer_;
};

class Opener {
 public:
  Opener(const std::string& encryption, const py::bytes& sk_e, const std::string& integrity,
         const py::bytes& sk_a, const std::string& provider)
      : opener_(value_or_raise(ike::MessageOpener::create(
            provider_named(provider), protection_named(encryption, 0, py::len(sk_e), integrity),
            view_of(sk_e), view_of(sk_a)))) {}

  // The message with the payloads that were in its SK payload; nothing where fragments are missing.
  py::object open(const py::bytes& octets) {
    Message message = value_or_raise(decode_message(view_of(octets)));
    if (message.payloads.empty()) refuse("expected an SK or SKF payload, found no payload");
    const Payload last = message.payloads.back();
    const auto* whole = std::get_if<Encrypted>(&last.body);
    const auto* fragment = std::get_if<EncryptedFragment>(&last.body);
    if (whole == nullptr && fragment == nullptr) refuse("expected an SK or SKF payload at the end");
    const OctetView view = view_of(octets);
    Octets copy(view.begin(), view.end());
    const std::size_t body = whole != nullptr ? whole->octets.size() : fragment->octets.size();
    const auto plain = opener_.open(copy, copy.size() - body);
    if (!plain) raise(error_of(plain.error()));
    if (whole != nullptr) return with_payloads(std::move(message), last.header.next_payload, *plain);
    auto added =
        fragments_.add({message.header.message_id, fragment->fragment_number, fragment->total_fragments,
                        static_cast<std::uint8_t>(last.header.next_payload), *plain},
                       Instant{});
    if (!added) refuse(std::string(to_string(added.error())));
    if (!*added) return py::none();
    return with_payloads(std::move(message), static_cast<PayloadType>((*added)->first_payload),
                         (*added)->plaintext);
  }

 private:
  static py::object with_payloads(Message message, PayloadType first, OctetView plaintext) {
    message.payloads = value_or_raise(decode_payloads(first, plaintext));
    return py::cast(std::move(message));
  }
  [[noreturn]] static void refuse(std::string why) {
    raise({.blame = Blame::malformed,
           .path = "open",
           .offset = {},
           .why = std::move(why),
           .clause = "RFC 7296 3.14"});
  }

  ike::MessageOpener opener_;
  ike::FragmentReassembly fragments_;
};

}  // namespace

void bind_ike_protection(py::module_& module) {
  py::class_<Sealer>(module, "IkeSealer",
                     "Protects what one side of an IKE SA sends: SK_e (salt behind it) and SK_a.")
      .def(py::init<const std::string&, const py::bytes&, const std::string&, const py::bytes&, std::uint64_t,
                    std::uint64_t, const std::string&>(),
           py::arg("encryption"), py::arg("sk_e"), py::arg("integrity") = "", py::arg("sk_a") = py::bytes(),
           py::arg("first_iv") = 0, py::arg("seed") = 0, py::arg("provider") = "best")
      .def("seal", &Sealer::seal, py::arg("message"), py::arg("padding") = py::none(),
           "The octets of the message with its payloads in an SK payload, whatever they are.")
      .def("seal_fragments", &Sealer::seal_fragments, py::arg("message"), py::arg("largest_datagram") = 1280,
           "The same in SKF payloads, a list of messages (RFC 7383).");
  py::class_<Opener>(module, "IkeOpener", "Opens what the other side of an IKE SA sends.")
      .def(py::init<const std::string&, const py::bytes&, const std::string&, const py::bytes&,
                    const std::string&>(),
           py::arg("encryption"), py::arg("sk_e"), py::arg("integrity") = "", py::arg("sk_a") = py::bytes(),
           py::arg("provider") = "best")
      .def("open", &Opener::open, py::arg("octets"),
           "The message with the payloads that were inside; None while fragments are missing; raises "
           "mpsec.Error.");
}

}  // namespace mpsec::python
