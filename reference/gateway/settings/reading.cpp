#include "gateway/settings/reading.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::gateway {

bool Names::declare(const std::string& name, Place at) {
  const auto [place, is_new] = known_.emplace(name, Known{at});
  if (is_new) return true;
  findings_.error(
      at, fmt::format("two of one name: the {} in line {} is '{}' too", kind_, place->second.at.line, name));
  return false;
}

bool Names::refer(const std::string& name, Place at, std::string_view path) {
  if (const auto found = known_.find(name); found != known_.end()) {
    found->second.used = true;
    return true;
  }
  std::vector<std::string_view> names;
  for (const auto& [known, entry] : known_)
    names.push_back(known);
  const bool near = !near_words(name, names).empty();
  const std::string which =
      near ? fmt::format("{} '{}'", kind_, shown(name)) : fmt::format("{} of that name", kind_);
  findings_.error(at, names.empty()
                          ? fmt::format("{}: there is no {} at all", path, kind_)
                          : fmt::format("{}: there is no {}; {}", path, which, advice(name, names)));
  return false;
}

std::vector<std::pair<std::string, Place>> Names::unused() const {
  std::vector<std::pair<std::string, Place>> all;
  for (const auto& [name, known] : known_)
    if (!known.used) all.emplace_back(name, known.at);
  return all;
}

std::filesystem::path Reading::resolve(std::string_view name) const {
  return folder / std::filesystem::path(name);
}

std::optional<Octets> Reading::file(TableReader& reader, std::string_view key) {
  const auto name = reader.text(key);
  if (!name) return std::nullopt;
  return file(reader, key, {*name, reader.place(key)});
}

std::optional<Octets> Reading::file(TableReader& reader, std::string_view key, const PlacedText& name) {
  auto octets = sources.read_file(resolve(name.text));
  if (octets) return *std::move(octets);
  // Not by its name, which may be a key that was taken for a file's.
  reader.fail_at(name.at, key, fmt::format("the file cannot be read: {}", octets.error().why));
  return std::nullopt;
}

std::optional<SecretOctets> Reading::secret_file(TableReader& reader, std::string_view key) {
  auto octets = file(reader, key);
  if (!octets) return std::nullopt;
  const auto name = reader.text(key);
  if (sources.is_open_to_others && sources.is_open_to_others(resolve(*name)))
    reader.warn(key, fmt::format("others than its owner can read the key; chmod 600 {}", shown(*name)));
  return SecretOctets(*std::move(octets));
}

ipsec::PolicyId Reading::add(ipsec::Policy policy, Place at) {
  policy.id = ipsec::PolicyId{static_cast<std::uint32_t>(settings.policies.size() + 1)};
  settings.policies.push_back(std::move(policy));
  policy_places.push_back(at);
  return settings.policies.back().id;
}

const ListenSettings* Reading::listener(const IpAddress& address) const {
  const auto found = std::ranges::find(settings.listen, address, &ListenSettings::address);
  return found == settings.listen.end() ? nullptr : &*found;
}

}  // namespace mpsec::gateway
