#include "metrics/earlier.h"

#include <cmath>
#include <cstdlib>

namespace penstock {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string take_name(std::string_view& rest) {
  size_t length = 0;
  while (length < rest.size() && is_name_character(rest[length])) ++length;
  std::string name(rest.substr(0, length));
  rest.remove_prefix(length);
  return name;
}

bool take(std::string_view& rest, char expected) {
  if (rest.empty() || rest[0] != expected) return false;
  rest.remove_prefix(1);
  return true;
}

// After the opening quote, up to and with the closing one.
std::optional<std::string> take_label_value(std::string_view& rest) {
  std::string value;
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"') return value;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    value += rest[0] == 'n' ? '\n' : rest[0];
    rest.remove_prefix(1);
  }
  return std::nullopt;
}

bool take_labels(std::string_view& rest, EarlierSample& sample) {
  if (!take(rest, '{')) return true;
  while (!take(rest, '}')) {
    std::string name = take_name(rest);
    if (name.empty() || !take(rest, '=') || !take(rest, '"')) return false;
    auto value = take_label_value(rest);
    if (!value) return false;
    sample.labels.insert_or_assign(std::move(name), *std::move(value));
    take(rest, ',');
  }
  return true;
}

}  // namespace

std::optional<EarlierSample> read_sample(std::string_view line) {
  EarlierSample sample;
  sample.name = take_name(line);
  if (sample.name.empty() || !take_labels(line, sample) || !take(line, ' ')) return std::nullopt;
  const std::string number(line);
  char* end = nullptr;
  sample.value = std::strtod(number.c_str(), &end);
  if (end == number.c_str() || *end != 0 || !std::isfinite(sample.value)) return std::nullopt;
  return sample;
}

std::vector<EarlierSample> read_samples(std::string_view text) {
  std::vector<EarlierSample> samples;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (auto sample = read_sample(text.substr(0, end))) samples.push_back(*std::move(sample));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return samples;
}

}  // namespace penstock
