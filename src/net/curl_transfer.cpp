#include "net/curl_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/address_guard.h"

namespace penstock {
namespace {

constexpr size_t kHeaderBytesMax = 256UL * 1024;
constexpr size_t kReplyReserveMax = 4 << 20;
// A body up to this size is handed to the system together with the headers; only larger ones make progress
// that could be seen.
constexpr size_t kBodyAtOnceMax = 64UL * 1024;
constexpr int kProgressChecks = 8;

long whole_milliseconds(Duration duration) {
  return static_cast<long>(std::max<int64_t>(1, (duration.count() + 999) / 1000));
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  check(curl_easy_setopt(easy, option, value) == CURLE_OK, "libcurl does not know an option");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

CurlTransfer::CurlTransfer(RealLoop& loop, const CurlClientOptions& options)
    : loop_(loop),
      easy_(curl_easy_init()),
      unacknowledged_max_(options.unacknowledged_max),
      addresses_(options.addresses),
      is_guarded_(options.guarded),
      curl_text_{},
      first_byte_timer_(*this) {
  check(easy_ != nullptr, "libcurl gives no handle");
  set_constant_options(options);
}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
}

void CurlTransfer::set_constant_options(const CurlClientOptions& options) {
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_ERRORBUFFER, curl_text_.data());
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_NOPROGRESS, 1L);
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  if (unacknowledged_max_ > Duration(0)) {
    set(easy_, CURLOPT_SOCKOPTFUNCTION, &on_socket);
    set(easy_, CURLOPT_SOCKOPTDATA, this);
  }
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_PATH_AS_IS, 1L);
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decode
  set(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) set(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  set(easy_, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy_, CURLOPT_WRITEDATA, this);
  set(easy_, CURLOPT_PREREQFUNCTION, &on_begin);
  set(easy_, CURLOPT_PREREQDATA, this);
}

int CurlTransfer::on_socket(void* self, curl_socket_t socket, curlsocktype) {
  const auto millis =
      static_cast<unsigned>(whole_milliseconds(static_cast<CurlTransfer*>(self)->unacknowledged_max_));
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &millis, sizeof millis);
  return CURL_SOCKOPT_OK;
}

void CurlTransfer::prepare(HttpRequest request) {
  request_ = std::move(request);
  reply_ = HttpReply{};
  reply_.started = loop_.now();
  curl_text_[0] = '\0';
  header_bytes_ = 0;
  code_.reset();
  broken_off_ = BrokenOff::no;
  begun_ = false;
  sent_before_ = 0;
  reply_begun_ = false;
  headers_complete_ = false;
  set(easy_, CURLOPT_URL, request_.url.c_str());
  guard_.guard(easy_, is_guarded_ && !addresses_.public_only ? policy_for_url(request_.url) : addresses_);
  set_method();
  set_headers();
  set_limits();
}

void CurlTransfer::set_method() {
  const std::string& method = request_.method;
  const bool has_body = !request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  set(easy_, CURLOPT_NOBODY, method == "HEAD" ? 1L : 0L);
  if (has_body) {
    // POSTFIELDS are not copied: request_ keeps them.
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    set(easy_, CURLOPT_POST, 1L);
  } else if (method != "HEAD") {
    set(easy_, CURLOPT_HTTPGET, 1L);
  }
  const bool named_by_curl = method == "HEAD" || method == (has_body ? "POST" : "GET");
  set(easy_, CURLOPT_CUSTOMREQUEST, named_by_curl ? nullptr : method.c_str());
}

