// RFC 7296 2.3: window size for overlapping requests.
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

MPSEC_CASE(
        .id = "rfc7296/2.3/request-beyond-the-window-is-dropped",
        .rules = {"rfc7296/2.3/no-response-outside-the-window"}, .side = Side::responder,
        .does = "The tester sends an INFORMATIONAL request whose Message ID is two above the next.",
        .lawful = "It is not answered, and the IKE SA lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          Message request = sa.informational();
          request.header.message_id = MessageId(sa.next_request + 2);
          const auto next = sa.next_request;
          sa.send(request);
          t.expect_no_response(sa, request);
          sa.next_request = next;
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.3/request-sent-again-is-answered-again",
        .rules = {"rfc7296/2.1/duplicate-request-gets-the-same-response"}, .side = Side::responder,
        .does = "The tester sends an INFORMATIONAL request, and the same octets again.",
        .lawful = "The response comes again, octet for octet.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational();
          sa.send(request);
          t.control([&] { return t.expect_response(sa, request); });
          const Octets first = sa.last_received;
          expect_answer_again(t, sa, request);
          t.check(sa.last_received == first, "the response as it was sent before", "another one");
        });

}  // namespace mpsec::conformance
