// One request and its reply on a connection of libmicrohttpd. Private to net/.
#pragma once

#include <microhttpd.h>

#include <memory>
#include <mutex>
#include <vector>

#include "net/http_server.h"
#include "net/wake_later.h"

namespace penstock {

// Replies that go on. libmicrohttpd cannot stop while their connections are suspended. Thread-safe.
class OpenStreams {
 public:
  void add(const std::shared_ptr<ReplyStream>& stream);
  // Ends all of them, and those that come.
  void close();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<ReplyStream>> streams_;
  bool closed_ = false;
};

// Lives from the request's first line until the reply is sent or the connection is gone; used by one thread
// at a time.
class HttpExchange {
 public:
  // `target`: the request's path and query as they were sent.
  explicit HttpExchange(const char* target);

  // What libmicrohttpd calls for the headers, for each part of the body, and when all is there.
  MHD_Result take(MHD_Connection* connection, const char* method, const char* body, size_t* body_bytes,
                  const HttpServerOptions& options, const HttpServer::Handler& handler, WakeLater& later,
                  OpenStreams& streams);

 private:
  enum class Stage { headers, body, delayed, replying };

  void take_headers(MHD_Connection* connection, const char* method, size_t body_bytes_max);
  void take_body(const char* bytes, size_t count, size_t body_bytes_max);
  MHD_Result answer(MHD_Connection* connection, const HttpServer::Handler& handler, WakeLater& later,
                    OpenStreams& streams);
  MHD_Result reply(MHD_Connection* connection);

  Stage stage_ = Stage::headers;
  bool too_large_ = false;
  ServerRequest request_;
  ServerReply reply_;  // libmicrohttpd reads the body from here while it sends
};

}  // namespace penstock
