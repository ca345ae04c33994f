#include "store/files/bucket_requests.h"

#include <fmt/format.h>

#include "base/time.h"
#include "net/address_guard.h"
#include "net/curl_guard.h"

namespace penstock::files {
namespace {

size_t take_bytes(char* bytes, size_t, size_t count, void* into) {
  constexpr size_t kReplyMax = 1 << 20;
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + count > kReplyMax) return CURL_WRITEFUNC_ERROR;
  body.append(bytes, count);
  return count;
}

size_t take_header(char* bytes, size_t, size_t count, void* into) {
  constexpr std::string_view kName = "etag:";
  const std::string_view line(bytes, count);
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the sizes are given
  if (line.size() > kName.size() && ::strncasecmp(line.data(), kName.data(), kName.size()) == 0) {
    auto& etag = *static_cast<std::string*>(into);
    const size_t begin = line.find_first_not_of(' ', kName.size());
    etag = line.substr(begin, line.find_last_not_of("\r\n ") - begin + 1);
  }
  return count;
}

StoreAnswer no_reply(CURLcode code, const char* detail) {
  const std::string message = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return undone(message);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return misconfigured(message, "mend the destination's `endpoint`");
    default:
      return unknown_outcome(message);
  }
}

long whole_millis(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

BucketReply BucketRequests::send(HttpRequest request) {
  sign_sigv4(keys_, real_clock().now(), request);
  if (!curl_) curl_.reset(curl_easy_init());
  CURL* curl = curl_.get();
  curl_easy_reset(curl);
  BucketReply reply;
  char detail[CURL_ERROR_SIZE] = "";
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : request.headers)
    headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
  if (find_header(request.headers, "Content-Type") == nullptr)
    headers = curl_slist_append(headers, "Content-Type:");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (request.method != "GET" && request.method != "DELETE") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply.etag);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, whole_millis(request.timeouts.connect));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole_millis(request.timeouts.total));
  CurlGuard guard;
  guard.guard(curl, policy_for_url(request.url));
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) {
    const Error refused = refused_address(host_of(request.url), guard.refused());
    reply.failure =
        guard.refused().empty() ? no_reply(code, detail) : misconfigured(refused.message, refused.remedy);
    return reply;
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

std::string xml_text(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
  const size_t begin = xml.find(open);
  if (begin == xml.npos) return "";
  const size_t end = xml.find(close, begin);
  if (end == xml.npos) return "";
  std::string text(xml.substr(begin + open.size(), end - begin - open.size()));
  static constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
  for (const auto& [entity, character] : kEntities)
    for (size_t at = text.find(entity); at != text.npos; at = text.find(entity, at + 1))
      text.replace(at, entity.size(), character);
  return text;
}

}  // namespace penstock::files
