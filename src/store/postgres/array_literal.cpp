#include "store/postgres/array_literal.h"

#include <simdjson.h>

namespace penstock::postgres {
namespace {

// Walks over compact, valid JSON without reading numbers as numbers.
class ArrayWriter {
 public:
  explicit ArrayWriter(std::string_view json) : json_(json) {}

  std::string write() {
    while (at_ < json_.size()) {
      switch (json_[at_]) {
        case '[':
          out_ += '{';
          ++at_;
          break;
        case ']':
          out_ += '}';
          ++at_;
          break;
        case '"':
          string();
          break;
        case '{':
          object();
          break;
        case 'n':
          out_ += "NULL";
          at_ += 4;
          break;
        default:
          out_ += json_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  size_t end_of_string(size_t at) const {
    for (++at; at < json_.size() && json_[at] != '"'; ++at)
      if (json_[at] == '\\') ++at;
    return std::min(json_.size(), at + 1);
  }

  void string() {
    const size_t end = end_of_string(at_);
    const std::string_view token = json_.substr(at_, end - at_);
    at_ = end;
    if (token.find('\\') == token.npos) return quote(token.substr(1, token.size() - 2));
    simdjson::dom::parser parser;
    std::string_view text;
    if (parser.parse(token.data(), token.size()).get_string().get(text) == simdjson::SUCCESS) quote(text);
  }

  // An object is one item: its text.
  void object() {
    const size_t begin = at_;
    for (int depth = 0; at_ < json_.size();) {
      if (json_[at_] == '"') {
        at_ = end_of_string(at_);
        continue;
      }
      if (json_[at_] == '{') ++depth;
      if (json_[at_++] == '}' && --depth == 0) break;
    }
    quote(json_.substr(begin, at_ - begin));
  }

  void quote(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }

  std::string_view json_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string array_literal(std::string_view json) {
  return json.starts_with('[') ? ArrayWriter(json).write() : std::string(json);
}

}  // namespace penstock::postgres
