// Writing JSON by appending to a string: the replies of a sandbox are long and plain, and building a tree
// first would cost more than all the rest of a request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace penstock::sandbox {

// "…" with quotes and escapes. A text that is not UTF-8, such as a mangled address, has question marks in the
// place of its bytes above 0x7f.
void append_json_string(std::string& out, std::string_view text);
// `"name":`, for names that need no escape.
void append_json_name(std::string& out, std::string_view name);
// `"name":"text"`
void append_json_member(std::string& out, std::string_view name, std::string_view text);
void append_number(std::string& out, uint64_t number);
// "2026-11-23T14:13:11.250Z" with quotes.
void append_json_time(std::string& out, Time time);

// Puts a comma before every item but the first.
class Commas {
 public:
  void before_item(std::string& out) {
    if (!first_) out.push_back(',');
    first_ = false;
  }

 private:
  bool first_ = true;
};

}  // namespace penstock::sandbox
