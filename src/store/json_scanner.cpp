#include "store/json_scanner.h"

#include <simdjson.h>

#include <cstring>

namespace penstock {

bool JsonScanner::take(char c) {
  if (peek() != c || at_end()) return false;
  ++at_;
  return true;
}

void JsonScanner::skip_string() {
  ++at_;
  while (at_ < json_.size()) {
    const auto* quote = static_cast<const char*>(std::memchr(json_.data() + at_, '"', json_.size() - at_));
    if (quote == nullptr) {
      at_ = json_.size();
      return;
    }
    at_ = static_cast<size_t>(quote - json_.data()) + 1;
    size_t slashes = 0;
    while (slashes + 2 <= at_ && json_[at_ - 2 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return;
  }
}

std::string_view JsonScanner::value() {
  const size_t begin = at_;
  int depth = 0;
  while (!at_end()) {
    const char c = json_[at_];
    if (c == '"') {
      skip_string();
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at_;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) break;  // the end of what this value stands in
      --depth;
      ++at_;
    } else if (depth == 0 && (c == ',' || c == ':')) {
      break;
    } else {
      ++at_;
      continue;
    }
    if (depth == 0) break;
  }
  return json_.substr(begin, at_ - begin);
}

std::optional<std::string_view> JsonScanner::plain(std::string_view string) {
  if (string.find('\\') != string.npos || string.size() < 2) return std::nullopt;
  return string.substr(1, string.size() - 2);
}

std::string JsonScanner::unescaped(std::string_view string) {
  thread_local simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(string.data(), string.size()).get_string().get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

}  // namespace penstock
