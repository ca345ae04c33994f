#include "sandbox/hubspot/route.h"

#include <simdjson.h>

#include <algorithm>

#include "net/http.h"

namespace penstock::sandbox::hubspot {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) segments.push_back(percent_decode(path.substr(0, slash)));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return segments;
}

// "2026-03"
bool is_date_version(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::all_of(text.begin(), text.begin() + 4, is_digit) && is_digit(text[5]) && is_digit(text[6]);
}

// The name of the resource when the segments start with FAMILY, its version and that name, in either order.
std::string_view resource_name(const std::vector<std::string>& segments, std::string_view family) {
  if (segments.size() < 3 || segments[0] != family) return {};
  if (segments[1] == "v3") return segments[2];
  return is_date_version(segments[2]) ? segments[1] : std::string_view();
}

Resource resource_of(const std::vector<std::string>& segments) {
  const std::string_view crm = resource_name(segments, "crm");
  if (crm == "objects") return Resource::objects;
  if (crm == "properties") return Resource::properties;
  if (crm == "lists") return Resource::lists;
  if (segments.size() >= 3 && segments[0] == "crm" && segments[1] == "v4" && segments[2] == "associations")
    return Resource::associations;
  if (resource_name(segments, "crm-object-schemas") == "schemas") return Resource::schemas;
  if (resource_name(segments, "account-info") == "details") return Resource::account;
  if (segments == std::vector<std::string>{"oauth", "v1", "token"}) return Resource::token;
  return Resource::unknown;
}

// /crm/v3/objects/contacts/10001 would make a line of its own for every record.
std::string show(std::string_view path, const Route& route) {
  const bool single =
      route.resource == Resource::objects && route.rest.size() == 2 && route.rest[1] != "search";
  if (!single) return std::string(path);
  return std::string(path.substr(0, path.rfind('/') + 1)) + "{id}";
}

}  // namespace

Route parse_route(std::string_view path) {
  Route route;
  route.rest = split(path);
  const auto is_text = [](const std::string& segment) { return simdjson::validate_utf8(segment); };
  if (std::all_of(route.rest.begin(), route.rest.end(), is_text)) route.resource = resource_of(route.rest);
  if (route.resource != Resource::unknown) route.rest.erase(route.rest.begin(), route.rest.begin() + 3);
  route.shown = show(path, route);
  return route;
}

}  // namespace penstock::sandbox::hubspot
