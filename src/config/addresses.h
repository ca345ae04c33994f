// Which hosts a project's files name, as written: for the guard of addresses that were entered by others than
// the operator (net/address_guard.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.h"
#include "declare/node.h"

namespace penstock::config {

struct NamedAddress {
  std::string text;  // the whole value, as written
  // Of the host: empty where a reference or a placeholder stands in it, and where there is none.
  std::string host;
  uint16_t port = 0;
  std::string field;  // "base_url"
  declare::Place place;

  // "api.example.com:443", or without a host the text: what tells two of them apart.
  std::string key() const;
  // The whole value is one ${env:...}, ${secret:...} or of an outer store: what it leads to is the
  // operator's.
  bool is_reference() const;
};

// Every URL in any value, with the fallbacks of references; every value of a field that is for an address
// (url, uri, host, endpoint, brokers, ...), whatever its form; and every address in numbers.
std::vector<NamedAddress> addresses_in(const declare::Node& document);
// Of one value.
constexpr uint16_t kMailPort = 587;  // of a host that has no port beside it
std::vector<NamedAddress> addresses_in_value(const std::string& text, const std::string& field = "url",
                                             const declare::Place& place = {}, uint16_t port = kMailPort);
// Of a file's text; nothing of one that cannot be read: it is refused elsewhere.
std::vector<NamedAddress> addresses_in_file(const std::string& path, const std::string& text);

// The files of a project that can name hosts: "destinations/crm.yaml".
std::vector<std::string> address_files(Disk& disk, const std::string& directory);
bool is_address_file(std::string_view path);

// What it is if it is plain to see: a numeric address of any notation (127.1, 2130706433, 0x7f000001, [::1]),
// or a name that always leads to this machine. Empty: it must be looked up.
std::string numeric_address(std::string_view host);

}  // namespace penstock::config
