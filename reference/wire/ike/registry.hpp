// Which payloads the codec knows: one line each. Dispatch (message.cpp), the tests of the samples
// (registry_test.cpp), the fuzz targets and their dictionary come from this list, so none can forget a
// payload.
#pragma once

#include <variant>

#include "wire/ike/authentication.hpp"
#include "wire/ike/certificate.hpp"
#include "wire/ike/certificate_request.hpp"
#include "wire/ike/configuration.hpp"
#include "wire/ike/delete.hpp"
#include "wire/ike/eap.hpp"
#include "wire/ike/encrypted.hpp"
#include "wire/ike/encrypted_fragment.hpp"
#include "wire/ike/identification.hpp"
#include "wire/ike/key_exchange.hpp"
#include "wire/ike/nonce.hpp"
#include "wire/ike/notify.hpp"
#include "wire/ike/payload_header.hpp"
#include "wire/ike/security_association.hpp"
#include "wire/ike/traffic_selector.hpp"
#include "wire/ike/unknown_payload.hpp"
#include "wire/ike/vendor_id.hpp"

namespace mpsec::wire::ike {

template <Described Body, PayloadType Type>
struct Line {
  using body = Body;
  static constexpr PayloadType type = Type;
};

template <class... Lines>
struct PayloadRegistry {
  // Calls `see.template operator()<Line>()` for every line.
  template <class See>
  static constexpr void for_each(See see) {
    (see.template operator()<Lines>(), ...);
  }
  // A variant of all bodies, and of `More`.
  template <class... More>
  using Variant = std::variant<typename Lines::body..., More...>;
};

// clang-format off
using Registry = PayloadRegistry<
    Line<SecurityAssociation, PayloadType::security_association>,
    Line<KeyExchange, PayloadType::key_exchange>,
    Line<IdentificationInitiator, PayloadType::identification_initiator>,
    Line<IdentificationResponder, PayloadType::identification_responder>,
    Line<Certificate, PayloadType::certificate>,
    Line<CertificateRequest, PayloadType::certificate_request>,
    Line<Authentication, PayloadType::authentication>,
    Line<Nonce, PayloadType::nonce>,
    Line<Notify, PayloadType::notify>,
    Line<Delete, PayloadType::delete_>,
    Line<VendorId, PayloadType::vendor_id>,
    Line<TrafficSelectorsInitiator, PayloadType::traffic_selector_initiator>,
    Line<TrafficSelectorsResponder, PayloadType::traffic_selector_responder>,
    Line<Encrypted, PayloadType::encrypted>,
    Line<Configuration, PayloadType::configuration>,
    Line<Eap, PayloadType::eap>,
    Line<EncryptedFragment, PayloadType::encrypted_fragment>>;
// clang-format on

}  // namespace mpsec::wire::ike
