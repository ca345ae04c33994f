#include "login/refresh_tokens.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include "declare/declare.h"
#include "net/crypto.h"

namespace penstock {
namespace {

// Names the token without telling it.
std::string mark_of(const std::string& token) {
  return hex(sha256("penstock refresh token\n" + token));
}

}  // namespace

RefreshTokens::RefreshTokens(Disk& disk, std::string directory, std::string destination, Locks& locks)
    : disk_(&disk), locks_(&locks), directory_(std::move(directory)), destination_(std::move(destination)) {}

std::string RefreshTokens::file() const {
  return join_path(directory_, destination_ + ".json");
}

Task<Result<SyncLock>> RefreshTokens::lock(Loop& loop) {
  if (auto made = disk_->make_directories(directory_); !made.ok()) co_return made.error();
  const Instant until = loop.now() + 60s;
  for (;;) {
    auto lock = locks_->acquire(join_path(directory_, destination_ + ".lock"), destination_,
                                fmt::format("process {}", ::getpid()));
    if (lock.ok() || lock.error().kind != ErrorKind::locked) co_return lock;
    if (loop.now() >= until)
      co_return Error{
          ErrorKind::transient,
          fmt::format("another process renews the login of '{}' and does not come to an end", destination_),
          "stop that process, then run the same command again"};
    co_await loop.sleep_for(100ms);
  }
}

Result<std::string> RefreshTokens::newest(const std::string& given) const {
  auto there = disk_->exists(file());
  if (!there.ok()) return there.error();
  if (!*there) return given;
  auto text = disk_->read(file());
  if (!text.ok()) return text.error();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view mark, token;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS || root["given"].get(mark) != simdjson::SUCCESS ||
      root["refresh_token"].get(token) != simdjson::SUCCESS)
    return Error{ErrorKind::disk, fmt::format("{} is not what was written there", file()),
                 "remove it, and if the login is then refused, connect at the vendor again"};
  return mark == mark_of(given) ? std::string(token) : given;
}

Result<void> RefreshTokens::keep(const std::string& given, const std::string& newer) {
  declare::JsonWriter json;
  json.begin_object().key("version").integer(1).key("given").text(mark_of(given));
  json.key("refresh_token").text(newer).end_object();
  return disk_->replace_private(file(), json.str() + "\n");
}

}  // namespace penstock
