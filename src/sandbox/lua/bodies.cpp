#include "sandbox/lua/bodies.h"

#include <algorithm>
#include <string>

#include "net/http.h"
#include "sandbox/lua/value.h"

namespace penstock::sandbox::lua {
namespace {

std::string decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

// The part of `text` before `mark`, which is cut off from it together with the mark.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + mark.size(), text.size()));
  return part;
}

// Appends a value to the list `name` of the table on top, which is made if it is not there.
void add_to_list(lua_State* state, std::string_view name, std::string_view value) {
  push_text(state, name);
  if (lua_rawget(state, -2) == LUA_TNIL) {
    lua_pop(state, 1);
    lua_newtable(state);
    mark_array(state);
    push_text(state, name);
    lua_pushvalue(state, -2);
    lua_rawset(state, -4);
  }
  push_text(state, value);
  lua_rawseti(state, -2, static_cast<lua_Integer>(lua_rawlen(state, -2)) + 1);
  lua_pop(state, 1);
}

// One cell of a CSV text; `rest` is left at the delimiter or the line's end.
std::string take_cell(std::string_view& rest, char delimiter) {
  std::string cell;
  if (!rest.starts_with('"')) {
    const char ends[] = {delimiter, '\n', '\0'};
    cell = rest.substr(0, std::min(rest.find_first_of(ends), rest.size()));
    rest.remove_prefix(cell.size());
    if (cell.ends_with('\r')) cell.pop_back();
    return cell;
  }
  rest.remove_prefix(1);
  while (true) {
    cell += take_until(rest, "\"");
    if (!rest.starts_with('"')) break;
    cell.push_back('"');
    rest.remove_prefix(1);
  }
  if (rest.starts_with('\r')) rest.remove_prefix(1);
  return cell;
}

void push_csv_row(lua_State* state, std::string_view& rest, char delimiter) {
  lua_newtable(state);
  lua_Integer place = 0;
  while (true) {
    push_text(state, take_cell(rest, delimiter));
    lua_rawseti(state, -2, ++place);
    if (!rest.starts_with(delimiter)) break;
    rest.remove_prefix(1);
  }
  take_until(rest, "\n");
}

// The value of name="…" in a header such as Content-Disposition.
std::string_view quoted(std::string_view header, std::string_view name) {
  const size_t start = header.find(name);
  if (start == std::string_view::npos) return {};
  header.remove_prefix(start + name.size());
  return take_until(header, "\"");
}

void set_member(lua_State* state, const char* name, std::string_view text) {
  push_text(state, text);
  lua_setfield(state, -2, name);
}

void push_part(lua_State* state, std::string_view part) {
  const std::string_view head = take_until(part, "\r\n\r\n");
  if (part.ends_with("\r\n")) part.remove_suffix(2);
  std::string_view type = head.substr(std::min(head.find("Content-Type: "), head.size()));
  lua_newtable(state);
  set_member(state, "name", quoted(head, " name=\""));
  set_member(state, "filename", quoted(head, " filename=\""));
  type.remove_prefix(std::min(type.size(), sizeof "Content-Type: " - 1));
  set_member(state, "type", take_until(type, "\r\n"));
  set_member(state, "body", part);
}

}  // namespace

void push_form(lua_State* state, std::string_view form) {
  lua_newtable(state);
  lua_newtable(state);
  while (!form.empty()) {
    std::string_view pair = take_until(form, "&");
    if (pair.empty()) continue;
    const std::string name = decode(take_until(pair, "="));
    const std::string value = decode(pair);
    add_to_list(state, name, value);
    push_text(state, name);
    push_text(state, value);
    lua_rawset(state, -4);
  }
}

void push_csv(lua_State* state, std::string_view csv, char delimiter) {
  lua_newtable(state);
  mark_array(state);
  lua_Integer place = 0;
  while (!csv.empty()) {
    push_csv_row(state, csv, delimiter);
    lua_rawseti(state, -2, ++place);
  }
}

void push_multipart(lua_State* state, std::string_view body, std::string_view boundary) {
  const std::string mark = "--" + std::string(boundary);
  lua_newtable(state);
  mark_array(state);
  take_until(body, mark);
  lua_Integer place = 0;
  while (body.starts_with("\r\n")) {
    body.remove_prefix(2);
    push_part(state, take_until(body, mark));
    lua_rawseti(state, -2, ++place);
  }
}

}  // namespace penstock::sandbox::lua