// libcurl reads the list only while the transfer runs; made anew in the same memory for each request.
void CurlTransfer::set_headers() {
  header_text_.clear();
  header_starts_.clear();
  for (const auto& [name, value] : request_.headers) add_header(name, value);
  if (request_.body_encoding == BodyEncoding::gzip) add_header("Content-Encoding", "gzip");
  add_header_line("Expect:");  // libcurl would wait for leave to send a large body
  // What libcurl would say by itself about a body is a form's type.
  if (!find_header(request_.headers, "Content-Type")) add_header_line("Content-Type:");
  header_list_.resize(header_starts_.size());
  for (size_t i = 0; i < header_list_.size(); ++i) {
    header_list_[i].data = header_text_.data() + header_starts_[i];
    header_list_[i].next = i + 1 < header_list_.size() ? &header_list_[i + 1] : nullptr;
  }
  set(easy_, CURLOPT_HTTPHEADER, header_list_.data());
}

// In libcurl's writing: "Name: value", "Name;" for a header without a value, "Name:" for one not to be sent.
void CurlTransfer::add_header_line(std::string_view line) {
  header_starts_.push_back(header_text_.size());
  header_text_ += line;
  header_text_ += '\0';
}

void CurlTransfer::add_header(std::string_view name, std::string_view value) {
  header_starts_.push_back(header_text_.size());
  header_text_ += name;
  header_text_ += value.empty() ? ";" : ": ";
  header_text_ += value;
  header_text_ += '\0';
}

void CurlTransfer::set_limits() {
  const Duration connect = unacknowledged_max_ > Duration(0)
                               ? std::min(request_.timeouts.connect, unacknowledged_max_)
                               : request_.timeouts.connect;
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, whole_milliseconds(connect));
  set(easy_, CURLOPT_TIMEOUT_MS, whole_milliseconds(request_.timeouts.total));
  const bool encrypted = is_encrypted();
  set(easy_, CURLOPT_HTTP_VERSION,
      static_cast<long>(encrypted ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  // A second request waits to learn whether the first one's connection can carry both.
  set(easy_, CURLOPT_PIPEWAIT, encrypted ? 1L : 0L);
  const int redirects = is_safe() ? request_.redirects_max : 0;
  set(easy_, CURLOPT_FOLLOWLOCATION, redirects > 0 ? 1L : 0L);
  set(easy_, CURLOPT_MAXREDIRS, static_cast<long>(redirects));
}

int CurlTransfer::on_begin(void* self, char* remote_ip, char*, int, int) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  if (!transfer->guard_.may_reach(IpAddress::parse(remote_ip == nullptr ? "" : remote_ip))) {
    transfer->broken_off_ = BrokenOff::address;
    return CURL_PREREQFUNC_ABORT;
  }
  return transfer->may_begin() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// Called when a connection is ready and the request is about to be written to it. libcurl comes here again
// when a kept connection was closed before a byte of the reply came: it would write the request to another
// one, without knowing what the server has done. Only what is harmless, or was not sent at all, may go again.
bool CurlTransfer::may_begin() {
  const bool encrypted = is_encrypted();
  if (begun_ && !is_safe() && (encrypted || bytes_sent() > 0)) {
    broken_off_ = BrokenOff::resend;
    return false;
  }
  if (!begun_ && unacknowledged_max_ > Duration(0) && loop_.now() - reply_.started > unacknowledged_max_) {
    broken_off_ = BrokenOff::too_late;
    return false;
  }
  if (!begun_) {
    sent_before_ = bytes_sent();
    begun_ = true;
  }
  watch_for_first_byte();
  return true;
}

size_t CurlTransfer::on_header(char* bytes, size_t, size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_header({bytes, count}) ? count : CURL_WRITEFUNC_ERROR;
}

bool CurlTransfer::take_header(std::string_view line) {
  first_byte_timer_.cancel();
  reply_begun_ = true;
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBytesMax) {
    broken_off_ = BrokenOff::headers_too_large;
    return false;
  }
  if (line.starts_with("HTTP/")) {  // a new reply: after a redirect, or after "100 Continue"
    reply_.headers.clear();
    reply_.body.clear();
    headers_complete_ = false;
    return true;
  }
  headers_complete_ = headers_complete_ || line == "\r\n" || line == "\n";
  const size_t colon = line.find(':');
  if (colon != line.npos)
    reply_.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

size_t CurlTransfer::on_body(char* bytes, size_t, size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_body({bytes, count}) ? count : CURL_WRITEFUNC_ERROR;
}

bool CurlTransfer::take_body(std::string_view bytes) {
  if (bytes.size() > request_.reply_bytes_max - reply_.body.size()) {
    broken_off_ = BrokenOff::reply_too_large;
    return false;
  }
  if (reply_.body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const size_t expected = length > 0 ? static_cast<size_t>(length) : 0;
    reply_.body.reserve(std::min({expected, request_.reply_bytes_max, kReplyReserveMax}));
  }
  reply_.body += bytes;
  return true;
}

void CurlTransfer::watch_for_first_byte() {
  progress_at_ = loop_.now();
  progress_bytes_ = bytes_sent();
  const bool at_once = request_.body.size() <= kBodyAtOnceMax;
  const Duration limit = request_.timeouts.first_byte;
  loop_.set_timer(first_byte_timer_, progress_at_ + (at_once ? limit : limit / kProgressChecks));
}

void CurlTransfer::FirstByteTimer::fire(Timer& timer) {
  static_cast<FirstByteTimer&>(timer).transfer.check_progress();
}

void CurlTransfer::check_progress() {
  const Duration limit = request_.timeouts.first_byte;
  const Instant now = loop_.now();
  const uint64_t sent = bytes_sent();
  if (request_.body.size() > kBodyAtOnceMax && sent != progress_bytes_) {
    progress_at_ = now;
    progress_bytes_ = sent;
  }
  if (now - progress_at_ >= limit) {
    broken_off_ = BrokenOff::first_byte;
    on_give_up(*this);
  } else {
    loop_.set_timer(first_byte_timer_, std::min(now + limit / kProgressChecks, progress_at_ + limit));
  }
}

uint64_t CurlTransfer::bytes_sent() const {
  long headers = 0;
  curl_off_t body = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &headers);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &body);
  return static_cast<uint64_t>(headers) + static_cast<uint64_t>(body) - sent_before_;
}

