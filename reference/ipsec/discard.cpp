#include "ipsec/discard.hpp"

#include <numeric>

namespace mpsec::ipsec {
namespace {

struct Cause {
  std::string_view name, clause;
};

constexpr std::array<Cause, discard_causes> causes{{
    {"none", ""},
    {"malformed_packet", "RFC 4301 5.2"},
    {"unsupported_ip_version", "RFC 4301 5.2"},
    {"no_room", ""},
    {"oversized_packet", "RFC 791 3.1"},
    {"no_policy", "RFC 4301 5.1"},
    {"policy_discard", "RFC 4301 5.1"},
    {"no_sa", "RFC 4301 5.1"},
    {"clear_text_refused", "RFC 4301 5.2"},
    {"selector_mismatch", "RFC 4301 5.2"},
    {"unknown_spi", "RFC 4303 3.4.2"},
    {"wrong_encapsulation", "RFC 3948 3.3"},
    {"fragment_for_ipsec", "RFC 4303 3.4.1"},
    {"sequence_exhausted", "RFC 4303 3.3.3"},
    {"number_used", "RFC 4303 3.3.3"},
    {"lifetime_expired", "RFC 4301 4.4.2.1"},
    {"replay_duplicate", "RFC 4303 3.4.3"},
    {"replay_too_old", "RFC 4303 3.4.3"},
    {"replay_below_zero", "RFC 4303 A2.2"},
    {"redundant", ""},
    {"integrity_failed", "RFC 4303 3.4.4.1"},
    {"esp_too_short", "RFC 4303 2"},
    {"misaligned_ciphertext", "RFC 4303 2.4"},
    {"bad_padding", "RFC 4303 2.4"},
    {"bad_next_header", "RFC 4303 2.6"},
    {"dummy", "RFC 4303 2.6"},
    {"inner_malformed", "RFC 4301 5.2"},
    {"ecn_violation", "RFC 6040 4.2"},
    {"ah_bad_length", "RFC 4302 2.2"},
    {"ah_unprocessable", "RFC 4302 3.3.3.1"},
    {"packet_too_big", "RFC 4301 8.2.1"},
    {"reassembly_failed", "RFC 5722 4"},
    {"reassembly_timeout", "RFC 8200 4.5"},
    {"keepalive", "RFC 3948 2.3"},
    {"not_esp", "RFC 3948 2.2"},
    {"udp_malformed", "RFC 768"},
}};
static_assert(!causes.back().name.empty(), "every cause has a name");

}  // namespace

std::string_view to_string(Discard cause) {
  return causes[static_cast<std::size_t>(cause)].name;
}
std::string_view clause_of(Discard cause) {
  return causes[static_cast<std::size_t>(cause)].clause;
}

std::uint64_t DiscardCounters::total() const {
  return std::accumulate(by_cause.begin() + 1, by_cause.end(), std::uint64_t{0});
}

}  // namespace mpsec::ipsec
