// Signed requests to an object store, one after another on a kept connection. Blocking.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "net/sigv4.h"
#include "store/answer.h"

namespace penstock::files {

struct BucketReply {
  int status = 0;
  std::string body, etag;
  std::optional<StoreAnswer> failure;  // then there was no reply
};

class BucketRequests {
 public:
  explicit BucketRequests(SigV4Keys keys) : keys_(std::move(keys)), curl_(nullptr, &curl_easy_cleanup) {}
  BucketReply send(HttpRequest request);

 private:
  SigV4Keys keys_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
};

// The text of the first element of this name; empty: there is none.
std::string xml_text(std::string_view xml, std::string_view name);

}  // namespace penstock::files
