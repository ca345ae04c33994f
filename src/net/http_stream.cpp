#include "net/http_stream.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "net/address_guard.h"
#include "net/curl_guard.h"
#include "net/transport_failure.h"

namespace penstock {
namespace {

constexpr size_t kStreamHeaderBytesMax = 256UL * 1024;
constexpr long kReceiveBytes = 256L * 1024;
constexpr int kLookMilliseconds = 100;  // how often a waiting reader looks whether it is cancelled

template <class Value>
void set_stream(CURL* easy, CURLoption option, Value value) {
  check(curl_easy_setopt(easy, option, value) == CURLE_OK, "libcurl does not know an option");
}

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == text.npos ? std::string_view()
                            : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

class CurlStream final : public HttpStream {
 public:
  CurlStream(HttpRequest request, HttpStreamOptions options)
      : request_(std::move(request)), options_(std::move(options)) {
    check(easy_ != nullptr && multi_ != nullptr, "libcurl gives no handle");
  }
  CurlStream(const CurlStream&) = delete;
  CurlStream& operator=(const CurlStream&) = delete;
  ~CurlStream() override {
    curl_multi_remove_handle(multi_, easy_);
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
    curl_slist_free_all(lines_);
  }

  // Until the reply's headers are there.
  Result<void> begin() {
    set_request();
    set_connection();
    check(curl_multi_add_handle(multi_, easy_) == CURLM_OK, "libcurl takes no transfer");
    while (!body_begins_ && !ended_)
      if (auto waited = advance(); !waited.ok()) return waited;
    if (!body_begins_) return *failure_;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status_);
    return success();
  }

  int status() const override { return static_cast<int>(status_); }
  const std::string* header(std::string_view name) const override { return find_header(headers_, name); }

  Result<bool> read(std::string& into) override {
    const size_t before = into.size();
    into += std::exchange(early_, std::string());
    while (into.size() == before && !ended_) {
      into_ = &into;
      const auto waited = advance();
      into_ = &early_;
      if (!waited.ok()) return waited.error();
    }
    // What came before the way broke is given first: it may say why.
    if (into.size() > before) return true;
    return failure_ ? Result<bool>(*failure_) : Result<bool>(false);
  }

