#include "net/curl_multi.h"

#include <sys/epoll.h>

namespace penstock {
namespace {

// Handles kept for the next request; each holds some kilobytes.
constexpr size_t kIdleTransfersMax = 1024;
// Requests on one HTTP/2 connection, if the server allows as many; beyond it each takes a connection.
constexpr long kStreamsMax = 1000;

uint32_t epoll_events(int what) {
  return (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
}

int curl_events(uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

template <class Value>
void set(CURLM* multi, CURLMoption option, Value value) {
  check(curl_multi_setopt(multi, option, value) == CURLM_OK, "libcurl does not know an option");
}

}  // namespace

CurlMulti::CurlMulti(RealLoop& loop, CurlClientOptions options)
    : loop_(loop), options_(std::move(options)), multi_(curl_multi_init()), timer_(*this) {
  check(multi_ != nullptr, "libcurl gives no handle");
  set(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
  set(multi_, CURLMOPT_SOCKETDATA, this);
  set(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
  set(multi_, CURLMOPT_TIMERDATA, this);
  set(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  set(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, kStreamsMax);
  set(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.idle_connections_max));
  set(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.host_connections_max));
}

CurlMulti::~CurlMulti() {
  idle_.clear();
  curl_multi_cleanup(multi_);
}

std::unique_ptr<CurlTransfer> CurlMulti::take_transfer() {
  if (idle_.empty()) {
    auto made = std::make_unique<CurlTransfer>(loop_, options_);
    made->on_give_up = [this](CurlTransfer& transfer) { end(transfer, CURLE_OPERATION_TIMEDOUT); };
    return made;
  }
  std::unique_ptr<CurlTransfer> transfer = std::move(idle_.back());
  idle_.pop_back();
  return transfer;
}

void CurlMulti::put_back(std::unique_ptr<CurlTransfer> transfer) {
  if (!transfer->ended()) end(*transfer, CURLE_ABORTED_BY_CALLBACK);
  transfer->waiter.unlink();
  transfer->release();
  if (idle_.size() < kIdleTransfersMax) idle_.push_back(std::move(transfer));
}

void CurlMulti::start(CurlTransfer& transfer) {
  check(curl_multi_add_handle(multi_, transfer.easy()) == CURLM_OK, "libcurl takes no transfer");
}

int CurlMulti::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto* multi = static_cast<CurlMulti*>(self);
  if (what == CURL_POLL_REMOVE) {
    multi->loop_.unwatch(fd);
  } else {
    multi->loop_.watch(fd, epoll_events(what),
                       [multi, fd](uint32_t events) { multi->act(fd, curl_events(events)); });
  }
  return 0;
}

// The timer is only set here, never acted upon: libcurl must not be called from inside its own callback.
int CurlMulti::on_timer(CURLM*, long milliseconds, void* self) {
  auto* multi = static_cast<CurlMulti*>(self);
  if (milliseconds < 0) {
    multi->timer_.cancel();
  } else {
    multi->loop_.set_timer(multi->timer_, multi->loop_.now() + std::chrono::milliseconds(milliseconds));
  }
  return 0;
}

void CurlMulti::ActTimer::fire(Timer& timer) {
  static_cast<ActTimer&>(timer).multi.act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlMulti::act(curl_socket_t fd, int events) {
  int running = 0;
  check(curl_multi_socket_action(multi_, fd, events, &running) == CURLM_OK, "libcurl lost a socket");
  collect_ended();
}

void CurlMulti::collect_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    end(*reinterpret_cast<CurlTransfer*>(transfer), message->data.result);
  }
}

void CurlMulti::end(CurlTransfer& transfer, CURLcode code) {
  transfer.end(code);
  curl_multi_remove_handle(multi_, transfer.easy());
  loop_.make_ready(transfer.waiter);
}

}  // namespace penstock
