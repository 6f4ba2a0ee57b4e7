// Against RFC 7296 2.1 to 2.3.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

MPSEC_DEFECT(
        .id = "answers-beyond-the-window", .rule = "rfc7296/2.3/no-response-outside-the-window",
        .does = "Takes a request beyond its window for the next one, and answers under the ID it came with.",
        .make = [] {
          const auto pulled = std::make_shared<std::uint32_t>(0);
          const auto next = std::make_shared<std::uint32_t>(0);
          return at_socket(
              [=](Message message) {
                if (message.header.response) return std::vector{message};
                const std::uint32_t id = message.header.message_id.value;
                *pulled = id > *next ? id - *next : 0;
                message.header.message_id = MessageId(id - *pulled);
                *next = id - *pulled + 1;
                return std::vector{message};
              },
              [=](Message message) {
                if (message.header.response)
                  message.header.message_id = MessageId(message.header.message_id.value + *pulled);
                return std::vector{message};
              });
        });

MPSEC_DEFECT(
        .id = "does-not-answer-a-retransmission",
        .rule = "rfc7296/2.1/duplicate-request-gets-the-same-response",
        .does = "Does not answer a request that it has answered before.", .make = [] {
          const auto seen = std::make_shared<std::vector<Octets>>();
          return datagrams(
              [=](Datagram one) {
                std::vector<Datagram> on;
                if (std::ranges::find(*seen, one.octets) == seen->end()) on.push_back(one);
                seen->push_back(one.octets);
                return on;
              },
              {});
        });

}  // namespace mpsec::conformance
