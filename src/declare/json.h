// Writes JSON. (Reading it is simdjson's work, or parse_yaml's: JSON is YAML.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::declare {

// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);
std::string json_text(std::string_view text);

// Commas, colons and line breaks are seen to; the caller keeps begin and end in balance. With `indent` 0
// everything stands on one line.
class JsonWriter {
 public:
  explicit JsonWriter(int indent = 0) : indent_(indent) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& integer(int64_t value);
  JsonWriter& boolean(bool value);
  // A complete JSON value, taken as it is.
  JsonWriter& raw(std::string_view json);
  // What stands between the braces of a JSON object, as members of the object that is open.
  JsonWriter& members(std::string_view object);
  // A key and a text; nothing when the text is empty.
  JsonWriter& text_if(std::string_view name, std::string_view value);

  const std::string& str() const { return out_; }

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void before_value();
  void new_line();

  std::string out_;
  std::vector<bool> empty_{};  // per open bracket: nothing in it yet
  int indent_;
  bool after_key_ = false;
};

}  // namespace penstock::declare
