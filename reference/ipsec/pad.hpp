// The Peer Authorization Database (RFC 4301 4.4.3): the link between the SPD and IKE. Ordered like the SPD;
// the first entry that an asserted identity matches says how the peer is to be authenticated and for whom it
// may speak.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "ipsec/ordered_entries.hpp"
#include "ipsec/pad_entry.hpp"

namespace mpsec::ipsec {

using PadList = OrderedEntries<PadEntry>::List;

// Why a peer, or what it asks for, is refused: what an audit log names.
enum class PadRefusalCause : std::uint8_t {
  malformed_identity,        // no identity of its type
  no_entry,                  // nobody has let this identity in
  method_not_permitted,      // the entry asks for another proof
  identity_of_other_entry,   // a child for an identity that the entry does not cover
  no_addresses,              // children by address, and the peer has asserted none
  addresses_not_authorized,  // none of those asserted are the peer's to speak for
};
// "no_entry"
std::string_view to_string(PadRefusalCause cause);

struct PadRefusal {
  PadRefusalCause cause;
  Error error;
};
template <class T>
using PadResult = std::expected<T, PadRefusal>;

// How the SPD is to be searched for a child SA.
struct ChildByName {
  Identity name;
};
struct ChildByAddress {
  std::vector<AddressRange> remote;  // of what the peer asserts, what it may speak for
  bool whole = true;                 // that was all of it: an initiator accepts nothing less
};
using ChildLookup = std::variant<ChildByName, ChildByAddress>;

// A seam: who may be a peer and what it may ask for, as IKE sees it.
class PeerAuthorization {
 public:
  virtual ~PeerAuthorization() = default;

  // The entry for an identity that a peer asserts and has yet to prove. Refuses malformed_identity (blame:
  // malformed) and no_entry (blame: no common ground).
  virtual PadResult<std::shared_ptr<const PadEntry>> find(const Identity& peer) const = 0;

  // How to search the SPD for a child SA that the peer, authenticated by `entry` as `peer`, asks for.
  // `remote` are the addresses of its side in the traffic selectors. Refuses identity_of_other_entry,
  // no_addresses and addresses_not_authorized; the blame is the peer's.
  virtual PadResult<ChildLookup> authorize_child(const PadEntry& entry, const Identity& peer,
                                                 std::span<const AddressRange> remote) const = 0;
};

// The data for a method of authentication that the peer uses, or method_not_permitted, naming those that are.
template <class Data>
PadResult<const Data*> require(const PadEntry& entry);

// A PAD at one moment: immutable, and safe to read from many threads.
class PadSnapshot final : public PeerAuthorization {
 public:
  // `entries` in order, each of them valid.
  explicit PadSnapshot(PadList entries);

  // Single identities are found at once; groups are gone through in order.
  PadResult<std::shared_ptr<const PadEntry>> find(const Identity& peer) const override;
  PadResult<ChildLookup> authorize_child(const PadEntry& entry, const Identity& peer,
                                         std::span<const AddressRange> remote) const override;

  const PadList& entries() const { return entries_; }

 private:
  PadList entries_;
  std::unordered_map<std::string, std::uint32_t> singles_;                // canonical form to first place
  std::vector<std::pair<const IdentityPattern*, std::uint32_t>> groups_;  // and places, ascending
};

// The list that an administrator orders and edits.
class Pad {
 public:
  // As OrderedEntries does.
  Result<> insert(PadEntry entry, std::size_t place);
  Result<> append(PadEntry entry) { return insert(std::move(entry), entries().size()); }
  Result<> remove(PadEntryId id);
  Result<> move(PadEntryId id, std::size_t place);

  const PadList& entries() const { return entries_.list(); }
  const PadEntry* find(PadEntryId id) const { return entries_.find(id); }
  std::shared_ptr<const PadSnapshot> snapshot() const;

 private:
  OrderedEntries<PadEntry> entries_{"PAD entry", "RFC 4301 4.4.3.1"};
};

// An entry that no peer ever comes to, because earlier ones take all that match it.
struct ShadowedPadEntry {
  std::shared_ptr<const PadEntry> entry;
  std::vector<std::shared_ptr<const PadEntry>> by;  // in order
};
// "PAD entry 7 'web' never applies: PAD entry 3 'all' takes all its peers"
std::string to_string(const ShadowedPadEntry& shadowed);
// All of them, none named wrongly. Quadratic in the entries.
std::vector<ShadowedPadEntry> find_shadowed(const PadList& entries);

// What require() says where there is no data.
PadRefusal not_permitted(const PadEntry& entry, std::string_view method);

template <class Data>
PadResult<const Data*> require(const PadEntry& entry) {
  if (const Data* data = entry.permits<Data>()) return data;
  return std::unexpected(not_permitted(entry, Data::method));
}

}  // namespace mpsec::ipsec
