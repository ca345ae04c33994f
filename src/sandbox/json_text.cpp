#include "sandbox/json_text.h"

#include <simdjson.h>

#include <array>
#include <charconv>

namespace penstock::sandbox {
namespace {

constexpr std::array<bool, 256> kNeedsEscape = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
  table['"'] = true;
  table['\\'] = true;
  return table;
}();

void append_escape(std::string& out, unsigned char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out.push_back(kHex[byte >> 4]);
  out.push_back(kHex[byte & 15]);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    std::string plain(text);
    for (char& c : plain)
      if (static_cast<unsigned char>(c) > 0x7f) c = '?';
    return append_json_string(out, plain);
  }
  out.push_back('"');
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!kNeedsEscape[byte]) continue;
    out.append(text, start, i - start);
    append_escape(out, byte);
    start = i + 1;
  }
  out.append(text, start);
  out.push_back('"');
}

void append_json_name(std::string& out, std::string_view name) {
  out.push_back('"');
  out += name;
  out += "\":";
}

void append_json_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_name(out, name);
  append_json_string(out, text);
}

void append_number(std::string& out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<size_t>(end - digits));
}

void append_json_time(std::string& out, Time time) {
  // Formatting a date takes longer than the rest of a row, and rows written together share their second.
  thread_local std::chrono::sys_seconds second{};
  thread_local std::string text = iso8601(Time(second));
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  if (whole != second) {
    second = whole;
    text = iso8601(Time(whole));
  }
  const auto millis = static_cast<unsigned>((time - whole) / 1ms);
  const size_t dot = text.size() - 5;  // ".000Z"
  text[dot + 1] = static_cast<char>('0' + millis / 100);
  text[dot + 2] = static_cast<char>('0' + millis / 10 % 10);
  text[dot + 3] = static_cast<char>('0' + millis % 10);
  out.push_back('"');
  out += text;
  out.push_back('"');
}

}  // namespace penstock::sandbox
