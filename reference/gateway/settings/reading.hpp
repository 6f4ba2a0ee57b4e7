// What the readers of the document's parts share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings/read_settings.hpp"
#include "gateway/settings/table_reader.hpp"

namespace mpsec::gateway {

// The names of one kind of things: who has one, who speaks of one, and which nobody speaks of.
class Names {
 public:
  Names(std::string_view kind, Findings& findings) : kind_(kind), findings_(findings) {}

  // False, and an error, where another has the name.
  bool declare(const std::string& name, Place at);
  // Whether there is one; an error at `at` where there is none. What was written is shown only where it is
  // like a name: it may be a secret that somebody took for one.
  bool refer(const std::string& name, Place at, std::string_view path);
  std::vector<std::pair<std::string, Place>> unused() const;

 private:
  struct Known {
    Place at;
    bool used = false;
  };
  std::string kind_;
  Findings& findings_;
  std::map<std::string, Known> known_;
};

// A [[credential]]: a key that both ends have, or a certificate of ours with its private key.
struct CredentialEntry {
  SecretOctets key;
  crypto::CertificatePointer certificate;
  std::shared_ptr<const crypto::PrivateKey> private_key;  // of the certificate
  std::vector<crypto::CertificatePointer> chain;          // the certificate first
  std::shared_ptr<const ike::Credential> credential;      // null: it could not be read
};

// Where what is checked at the end stands, in the order of the settings' own lists. What could not be read
// without errors is not looked at again.
struct ChildPlace {
  Place at;
  bool clean = false;
};
struct PeerPlace {
  Place at;
  bool clean = false;
  std::vector<ChildPlace> children;
};

struct Reading {
  Reading(Findings& all_findings, const SettingsSources& all_sources, std::filesystem::path document_folder)
      : findings(all_findings), sources(all_sources), folder(std::move(document_folder)) {}

  std::filesystem::path resolve(std::string_view name) const;
  // The octets of the file that the key names; an error at the key where it cannot be read.
  std::optional<Octets> file(TableReader& reader, std::string_view key);
  std::optional<Octets> file(TableReader& reader, std::string_view key, const PlacedText& name);
  // The same for a file that nobody else should read.
  std::optional<SecretOctets> secret_file(TableReader& reader, std::string_view key);
  // Puts a policy at the end of the SPD.
  ipsec::PolicyId add(ipsec::Policy policy, Place at);
  const ListenSettings* listener(const IpAddress& address) const;

  Findings& findings;
  const SettingsSources& sources;
  std::filesystem::path folder;
  Settings settings;

  Names credentials{"credential", findings}, authorities{"authority", findings}, pools{"pool", findings},
      clusters{"cluster", findings}, peers{"peer", findings}, sas{"SA", findings};
  std::map<std::string, CredentialEntry> credential_entries;
  std::set<std::string> clean_clusters;
  std::vector<PeerPlace> peer_places;
  std::vector<Place> policy_places;
  std::vector<ChildPlace> sa_places;
};

// Each reads one part of the document, in this order.
void read_gateway(TableReader& document, Reading& reading);
void read_listeners(TableReader& document, Reading& reading);
void read_tun(TableReader& document, Reading& reading);
void read_ike(TableReader& document, Reading& reading);
void read_credentials(TableReader& document, Reading& reading);
void read_authorities(TableReader& document, Reading& reading);
void read_pools(TableReader& document, Reading& reading);
void read_clusters(TableReader& document, Reading& reading);
void read_policies(TableReader& document, Reading& reading);
void read_peers(TableReader& document, Reading& reading);
// Of one peer, which is the last of the settings.
void read_children(TableReader& peer, Reading& reading);
void read_sas(TableReader& document, Reading& reading);
// What the parts must be to each other.
void check_parts(Reading& reading);

}  // namespace mpsec::gateway
