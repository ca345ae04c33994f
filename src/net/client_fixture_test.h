// What the tests of the HTTP client share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "async/task_group.h"
#include "net/curl_client.h"

namespace penstock {

class HttpClientTest : public testing::Test {
 protected:
  HttpOutcome send(HttpRequest request) { return loop.run(client->send(std::move(request))); }
  HttpOutcome get(std::string url) { return send({.url = std::move(url)}); }
  HttpOutcome post(std::string url, std::string body) {
    return send({.method = "POST", .url = std::move(url), .body = std::move(body)});
  }
  static Task<void> send_into(HttpClient& client, HttpRequest request, std::vector<HttpOutcome>* outcomes) {
    outcomes->push_back(co_await client.send(std::move(request)));
  }
  static Task<void> join(TaskGroup& group) { co_await group.join(); }
  // All at once; outcomes in order of their coming.
  std::vector<HttpOutcome> send_all(std::vector<HttpRequest> requests) {
    std::vector<HttpOutcome> outcomes;
    TaskGroup group(loop);
    for (HttpRequest& request : requests) group.spawn(send_into(*client, std::move(request), &outcomes));
    loop.run(join(group));
    return outcomes;
  }
  void use_client(CurlClientOptions options) { client = *CurlClient::create(loop, std::move(options)); }

  RealLoop loop;
  std::unique_ptr<CurlClient> client = *CurlClient::create(loop);
};

// The error's text when there is one, for messages of tests.
inline std::string text_of(const HttpOutcome& outcome) {
  return outcome.replied() ? "status " + std::to_string(outcome.reply().status)
                           : outcome.failure().error.message;
}

}  // namespace penstock
