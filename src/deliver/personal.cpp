#include "deliver/personal.h"

#include <simdjson.h>

#include <algorithm>

#include "payload/payload.h"

namespace penstock {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kShortest = 3;

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lowered(c); });
  return out;
}

// As it stands inside a JSON string.
std::string escaped(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out.substr(1, out.size() - 2);
}

// Writes JSON with personal values masked.
class MaskedJson {
 public:
  MaskedJson(const PersonalValues& personal, const std::vector<std::string>& names)
      : personal_(personal), names_(names) {}

  std::string of(element root) {
    write(root);
    return std::move(out_);
  }

 private:
  void write(element value) {
    switch (value.type()) {
      case element_type::OBJECT:
        return write_object(value);
      case element_type::ARRAY:
        return write_array(value);
      case element_type::STRING:
        return append_json_string(out_, personal_.taken_out_of(std::string(std::string_view(value))));
      default:
        out_ += simdjson::minify(value);
    }
  }

  void write_object(simdjson::dom::object object) {
    out_ += '{';
    bool first = true;
    for (const auto member : object) {
      if (!std::exchange(first, false)) out_ += ',';
      append_json_string(out_, member.key);
      out_ += ':';
      const bool is_personal = std::find(names_.begin(), names_.end(), member.key) != names_.end();
      is_personal && !member.value.is_null() ? append_json_string(out_, kMask) : write(member.value);
    }
    out_ += '}';
  }

  void write_array(simdjson::dom::array array) {
    out_ += '[';
    bool first = true;
    for (const element item : array) {
      if (!std::exchange(first, false)) out_ += ',';
      write(item);
    }
    out_ += ']';
  }

  const PersonalValues& personal_;
  const std::vector<std::string>& names_;
  std::string out_;
};

}  // namespace

void PersonalValues::add_value(std::string_view value) {
  if (value.size() < kShortest) return;
  std::string plain = lowered(value), inside = lowered(escaped(value));
  if (inside != plain) values_.push_back(std::move(inside));
  values_.push_back(std::move(plain));
}

void PersonalValues::add_name(std::string name) {
  names_.push_back(std::move(name));
}

std::string PersonalValues::taken_out_of(std::string text) const {
  if (values_.empty() || text.size() < kShortest) return text;
  std::string folded = lowered(text);
  for (const auto& value : values_)
    for (size_t at = folded.find(value); at != folded.npos; at = folded.find(value, at + kMask.size())) {
      text.replace(at, value.size(), kMask);
      folded.replace(at, value.size(), kMask);
    }
  return text;
}

std::string PersonalValues::taken_out_of_reply(std::string body) const {
  if (empty()) return body;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return taken_out_of(std::move(body));
  return MaskedJson(*this, names_).of(root);
}

}  // namespace penstock
