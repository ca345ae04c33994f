// Where this process may connect to when somebody entered addresses by the API or the pages: anywhere that
// the operator's own files name, and else only where AddressPolicy lets.
//
// One for the process, like its log: a guard that had to be handed to everything that connects could be
// forgotten in one place. Without one (commands, tests, a service where nobody has entered anything)
// everything may be reached.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "net/address_policy.h"

namespace penstock {

// Plain data.
struct AddressGuard {
  AddressPolicy policy{};  // for all but those:
  // What the operator's files name: address_key() of hosts, and whole texts ("postgres:///shop?host=...").
  std::set<std::string, std::less<>> trusted{};

  AddressPolicy policy_for(std::string_view trusted_as) const;
};

// "db.internal:5432": lower case, no brackets, no dot at the end.
std::string address_key(std::string_view host, uint16_t port);

// For all connections from now on; those that are there stay, but HTTP looks before each request. Null: none.
// Thread-safe, as all below.
void install_address_guard(std::shared_ptr<const AddressGuard> guard);

// What may be connected to under this name. Everything where no guard is installed.
AddressPolicy policy_for(std::string_view host, uint16_t port);
// Of an http:// or https:// URL.
AddressPolicy policy_for_url(std::string_view url);

// The same of a database or a queue, as its setting has it: "redis://10.0.0.5", "host=db dbname=shop". A part
// of what was trusted is not.
AddressPolicy policy_for_text(std::string_view text);

// For libraries that connect by themselves, beforehand: looks the name up (which blocks) and refuses if any
// of its addresses may not be reached. A name that changes between this and their own look-up is not noticed.
Result<void> check_before_connecting(const AddressPolicy& policy, std::string_view host);
// The other side of a socket that has just been connected and has sent nothing yet.
Result<void> check_connected(const AddressPolicy& policy, int socket, std::string_view host);

// Of kind permission: "db.example.com leads to a private address, ...".
Error refused_address(std::string_view host, std::string_view kind);

}  // namespace penstock
