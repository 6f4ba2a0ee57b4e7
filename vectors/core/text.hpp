// Small things that the readers of text formats share.
#pragma once

#include <string>
#include <string_view>

namespace mpsec::vectors {

std::string lower(std::string_view text);
std::string_view trimmed(std::string_view text);

// The last component of a path, and the one before it: "b.rsp" and "a" of "x/a/b.rsp".
std::string_view file_name(std::string_view path);
std::string_view folder_name(std::string_view path);

// Takes the first line off `rest`, without its end ("\n" or "\r\n").
std::string_view take_line(std::string_view& rest);

}  // namespace mpsec::vectors
