// Destinations that do not speak HTTP: databases, queues and files. The face of this folder.
//
// A store takes the same HttpRequest as any other destination (the verb, a URL, headers, the JSON body that
// the connector's template wrote) and answers with the same HttpReply: a status that means what it means in
// HTTP, and a JSON body. So encoding, reply rules, limits, retries, splitting and records are the same for
// all.
//
// Verbs: POST writes rows that are not there yet, PUT writes rows whether they are there or not, PATCH
// changes rows that are there, DELETE removes rows, GET asks. See docs/stores.md for bodies and replies.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/loop.h"
#include "net/http.h"

namespace penstock {

// Chooses by the URL's scheme who carries a request: http and https go to `http`, the others to the stores
// that are listed in store.cpp. Stores are made when they are first needed.
class Stores final : public HttpClient {
 public:
  // Both outlive it.
  Stores(Loop& loop, HttpClient& http);
  ~Stores() override;

  Task<HttpOutcome> send(HttpRequest request) override;

 private:
  HttpClient* store_of(const std::string& scheme);

  Loop& loop_;
  HttpClient& http_;
  std::map<std::string, std::unique_ptr<HttpClient>> stores_;
};

}  // namespace penstock
