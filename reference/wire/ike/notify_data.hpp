// What the data of a Notify payload say, where a document gives them a form. Data of no fields are not here.
#pragma once

#include "wire/codec.hpp"
#include "wire/ike/authentication.hpp"
#include "wire/ike/notify.hpp"
#include "wire/ike/payload_header.hpp"
#include "wire/ike/sa_cluster.hpp"

namespace mpsec::wire::ike {

struct UnsupportedCriticalPayload {
  static constexpr std::string_view name = "UNSUPPORTED_CRITICAL_PAYLOAD", clause = "RFC 7296 2.5";
  PayloadType type = PayloadType::none;
  bool operator==(const UnsupportedCriticalPayload&) const = default;
  static constexpr auto wire = Entries{field<&UnsupportedCriticalPayload::type>("Payload Type")};
};

struct InvalidMessageId {
  static constexpr std::string_view name = "INVALID_MESSAGE_ID", clause = "RFC 7296 2.3";
  MessageId message_id{};
  bool operator==(const InvalidMessageId&) const = default;
  static constexpr auto wire = Entries{field<&InvalidMessageId::message_id>("Message ID")};
};

// Of an ESP or AH packet that belongs to no SA.
struct InvalidSpi {
  static constexpr std::string_view name = "INVALID_SPI", clause = "RFC 7296 1.5";
  Spi spi{};
  bool operator==(const InvalidSpi&) const = default;
  static constexpr auto wire = Entries{field<&InvalidSpi::spi>("SPI")};
};

struct InvalidKePayload {
  static constexpr std::string_view name = "INVALID_KE_PAYLOAD", clause = "RFC 7296 1.2";
  std::uint16_t method = 0;  // the one to try instead
  bool operator==(const InvalidKePayload&) const = default;
  static constexpr auto wire = Entries{field<&InvalidKePayload::method>("Key Exchange Method")};
};

struct SetWindowSize {
  static constexpr std::string_view name = "SET_WINDOW_SIZE", clause = "RFC 7296 2.3";
  std::uint32_t size = 1;
  bool operator==(const SetWindowSize&) const = default;
  static constexpr auto wire = Entries{field<&SetWindowSize::size>("Window Size")};
};

struct IpcompSupported {
  static constexpr std::string_view name = "IPCOMP_SUPPORTED", clause = "RFC 7296 2.22";
  std::uint16_t cpi = 0;
  std::uint8_t transform = 0;  // 1 OUI, 2 DEFLATE, 3 LZS, 4 LZJH
  Octets attributes{};
  bool operator==(const IpcompSupported&) const = default;
  static constexpr auto wire = Entries{
      field<&IpcompSupported::cpi>("CPI"),
      field<&IpcompSupported::transform>("Transform ID"),
      rest<&IpcompSupported::attributes>("Attributes"),
  };
};

// Both directions: SHA-1 of SPIs, address and port.
struct NatDetection {
  static constexpr std::string_view name = "NAT_DETECTION", clause = "RFC 7296 2.23";
  std::array<std::uint8_t, 20> hash{};
  bool operator==(const NatDetection&) const = default;
  static constexpr auto wire = Entries{field<&NatDetection::hash>("Hash")};
};

struct Cookie {
  static constexpr std::string_view name = "COOKIE", clause = "RFC 7296 2.6";
  static constexpr std::size_t min_octets = 1, max_octets = 64;  // lawful ones; others decode too
  Octets cookie{};
  bool operator==(const Cookie&) const = default;
  static constexpr auto wire = Entries{rest<&Cookie::cookie>("Cookie")};
};

struct HashAlgorithmEntry {
  static constexpr std::string_view name = "Hash Algorithm", clause = "RFC 7427 4";
  HashAlgorithm algorithm = HashAlgorithm::sha2_256;
  bool operator==(const HashAlgorithmEntry&) const = default;
  static constexpr auto wire = Entries{field<&HashAlgorithmEntry::algorithm>("Hash Algorithm")};
};
struct SignatureHashAlgorithms {
  static constexpr std::string_view name = "SIGNATURE_HASH_ALGORITHMS", clause = "RFC 7427 4";
  std::vector<HashAlgorithmEntry> algorithms{};
  bool operator==(const SignatureHashAlgorithms&) const = default;
  static constexpr auto wire = Entries{rest_list<&SignatureHashAlgorithms::algorithms>("Hash Algorithm")};
};

struct AdditionalIp4Address {
  static constexpr std::string_view name = "ADDITIONAL_IP4_ADDRESS", clause = "RFC 4555 4.2.2";
  std::array<std::uint8_t, 4> address{};
  bool operator==(const AdditionalIp4Address&) const = default;
  static constexpr auto wire = Entries{field<&AdditionalIp4Address::address>("Address")};
};

struct AdditionalIp6Address {
  static constexpr std::string_view name = "ADDITIONAL_IP6_ADDRESS", clause = "RFC 4555 4.2.2";
  std::array<std::uint8_t, 16> address{};
  bool operator==(const AdditionalIp6Address&) const = default;
  static constexpr auto wire = Entries{field<&AdditionalIp6Address::address>("Address")};
};

struct Cookie2 {
  static constexpr std::string_view name = "COOKIE2", clause = "RFC 4555 4.2.5";
  static constexpr std::size_t min_octets = 8, max_octets = 64;  // lawful ones; others decode too
  Octets cookie{};
  bool operator==(const Cookie2&) const = default;
  static constexpr auto wire = Entries{rest<&Cookie2::cookie>("Cookie")};
};

// Source and destination as the sender wrote them: 12 octets for IPv4, 36 for IPv6.
struct NoNatsAllowed {
  static constexpr std::string_view name = "NO_NATS_ALLOWED", clause = "RFC 4555 4.2.6";
  Octets source{}, destination{};  // of the same count
  std::uint16_t source_port = 0, destination_port = 0;
  std::size_t source_octets(std::size_t left) const { return left > 12 ? 16 : 4; }
  std::size_t destination_octets() const { return source.size(); }
  bool operator==(const NoNatsAllowed&) const = default;
  static constexpr auto wire = Entries{
      octets<&NoNatsAllowed::source>("Source Address", &NoNatsAllowed::source_octets),
      octets<&NoNatsAllowed::destination>("Destination Address", &NoNatsAllowed::destination_octets),
      field<&NoNatsAllowed::source_port>("Source Port"),
      field<&NoNatsAllowed::destination_port>("Destination Port"),
  };
};

struct AuthLifetime {
  static constexpr std::string_view name = "AUTH_LIFETIME", clause = "RFC 4478 3";
  std::uint32_t seconds = 0;
  bool operator==(const AuthLifetime&) const = default;
  static constexpr auto wire = Entries{field<&AuthLifetime::seconds>("Lifetime")};
};

enum class GatewayIdentityType : std::uint8_t { ipv4 = 1, ipv6 = 2, fqdn = 3 };

// | GW Ident Type |  GW Ident Len |   New Responder GW Identity   ~
// ~                        Nonce Data                             ~
struct Redirect {
  static constexpr std::string_view name = "REDIRECT", clause = "RFC 5685 9.2";
  GatewayIdentityType type = GatewayIdentityType::ipv4;
  std::uint8_t length = 0;
  Octets identity{};
  Octets nonce{};  // the initiator's, in IKE_SA_INIT only
  std::size_t identity_octets() const { return length; }
  bool operator==(const Redirect&) const = default;
  static constexpr auto wire = Entries{
      field<&Redirect::type>("GW Ident Type"),
      field<&Redirect::length>("GW Ident Len"),
      octets<&Redirect::identity>("GW Identity", &Redirect::identity_octets),
      rest<&Redirect::nonce>("Nonce Data"),
  };
};

struct RedirectedFrom {
  static constexpr std::string_view name = "REDIRECTED_FROM", clause = "RFC 5685 9.3";
  GatewayIdentityType type = GatewayIdentityType::ipv4;
  std::uint8_t length = 0;
  Octets identity{};
  std::size_t identity_octets() const { return length; }
  bool operator==(const RedirectedFrom&) const = default;
  static constexpr auto wire = Entries{
      field<&RedirectedFrom::type>("GW Ident Type"),
      field<&RedirectedFrom::length>("GW Ident Len"),
      octets<&RedirectedFrom::identity>("GW Identity", &RedirectedFrom::identity_octets),
  };
};

struct TicketLtOpaque {
  static constexpr std::string_view name = "TICKET_LT_OPAQUE", clause = "RFC 5723 7.1";
  std::uint32_t seconds = 0;
  Octets ticket{};
  bool operator==(const TicketLtOpaque&) const = default;
  static constexpr auto wire = Entries{
      field<&TicketLtOpaque::seconds>("Lifetime"),
      rest<&TicketLtOpaque::ticket>("Ticket"),
  };
};

struct TicketOpaque {
  static constexpr std::string_view name = "TICKET_OPAQUE", clause = "RFC 5723 7.2";
  Octets ticket{};
  bool operator==(const TicketOpaque&) const = default;
  static constexpr auto wire = Entries{rest<&TicketOpaque::ticket>("Ticket")};
};

struct QuickCrashDetection {
  static constexpr std::string_view name = "QUICK_CRASH_DETECTION", clause = "RFC 6290 4.1";
  static constexpr std::size_t min_octets = 16, max_octets = 128;  // lawful ones; others decode too
  Octets token{};
  bool operator==(const QuickCrashDetection&) const = default;
  static constexpr auto wire = Entries{rest<&QuickCrashDetection::token>("TOKEN_SECRET_DATA")};
};

struct MessageIdSync {
  static constexpr std::string_view name = "IKEV2_MESSAGE_ID_SYNC", clause = "RFC 6311 6.3";
  std::array<std::uint8_t, 4> nonce{};
  MessageId expected_send{};
  MessageId expected_receive{};
  bool operator==(const MessageIdSync&) const = default;
  static constexpr auto wire = Entries{
      field<&MessageIdSync::nonce>("Nonce Data"),
      field<&MessageIdSync::expected_send>("EXPECTED_SEND_REQ_MESSAGE_ID"),
      field<&MessageIdSync::expected_receive>("EXPECTED_RECV_REQ_MESSAGE_ID"),
  };
};

// Of 4 octets, or of 8 where the Child SAs have extended sequence numbers.
struct ReplayCounterSync {
  static constexpr std::string_view name = "IPSEC_REPLAY_COUNTER_SYNC", clause = "RFC 6311 6.4";
  Octets delta{};
  std::size_t delta_octets(std::size_t left) const { return left > 4 ? 8 : 4; }
  bool operator==(const ReplayCounterSync&) const = default;
  static constexpr auto wire = Entries{
      octets<&ReplayCounterSync::delta>("Incoming IPsec SA Delta Value", &ReplayCounterSync::delta_octets)};
};

enum class PpkIdType : std::uint8_t { opaque = 1, fixed = 2 };

// Of PPK_IDENTITY; PPK_IDENTITY_KEY puts a confirmation behind it.
struct PpkIdentity {
  static constexpr std::string_view name = "PPK_IDENTITY", clause = "RFC 8784 5.1";
  PpkIdType type = PpkIdType::fixed;
  Octets identity{};
  bool operator==(const PpkIdentity&) const = default;
  static constexpr auto wire = Entries{
      field<&PpkIdentity::type>("PPK_ID Type"),
      rest<&PpkIdentity::identity>("PPK_ID"),
  };
};

// The AUTH data to take if the responder does without the PPK.
struct NoPpkAuth {
  static constexpr std::string_view name = "NO_PPK_AUTH", clause = "RFC 8784 3";
  Octets data{};
  bool operator==(const NoPpkAuth&) const = default;
  static constexpr auto wire = Entries{rest<&NoPpkAuth::data>("Authentication Data")};
};

// What links the key exchanges that follow a CREATE_CHILD_SA.
struct AdditionalKeyExchange {
  static constexpr std::string_view name = "ADDITIONAL_KEY_EXCHANGE", clause = "RFC 9370 2.2.4";
  Octets link{};
  bool operator==(const AdditionalKeyExchange&) const = default;
  static constexpr auto wire = Entries{rest<&AdditionalKeyExchange::link>("Link")};
};

struct SaResourceInfo {
  static constexpr std::string_view name = "SA_RESOURCE_INFO", clause = "RFC 9611 5.1";
  Octets identifier{};
  bool operator==(const SaResourceInfo&) const = default;
  static constexpr auto wire = Entries{rest<&SaResourceInfo::identifier>("Resource Identifier")};
};

// |  Length (>3)  |  Auth Method  |   Cert Link   |
// ~                      AlgorithmIdentifier                      ~
// Two octets for methods without public keys, three where no identifier is needed.
struct AuthenticationAnnouncement {
  static constexpr std::string_view name = "Announcement", clause = "RFC 9593 3.2";
  std::uint8_t length = 2;
  AuthenticationMethod method = AuthenticationMethod::shared_key_message_integrity_code;
  std::uint8_t certificate_link = 0;
  Octets algorithm_identifier{};  // DER
  bool has_link() const { return length > 2; }
  bool operator==(const AuthenticationAnnouncement&) const = default;
  static constexpr auto wire = Entries{
      field<&AuthenticationAnnouncement::length>("Length"),
      inside<&AuthenticationAnnouncement::length>(
          "Length", 1, field<&AuthenticationAnnouncement::method>("Auth Method"),
          when(&AuthenticationAnnouncement::has_link,
               field<&AuthenticationAnnouncement::certificate_link>("Cert Link")),
          rest<&AuthenticationAnnouncement::algorithm_identifier>("AlgorithmIdentifier")),
  };
};
struct SupportedAuthMethods {
  static constexpr std::string_view name = "SUPPORTED_AUTH_METHODS", clause = "RFC 9593 3.2";
  std::vector<AuthenticationAnnouncement> announcements{};
  bool operator==(const SupportedAuthMethods&) const = default;
  static constexpr auto wire = Entries{rest_list<&SupportedAuthMethods::announcements>("Announcement")};
};

// One line a notify whose data have a form; the tests and the fuzz target come from it.
template <NotifyType Type, Described Data>
struct NotifyLine {
  static constexpr NotifyType type = Type;
  using data = Data;
};

template <class... Lines>
struct NotifyDataRegistry {
  template <class See>
  static constexpr void for_each(See see) {
    (see.template operator()<Lines>(), ...);
  }
};

// clang-format off
using NotifyRegistry = NotifyDataRegistry<
    NotifyLine<NotifyType::unsupported_critical_payload, UnsupportedCriticalPayload>,
    NotifyLine<NotifyType::invalid_message_id, InvalidMessageId>,
    NotifyLine<NotifyType::invalid_spi, InvalidSpi>,
    NotifyLine<NotifyType::invalid_ke_payload, InvalidKePayload>,
    NotifyLine<NotifyType::set_window_size, SetWindowSize>,
    NotifyLine<NotifyType::ipcomp_supported, IpcompSupported>,
    NotifyLine<NotifyType::nat_detection_source_ip, NatDetection>,
    NotifyLine<NotifyType::nat_detection_destination_ip, NatDetection>,
    NotifyLine<NotifyType::cookie, Cookie>,
    NotifyLine<NotifyType::additional_ip4_address, AdditionalIp4Address>,
    NotifyLine<NotifyType::additional_ip6_address, AdditionalIp6Address>,
    NotifyLine<NotifyType::cookie2, Cookie2>,
    NotifyLine<NotifyType::no_nats_allowed, NoNatsAllowed>,
    NotifyLine<NotifyType::auth_lifetime, AuthLifetime>,
    NotifyLine<NotifyType::redirect, Redirect>,
    NotifyLine<NotifyType::redirected_from, RedirectedFrom>,
    NotifyLine<NotifyType::ticket_lt_opaque, TicketLtOpaque>,
    NotifyLine<NotifyType::ticket_opaque, TicketOpaque>,
    NotifyLine<NotifyType::quick_crash_detection, QuickCrashDetection>,
    NotifyLine<NotifyType::ikev2_message_id_sync, MessageIdSync>,
    NotifyLine<NotifyType::ipsec_replay_counter_sync, ReplayCounterSync>,
    NotifyLine<NotifyType::signature_hash_algorithms, SignatureHashAlgorithms>,
    NotifyLine<NotifyType::ppk_identity, PpkIdentity>,
    NotifyLine<NotifyType::no_ppk_auth, NoPpkAuth>,
    NotifyLine<NotifyType::additional_key_exchange, AdditionalKeyExchange>,
    NotifyLine<NotifyType::supported_auth_methods, SupportedAuthMethods>,
    NotifyLine<NotifyType::sa_resource_info, SaResourceInfo>,
    NotifyLine<NotifyType::sa_cluster_refused, SaClusterRefused>,
    NotifyLine<NotifyType::sa_cluster_supported, SaClusterSupported>,
    NotifyLine<NotifyType::sa_cluster_join, SaClusterJoin>>;
// clang-format on

// A Notify that says `data`, of no SA.
template <Described Data>
Notify make_notify(NotifyType type, const Data& data) {
  return {.type = type, .data = wire::encode(data)};
}

// What the notify's data say; malformed where they are not of that form. The caller has looked at the type.
template <Described Data>
Result<Data> data_of(const Notify& notify) {
  return wire::decode<Data>(notify.data);
}

}  // namespace mpsec::wire::ike
