#include "store/store.h"

#include <fmt/format.h>

#include "store/blocking_store.h"
#include "store/files/files.h"
#include "store/kafka/kafka.h"
#include "store/mysql/mysql.h"
#include "store/postgres/postgres.h"
#include "store/redis/redis.h"

namespace penstock {
namespace {

// Every kind of store, listed by hand: scheme, and how a session with one begins.
struct Kind {
  std::string_view scheme;
  std::unique_ptr<StoreSession> (*make)(const Headers& headers);
};
constexpr Kind kKinds[] = {
    {"postgresql", make_postgres_session}, {"file", make_files_session},  {"kafka", make_kafka_session},
    {"mysql", make_mysql_session},         {"redis", make_redis_session},
};

}  // namespace

Stores::Stores(Loop& loop, HttpClient& http) : loop_(loop), http_(http) {}
Stores::~Stores() = default;

HttpClient* Stores::store_of(const std::string& scheme) {
  if (scheme == "http" || scheme == "https") return &http_;
  auto& store = stores_[scheme];
  if (store) return store.get();
  for (const auto& kind : kKinds)
    if (kind.scheme == scheme) store = std::make_unique<BlockingStore>(loop_, kind.make);
  return store ? store.get() : &http_;  // which says what is wrong with such a URL
}

Task<HttpOutcome> Stores::send(HttpRequest request) {
  HttpClient* client = store_of(request.url.substr(0, request.url.find(':')));
  co_return co_await client->send(std::move(request));
}

}  // namespace penstock
