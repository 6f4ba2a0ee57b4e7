// The names of the IANA registry "IKEv2 Parameters", one table an enumeration.
#include <tuple>

#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"
#include "crypto/transforms.hpp"
#include "wire/ike/authentication.hpp"
#include "wire/ike/certificate.hpp"
#include "wire/ike/configuration.hpp"
#include "wire/ike/eap.hpp"
#include "wire/ike/header.hpp"
#include "wire/ike/identification.hpp"
#include "wire/ike/notify_data.hpp"
#include "wire/ike/traffic_selector.hpp"

namespace mpsec::wire::ike {
namespace {

constexpr NumberName<ExchangeType> exchange_types[] = {
    {ExchangeType::ike_sa_init, "IKE_SA_INIT"},
    {ExchangeType::ike_auth, "IKE_AUTH"},
    {ExchangeType::create_child_sa, "CREATE_CHILD_SA"},
    {ExchangeType::informational, "INFORMATIONAL"},
    {ExchangeType::ike_session_resume, "IKE_SESSION_RESUME"},
    {ExchangeType::gsa_auth, "GSA_AUTH"},
    {ExchangeType::gsa_registration, "GSA_REGISTRATION"},
    {ExchangeType::gsa_rekey, "GSA_REKEY"},
    {ExchangeType::gsa_inband_rekey, "GSA_INBAND_REKEY"},
    {ExchangeType::ike_intermediate, "IKE_INTERMEDIATE"},
    {ExchangeType::ike_followup_ke, "IKE_FOLLOWUP_KE"},
};

constexpr NumberName<PayloadType> payload_types[] = {
    {PayloadType::none, "NONE"},
    {PayloadType::security_association, "SA"},
    {PayloadType::key_exchange, "KE"},
    {PayloadType::identification_initiator, "IDi"},
    {PayloadType::identification_responder, "IDr"},
    {PayloadType::certificate, "CERT"},
    {PayloadType::certificate_request, "CERTREQ"},
    {PayloadType::authentication, "AUTH"},
    {PayloadType::nonce, "Nonce"},
    {PayloadType::notify, "Notify"},
    {PayloadType::delete_, "Delete"},
    {PayloadType::vendor_id, "Vendor ID"},
    {PayloadType::traffic_selector_initiator, "TSi"},
    {PayloadType::traffic_selector_responder, "TSr"},
    {PayloadType::encrypted, "SK"},
    {PayloadType::configuration, "CP"},
    {PayloadType::eap, "EAP"},
    {PayloadType::generic_secure_password_method, "GSPM"},
    {PayloadType::group_identification, "IDg"},
    {PayloadType::group_security_association, "GSA"},
    {PayloadType::key_download, "KD"},
    {PayloadType::encrypted_fragment, "SKF"},
    {PayloadType::puzzle_solution, "PS"},
};

constexpr NumberName<ProtocolId> protocol_ids[] = {
    {ProtocolId::none, "NONE"},
    {ProtocolId::ike, "IKE"},
    {ProtocolId::ah, "AH"},
    {ProtocolId::esp, "ESP"},
    {ProtocolId::fc_esp_header, "FC_ESP_HEADER"},
    {ProtocolId::fc_ct_authentication, "FC_CT_AUTHENTICATION"},
    {ProtocolId::gike_update, "GIKE_UPDATE"},
};

constexpr NumberName<TransformType> transform_types[] = {
    {TransformType::encryption, "Encryption Algorithm (ENCR)"},
    {TransformType::pseudorandom_function, "Pseudorandom Function (PRF)"},
    {TransformType::integrity, "Integrity Algorithm (INTEG)"},
    {TransformType::key_exchange, "Key Exchange Method (KE)"},
    {TransformType::sequence_numbers, "Sequence Numbers (SN)"},
    {TransformType::additional_key_exchange_1, "Additional Key Exchange 1 (ADDKE1)"},
    {TransformType::additional_key_exchange_2, "Additional Key Exchange 2 (ADDKE2)"},
    {TransformType::additional_key_exchange_3, "Additional Key Exchange 3 (ADDKE3)"},
    {TransformType::additional_key_exchange_4, "Additional Key Exchange 4 (ADDKE4)"},
    {TransformType::additional_key_exchange_5, "Additional Key Exchange 5 (ADDKE5)"},
    {TransformType::additional_key_exchange_6, "Additional Key Exchange 6 (ADDKE6)"},
    {TransformType::additional_key_exchange_7, "Additional Key Exchange 7 (ADDKE7)"},
    {TransformType::key_wrap_algorithm, "Key Wrap Algorithm (KWA)"},
    {TransformType::group_controller_authentication_method,
     "Group Controller Authentication Method (GCAUTH)"},
};

constexpr NumberName<SequenceNumbers> sequence_numbers[] = {
    {SequenceNumbers::no_extended, "No Extended Sequence Numbers"},
    {SequenceNumbers::extended, "Extended Sequence Numbers"},
};

constexpr NumberName<AttributeType> attribute_types[] = {
    {AttributeType::key_length, "Key Length (in bits)"},
};

constexpr NumberName<IdType> id_types[] = {
    {IdType::ipv4_addr, "ID_IPV4_ADDR"},
    {IdType::fqdn, "ID_FQDN"},
    {IdType::rfc822_addr, "ID_RFC822_ADDR"},
    {IdType::ipv6_addr, "ID_IPV6_ADDR"},
    {IdType::der_asn1_dn, "ID_DER_ASN1_DN"},
    {IdType::der_asn1_gn, "ID_DER_ASN1_GN"},
    {IdType::key_id, "ID_KEY_ID"},
    {IdType::fc_name, "ID_FC_NAME"},
    {IdType::null, "ID_NULL"},
};

constexpr NumberName<CertificateEncoding> certificate_encodings[] = {
    {CertificateEncoding::pkcs7_wrapped_x509, "PKCS #7 wrapped X.509 certificate"},
    {CertificateEncoding::pgp, "PGP Certificate"},
    {CertificateEncoding::dns_signed_key, "DNS Signed Key"},
    {CertificateEncoding::x509_signature, "X.509 Certificate - Signature"},
    {CertificateEncoding::kerberos_token, "Kerberos Token"},
    {CertificateEncoding::crl, "Certificate Revocation List (CRL)"},
    {CertificateEncoding::arl, "Authority Revocation List (ARL)"},
    {CertificateEncoding::spki, "SPKI Certificate"},
    {CertificateEncoding::x509_attribute, "X.509 Certificate - Attribute"},
    {CertificateEncoding::raw_rsa_key, "Raw RSA Key"},
    {CertificateEncoding::hash_and_url_x509, "Hash and URL of X.509 certificate"},
    {CertificateEncoding::hash_and_url_x509_bundle, "Hash and URL of X.509 bundle"},
    {CertificateEncoding::ocsp_content, "OCSP Content"},
    {CertificateEncoding::raw_public_key, "Raw Public Key"},
};

constexpr NumberName<AuthenticationMethod> authentication_methods[] = {
    {AuthenticationMethod::rsa_digital_signature, "RSA Digital Signature"},
    {AuthenticationMethod::shared_key_message_integrity_code, "Shared Key Message Integrity Code"},
    {AuthenticationMethod::dss_digital_signature, "DSS Digital Signature"},
    {AuthenticationMethod::ecdsa_sha256_p256, "ECDSA with SHA-256 on the P-256 curve"},
    {AuthenticationMethod::ecdsa_sha384_p384, "ECDSA with SHA-384 on the P-384 curve"},
    {AuthenticationMethod::ecdsa_sha512_p521, "ECDSA with SHA-512 on the P-521 curve"},
    {AuthenticationMethod::generic_secure_password, "Generic Secure Password Authentication Method"},
    {AuthenticationMethod::null, "NULL Authentication"},
    {AuthenticationMethod::digital_signature, "Digital Signature"},
};

constexpr NumberName<HashAlgorithm> hash_algorithms[] = {
    {HashAlgorithm::sha1, "SHA1"},
    {HashAlgorithm::sha2_256, "SHA2-256"},
    {HashAlgorithm::sha2_384, "SHA2-384"},
    {HashAlgorithm::sha2_512, "SHA2-512"},
    {HashAlgorithm::identity, "Identity"},
    {HashAlgorithm::streebog_256, "STREEBOG_256"},
    {HashAlgorithm::streebog_512, "STREEBOG_512"},
};

constexpr NumberName<NotifyType> notify_types[] = {
    {NotifyType::unsupported_critical_payload, "UNSUPPORTED_CRITICAL_PAYLOAD"},
    {NotifyType::invalid_ike_spi, "INVALID_IKE_SPI"},
    {NotifyType::invalid_major_version, "INVALID_MAJOR_VERSION"},
    {NotifyType::invalid_syntax, "INVALID_SYNTAX"},
    {NotifyType::invalid_message_id, "INVALID_MESSAGE_ID"},
    {NotifyType::invalid_spi, "INVALID_SPI"},
    {NotifyType::no_proposal_chosen, "NO_PROPOSAL_CHOSEN"},
    {NotifyType::invalid_ke_payload, "INVALID_KE_PAYLOAD"},
    {NotifyType::authentication_failed, "AUTHENTICATION_FAILED"},
    {NotifyType::single_pair_required, "SINGLE_PAIR_REQUIRED"},
    {NotifyType::no_additional_sas, "NO_ADDITIONAL_SAS"},
    {NotifyType::internal_address_failure, "INTERNAL_ADDRESS_FAILURE"},
    {NotifyType::failed_cp_required, "FAILED_CP_REQUIRED"},
    {NotifyType::ts_unacceptable, "TS_UNACCEPTABLE"},
    {NotifyType::invalid_selectors, "INVALID_SELECTORS"},
    {NotifyType::unacceptable_addresses, "UNACCEPTABLE_ADDRESSES"},
    {NotifyType::unexpected_nat_detected, "UNEXPECTED_NAT_DETECTED"},
    {NotifyType::use_assigned_hoa, "USE_ASSIGNED_HoA"},
    {NotifyType::temporary_failure, "TEMPORARY_FAILURE"},
    {NotifyType::child_sa_not_found, "CHILD_SA_NOT_FOUND"},
    {NotifyType::invalid_group_id, "INVALID_GROUP_ID"},
    {NotifyType::authorization_failed, "AUTHORIZATION_FAILED"},
    {NotifyType::state_not_found, "STATE_NOT_FOUND"},
    {NotifyType::ts_max_queue, "TS_MAX_QUEUE"},
    {NotifyType::registration_failed, "REGISTRATION_FAILED"},
    {NotifyType::initial_contact, "INITIAL_CONTACT"},
    {NotifyType::set_window_size, "SET_WINDOW_SIZE"},
    {NotifyType::additional_ts_possible, "ADDITIONAL_TS_POSSIBLE"},
    {NotifyType::ipcomp_supported, "IPCOMP_SUPPORTED"},
    {NotifyType::nat_detection_source_ip, "NAT_DETECTION_SOURCE_IP"},
    {NotifyType::nat_detection_destination_ip, "NAT_DETECTION_DESTINATION_IP"},
    {NotifyType::cookie, "COOKIE"},
    {NotifyType::use_transport_mode, "USE_TRANSPORT_MODE"},
    {NotifyType::http_cert_lookup_supported, "HTTP_CERT_LOOKUP_SUPPORTED"},
    {NotifyType::rekey_sa, "REKEY_SA"},
    {NotifyType::esp_tfc_padding_not_supported, "ESP_TFC_PADDING_NOT_SUPPORTED"},
    {NotifyType::non_first_fragments_also, "NON_FIRST_FRAGMENTS_ALSO"},
    {NotifyType::mobike_supported, "MOBIKE_SUPPORTED"},
    {NotifyType::additional_ip4_address, "ADDITIONAL_IP4_ADDRESS"},
    {NotifyType::additional_ip6_address, "ADDITIONAL_IP6_ADDRESS"},
    {NotifyType::no_additional_addresses, "NO_ADDITIONAL_ADDRESSES"},
    {NotifyType::update_sa_addresses, "UPDATE_SA_ADDRESSES"},
    {NotifyType::cookie2, "COOKIE2"},
    {NotifyType::no_nats_allowed, "NO_NATS_ALLOWED"},
    {NotifyType::auth_lifetime, "AUTH_LIFETIME"},
    {NotifyType::multiple_auth_supported, "MULTIPLE_AUTH_SUPPORTED"},
    {NotifyType::another_auth_follows, "ANOTHER_AUTH_FOLLOWS"},
    {NotifyType::redirect_supported, "REDIRECT_SUPPORTED"},
    {NotifyType::redirect, "REDIRECT"},
    {NotifyType::redirected_from, "REDIRECTED_FROM"},
    {NotifyType::ticket_lt_opaque, "TICKET_LT_OPAQUE"},
    {NotifyType::ticket_request, "TICKET_REQUEST"},
    {NotifyType::ticket_ack, "TICKET_ACK"},
    {NotifyType::ticket_nack, "TICKET_NACK"},
    {NotifyType::ticket_opaque, "TICKET_OPAQUE"},
    {NotifyType::link_id, "LINK_ID"},
    {NotifyType::use_wesp_mode, "USE_WESP_MODE"},
    {NotifyType::rohc_supported, "ROHC_SUPPORTED"},
    {NotifyType::eap_only_authentication, "EAP_ONLY_AUTHENTICATION"},
    {NotifyType::childless_ikev2_supported, "CHILDLESS_IKEV2_SUPPORTED"},
    {NotifyType::quick_crash_detection, "QUICK_CRASH_DETECTION"},
    {NotifyType::ikev2_message_id_sync_supported, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED"},
    {NotifyType::ipsec_replay_counter_sync_supported, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED"},
    {NotifyType::ikev2_message_id_sync, "IKEV2_MESSAGE_ID_SYNC"},
    {NotifyType::ipsec_replay_counter_sync, "IPSEC_REPLAY_COUNTER_SYNC"},
    {NotifyType::secure_password_methods, "SECURE_PASSWORD_METHODS"},
    {NotifyType::psk_persist, "PSK_PERSIST"},
    {NotifyType::psk_confirm, "PSK_CONFIRM"},
    {NotifyType::erx_supported, "ERX_SUPPORTED"},
    {NotifyType::ifom_capability, "IFOM_CAPABILITY"},
    {NotifyType::group_sender, "GROUP_SENDER"},
    {NotifyType::ikev2_fragmentation_supported, "IKEV2_FRAGMENTATION_SUPPORTED"},
    {NotifyType::signature_hash_algorithms, "SIGNATURE_HASH_ALGORITHMS"},
    {NotifyType::clone_ike_sa_supported, "CLONE_IKE_SA_SUPPORTED"},
    {NotifyType::clone_ike_sa, "CLONE_IKE_SA"},
    {NotifyType::puzzle, "PUZZLE"},
    {NotifyType::use_ppk, "USE_PPK"},
    {NotifyType::ppk_identity, "PPK_IDENTITY"},
    {NotifyType::no_ppk_auth, "NO_PPK_AUTH"},
    {NotifyType::intermediate_exchange_supported, "INTERMEDIATE_EXCHANGE_SUPPORTED"},
    {NotifyType::ip4_allowed, "IP4_ALLOWED"},
    {NotifyType::ip6_allowed, "IP6_ALLOWED"},
    {NotifyType::additional_key_exchange, "ADDITIONAL_KEY_EXCHANGE"},
    {NotifyType::use_aggfrag, "USE_AGGFRAG"},
    {NotifyType::supported_auth_methods, "SUPPORTED_AUTH_METHODS"},
    {NotifyType::sa_resource_info, "SA_RESOURCE_INFO"},
    {NotifyType::use_ppk_int, "USE_PPK_INT"},
    {NotifyType::ppk_identity_key, "PPK_IDENTITY_KEY"},
};

constexpr NumberName<TrafficSelectorType> traffic_selector_types[] = {
    {TrafficSelectorType::ipv4_addr_range, "TS_IPV4_ADDR_RANGE"},
    {TrafficSelectorType::ipv6_addr_range, "TS_IPV6_ADDR_RANGE"},
    {TrafficSelectorType::fc_addr_range, "TS_FC_ADDR_RANGE"},
    {TrafficSelectorType::seclabel, "TS_SECLABEL"},
};

constexpr NumberName<ConfigurationType> configuration_types[] = {
    {ConfigurationType::request, "CFG_REQUEST"},
    {ConfigurationType::reply, "CFG_REPLY"},
    {ConfigurationType::set, "CFG_SET"},
    {ConfigurationType::ack, "CFG_ACK"},
};

constexpr NumberName<ConfigurationAttributeType> configuration_attribute_types[] = {
    {ConfigurationAttributeType::internal_ip4_address, "INTERNAL_IP4_ADDRESS"},
    {ConfigurationAttributeType::internal_ip4_netmask, "INTERNAL_IP4_NETMASK"},
    {ConfigurationAttributeType::internal_ip4_dns, "INTERNAL_IP4_DNS"},
    {ConfigurationAttributeType::internal_ip4_nbns, "INTERNAL_IP4_NBNS"},
    {ConfigurationAttributeType::internal_address_expiry, "INTERNAL_ADDRESS_EXPIRY"},
    {ConfigurationAttributeType::internal_ip4_dhcp, "INTERNAL_IP4_DHCP"},
    {ConfigurationAttributeType::application_version, "APPLICATION_VERSION"},
    {ConfigurationAttributeType::internal_ip6_address, "INTERNAL_IP6_ADDRESS"},
    {ConfigurationAttributeType::internal_ip6_dns, "INTERNAL_IP6_DNS"},
    {ConfigurationAttributeType::internal_ip6_nbns, "INTERNAL_IP6_NBNS"},
    {ConfigurationAttributeType::internal_ip6_dhcp, "INTERNAL_IP6_DHCP"},
    {ConfigurationAttributeType::internal_ip4_subnet, "INTERNAL_IP4_SUBNET"},
    {ConfigurationAttributeType::supported_attributes, "SUPPORTED_ATTRIBUTES"},
    {ConfigurationAttributeType::internal_ip6_subnet, "INTERNAL_IP6_SUBNET"},
    {ConfigurationAttributeType::mip6_home_prefix, "MIP6_HOME_PREFIX"},
    {ConfigurationAttributeType::internal_ip6_link, "INTERNAL_IP6_LINK"},
    {ConfigurationAttributeType::internal_ip6_prefix, "INTERNAL_IP6_PREFIX"},
    {ConfigurationAttributeType::home_agent_address, "HOME_AGENT_ADDRESS"},
    {ConfigurationAttributeType::p_cscf_ip4_address, "P_CSCF_IP4_ADDRESS"},
    {ConfigurationAttributeType::p_cscf_ip6_address, "P_CSCF_IP6_ADDRESS"},
    {ConfigurationAttributeType::ftt_kat, "FTT_KAT"},
    {ConfigurationAttributeType::external_source_ip4_nat_info, "EXTERNAL_SOURCE_IP4_NAT_INFO"},
    {ConfigurationAttributeType::timeout_period_for_liveness_check, "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK"},
    {ConfigurationAttributeType::internal_dns_domain, "INTERNAL_DNS_DOMAIN"},
    {ConfigurationAttributeType::internal_dnssec_ta, "INTERNAL_DNSSEC_TA"},
    {ConfigurationAttributeType::encdns_ip4, "ENCDNS_IP4"},
    {ConfigurationAttributeType::encdns_ip6, "ENCDNS_IP6"},
    {ConfigurationAttributeType::encdns_digest_info, "ENCDNS_DIGEST_INFO"},
};

constexpr NumberName<EapCode> eap_codes[] = {
    {EapCode::request, "Request"},
    {EapCode::response, "Response"},
    {EapCode::success, "Success"},
    {EapCode::failure, "Failure"},
};

constexpr NumberName<GatewayIdentityType> gateway_identity_types[] = {
    {GatewayIdentityType::ipv4, "IPv4 address"},
    {GatewayIdentityType::ipv6, "IPv6 address"},
    {GatewayIdentityType::fqdn, "FQDN"},
};

constexpr NumberName<PpkIdType> ppk_id_types[] = {
    {PpkIdType::opaque, "PPK_ID_OPAQUE"},
    {PpkIdType::fixed, "PPK_ID_FIXED"},
};

template <class Number>
struct Table {
  std::string_view kind;
  std::span<const NumberName<Number>> names;
};

constexpr std::tuple tables = {
    Table<ExchangeType>{"exchange type", exchange_types},
    Table<PayloadType>{"payload type", payload_types},
    Table<ProtocolId>{"protocol ID", protocol_ids},
    Table<TransformType>{"transform type", transform_types},
    Table<SequenceNumbers>{"sequence numbers", sequence_numbers},
    Table<AttributeType>{"attribute type", attribute_types},
    Table<IdType>{"ID type", id_types},
    Table<CertificateEncoding>{"certificate encoding", certificate_encodings},
    Table<AuthenticationMethod>{"authentication method", authentication_methods},
    Table<HashAlgorithm>{"hash algorithm", hash_algorithms},
    Table<NotifyType>{"notify message type", notify_types},
    Table<TrafficSelectorType>{"traffic selector type", traffic_selector_types},
    Table<ConfigurationType>{"configuration type", configuration_types},
    Table<ConfigurationAttributeType>{"configuration attribute type", configuration_attribute_types},
    Table<EapCode>{"EAP code", eap_codes},
    Table<GatewayIdentityType>{"gateway identity type", gateway_identity_types},
    Table<PpkIdType>{"PPK_ID type", ppk_id_types},
};

}  // namespace

template <class Number>
  requires std::is_enum_v<Number>
std::span<const NumberName<Number>> names() {
  return std::get<Table<Number>>(tables).names;
}

template <class Number>
  requires std::is_enum_v<Number>
std::string_view kind() {
  return std::get<Table<Number>>(tables).kind;
}

template std::span<const NumberName<ExchangeType>> names();
template std::string_view kind<ExchangeType>();
template std::span<const NumberName<PayloadType>> names();
template std::string_view kind<PayloadType>();
template std::span<const NumberName<ProtocolId>> names();
template std::string_view kind<ProtocolId>();
template std::span<const NumberName<TransformType>> names();
template std::string_view kind<TransformType>();
template std::span<const NumberName<SequenceNumbers>> names();
template std::string_view kind<SequenceNumbers>();
template std::span<const NumberName<AttributeType>> names();
template std::string_view kind<AttributeType>();
template std::span<const NumberName<IdType>> names();
template std::string_view kind<IdType>();
template std::span<const NumberName<CertificateEncoding>> names();
template std::string_view kind<CertificateEncoding>();
template std::span<const NumberName<AuthenticationMethod>> names();
template std::string_view kind<AuthenticationMethod>();
template std::span<const NumberName<HashAlgorithm>> names();
template std::string_view kind<HashAlgorithm>();
template std::span<const NumberName<NotifyType>> names();
template std::string_view kind<NotifyType>();
template std::span<const NumberName<TrafficSelectorType>> names();
template std::string_view kind<TrafficSelectorType>();
template std::span<const NumberName<ConfigurationType>> names();
template std::string_view kind<ConfigurationType>();
template std::span<const NumberName<ConfigurationAttributeType>> names();
template std::string_view kind<ConfigurationAttributeType>();
template std::span<const NumberName<EapCode>> names();
template std::string_view kind<EapCode>();
template std::span<const NumberName<GatewayIdentityType>> names();
template std::string_view kind<GatewayIdentityType>();
template std::span<const NumberName<PpkIdType>> names();
template std::string_view kind<PpkIdType>();

std::string transform_name(TransformType type, std::uint16_t id) {
  const auto name = [&](const auto& known) {
    return known ? std::string((*known)->name) : "transform ID " + std::to_string(id);
  };
  switch (type) {
    case TransformType::encryption:
      return name(crypto::find(crypto::EncryptionId{id}));
    case TransformType::pseudorandom_function:
      return name(crypto::find(crypto::PrfId{id}));
    case TransformType::integrity:
      return name(crypto::find(crypto::IntegrityId{id}));
    case TransformType::sequence_numbers:
      return to_string(SequenceNumbers{id});
    default:
      break;
  }
  const bool exchanges_keys =
      type == TransformType::key_exchange ||
      (type >= TransformType::additional_key_exchange_1 && type <= TransformType::additional_key_exchange_7);
  if (exchanges_keys) return name(crypto::find(crypto::KeyExchangeId{id}));
  return "transform ID " + std::to_string(id);
}

}  // namespace mpsec::wire::ike
