#include "net/reply_stream.h"

#include <microhttpd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace penstock {

bool ReplyStream::push(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (gone_ || closed_) return false;
  if (waiting_.size() + text.size() > kBehindMax) {
    waiting_.clear();
    closed_ = true;
    wake();
    return false;
  }
  waiting_ += text;
  wake();
  return true;
}

void ReplyStream::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wake();
}

bool ReplyStream::is_gone() const {
  const std::lock_guard lock(mutex_);
  return gone_ || closed_;
}

long ReplyStream::read(MHD_Connection* connection, char* into, size_t room) {
  const std::lock_guard lock(mutex_);
  const size_t count = std::min(room, waiting_.size());
  if (count > 0) {
    std::memcpy(into, waiting_.data(), count);
    waiting_.erase(0, count);
    return static_cast<long>(count);
  }
  if (closed_) return -1;
  MHD_suspend_connection(connection);
  suspended_ = connection;
  return 0;
}

void ReplyStream::leave() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
  suspended_ = nullptr;
}

void ReplyStream::wake() {
  if (MHD_Connection* connection = std::exchange(suspended_, nullptr)) MHD_resume_connection(connection);
}

}  // namespace penstock
