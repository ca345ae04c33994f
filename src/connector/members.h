// The mapped fields of a row as members of a JSON object; names with a separator make nested objects.
#pragma once

#include <bitset>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connector/declaration.h"
#include "payload/payload.h"

namespace penstock::connector {

struct RowView;

inline constexpr size_t kFieldsMax = 512;
using FieldMask = std::bitset<kFieldsMax>;

struct MemberFacts {
  const ValueRules& values;
  const FieldMask& personal;
  bool masked = false;
};

// Appends a comma unless the object that is being written has no member yet.
inline void append_comma(std::string& out) {
  if (out.back() != '{' && out.back() != '[') out += ',';
}

// One field's value as it travels: NULL when the row is cleared, masked when asked for.
void append_field(std::string& out, const RowView& row, size_t field, const MemberFacts& facts);

// Immutable once built; thread-safe.
class Members {
 public:
  // `names[i]` is the name under which field number `fields[i]` is written here. `nested`: what separates the
  // levels of a name; empty: names are taken as they are.
  Members(const std::vector<std::string>& names, const std::vector<size_t>& fields, std::string_view nested);
  // The members of the fields that travel, each after append_comma().
  void write(std::string& out, const RowView& row, const MemberFacts& facts) const;

 private:
  struct Member {
    std::string key;                // "name": with quotes and colon
    size_t field = 0;               // of a value
    std::vector<Member> members{};  // of an object
  };
  static void place(std::vector<Member>& level, std::string_view name, size_t field, std::string_view nested);
  static bool travels(const Member& member, const RowView& row);
  static void write_level(std::string& out, const std::vector<Member>& level, const RowView& row,
                          const MemberFacts& facts);
  std::vector<Member> members_;
};

}  // namespace penstock::connector
