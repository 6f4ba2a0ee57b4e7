// The tables, whole: whoever changes one sees here what else that changes.
#include "ike/transitions.hpp"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace mpsec::ike {
namespace {

std::string file(std::string_view name) {
  std::ifstream in(std::string(MPSEC_SOURCE_DIR) + "/docs/" + std::string(name));
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Transitions, AreThoseThatTheDocumentationDraws) {
  EXPECT_EQ(file("ike-states.dot"), to_graphviz(ike_transitions, "IKE SA"));
  EXPECT_EQ(file("ike-child-states.dot"), to_graphviz(child_transitions, "Child SA"));
}

TEST(Transitions, MatrixHasAnAnswerForEveryPair) {
  EXPECT_EQ(file("ike-states.txt"), to_matrix(ike_transitions));
  EXPECT_EQ(file("ike-child-states.txt"), to_matrix(child_transitions));
}

TEST(Transitions, WhatIsOutsideTheTableNamesStateAndEvent) {
  const auto next = ike_transitions.next(IkeState::closed, IkeEvent::rekey_reply);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().path, "closed");
  EXPECT_NE(next.error().why.find("rekey reply"), std::string::npos);
}

}  // namespace
}  // namespace mpsec::ike
