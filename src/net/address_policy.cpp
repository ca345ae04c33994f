#include "net/address_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

constexpr int kV4Prefix = 96;  // bits before an IPv4 address

struct Special {
  std::string_view range, kind;
};

constexpr Special kSpecial[] = {
    // The addresses of clouds' metadata, which give out credentials: 169.254.169.254 is link-local.
    {"169.254.169.254", "an address of cloud metadata"},
    {"168.63.129.16",
     "an address of cloud metadata"},  // Azure: learn.microsoft.com, "What is IP address 168.63.129.16"
    {"100.100.100.200", "an address of cloud metadata"},  // Alibaba Cloud: "View instance metadata"
    {"fd00:ec2::254", "an address of cloud metadata"},    // EC2 User Guide: "Instance metadata service"
    {"fd20:ce::254", "an address of cloud metadata"},  // Compute Engine: "About VM metadata", IPv6-only VMs
    {"0.0.0.0/8", "an address of this machine"},
    {"127.0.0.0/8", "a loopback address"},
    {"10.0.0.0/8", "a private address"},
    {"172.16.0.0/12", "a private address"},
    {"192.168.0.0/16", "a private address"},
    {"100.64.0.0/10", "a private address"},  // shared, behind carriers' NAT
    {"169.254.0.0/16", "a link-local address"},
    {"192.0.0.0/24", "a special address"},
    {"192.0.2.0/24", "an address for documentation"},
    {"198.51.100.0/24", "an address for documentation"},
    {"203.0.113.0/24", "an address for documentation"},
    {"192.88.99.0/24", "a special address"},
    {"198.18.0.0/15", "an address for benchmarks"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},  // with the broadcast address
    {"::/128", "an address of this machine"},
    {"::1/128", "a loopback address"},
    {"fc00::/7", "a private address"},
    {"fec0::/10", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"ff00::/8", "a multicast address"},
    {"2001::/23", "a special address"},  // Teredo among them, which holds an IPv4 address
    {"2001:db8::/32", "an address for documentation"},
    {"3fff::/20", "an address for documentation"},
    {"2002::/16", "a special address"},  // 6to4: leads to the IPv4 address that it holds
};

struct SpecialRange {
  AddressRange range;
  std::string_view kind;
};

const std::vector<SpecialRange>& special_ranges() {
  static const std::vector<SpecialRange> ranges = [] {
    std::vector<SpecialRange> out;
    for (const Special& each : kSpecial) out.push_back({*AddressRange::parse(each.range), each.kind});
    return out;
  }();
  return ranges;
}

IpAddress from_v4(const in_addr& v4) {
  IpAddress out;
  out.bytes.s6_addr[10] = out.bytes.s6_addr[11] = 0xff;
  std::memcpy(&out.bytes.s6_addr[12], &v4, 4);
  return out;
}

// The IPv4 address in the last bytes of NAT64's prefix 64:ff9b::/96 (RFC 6052).
std::optional<IpAddress> behind_nat64(const IpAddress& address) {
  static const AddressRange prefix = *AddressRange::parse("64:ff9b::/96");
  if (!prefix.holds(address)) return std::nullopt;
  in_addr v4{};
  std::memcpy(&v4, &address.bytes.s6_addr[12], 4);
  return from_v4(v4);
}

Error bad_range(std::string_view text) {
  return {ErrorKind::config, fmt::format("'{}' is not a range of addresses", text),
          "write an address, or ADDRESS/BITS, such as 10.0.0.0/8 or fd00::/8"};
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string number(text.substr(0, text.find('%')));
  in_addr v4{};
  if (::inet_pton(AF_INET, number.c_str(), &v4) == 1) return from_v4(v4);
  IpAddress out;
  if (::inet_pton(AF_INET6, number.c_str(), &out.bytes) != 1) return std::nullopt;
  return out;
}

std::optional<IpAddress> IpAddress::of(const sockaddr& address) {
  if (address.sa_family == AF_INET) return from_v4(reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (address.sa_family != AF_INET6) return std::nullopt;
  return IpAddress{reinterpret_cast<const sockaddr_in6&>(address).sin6_addr};
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto first = IpAddress::parse(text.substr(0, slash));
  if (!first || text.find('%') != text.npos) return bad_range(text);
  AddressRange range{*first, 128};
  if (slash == text.size()) return range;
  const std::string_view digits = text.substr(slash + 1);
  // "::ffff:10.0.0.0/104" counts as IPv6, "10.0.0.0/8" as IPv4.
  const int before = text.substr(0, slash).find(':') == text.npos ? kV4Prefix : 0;
  if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != digits.npos)
    return bad_range(text);
  range.bits = before + std::stoi(std::string(digits));
  if (range.bits > 128) return bad_range(text);
  return range;
}

bool AddressRange::holds(const IpAddress& address) const {
  for (int at = 0; at < bits; at += 8) {
    const int used = std::min(bits - at, 8);
    const auto mask = static_cast<uint8_t>(0xff << (8 - used));
    const auto byte = static_cast<size_t>(at / 8);
    if ((first.bytes.s6_addr[byte] & mask) != (address.bytes.s6_addr[byte] & mask)) return false;
  }
  return true;
}

std::optional<std::string_view> special_kind(const IpAddress& address) {
  for (const auto& [range, kind] : special_ranges())
    if (range.holds(address)) return kind;
  if (address.is_v4()) return std::nullopt;
  if (const auto v4 = behind_nat64(address)) return special_kind(*v4);
  static const AddressRange global = *AddressRange::parse("2000::/3");
  if (!global.holds(address)) return "a reserved address";
  return std::nullopt;
}

Result<AddressPolicy> AddressPolicy::guarded(const std::vector<std::string>& allowed) {
  AddressPolicy policy;
  policy.public_only = true;
  for (const auto& text : allowed) {
    auto range = AddressRange::parse(text);
    if (!range.ok()) return range.error();
    policy.allowed.push_back(*range);
  }
  return policy;
}

std::optional<std::string_view> AddressPolicy::refuses(const IpAddress& address) const {
  if (!public_only) return std::nullopt;
  const auto allows_it = [&](const AddressRange& range) { return range.holds(address); };
  if (std::any_of(allowed.begin(), allowed.end(), allows_it)) return std::nullopt;
  return special_kind(address);
}

}  // namespace penstock
