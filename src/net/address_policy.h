// Which addresses requests may go to: a guard for URLs that others entered, who must not reach what only this
// machine or this network can.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock {

// An IPv4 or IPv6 address. IPv6 addresses that stand for one of IPv4 ("::ffff:10.0.0.1") are that one.
struct IpAddress {
  in6_addr bytes{};  // IPv4 as ::ffff:a.b.c.d

  // Numeric forms only, as inet_pton reads them; with or without a zone ("fe80::1%eth0").
  static std::optional<IpAddress> parse(std::string_view text);
  static std::optional<IpAddress> of(const sockaddr& address);
  bool is_v4() const { return IN6_IS_ADDR_V4MAPPED(&bytes); }
};

// "10.0.0.0/8", "fd00::/8", or a single address.
struct AddressRange {
  IpAddress first{};
  int bits = 128;  // that count, of 128

  // Errors are of kind config.
  static Result<AddressRange> parse(std::string_view text);
  bool holds(const IpAddress& address) const;
};

// Plain data. By default everything may be reached: the files of an operator's own project are trusted.
struct AddressPolicy {
  // Only what the whole Internet can reach: no loopback, link-local, private, shared, multicast,
  // documentation or other special addresses, nor those at which clouds give out credentials.
  bool public_only = false;
  // What may be reached all the same.
  std::vector<AddressRange> allowed{};

  // Public addresses, and the ranges that the operator allows.
  static Result<AddressPolicy> guarded(const std::vector<std::string>& allowed = {});

  // Nothing when it may be reached, else what it is: "a private address".
  std::optional<std::string_view> refuses(const IpAddress& address) const;
};

// What kind of address that is which is not for everybody; nothing for a public one. After IANA's registries
// of special-purpose addresses (iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry,
// 2026-11).
std::optional<std::string_view> special_kind(const IpAddress& address);

}  // namespace penstock
