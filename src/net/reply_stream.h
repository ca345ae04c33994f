// The body of a reply that goes on while there is something to say: server-sent events.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct MHD_Connection;

namespace penstock {

// Thread-safe. Shared by who writes and by the connection; it ends when either lets go.
class ReplyStream {
 public:
  // What a reader may be behind; one who is further behind is cut off, so that nobody slow fills the memory.
  static constexpr size_t kBehindMax = 4 << 20;

  // False: the reader is gone, and nothing more will be read.
  bool push(std::string_view text);
  // After what was pushed the reply ends.
  void close();
  bool is_gone() const;

  // ---- for the server

  // Copies up to `room` bytes; 0: there is nothing yet, and the connection is suspended until there is; below
  // 0: it is over.
  long read(MHD_Connection* connection, char* into, size_t room);
  // The connection is no more.
  void leave();

 private:
  void wake();
  mutable std::mutex mutex_;
  std::string waiting_;
  MHD_Connection* suspended_ = nullptr;
  bool closed_ = false, gone_ = false;
};

}  // namespace penstock
