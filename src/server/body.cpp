#include "server/body.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace penstock::server {

struct Body::Document {
  simdjson::dom::parser parser;
};

struct Body::Value {
  simdjson::dom::object object;
  std::optional<simdjson::dom::element> find(std::string_view name) const {
    simdjson::dom::element element;
    if (object[name].get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
    return element;
  }
};

Body::Body(std::shared_ptr<Document> document, std::unique_ptr<Value> value)
    : document_(std::move(document)), value_(std::move(value)) {}
Body::~Body() = default;
Body::Body(Body&&) noexcept = default;

Result<Body> Body::read(const ServerRequest& request) {
  auto document = std::make_shared<Document>();
  auto value = std::make_unique<Value>();
  const std::string& text = request.body;
  const auto failed = document->parser.parse(text.empty() ? std::string_view("{}") : std::string_view(text))
                          .get(value->object);
  if (failed != simdjson::SUCCESS)
    return Error{ErrorKind::config,
                 fmt::format("the body is not a JSON object: {}", simdjson::error_message(failed)),
                 "send an object, as api/openapi.yaml describes it"};
  return Body(std::move(document), std::move(value));
}

void Body::wrong(std::string_view name, std::string_view expected) {
  if (wrong_.empty()) wrong_ = fmt::format("'{}' must be {}", name, expected);
}

bool Body::has(std::string_view name) const {
  return value_->find(name).has_value();
}

bool Body::is_null(std::string_view name) const {
  simdjson::dom::element element;
  return value_->object[name].get(element) == simdjson::SUCCESS && element.is_null();
}

std::optional<std::string> Body::text(std::string_view name) {
  const auto element = value_->find(name);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) != simdjson::SUCCESS) return wrong(name, "a text"), std::nullopt;
  return std::string(text);
}

std::optional<int64_t> Body::integer(std::string_view name) {
  const auto element = value_->find(name);
  if (!element) return std::nullopt;
  int64_t number = 0;
  if (element->get(number) != simdjson::SUCCESS) return wrong(name, "a whole number"), std::nullopt;
  return number;
}

std::optional<bool> Body::boolean(std::string_view name) {
  const auto element = value_->find(name);
  if (!element) return std::nullopt;
  bool flag = false;
  if (element->get(flag) != simdjson::SUCCESS) return wrong(name, "true or false"), std::nullopt;
  return flag;
}

std::vector<std::string> Body::texts(std::string_view name) {
  std::vector<std::string> texts;
  const auto element = value_->find(name);
  if (!element) return texts;
  simdjson::dom::array array;
  if (element->get(array) != simdjson::SUCCESS) return wrong(name, "a list of texts"), texts;
  for (const simdjson::dom::element one : array) {
    std::string_view text;
    if (one.get(text) != simdjson::SUCCESS) return wrong(name, "a list of texts"), texts;
    texts.emplace_back(text);
  }
  return texts;
}

std::vector<Body> Body::objects(std::string_view name) {
  std::vector<Body> objects;
  const auto element = value_->find(name);
  if (!element) return objects;
  simdjson::dom::array array;
  if (element->get(array) != simdjson::SUCCESS) {
    wrong(name, "a list of objects");
    return objects;
  }
  for (const simdjson::dom::element one : array) {
    auto value = std::make_unique<Value>();
    if (one.get(value->object) != simdjson::SUCCESS) {
      wrong(name, "a list of objects");
      return objects;
    }
    objects.push_back(Body(document_, std::move(value)));
  }
  return objects;
}

Result<void> Body::check(std::initializer_list<std::string_view> required) const {
  if (!wrong_.empty()) return Error{ErrorKind::config, wrong_, "see api/openapi.yaml"};
  for (const auto name : required)
    if (!has(name))
      return Error{ErrorKind::config, fmt::format("'{}' is missing", name), "see api/openapi.yaml"};
  return success();
}

}  // namespace penstock::server
