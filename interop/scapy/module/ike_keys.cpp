// The keys of IKE SAs and Child SAs (RFC 7296 2.13, 2.14, 2.17, 2.18).
#include "crypto/openssl/openssl_ike_provider.hpp"
#include "ike/keys.hpp"
#include "ike_tools.hpp"

namespace mpsec::python {

const crypto::IkeProvider& ike_provider() {
  static const auto* made = crypto::make_openssl_ike_provider().release();
  return *made;
}

const crypto::PrfTransform& prf_named(const std::string& name) {
  return *value_or_raise(crypto::find_prf(name));
}

ike::Protection protection_named(const std::string& encryption, std::size_t key_bits, std::size_t key_octets,
                                 const std::string& integrity) {
  ike::Protection protection;
  if (!encryption.empty()) {
    protection.encryption = value_or_raise(crypto::find_encryption(encryption));
    const auto& sizes = protection.encryption->key_sizes;
    protection.cipher_key_octets = key_bits != 0 ? key_bits / 8
                                   : key_octets > protection.encryption->salt_octets
                                       ? key_octets - protection.encryption->salt_octets
                                       : sizes.back();
    if (!protection.encryption->takes_key(protection.cipher_key_octets))
      throw py::value_error(encryption + ": no key of " + std::to_string(protection.cipher_key_octets) +
                            " octets, salt left out");
  }
  if (!integrity.empty()) protection.integrity = value_or_raise(crypto::find_integrity(integrity));
  return protection;
}

namespace {

py::bytes bytes_of(const SecretOctets& secret) {
  return python::bytes_of(secret.view());
}

py::bytes skeyseed(const std::string& prf, const py::bytes& ni, const py::bytes& nr,
                   const py::bytes& shared_secret, const py::object& old_sk_d) {
  const ike::Nonces nonces{view_of(ni), view_of(nr)};
  if (old_sk_d.is_none())
    return bytes_of(
        value_or_raise(ike::skeyseed(ike_provider(), prf_named(prf), nonces, view_of(shared_secret))));
  return bytes_of(value_or_raise(ike::skeyseed_of_rekey(
      ike_provider(), prf_named(prf), view_of(old_sk_d.cast<py::bytes>()), nonces, view_of(shared_secret))));
}

py::dict ike_keys(const std::string& prf, const py::bytes& skeyseed, const py::bytes& ni, const py::bytes& nr,
                  std::uint64_t initiator_spi, std::uint64_t responder_spi, const std::string& encryption,
                  std::size_t key_bits, const std::string& integrity) {
  ike::Suite suite;
  suite.prf = &prf_named(prf);
  suite.protection = protection_named(encryption, key_bits, 0, integrity);
  const auto keys =
      value_or_raise(ike::expand(ike_provider(), suite, view_of(skeyseed), {view_of(ni), view_of(nr)},
                                 ike::IkeSpis{IkeSpi{initiator_spi}, IkeSpi{responder_spi}}));
  py::dict all;
  all["SK_d"] = bytes_of(keys.d), all["SK_ai"] = bytes_of(keys.ai), all["SK_ar"] = bytes_of(keys.ar);
  all["SK_ei"] = bytes_of(keys.ei), all["SK_er"] = bytes_of(keys.er);
  all["SK_pi"] = bytes_of(keys.pi), all["SK_pr"] = bytes_of(keys.pr);
  return all;
}

py::bytes keymat(const std::string& prf, const py::bytes& sk_d, const py::bytes& ni, const py::bytes& nr,
                 std::size_t octets, const py::bytes& shared_secret) {
  return bytes_of(value_or_raise(ike::keymat(ike_provider(), prf_named(prf), view_of(sk_d),
                                             view_of(shared_secret), {view_of(ni), view_of(nr)}, octets)));
}

py::bytes prf_of(const std::string& prf, const py::bytes& key, const py::bytes& text) {
  const auto keyed = value_or_raise(ike_provider().prf(prf_named(prf), view_of(key)));
  return bytes_of(crypto::output_of(*keyed, {view_of(text)}));
}

// A fresh pair from a private value: for handshakes by hand.
class KeyPair {
 public:
  KeyPair(const std::string& group, const py::bytes& private_value)
      : pair_(value_or_raise(ike_provider().key_exchange_from(
            *value_or_raise(crypto::find_key_exchange(group)), view_of(private_value)))) {}
  py::bytes public_value() const { return python::bytes_of(pair_->public_value()); }
  unsigned number() const { return static_cast<unsigned>(pair_->transform().id); }
  py::bytes shared_secret(const py::bytes& peer) {
    auto secret = pair_->shared_secret(view_of(peer));
    if (!secret) raise(error_of(secret.error(), pair_->transform(), py::len(peer)));
    return bytes_of(*secret);
  }

 private:
  std::unique_ptr<crypto::KeyExchange> pair_;
};

}  // namespace

void bind_ike_keys(py::module_& module) {
  module.def("prf", &prf_of, py::arg("prf"), py::arg("key"), py::arg("text"));
  module.def("skeyseed", &skeyseed, py::arg("prf"), py::arg("ni"), py::arg("nr"), py::arg("shared_secret"),
             py::arg("old_sk_d") = py::none(),
             "SKEYSEED; of a rekeying where old_sk_d is given, the PRF then being the old IKE SA's.");
  module.def("ike_keys", &ike_keys, py::arg("prf"), py::arg("skeyseed"), py::arg("ni"), py::arg("nr"),
             py::arg("initiator_spi"), py::arg("responder_spi"), py::arg("encryption"),
             py::arg("key_bits") = 0, py::arg("integrity") = "", "{\"SK_d\": ..., \"SK_ai\": ..., ...}");
  module.def("keymat", &keymat, py::arg("prf"), py::arg("sk_d"), py::arg("ni"), py::arg("nr"),
             py::arg("octets"), py::arg("shared_secret") = py::bytes(),
             "KEYMAT of a Child SA; shared_secret with perfect forward secrecy only.");
  py::class_<KeyPair>(module, "KeyExchange", "One side of a key exchange, from its private value.")
      .def(py::init<const std::string&, const py::bytes&>(), py::arg("group"), py::arg("private_value"))
      .def_property_readonly("public_value", &KeyPair::public_value, "Key Exchange Data of the KE payload")
      .def_property_readonly("number", &KeyPair::number, "Key Exchange Method of the KE payload")
      .def("shared_secret", &KeyPair::shared_secret, py::arg("peer_public"),
           "g^ir; raises mpsec.Error saying what is wrong with the peer's value");
}

}  // namespace mpsec::python
