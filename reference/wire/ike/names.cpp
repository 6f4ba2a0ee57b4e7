// The names of the IANA registry "IKEv2 Parameters", and those of our own, one table an enumeration.
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
#include "wire/ike/notify_names.hpp"
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

constexpr NumberName<ClusterRefusal> cluster_refusals[] = {
    {ClusterRefusal::unknown_cluster, "unknown cluster"},
    {ClusterRefusal::other_peer, "another identity pair or PAD entry"},
    {ClusterRefusal::unequal_field, "unequal field"},
    {ClusterRefusal::too_many_sub_sas, "too many sub-SAs"},
    {ClusterRefusal::ended, "exhausted or ended"},
    {ClusterRefusal::not_configured, "not configured"},
    {ClusterRefusal::malformed, "malformed"},
};

constexpr NumberName<ClusterField> cluster_fields[] = {
    {ClusterField::none, "none"},
    {ClusterField::selectors, "selectors"},
    {ClusterField::extended_sequence_numbers, "extended sequence numbers"},
    {ClusterField::anti_replay, "anti-replay"},
    {ClusterField::mode, "mode"},
    {ClusterField::window, "window"},
    {ClusterField::membership, "membership"},
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
    Table<ClusterRefusal>{"refusal", cluster_refusals},
    Table<ClusterField>{"field", cluster_fields},
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
template std::span<const NumberName<ClusterRefusal>> names();
template std::string_view kind<ClusterRefusal>();
template std::span<const NumberName<ClusterField>> names();
template std::string_view kind<ClusterField>();

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
