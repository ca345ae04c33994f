// A thread that resumes suspended connections of a server when their time has come. Private to net/.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/time.h"

struct MHD_Connection;

namespace penstock {

// Thread-safe. The thread is started with the first connection.
class WakeLater {
 public:
  WakeLater() = default;
  WakeLater(const WakeLater&) = delete;
  WakeLater& operator=(const WakeLater&) = delete;
  ~WakeLater() { stop(); }

  // Suspends the connection until `at`. False after stop(): it is not suspended.
  bool suspend(MHD_Connection* connection, Instant at);
  // Resumes all at once; none is suspended any more.
  void stop();
  bool stopped();

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Instant, MHD_Connection*> suspended_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock
