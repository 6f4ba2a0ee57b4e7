// The separate, explicit step that makes a message right: it fills in what follows from the rest. The codec
// never does so by itself, so that a message is as wrong as its maker wants until this is called.
#pragma once

#include "wire/ike/message.hpp"

namespace mpsec::wire::ike {

// Sets in every payload
//   - Payload Length, and Next Payload from the payload behind it; the last one's becomes 0, but an
//   Encrypted's
//     or Encrypted Fragment's names what is inside and is left alone,
//   - lengths and SPI sizes, the 'last substructure' marks and the number of transforms of proposals, the
//   lengths
//     of transforms, attributes and selectors, the number of selectors and of SPIs, EAP's length.
// Reserved fields, proposal numbers and all else are left alone. A number too big for its field is not put
// there; the result names the first such field (local fault).
Result<> complete(Payloads& payloads);

// The same, and in the header Next Payload and Length.
Result<> complete(Message& message);

// Whether complete() would change nothing: counts, marks, lengths and sizes are what they should be. Decoding
// keeps counts and marks as received, whatever they say; a receiver that wants them right asks here. Fails
// (malformed) with the path of the first field that is wrong, no offset, and both values.
Result<> check_complete(const Payloads& payloads);
Result<> check_complete(const Message& message);

}  // namespace mpsec::wire::ike
