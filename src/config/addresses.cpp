#include "config/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "declare/declare.h"
#include "net/address_guard.h"
#include "net/http.h"

namespace penstock::config {
namespace {

using declare::Node;
using declare::Place;

constexpr char kHidden = '\x01';  // in the place of a reference or a placeholder

constexpr std::string_view kAddressFields[] = {"url",     "uri",    "host",     "hosts",    "server",
                                               "servers", "broker", "brokers",  "endpoint", "address",
                                               "path",    "state",  "base_url", "token_url"};
constexpr std::string_view kFolders[] = {"sources", "destinations", "alerts", "connectors", "syncs"};
constexpr std::pair<std::string_view, uint16_t> kPorts[] = {
    {"http", 80},      {"https", 443},  {"postgres", 5432}, {"postgresql", 5432}, {"mysql", 3306},
    {"mariadb", 3306}, {"redis", 6379}, {"sftp", 22},       {"s3", 443}};

bool is_address_field(std::string_view field) {
  const std::string_view last = field.substr(field.rfind('.') + 1);  // npos + 1 is 0
  return std::ranges::find(kAddressFields, last) != std::end(kAddressFields) || last.ends_with("_url") ||
         last.ends_with("_host");
}

// The same length, so that places in it are places in the text.
std::string with_hidden_references(const std::string& text) {
  std::string out = text;
  for (size_t open = out.find('{'); open != out.npos; open = out.find('{', open + 1)) {
    const size_t begin = open > 0 && out[open - 1] == '$' ? open - 1 : open;
    const size_t close = std::min(out.find('}', open), out.size() - 1);
    std::fill(out.begin() + static_cast<ptrdiff_t>(begin), out.begin() + static_cast<ptrdiff_t>(close) + 1,
              kHidden);
    open = close;
  }
  return out;
}

uint16_t usual_port(std::string_view scheme) {
  for (const auto& [name, port] : kPorts)
    if (name == scheme) return port;
  return 0;
}

// "user:password@host:port" of a URL.
NamedAddress address_of(const NamedAddress& whole, std::string_view authority, uint16_t port) {
  NamedAddress out = whole;
  authority.remove_prefix(authority.rfind('@') + 1);
  const std::string_view host = without_port(authority);
  if (authority.size() > host.size() + 1) {
    const std::string_view digits = authority.substr(host.size() + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return out;
  }
  out.port = port;
  if (authority.find(kHidden) != authority.npos) return out;
  out.host = percent_decode(host);
  return out;
}

// Several hosts may stand in one URL of a database.
void add_authorities(std::vector<NamedAddress>& into, const NamedAddress& whole, std::string_view authorities,
                     uint16_t port) {
  for (;;) {
    const size_t comma = std::min(authorities.find(','), authorities.size());
    into.push_back(address_of(whole, authorities.substr(0, comma), port));
    if (comma == authorities.size()) return;
    authorities.remove_prefix(comma + 1);
  }
}

void add_urls(std::vector<NamedAddress>& into, const NamedAddress& whole, std::string_view hidden) {
  for (size_t at = hidden.find("://"); at != hidden.npos; at = hidden.find("://", at + 3)) {
    size_t begin = at;
    while (begin > 0 &&
           (std::isalnum(static_cast<unsigned char>(hidden[begin - 1])) != 0 || hidden[begin - 1] == '+'))
      --begin;
    std::string scheme(hidden.substr(begin, at - begin));
    std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::string_view rest = hidden.substr(at + 3);
    add_authorities(into, whole, rest.substr(0, rest.find_first_of("/?#\\ \t\r\n\"'<>)")),
                    usual_port(scheme));
  }
}

// "host=10.0.0.1 hostaddr=10.0.0.1", as libpq takes them, also behind a URL's "?".
void add_host_words(std::vector<NamedAddress>& into, const NamedAddress& whole, std::string_view hidden) {
  for (const std::string_view word : {"port=", "service="})
    if (hidden.find(word) != hidden.npos) into.push_back(whole);  // as a whole it is one of its own
  for (const std::string_view word : {"host=", "hostaddr="}) {
    for (size_t at = hidden.find(word); at != hidden.npos; at = hidden.find(word, at + 1)) {
      if (at > 0 && std::isalnum(static_cast<unsigned char>(hidden[at - 1])) != 0) continue;
      std::string_view value = hidden.substr(at + word.size());
      if (value.starts_with('\'')) value.remove_prefix(1);
      add_authorities(into, whole, value.substr(0, value.find_first_of(" &'\t\n")), 5432);
    }
  }
}

// "broker1:9092, broker2:9092"; a name alone.
void add_names(std::vector<NamedAddress>& into, const NamedAddress& whole, std::string_view hidden,
               uint16_t port) {
  while (!hidden.empty()) {
    const std::string_view one = hidden.substr(0, hidden.find_first_of(",; \t\n"));
    hidden.remove_prefix(std::min(one.size() + 1, hidden.size()));
    if (!one.empty()) into.push_back(address_of(whole, one, port));
  }
}

void add_fallbacks(std::vector<NamedAddress>& into, const NamedAddress& whole) {
  const std::string& text = whole.text;
  for (size_t at = text.find(":-"); at != text.npos; at = text.find(":-", at + 2)) {
    const std::string fallback = text.substr(at + 2, text.find('}', at) - at - 2);
    for (NamedAddress one : addresses_in_value(fallback, whole.field, whole.place)) {
      one.text = text;
      into.push_back(std::move(one));
    }
  }
}

void add_value(std::vector<NamedAddress>& into, const NamedAddress& whole, uint16_t port) {
  const std::string hidden = with_hidden_references(whole.text);
  const size_t before = into.size();
  add_urls(into, whole, hidden);
  add_host_words(into, whole, hidden);
  const bool is_field = is_address_field(whole.field);
  if (into.size() == before && is_field && hidden.find('/') == hidden.npos && hidden.find('=') == hidden.npos)
    add_names(into, whole, hidden, port);
  if (into.size() == before && is_field) into.push_back(whole);
  if (into.size() == before && !numeric_address(whole.text).empty() &&
      whole.text.find_first_of(".:") != whole.text.npos)
    into.push_back(address_of(whole, whole.text, port));
  add_fallbacks(into, whole);
}

uint16_t port_beside(const Node& map) {
  const auto* port = map.find("port");
  uint16_t number = kMailPort;  // the only address that is made of two settings is a mail server's
  if (port != nullptr && port->value.is_scalar()) {
    const std::string& text = port->value.text;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

void walk(const Node& node, const std::string& field, uint16_t port, std::vector<NamedAddress>& into) {
  if (node.is_scalar()) return add_value(into, {node.text, "", 0, field, node.place}, port);
  for (const Node& item : node.items) walk(item, field, port, into);
  for (const auto& entry : node.entries)
    walk(entry.value, field.empty() ? entry.key : field + "." + entry.key, port_beside(node), into);
}

bool is_yaml(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

}  // namespace

std::string NamedAddress::key() const {
  return host.empty() ? text : address_key(host, port);
}

bool NamedAddress::is_reference() const {
  const bool is_one = text.starts_with("${") && text.find('}') == text.size() - 1;
  return is_one && !text.starts_with("${file:") && text.find(":-") == text.npos;
}

std::vector<NamedAddress> addresses_in(const Node& document) {
  std::vector<NamedAddress> out;
  walk(document, "", kMailPort, out);
  return out;
}

std::vector<NamedAddress> addresses_in_value(const std::string& text, const std::string& field,
                                             const Place& place, uint16_t port) {
  std::vector<NamedAddress> out;
  add_value(out, {text, "", 0, field, place}, port);
  return out;
}

std::vector<NamedAddress> addresses_in_file(const std::string& path, const std::string& text) {
  declare::Diagnostics ignored;
  const auto document = declare::parse_yaml(std::make_shared<declare::SourceFile>(path, text), ignored);
  return document ? addresses_in(*document) : std::vector<NamedAddress>();
}

bool is_address_file(std::string_view path) {
  if (!is_yaml(path)) return false;
  const size_t slash = path.find('/');
  if (slash == path.npos) return true;  // penstock.yaml, destinations.yaml
  return std::ranges::find(kFolders, path.substr(0, slash)) != std::end(kFolders);
}

std::vector<std::string> address_files(Disk& disk, const std::string& directory) {
  std::vector<std::string> out;
  if (auto names = disk.list(directory); names.ok())
    for (const auto& name : *names)
      if (is_yaml(name)) out.push_back(name);
  for (const std::string_view folder : kFolders) {
    const auto names = disk.list(join_path(directory, std::string(folder)));
    if (!names.ok()) continue;
    for (const auto& name : *names)
      if (is_yaml(name)) out.push_back(join_path(std::string(folder), name));
  }
  return out;
}

std::string numeric_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::string text(host);
  while (text.ends_with('.')) text.pop_back();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text == "localhost" || text.ends_with(".localhost")) return "127.0.0.1";
  if (IpAddress::parse(text)) return text;
  // As libraries read them: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1.
  in_addr v4{};
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) == 0 ||
      ::inet_aton(text.c_str(), &v4) == 0)
    return "";
  std::array<char, INET_ADDRSTRLEN> written{};
  return ::inet_ntop(AF_INET, &v4, written.data(), written.size()) == nullptr ? "" : written.data();
}

}  // namespace penstock::config
