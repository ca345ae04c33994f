#include "connector/encode.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "base/percent.h"
#include "connector/json_path.h"

namespace penstock::connector {
namespace {

using Content = Operation::Content;
using simdjson::dom::element;

// Long enough that no CSV holds it by chance.
constexpr std::string_view kMultipart = "multipart/form-data; boundary=penstock-7f1c9a52e0b84d36";
constexpr std::string_view kBoundary = kMultipart.substr(kMultipart.find('=') + 1);

void append_form(std::string& out, const std::string& name, element value) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const auto member : object) append_form(out, fmt::format("{}[{}]", name, member.key), member.value);
    return;
  }
  if (value.get(array) == simdjson::SUCCESS) {
    size_t index = 0;
    for (const element item : array) append_form(out, fmt::format("{}[{}]", name, index++), item);
    return;
  }
  if (!out.empty()) out += '&';
  out += percent_encode(name) + '=' + percent_encode(text_of(value));
}

element parsed(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  element root;
  check(parser.parse(json.data(), json.size()).get(root) == simdjson::SUCCESS,
        "we write JSON that can be read");
  return root;
}

// Room for most bodies from the start: growing to it takes as much copying again.
constexpr size_t kRowBytesGuessed = 400;

std::string content_of(std::string_view json) {
  return text_of(parsed(json));
}

std::string csv(const CsvBody& body, std::span<const RowView> rows, const RequestFacts& request) {
  std::string out;
  body.begin(out);
  for (size_t i = 0; i < rows.size(); ++i) body.add(out, rows[i], i, request.masked);
  return out;
}

std::string as_upload(const std::string& part, std::string_view file) {
  return fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"{1}\"; filename=\"rows.csv\"\r\nContent-Type: "
      "text/csv\r\n\r\n{2}\r\n--{0}--\r\n",
      kBoundary, part, file);
}

}  // namespace

std::string as_form(std::string_view json) {
  std::string out;
  simdjson::dom::object object;
  if (parsed(json).get(object) != simdjson::SUCCESS) return out;
  for (const auto member : object) append_form(out, std::string(member.key), member.value);
  return out;
}

std::string encode(const BoundOperation& operation, std::span<const RowView> rows,
                   const RequestFacts& request) {
  const Operation& declared = *operation.operation;
  if (operation.csv) {
    std::string file = csv(*operation.csv, rows, request);
    return declared.content == Content::multipart ? as_upload(declared.part, file) : file;
  }
  std::string body;
  if (!operation.body) return body;
  body.reserve(rows.size() * kRowBytesGuessed);
  operation.body->begin(body, request);
  for (size_t i = 0; i < rows.size(); ++i) operation.body->add(body, rows[i], i, request);
  operation.body->end(body, request);
  if (declared.content == Content::form) return as_form(body);
  if (declared.content == Content::text) return content_of(body);
  return body;
}

std::string_view content_type(const Operation& operation) {
  switch (operation.content) {
    case Content::json:
      return "application/json";
    case Content::form:
      return "application/x-www-form-urlencoded";
    case Content::ndjson:
      return "application/x-ndjson";
    case Content::csv:
      return "text/csv; charset=UTF-8";
    case Content::multipart:
      return kMultipart;
    case Content::text:
      return "text/plain; charset=UTF-8";
  }
  return "";
}

}  // namespace penstock::connector
