#include "access/tries.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace penstock::access {
namespace {

constexpr Duration kForgottenAfter = std::chrono::hours(24);
// What strangers can make us keep.
constexpr int64_t kRowsMax = 100'000;
constexpr size_t kNameBytesMax = 64;

std::string account_key(std::string user) {
  user.resize(std::min(user.size(), kNameBytesMax));
  std::transform(user.begin(), user.end(), user.begin(), [](unsigned char c) { return std::tolower(c); });
  return "user " + user;
}

std::string address_key(const std::string& address) {
  return "address " + network_of(address);
}

// 1 s, 2 s, 4 s, ...
Duration wait_after(uint32_t failures, uint32_t free, Duration most) {
  if (failures < free) return Duration(0);
  const uint32_t doublings = std::min(failures - free, 20U);
  return std::min<Duration>(std::chrono::seconds(1U << doublings), most);
}

}  // namespace

std::string network_of(const std::string& address) {
  in6_addr bytes{};
  if (::inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address.substr(0, 64);
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &bytes.s6_addr[12], text, sizeof text);
    return text;
  }
  std::fill(std::begin(bytes.s6_addr) + 8, std::end(bytes.s6_addr), uint8_t{0});
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &bytes, text, sizeof text);
  return std::string(text) + "/64";
}

Result<Duration> Tries::wait(const std::string& user, const std::string& address, Time now) {
  return wait_of(account_key(user), address_key(address), now);
}

Result<Duration> Tries::wait_of_address(const std::string& address, Time now) {
  return wait_of(address_key(address), address_key(address), now);
}

Result<Duration> Tries::wait_of(const std::string& one, const std::string& other, Time now) {
  Time until{};
  auto rows = file_.ask("SELECT not_before FROM tries WHERE who IN (?, ?)", one, other);
  if (!rows.ok()) return rows.error();
  for (;;) {
    auto row = rows->step();
    if (!row.ok()) return row.error();
    if (!*row) break;
    until = std::max(until, rows->time(0));
  }
  // A clock that was set back must not lock anybody out for longer than a wait can be.
  return std::clamp<Duration>(until - now, Duration(0), options_.wait_max);
}

Result<void> Tries::count(const std::string& user, const std::string& address, Time now) {
  if (auto room = make_room(now); !room.ok()) return room;
  if (auto done = count_one(account_key(user), options_.free_tries_account, now); !done.ok()) return done;
  return count_one(address_key(address), options_.free_tries_address, now);
}

Result<void> Tries::count_address(const std::string& address, Time now) {
  if (auto room = make_room(now); !room.ok()) return room;
  return count_one(address_key(address), options_.free_tries_address, now);
}

Result<void> Tries::make_room(Time now) {
  if (auto gone = file_.change("DELETE FROM tries WHERE last < ?", now - kForgottenAfter); !gone.ok())
    return gone.error();
  auto gone = file_.change(
      "DELETE FROM tries WHERE (SELECT count(*) FROM tries) >= ?1 AND who IN (SELECT who FROM tries ORDER BY "
      "last "
      "LIMIT 1000)",
      kRowsMax);
  return gone.ok() ? success() : Result<void>(gone.error());
}

Result<void> Tries::count_one(const std::string& who, uint32_t free, Time now) {
  uint32_t failures = 0;
  {
    auto found = file_.ask("SELECT failures FROM tries WHERE who = ?", who);
    if (!found.ok()) return found.error();
    auto row = found->step();
    if (!row.ok()) return row.error();
    if (*row) failures = static_cast<uint32_t>(found->number(0));
  }
  ++failures;
  auto done =
      file_.change("INSERT OR REPLACE INTO tries(who, failures, last, not_before) VALUES (?, ?, ?, ?)", who,
                   int64_t{failures}, now, now + wait_after(failures, free, options_.wait_max));
  return done.ok() ? success() : Result<void>(done.error());
}

// A wait that others brought about stays: otherwise a success that is under way would end the wait for tries
// that were made meanwhile.
Result<void> Tries::take_back_one(const std::string& who, uint32_t free) {
  auto done = file_.change(
      "UPDATE tries SET failures = max(failures - 1, 0), not_before = iif(failures - 1 < ?2, 0, not_before) "
      "WHERE who = ?1",
      who, int64_t{free});
  return done.ok() ? success() : Result<void>(done.error());
}

Result<void> Tries::succeeded(const std::string& user, const std::string& address) {
  if (auto done = forget_account(user); !done.ok()) return done;
  return take_back_one(address_key(address), options_.free_tries_address);
}

Result<void> Tries::take_back(const std::string& user, const std::string& address) {
  if (auto done = take_back_one(account_key(user), options_.free_tries_account); !done.ok()) return done;
  return take_back_one(address_key(address), options_.free_tries_address);
}

Result<void> Tries::forget_account(const std::string& user) {
  auto done = file_.change("DELETE FROM tries WHERE who = ?", account_key(user));
  return done.ok() ? success() : Result<void>(done.error());
}

}  // namespace penstock::access
