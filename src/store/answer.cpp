#include "store/answer.h"

#include "declare/json.h"

namespace penstock {

StoreAnswer refusal(int status, std::string_view code, std::string_view message) {
  declare::JsonWriter json;
  json.begin_object().key("code").text(code).key("message").text(message).end_object();
  return {.status = status, .body = json.str(), .failure = std::nullopt};
}

StoreAnswer undone(std::string message) {
  return {.status = 0, .body = "", .failure = Error{ErrorKind::transient, std::move(message), ""}};
}

StoreAnswer unknown_outcome(std::string message) {
  StoreAnswer answer = undone(std::move(message));
  answer.may_have_arrived = true;
  return answer;
}

StoreAnswer misconfigured(std::string message, std::string remedy) {
  return {
      .status = 0, .body = "", .failure = Error{ErrorKind::config, std::move(message), std::move(remedy)}};
}

std::string header_text(const Headers& headers, std::string_view name) {
  const std::string* value = find_header(headers, name);
  return value == nullptr ? std::string() : *value;
}

StorePath store_path(std::string_view url) {
  url = url.substr(std::min(url.size(), url.find(':') + 1));
  while (url.starts_with('/')) url.remove_prefix(1);
  url = url.substr(0, url.find('?'));
  const size_t slash = url.find('/');
  StorePath path{.what = percent_decode(url.substr(0, slash)), .object = ""};
  if (slash != url.npos) path.object = percent_decode(url.substr(slash + 1));
  return path;
}

}  // namespace penstock