void CurlTransfer::release() {
  request_ = HttpRequest{};
  reply_ = HttpReply{};
}

void CurlTransfer::end(CURLcode code) {
  // None of the addresses was left. (Where one was, there is no such error.)
  if (code == CURLE_COULDNT_CONNECT && !guard_.refused().empty()) broken_off_ = BrokenOff::address;
  first_byte_timer_.cancel();
  reply_.finished = loop_.now();
  code_ = code;
}

TransferFacts CurlTransfer::facts(CURLcode code) const {
  long status = 0;
  long system_error = 0;
  curl_off_t name_resolved = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
  curl_easy_getinfo(easy_, CURLINFO_NAMELOOKUP_TIME_T, &name_resolved);
  return {.curl_code = code,
          .broken_off = broken_off_,
          .refused_address = guard_.refused(),
          .host = host_of(request_.url),
          .timeouts = request_.timeouts,
          .reply_bytes_max = request_.reply_bytes_max,
          .name_resolved = name_resolved > 0,
          .request_begun = begun_,
          .bytes_sent = bytes_sent(),
          .encrypted = is_encrypted(),
          .system_error = static_cast<int>(system_error),
          .curl_text = curl_text_.data(),
          .status = reply_begun_ ? static_cast<int>(status) : 0,
          .bytes_received = reply_.body.size()};
}

HttpOutcome CurlTransfer::take_outcome() {
  // libcurl takes a reply that ends within its headers for a whole one.
  const CURLcode code = *code_ == CURLE_OK && !headers_complete_ ? CURLE_PARTIAL_FILE : *code_;
  if (code != CURLE_OK || broken_off_ != BrokenOff::no) {
    TransportFailure failure = describe_failure(facts(code));
    failure.started = reply_.started;
    failure.finished = reply_.finished;
    return failure;
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  reply_.status = static_cast<int>(status);
  return std::move(reply_);
}

}  // namespace penstock
