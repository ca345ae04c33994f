#include "net/curl_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "net/curl_multi.h"
#include "net/gzip.h"

namespace penstock {
namespace {

// Compressing more than this would hold up the loop noticeably.
constexpr size_t kGzipOnLoopMax = 128UL * 1024;

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || kMarks.find(c) != kMarks.npos;
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

Error cannot_send(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

// A line break in a header would let a value forge headers, or a second request.
Result<void> check_sendable(const HttpRequest& request) {
  const std::string_view host = host_of(request.url);
  if (!is_token(request.method)) {
    return cannot_send(fmt::format("the method of a request to {} is not a word", host),
                       "use GET, POST, ...");
  }
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return cannot_send(fmt::format("the URL of a request to {} is neither http nor https", host),
                       "write it as https://HOST/PATH");
  }
  if (host.empty()) return cannot_send("the URL of a request has no host", "write it as https://HOST/PATH");
  if (has_control(request.url) || request.url.find(' ') != request.url.npos) {
    return cannot_send(fmt::format("the URL of a request to {} holds a space or a control character", host),
                       "percent-encode it");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) {
      return cannot_send(fmt::format("a request to {} has a header whose name is not a word", host), "");
    }
    if (has_control(value)) {
      return cannot_send(
          fmt::format("the header {} of a request to {} holds a line break or control character", name, host),
          "look at the value that it is made of");
    }
  }
  return success();
}

TransportFailure never_sent(Error error, Instant now) {
  return {.error = std::move(error), .may_have_arrived = false, .started = now, .finished = now};
}

Task<std::string> gzip_on(Loop& loop, std::string body) {
  if (body.size() <= kGzipOnLoopMax) co_return gzip(body);
  struct Compress {
    std::string plain;
    std::string operator()() const { return gzip(plain); }
  };
  co_return co_await loop.offload(Compress{std::move(body)});
}

// A transfer on loan from the multi. Awaited, it does the request; destroyed early, it breaks it off.
class Loan {
 public:
  Loan(std::shared_ptr<CurlMulti> multi, HttpRequest request)
      : multi_(std::move(multi)), transfer_(multi_->take_transfer()) {
    transfer_->prepare(std::move(request));
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() { multi_->put_back(std::move(transfer_)); }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    transfer_->waiter.frame = frame;
    multi_->start(*transfer_);
  }
  HttpOutcome await_resume() { return transfer_->take_outcome(); }

 private:
  std::shared_ptr<CurlMulti> multi_;
  std::unique_ptr<CurlTransfer> transfer_;
};

Task<HttpOutcome> transfer(std::shared_ptr<CurlMulti> multi, HttpRequest request) {
  if (Result<void> sendable = check_sendable(request); !sendable.ok()) {
    co_return never_sent(std::move(sendable).error(), multi->loop().now());
  }
  if (request.body_encoding == BodyEncoding::gzip) {
    request.body = co_await gzip_on(multi->loop(), std::move(request.body));
  }
  Loan loan(std::move(multi), std::move(request));
  co_return co_await loan;
}

}  // namespace

Result<std::unique_ptr<CurlClient>> CurlClient::create(RealLoop& loop, CurlClientOptions options) {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  check(started, "libcurl did not start");
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return Error{ErrorKind::config,
                 fmt::format("cannot read the CA file {}: {}", options.ca_file, std::strerror(errno)),
                 "name a PEM file with the certificates to trust"};
  }
  return std::unique_ptr<CurlClient>(new CurlClient(std::make_shared<CurlMulti>(loop, std::move(options))));
}

CurlClient::CurlClient(std::shared_ptr<CurlMulti> multi) : multi_(std::move(multi)) {}

CurlClient::~CurlClient() = default;

// The work is done by a function of its own, so that the task does not need this object.
Task<HttpOutcome> CurlClient::send(HttpRequest request) {
  return transfer(multi_, std::move(request));
}

}  // namespace penstock
