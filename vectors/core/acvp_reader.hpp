// Reader of ACVP JSON: vector sets as NIST's server hands them out and takes them back.
//
//   prompt            what is asked: groups of tests without answers
//   expectedResults   the answers, by group and test number
//   internalProjection   both in one
//
// Each may stand in an array behind {"acvVersion": ...}.
#pragma once

#include <optional>
#include <string>

#include "vectors/core/case.hpp"
#include "vectors/core/json.hpp"

namespace mpsec::vectors {

bool looks_like_acvp(const Json& document);

// True if a test lacks its answer: the file with the answers is then needed.
bool needs_acvp_answers(const Json& document);
// True if the tests have nothing but answers.
bool is_acvp_answers(const Json& document);

// `prompt` with the members of the same tests in `answers` added. Tests are told by tgId and tcId.
Json join_acvp(const Json& prompt, const Json& answers);

// The cases of a document that has questions and answers: ACVP-AES-GCM, -CCM, -CBC, -CTR, -GMAC,
// ACVP-TDES-CBC, CMAC-AES and HMAC-*, functional tests (AFT). Other algorithms, Monte Carlo and counter
// tests, and lengths that are no whole octets are counted as NotRunnable, and so are tests without an answer.
VectorFile read_acvp(const Json& document, std::string name);

}  // namespace mpsec::vectors
