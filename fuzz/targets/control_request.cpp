// Lines to a running gateway, whatever is in them: each gets exactly one reply, at once or in the end.
// depends: gateway_control crypto_openssl fuzz_support
#include "gateway/control/test_host.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  constexpr std::size_t most_lines = 16;
  std::string_view text(reinterpret_cast<const char*>(octets), size);
  gateway::test::TestHost host({.paths = 2, .cluster = true});
  std::size_t lines = 0;
  for (; !text.empty() && lines < most_lines; ++lines) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    host.requests.handle(text.substr(0, end), host.client);
    // Those that end with a tab do not wait for the wire.
    if (end == 0 || text[end - 1] != '\t') host.deliver_all();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  host.deliver_all();
  while (const auto next = host.requests.next_deadline())
    host.requests.on_time(*next);
  fuzz::require(host.client.replies.size() == lines, "each line has one reply");
  for (const gateway::Json& reply : host.client.replies)
    fuzz::require(reply.contains("ok") && reply["ok"] != reply.contains("error"),
                  "a reply is good or says why not");
  return 0;
}
