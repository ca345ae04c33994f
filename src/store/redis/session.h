// One login at a server: a batch is one pipeline.
#pragma once

#include <hiredis/hiredis.h>

#include <map>

#include "store/answer.h"
#include "store/blocking_store.h"
#include "store/redis/commands.h"
#include "store/rows_reply.h"

namespace penstock::redis {

class Session final : public StoreSession {
 public:
  explicit Session(const Headers& headers);
  StoreAnswer carry(const HttpRequest& request) override;
  bool usable() const override { return context_ != nullptr; }

 private:
  using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;
  using Failed = std::optional<StoreAnswer>;

  Failed connect(const HttpRequest& request);
  Failed log_in(const std::string& user, const std::string& password, const std::string& database);
  StoreAnswer write(Verb verb, const Target& target, const std::string& body);
  StoreAnswer find(const Target& target, const std::string& body);
  Failed load_script(Kind kind);
  void send(const std::vector<std::string>& words);
  Reply receive();
  Reply run(const std::vector<std::string>& words);
  StoreAnswer refused(std::string_view message);
  std::string broken();

  std::string url_, password_, expire_;
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
  std::map<Kind, std::string> scripts_;  // their digests
};

}  // namespace penstock::redis
