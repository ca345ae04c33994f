#include "connector/members.h"

#include <algorithm>

#include "connector/body.h"
#include "connector/values.h"

namespace penstock::connector {
namespace {

std::string key_of(std::string_view name) {
  std::string key;
  append_json_string(key, name);
  key += ':';
  return key;
}

}  // namespace

void append_field(std::string& out, const RowView& row, size_t field, const MemberFacts& facts) {
  if (row.clear)
    out += facts.values.null;
  else if (facts.masked && facts.personal[field] && !row.fields[field].is_null(row.row))
    append_json_string(out, kMask);
  else
    append_value(out, row.fields[field], row.row, facts.values);
}

Members::Members(const std::vector<std::string>& names, const std::vector<size_t>& fields,
                 std::string_view nested) {
  for (size_t i = 0; i < names.size(); ++i) place(members_, names[i], fields[i], nested);
}

void Members::place(std::vector<Member>& level, std::string_view name, size_t field,
                    std::string_view nested) {
  const size_t at = nested.empty() ? name.npos : name.find(nested);
  if (at == name.npos || at == 0 || at + nested.size() == name.size()) {
    level.push_back({.key = key_of(name), .field = field});
    return;
  }
  const std::string key = key_of(name.substr(0, at));
  auto object = std::find_if(level.begin(), level.end(), [&](const Member& member) {
    return member.key == key && !member.members.empty();
  });
  if (object == level.end()) object = level.insert(level.end(), {.key = key});
  place(object->members, name.substr(at + nested.size()), field, nested);
}

bool Members::travels(const Member& member, const RowView& row) {
  if (member.members.empty()) return row.send[member.field];
  return std::any_of(member.members.begin(), member.members.end(),
                     [&](const Member& inner) { return travels(inner, row); });
}

void Members::write(std::string& out, const RowView& row, const MemberFacts& facts) const {
  write_level(out, members_, row, facts);
}

void Members::write_level(std::string& out, const std::vector<Member>& level, const RowView& row,
                          const MemberFacts& facts) {
  for (const auto& member : level) {
    const bool is_value = member.members.empty();
    if (is_value ? !row.send[member.field] : !travels(member, row)) continue;
    append_comma(out);
    out += member.key;
    if (is_value) {
      append_field(out, row, member.field, facts);
      continue;
    }
    out += '{';
    write_level(out, member.members, row, facts);
    out += '}';
  }
}

}  // namespace penstock::connector
