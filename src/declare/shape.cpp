#include "declare/shape.h"

#include <fmt/format.h>

namespace penstock::declare {

Diagnostic& Reading::error(const Place& at, std::string message) {
  Diagnostic& wrong = diagnostics_.error(at, std::move(message));
  wrong.path = path();
  wrong.conceal = secret();
  return wrong;
}

Diagnostic& Reading::warning(const Place& at, std::string message) {
  Diagnostic& odd = diagnostics_.warning(at, std::move(message));
  odd.path = path();
  odd.conceal = secret();
  return odd;
}

Diagnostic& Reading::unexpected(const Node& found, std::string_view phrase) {
  if (found.is_null() && steps_.empty())
    return error(found.place, fmt::format("there is nothing here; expected {}", phrase));
  if (found.is_null()) {
    Diagnostic& wrong = error(found.place, fmt::format("there is no value; expected {}", phrase));
    wrong.remedy = "give it a value, or remove the line";
    return wrong;
  }
  if (secret()) return error(found.place, fmt::format("expected {} (what is there is not shown)", phrase));
  return error(found.place, fmt::format("expected {}, found {}", phrase, describe(found)));
}

std::string Reading::path() const {
  std::string out;
  for (const std::string& step : steps_) {
    if (!out.empty() && !step.starts_with('[')) out += '.';
    out += step;
  }
  return out;
}

Reading::Step::Step(Reading& reading, std::string name, bool secret) : reading_(reading), secret_(secret) {
  reading_.steps_.push_back(std::move(name));
  reading_.secrets_ += secret_ ? 1 : 0;
}

Reading::Step::Step(Reading& reading, size_t index) : Step(reading, fmt::format("[{}]", index)) {}

Reading::Step::~Step() {
  reading_.steps_.pop_back();
  reading_.secrets_ -= secret_ ? 1 : 0;
}

}  // namespace penstock::declare
