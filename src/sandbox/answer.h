// What a vendor answers to one request, and what the statistics want to know of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "net/http_server.h"

namespace penstock::sandbox {

struct Answer {
  ServerReply reply;      // a body without Content-Type is JSON
  std::string route;      // for by_path: the path, record ids replaced by {id}; empty: the path as it is
  uint32_t rows = 0;      // rows in a write request
  uint32_t rejected = 0;  // of these, refused one by one
};

inline ServerReply reply_of(int status, std::string body = {}) {
  ServerReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

inline Answer answer_of(ServerReply reply, uint32_t rows = 0) {
  Answer answer;
  answer.reply = std::move(reply);
  answer.rows = rows;
  return answer;
}

}  // namespace penstock::sandbox
