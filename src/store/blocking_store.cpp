#include "store/blocking_store.h"

#include <algorithm>
#include <charconv>

namespace penstock {
namespace {

constexpr size_t kConnections = 4;
constexpr size_t kConnectionsMax = 16;

// Gives the permit back when the task ends, and when it is destroyed.
class Permit {
 public:
  explicit Permit(Semaphore& semaphore) : semaphore_(semaphore) {}
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() { semaphore_.release(); }

 private:
  Semaphore& semaphore_;
};

HttpOutcome outcome_of(StoreAnswer answer, Instant started, Instant finished) {
  if (answer.failure)
    return TransportFailure{.error = *std::move(answer.failure),
                            .may_have_arrived = answer.may_have_arrived,
                            .started = started,
                            .finished = finished};
  HttpReply reply;
  reply.status = answer.status;
  reply.body = std::move(answer.body);
  reply.started = started;
  reply.finished = finished;
  return reply;
}

}  // namespace

std::shared_ptr<BlockingStore::Account> BlockingStore::account_of(const Headers& headers) {
  std::string identity;
  for (const auto& [name, value] : headers)
    if (name != "Content-Type") identity.append(name).append(1, '\0').append(value).append(1, '\0');
  auto& account = accounts_[identity];
  if (account) return account;
  const std::string text = header_text(headers, "Connections");
  size_t connections = kConnections;
  std::from_chars(text.data(), text.data() + text.size(), connections);
  account = std::make_shared<Account>(loop_, std::clamp<size_t>(connections, 1, kConnectionsMax));
  return account;
}

Task<HttpOutcome> BlockingStore::send(HttpRequest request) {
  Loop& loop = loop_;
  const Make make = make_;
  const std::shared_ptr<Account> account = account_of(request.headers);
  co_await account->permits.acquire();
  const Permit permit(account->permits);
  std::shared_ptr<StoreSession> session;
  if (account->idle.empty()) {
    session = make(request.headers);
  } else {
    session = std::move(account->idle.back());
    account->idle.pop_back();
  }
  const Instant started = loop.now();
  // A statement may take long, and the other thread may still be at it when this task is destroyed.
  const auto shared = std::make_shared<const HttpRequest>(std::move(request));
  StoreAnswer answer = co_await loop.offload_owning([session, shared] { return session->carry(*shared); });
  if (session->usable()) account->idle.push_back(std::move(session));
  co_return outcome_of(std::move(answer), started, loop.now());
}

}  // namespace penstock
