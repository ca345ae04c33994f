// libcurl's multi handle on the loop. Private to net/.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <vector>

#include "async/real_loop.h"
#include "net/curl_client.h"
#include "net/curl_transfer.h"

namespace penstock {

// All transfers of a client and their connections. Loop thread only.
class CurlMulti {
 public:
  CurlMulti(RealLoop& loop, CurlClientOptions options);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();

  std::unique_ptr<CurlTransfer> take_transfer();
  // Breaks it off if it has not ended.
  void put_back(std::unique_ptr<CurlTransfer> transfer);
  void start(CurlTransfer& transfer);
  RealLoop& loop() { return loop_; }

 private:
  struct ActTimer : Timer {
    explicit ActTimer(CurlMulti& its_multi) : Timer(&fire), multi(its_multi) {}
    static void fire(Timer& timer);
    CurlMulti& multi;
  };

  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* watched);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void act(curl_socket_t fd, int events);
  void collect_ended();
  void end(CurlTransfer& transfer, CURLcode code);

  RealLoop& loop_;
  const CurlClientOptions options_;
  CURLM* multi_;
  ActTimer timer_;
  std::vector<std::unique_ptr<CurlTransfer>> idle_;
};

}  // namespace penstock
