// A store that is spoken to through a blocking library: sessions are kept and reused, each request runs on
// another thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "async/loop.h"
#include "async/sync.h"
#include "net/http.h"
#include "store/answer.h"

namespace penstock {

// One connection with a login, opened when the first request needs it. Used by one thread at a time.
class StoreSession {
 public:
  virtual ~StoreSession() = default;
  // Blocks, at most for the request's time-outs.
  virtual StoreAnswer carry(const HttpRequest& request) = 0;
  // False: it is not kept.
  virtual bool usable() const = 0;
};

class BlockingStore final : public HttpClient {
 public:
  using Make = std::unique_ptr<StoreSession> (*)(const Headers& headers);
  BlockingStore(Loop& loop, Make make) : loop_(loop), make_(make) {}

  // Requests with the same headers share sessions; at most as many at once as the header `Connections` says.
  Task<HttpOutcome> send(HttpRequest request) override;

 private:
  // Shared with the tasks that wait for a session, which may outlive the store.
  struct Account {
    Account(Loop& loop, size_t connections) : permits(loop, connections) {}
    Semaphore permits;
    std::vector<std::shared_ptr<StoreSession>> idle;
  };
  std::shared_ptr<Account> account_of(const Headers& headers);

  Loop& loop_;
  Make make_;
  std::map<std::string, std::shared_ptr<Account>> accounts_;
};

}  // namespace penstock
