// Walks over compact JSON that we wrote ourselves, without taking numbers for numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view json) : json_(json) {}

  bool at_end() const { return at_ >= json_.size(); }
  char peek() const { return at_end() ? '\0' : json_[at_]; }
  // Steps over the character if it is the next one.
  bool take(char c);
  // The next value as it stands, stepped over: a string with its quotes, a whole list or object, a number, a
  // word.
  std::string_view value();
  // A string's text without quotes, when it holds no escapes.
  static std::optional<std::string_view> plain(std::string_view string);
  static std::string unescaped(std::string_view string);

 private:
  void skip_string();
  std::string_view json_;
  size_t at_ = 0;
};

}  // namespace penstock
