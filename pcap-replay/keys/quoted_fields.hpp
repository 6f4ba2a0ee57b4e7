// A line of fields with commas between them, as Wireshark writes its tables: texts between quotation marks,
// octets in hexadecimal without.
#pragma once

#include <vector>

#include "base/secret.hpp"
#include "pcap-replay/keys/key_text.hpp"

namespace mpsec::replay {

enum class BareFields : bool { refused, allowed };

// Some fields are keys, so what they say is kept in memory that is wiped.
class QuotedFields {
 public:
  std::size_t size() const { return fields_.size(); }
  // The text lives as long as this object.
  Word operator[](std::size_t index) const {
    const Field& field = fields_[index];
    const OctetView octets = storage_.view().subspan(field.at, field.size);
    return {{reinterpret_cast<const char*>(octets.data()), octets.size()}, end_.line, field.column};
  }
  // Where the line ends.
  const Word& end() const { return end_; }

 private:
  friend class FieldSplitter;
  struct Field {
    std::size_t at, size, column;
  };
  SecretOctets storage_;
  std::vector<Field> fields_;
  Word end_;
};

// Takes a line apart. "", \" and \xhh between quotation marks stand for one character. Where bare fields are
// allowed, one may be empty. Fails naming the place of what is neither field nor comma.
Result<QuotedFields> split_fields(std::string_view file, Word line, BareFields bare = BareFields::refused);

}  // namespace mpsec::replay
