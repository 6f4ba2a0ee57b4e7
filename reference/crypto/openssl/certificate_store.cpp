// Chains of certificates, judged by libcrypto at a time that is given.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <set>

#include "crypto/openssl/evp_pki.hpp"

namespace mpsec::crypto::evp {
namespace {

using Store = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
struct ReleaseStack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using Stack = std::unique_ptr<STACK_OF(X509), ReleaseStack>;
struct ReleaseLists {
  void operator()(STACK_OF(X509_CRL) * stack) const noexcept { sk_X509_CRL_pop_free(stack, X509_CRL_free); }
};
using Lists = std::unique_ptr<STACK_OF(X509_CRL), ReleaseLists>;
using KeyUsages = std::unique_ptr<EXTENDED_KEY_USAGE, Release<EXTENDED_KEY_USAGE_free>>;

CertificateFault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateFault::not_yet_valid;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertificateFault::expired;
    case X509_V_ERR_CERT_REVOKED:
      return CertificateFault::revoked;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      return CertificateFault::chain_too_long;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
      return CertificateFault::bad_signature;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return CertificateFault::no_revocation;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
      return CertificateFault::wrong_usage;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return CertificateFault::untrusted;
    default:
      return CertificateFault::unacceptable;
  }
}

// A missing list of an issuer is no fault where lists are heeded only if known.
int pass_missing_lists(int fine, X509_STORE_CTX* context) {
  if (fine == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_UNABLE_TO_GET_CRL) return fine;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

//= rfc4945/5.1.3.2/peer-key-must-be-for-signatures
//= rfc4945/5.1.3.12/extended-usage-must-name-ike-or-any
bool serves_ike(X509* certificate) {
  constexpr std::uint32_t signs = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
  if ((X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) != 0 &&
      (X509_get_key_usage(certificate) & signs) == 0)
    return false;
  const KeyUsages usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  if (!usages) return X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) < 0;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const int usage = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages.get(), i));
    if (usage == NID_ipsec_IKE || usage == NID_anyExtendedKeyUsage) return true;
  }
  return false;
}

class OpensslStore final : public CertificateStore {
 public:
  OpensslStore() : store_(X509_STORE_new()) { must(store_ != nullptr, "a certificate store"); }

  void add_anchor(const CertificatePointer& anchor) override {
    must(X509_STORE_add_cert(store_.get(), x509_of(*anchor)) == 1, "a trust anchor");
    key_hashes_.push_back(anchor->key_hash());
  }

  Result<> add_revocation_list(OctetView list) override {
    ERR_set_mark();
    const auto read = read_object<RevocationList>(
        list, [](const unsigned char** at, long octets) { return d2i_X509_CRL(nullptr, at, octets); },
        [](BIO* stream) { return PEM_read_bio_X509_CRL(stream, nullptr, nullptr, nullptr); });
    ERR_pop_to_mark();
    if (!read) return std::unexpected(unreadable("revocation list"));
    must(X509_STORE_add_crl(store_.get(), read.get()) == 1, "a revocation list");
    issuers_.insert(issuer_of(*read));
    return {};
  }

  std::vector<std::array<std::uint8_t, 20>> anchor_key_hashes() const override { return key_hashes_; }

  std::expected<void, CertificateRefusal> judge(const Certificate& peer,
                                                std::span<const CertificatePointer> offered,
                                                CalendarSeconds now, const ChainPolicy& policy,
                                                std::span<const OctetView> revocation_lists) const override {
    const Stack intermediates(sk_X509_new_null());
    for (const CertificatePointer& certificate : offered)
      must(sk_X509_push(intermediates.get(), x509_of(*certificate)) > 0, "a certificate");
    const StoreContext context(X509_STORE_CTX_new());
    must(context && X509_STORE_CTX_init(context.get(), store_.get(), x509_of(peer), intermediates.get()) == 1,
         "a chain");
    set_policy(*context, now, policy);
    ERR_set_mark();
    const Lists lists = lists_of(revocation_lists);
    X509_STORE_CTX_set0_crls(context.get(), lists.get());
    const bool fine = X509_verify_cert(context.get()) == 1;
    ERR_pop_to_mark();
    if (!fine) {
      const int error = X509_STORE_CTX_get_error(context.get());
      return std::unexpected(CertificateRefusal{
          fault_of(error), static_cast<unsigned>(X509_STORE_CTX_get_error_depth(context.get())),
          X509_verify_cert_error_string(error)});
    }
    if (!serves_ike(x509_of(peer)))
      return std::unexpected(CertificateRefusal{CertificateFault::wrong_usage, 0,
                                                "the key is not for signatures, or not for IKE"});
    return {};
  }

 private:
  // An anchor need not be self-signed. The depth counts intermediates, as libcrypto does.
  static void set_policy(X509_STORE_CTX& context, CalendarSeconds now, const ChainPolicy& policy) {
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(&context);
    X509_VERIFY_PARAM_set_time(parameters, now);
    X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(policy.most_intermediates));
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (policy.revocation != RevocationCheck::none)
      flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    must(X509_VERIFY_PARAM_set_flags(parameters, flags) == 1, "a policy");
    if (policy.revocation == RevocationCheck::where_known)
      X509_STORE_CTX_set_verify_cb(&context, pass_missing_lists);
  }

  static std::string issuer_of(const X509_CRL& list) {
    const unsigned char* name = nullptr;
    std::size_t octets = 0;
    X509_NAME_get0_der(X509_CRL_get_issuer(&list), &name, &octets);
    return std::string(name, name + octets);
  }

  //= rfc7296/3.6/crl-in-a-cert-payload
  // Those that can be read, of issuers that the store has no list of.
  Lists lists_of(std::span<const OctetView> offered) const {
    Lists lists(sk_X509_CRL_new_null());
    for (const OctetView octets : offered) {
      const unsigned char* at = octets.data();
      RevocationList list(d2i_X509_CRL(nullptr, &at, static_cast<long>(octets.size())));
      if (!list || issuers_.contains(issuer_of(*list))) continue;
      must(sk_X509_CRL_push(lists.get(), list.get()) > 0, "a revocation list");
      list.release();
    }
    return lists;
  }

  Store store_;
  std::set<std::string> issuers_;  // of the revocation lists
  std::vector<std::array<std::uint8_t, 20>> key_hashes_;
};

}  // namespace

std::unique_ptr<CertificateStore> make_certificate_store() {
  return std::make_unique<OpensslStore>();
}

}  // namespace mpsec::crypto::evp