 private:
  void set_request() {
    set_stream(easy_, CURLOPT_URL, request_.url.c_str());
    set_stream(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set_stream(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    set_stream(easy_, CURLOPT_POST, 1L);
    for (const auto& [name, value] : request_.headers)
      add_line(fmt::format("{}{}{}", name, value.empty() ? ";" : ": ", value));  // ';' is libcurl's for empty
    add_line("Expect:");
    if (!find_header(request_.headers, "Content-Type")) add_line("Content-Type:");
    set_stream(easy_, CURLOPT_HTTPHEADER, lines_);
    if (options_.compressed) set_stream(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
  }
  void add_line(const std::string& line) {
    lines_ = curl_slist_append(lines_, line.c_str());
    check(lines_ != nullptr, "no memory for a header");
  }

  void set_connection() {
    set_stream(easy_, CURLOPT_ERRORBUFFER, text_.data());
    set_stream(easy_, CURLOPT_NOSIGNAL, 1L);
    set_stream(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    set_stream(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set_stream(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_stream(easy_, CURLOPT_USERAGENT, "penstock");
    set_stream(easy_, CURLOPT_BUFFERSIZE, kReceiveBytes);
    set_stream(easy_, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.timeouts.connect));
    set_stream(easy_, CURLOPT_TIMEOUT_MS, milliseconds(request_.timeouts.total));
    if (!options_.ca_file.empty()) set_stream(easy_, CURLOPT_CAINFO, options_.ca_file.c_str());
    guard_.guard(easy_, policy_for_url(request_.url));
    set_stream(easy_, CURLOPT_SOCKOPTFUNCTION, &on_socket);
    set_stream(easy_, CURLOPT_HEADERFUNCTION, &on_header);
    set_stream(easy_, CURLOPT_HEADERDATA, this);
    set_stream(easy_, CURLOPT_WRITEFUNCTION, &on_body);
    set_stream(easy_, CURLOPT_WRITEDATA, this);
    set_stream(easy_, CURLOPT_PREREQFUNCTION, &on_begin);
    set_stream(easy_, CURLOPT_PREREQDATA, this);
  }
  static long milliseconds(Duration duration) {
    return static_cast<long>(std::clamp<int64_t>(duration.count() / 1000, 1, INT32_MAX));
  }

  // A way that is cut without a word is noticed after a minute, also while the server is silent because it
  // computes.
  static int on_socket(void*, curl_socket_t socket, curlsocktype) {
    const int yes = 1, idle = 30, interval = 10, count = 3;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    return CURL_SOCKOPT_OK;
  }
  static int on_begin(void* self, char*, char*, int, int) {
    static_cast<CurlStream*>(self)->begun_ = true;
    return CURL_PREREQFUNC_OK;
  }
  static size_t on_header(char* bytes, size_t, size_t count, void* self) {
    return static_cast<CurlStream*>(self)->take_header({bytes, count}) ? count : CURL_WRITEFUNC_ERROR;
  }
  bool take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kStreamHeaderBytesMax) {
      broken_off_ = BrokenOff::headers_too_large;
      return false;
    }
    if (line.starts_with("HTTP/")) headers_.clear();
    if (const size_t colon = line.find(':'); colon != line.npos)
      headers_.emplace_back(without_blanks(line.substr(0, colon)), without_blanks(line.substr(colon + 1)));
    if (line == "\r\n" || line == "\n") {
      long status = 0;
      curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
      body_begins_ = status >= 200;  // below: "100 Continue", another reply follows
    }
    return true;
  }
  static size_t on_body(char* bytes, size_t, size_t count, void* self) {
    auto* stream = static_cast<CurlStream*>(self);
    stream->into_->append(bytes, count);
    stream->received_ += count;
    return count;
  }

  Result<void> advance() {
    if (options_.cancelled && *options_.cancelled)
      return Error{ErrorKind::interrupted, "the request was interrupted", ""};
    const uint64_t before = received_;
    int running = 0;
    check(curl_multi_perform(multi_, &running) == CURLM_OK, "libcurl lost a transfer");
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) end(message->data.result);
    // Who waits for the headers need not wait for more.
    const bool new_headers = body_begins_ && status_ == 0;
    if (received_ == before && !ended_ && !new_headers)
      curl_multi_poll(multi_, nullptr, 0, kLookMilliseconds, nullptr);
    return success();
  }

  void end(CURLcode code) {
    ended_ = true;
    if (code == CURLE_COULDNT_CONNECT && !guard_.refused().empty()) broken_off_ = BrokenOff::address;
    if (code == CURLE_OK && !body_begins_) code = CURLE_PARTIAL_FILE;
    if (code != CURLE_OK)
      failure_ = describe_failure(facts(code)).error;
    else if (!tells_its_end())
      failure_ = Error{ErrorKind::transient,
                       std::string(host_of(request_.url)) + " does not tell where its reply ends",
                       "a proxy that speaks HTTP/1.0 hides that a reply was cut off: go around it"};
  }
  bool tells_its_end() const {
    const std::string* encoding = find_header(headers_, "Transfer-Encoding");
    return (encoding != nullptr && encoding->find("chunked") != encoding->npos) ||
           find_header(headers_, "Content-Length") != nullptr;
  }

  TransferFacts facts(CURLcode code) const {
    long system_error = 0, status = 0;
    curl_off_t resolved = 0;
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    return {.curl_code = code,
            .broken_off = broken_off_,
            .refused_address = guard_.refused(),
            .host = host_of(request_.url),
            .timeouts = request_.timeouts,
            .name_resolved = resolved > 0,
            .request_begun = begun_,
            .encrypted = request_.url.starts_with("https:"),
            .system_error = static_cast<int>(system_error),
            .curl_text = text_.data(),
            .status = static_cast<int>(status),
            .bytes_received = received_};
  }

  const HttpRequest request_;
  const HttpStreamOptions options_;
  CURL* const easy_ = curl_easy_init();
  CURLM* const multi_ = curl_multi_init();
  CurlGuard guard_;
  curl_slist* lines_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> text_{};
  Headers headers_;
  size_t header_bytes_ = 0;
  std::string early_;            // of the body, that came with the headers
  std::string* into_ = &early_;  // where the body goes
  uint64_t received_ = 0;
  long status_ = 0;
  BrokenOff broken_off_ = BrokenOff::no;
  std::optional<Error> failure_;
  bool begun_ = false, body_begins_ = false, ended_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpStream>> HttpStream::post(HttpRequest request, HttpStreamOptions options) {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  check(started, "libcurl did not start");
  auto stream = std::make_unique<CurlStream>(std::move(request), std::move(options));
  if (auto begun = stream->begin(); !begun.ok()) return begun.error();
  return std::unique_ptr<HttpStream>(std::move(stream));
}

}  // namespace penstock
