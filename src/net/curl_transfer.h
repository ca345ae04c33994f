// One request on one of libcurl's easy handles. Private to net/.
#pragma once

#include <curl/curl.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "async/real_loop.h"
#include "net/curl_client.h"
#include "net/curl_guard.h"
#include "net/transport_failure.h"

namespace penstock {

// Used for one request after another: the handle keeps what does not change (and its TLS sessions). Loop
// thread only.
class CurlTransfer {
 public:
  CurlTransfer(RealLoop& loop, const CurlClientOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  // Makes the handle ready for this request, which it keeps until the next.
  void prepare(HttpRequest request);
  // Called by the multi when the transfer has ended (with CURLE_OK: there is a reply).
  void end(CURLcode code);
  bool ended() const { return code_.has_value(); }
  HttpOutcome take_outcome();
  // Frees what the request and its reply hold.
  void release();

  CURL* easy() const { return easy_; }
  Waiter waiter;  // the task that waits for the end
  // Called when the transfer must be ended from outside of libcurl: it has waited too long.
  std::function<void(CurlTransfer&)> on_give_up;

 private:
  struct FirstByteTimer : Timer {
    explicit FirstByteTimer(CurlTransfer& its_transfer) : Timer(&fire), transfer(its_transfer) {}
    static void fire(Timer& timer);
    CurlTransfer& transfer;
  };

  void set_constant_options(const CurlClientOptions& options);
  void set_method();
  void set_headers();
  void set_limits();
  void add_header_line(std::string_view line);
  void add_header(std::string_view name, std::string_view value);

  static int on_socket(void* self, curl_socket_t socket, curlsocktype);
  static int on_begin(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port);
  static size_t on_header(char* bytes, size_t, size_t count, void* self);
  static size_t on_body(char* bytes, size_t, size_t count, void* self);
  bool may_begin();
  bool take_header(std::string_view line);
  bool take_body(std::string_view bytes);
  void watch_for_first_byte();
  void check_progress();

  bool is_safe() const { return request_.method == "GET" || request_.method == "HEAD"; }
  bool is_encrypted() const { return request_.url.starts_with("https:"); }
  uint64_t bytes_sent() const;
  TransferFacts facts(CURLcode code) const;

  RealLoop& loop_;
  CURL* easy_;
  const Duration unacknowledged_max_;
  const AddressPolicy addresses_;
  const bool is_guarded_;  // by the process's guard, too
  CurlGuard guard_;
  std::array<char, CURL_ERROR_SIZE> curl_text_;

  HttpRequest request_;
  std::string header_text_;              // of all request headers, each ended by NUL
  std::vector<size_t> header_starts_;    // in header_text_
  std::vector<curl_slist> header_list_;  // libcurl reads it as a linked list

  HttpReply reply_;
  size_t header_bytes_ = 0;
  std::optional<CURLcode> code_;
  BrokenOff broken_off_ = BrokenOff::no;
  bool begun_ = false;
  uint64_t sent_before_ = 0;  // bytes that went to a proxy before the request
  bool reply_begun_ = false;
  bool headers_complete_ = false;

  FirstByteTimer first_byte_timer_;
  Instant progress_at_{};
  uint64_t progress_bytes_ = 0;
};

}  // namespace penstock
