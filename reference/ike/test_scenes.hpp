// Scenes of plays/*.txt: a play, and what must come of it.
//
//   == title                 as test and topic are named
//   with: mixed              how the ends differ from the usual: words, see settings_of
//   lowest: a1 < b1          the lowest of the nonces of A's and B's exchange is one of A's (or the other
//   way) play: A:rekey(1) all     the script, see test_play.hpp said: / A: / B: / left:  what must be said,
//   made of it by each end, and there in the end later: RFC 9370          instead of a play: of a later step,
//   and why
#pragma once

#include <filesystem>
#include <fstream>

#include "ike/test_play.hpp"

namespace mpsec::ike::test {

struct Scene {
  std::string title{}, with{}, lowest{}, play{}, said{}, a{}, b{}, left{}, later{};

  std::string text() const { return fmt::format("said: {}\nA: {}\nB: {}\nleft: {}\n", said, a, b, left); }
};

inline std::vector<Scene> scenes_of(const std::string& file) {
  std::ifstream in(MPSEC_SOURCE_DIR "/reference/ike/plays/" + file + ".txt");
  EXPECT_TRUE(in) << file;
  std::vector<Scene> scenes;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("== ")) {
      scenes.push_back({.title = line.substr(3)});
      continue;
    }
    const std::size_t colon = std::min(line.find(": "), line.size());
    const std::string head = line.substr(0, colon), rest = line.substr(std::min(colon + 2, line.size()));
    const std::map<std::string, std::string Scene::*> parts{
        {"with", &Scene::with}, {"lowest", &Scene::lowest}, {"play", &Scene::play}, {"said", &Scene::said},
        {"A", &Scene::a},       {"B", &Scene::b},           {"left", &Scene::left}, {"later", &Scene::later}};
    const auto part = parts.find(head);
    if (part == parts.end() || scenes.empty()) {
      ADD_FAILURE() << file << ": " << line;
      continue;
    }
    std::string& text = scenes.back().*part->second;
    text += text.empty() ? rest : (head == "play" ? " " : "; ") + rest;
  }
  return scenes;
}

// What a test is called: letters, digits and underscores.
inline std::string name_of(const Scene& scene) {
  std::string name = scene.title + (scene.lowest.empty() ? "" : ", lowest " + scene.lowest.substr(0, 2));
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
}

// `clusters`: the children are sub-SAs of one.
inline PlaySettings settings_of(const Scene& scene, const CollisionPolicy* policy = nullptr,
                                bool clusters = false) {
  using enum crypto::KeyExchangeId;
  const auto has = [&](std::string_view word) { return scene.with.find(word) != std::string::npos; };
  PlaySettings settings;
  for (EndOptions* end : {&settings.a, &settings.b}) {
    const bool is_a = end == &settings.a;
    end->collisions = policy;
    end->change_peer = [has, clusters](PeerConfiguration& peer) {
      peer.liveness_after = Duration::zero();
      peer.lifetime.jitter = 0;
      if (has("windows")) peer.window = 4;
      if (clusters) peer.children[0].cluster = ClusterWish{.name = "net"};
    };
    // B's pause after a TEMPORARY_FAILURE is longer: who asks again first does not hang on the seed.
    end->change = [is_a](Configuration& whole) { whole.retry_after = is_a ? 10s : 20s; };
    auto& child = end->child_proposals[0].key_exchange;
    if (has("pfs")) child = {curve25519};
    if (has("mixed-children"))
      child = is_a ? std::vector{curve25519, ecp_256} : std::vector{ecp_256, curve25519};
    if (has("invalid-ke-children")) child = is_a ? std::vector{curve25519, ecp_256} : std::vector{ecp_256};
    if (has("both-ask-for-another"))
      child = is_a ? std::vector{curve25519, ecp_256} : std::vector{ecp_384, ecp_256};
    auto& ike = end->ike_proposals[0].key_exchange;
    if (has("mixed-ike")) ike = is_a ? std::vector{curve25519, ecp_256} : std::vector{ecp_256, curve25519};
    if (has("forgetting-ike")) ike = {ecp_256, curve25519};
  }
  settings.silence = has("silence");
  settings.gap = has("gap");
  return settings;
}

// Whether the lowest nonce of both exchanges is `wanted`: "a1?" or "a1!".
inline bool lowest_is(const Play& play, const Scene& scene, char whose) {
  const std::string low = scene.lowest.substr(0, 2), high = scene.lowest.substr(5, 2);
  std::string lowest;
  for (const std::string& name : {low + "?", low + "!", high + "?", high + "!"}) {
    const auto nonce = play.nonces().find(name);
    if (nonce == play.nonces().end()) continue;
    if (lowest.empty() || nonce->second < play.nonces().at(lowest)) lowest = name;
  }
  return lowest == low + whose;
}

inline void PrintTo(const Scene& scene, std::ostream* out) {
  *out << scene.title;
}

struct Outcome {
  Scene scene;  // what came of it
  std::vector<std::string> complaints;
};
inline Outcome outcome_of(const Scene& scene, const Play& play, World& world) {
  Outcome outcome;
  outcome.scene.said = play.said();
  outcome.scene.a = Play::told(world.a);
  outcome.scene.b = Play::told(world.b);
  const std::string a = Play::has(world.a), b = Play::has(world.b);
  outcome.scene.left = a == b ? a : a + " | " + b;
  outcome.complaints = play.complaints();
  if (const std::string why = world.disagreement();
      !why.empty() && scene.with.find("apart") == std::string::npos)
    outcome.complaints.push_back(why);
  return outcome;
}

// The scene as played with each of its nonces the lowest (where it names any), else with some seeds. Nothing
// where no seed up to 100 makes that nonce the lowest: it was not said.
inline std::vector<Outcome> play_out(const Scene& scene, const CollisionPolicy* policy = nullptr,
                                     bool clusters = false) {
  std::vector<Outcome> outcomes;
  for (const char whose : {'?', '!'}) {
    for (std::uint64_t seed = whose == '?' ? 1 : 101; seed % 100 != 0; ++seed) {
      Play play(settings_of(scene, policy, clusters), seed);
      play.establish();
      if (scene.with.find("forgetting-ike") != std::string::npos) play.run("A:forgets B:forgets");
      play.run(scene.play);
      if (!scene.lowest.empty() && !lowest_is(play, scene, whose)) continue;
      Outcome outcome = outcome_of(scene, play, play.world());
      play.end();
      if (play.complaints().size() > outcome.complaints.size()) outcome.complaints = play.complaints();
      outcomes.push_back(std::move(outcome));
      break;
    }
  }
  return outcomes;
}

}  // namespace mpsec::ike::test
