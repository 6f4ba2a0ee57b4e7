// Reader of NIST CAVP response files (.rsp, .txt, .fax), and of what others have put in that form.
#pragma once

#include <string>
#include <string_view>

#include "vectors/core/case.hpp"

namespace mpsec::vectors {

// True if the text looks like it: comments, sections and "NAME = VALUE" lines only at its beginning.
bool looks_like_cavp(std::string_view text);

// The cases of one file: AES-GCM, AES-CCM, ChaCha20-Poly1305, AES-CBC, 3DES-CBC, AES-CTR, AES-CMAC, HMAC.
// `name` is its path as far as known: the folder tells the algorithm where the file does not.
// A record of another algorithm, of bit lengths, of a Monte Carlo chain, or with a member we do not know is a
// NotRunnable. Octets that are none, or a value that is missing, are a problem with file and line.
VectorFile read_cavp(std::string_view text, std::string name);

}  // namespace mpsec::vectors
