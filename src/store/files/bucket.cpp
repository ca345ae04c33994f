// Object stores that speak the S3 API. Facts: Amazon S3 API Reference, PutObject, CreateMultipartUpload,
// UploadPart, CompleteMultipartUpload, AbortMultipartUpload, "Error responses", 2026-11.
#include <fmt/format.h>

#include <algorithm>

#include "store/files/bucket_requests.h"
#include "store/files/place.h"

namespace penstock::files {
namespace {

constexpr uint64_t kPartBytes = 16 << 20;
constexpr uint64_t kPartsMax = 9'000;  // 10,000 are allowed
constexpr int kTries = 3;              // of each part

std::string content_type_of(std::string_view name) {
  if (name.ends_with(".gz")) return "application/gzip";
  if (name.ends_with(".csv")) return "text/csv; charset=utf-8";
  if (name.ends_with(".parquet")) return "application/vnd.apache.parquet";
  return "application/x-ndjson";
}

std::string path_encoded(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '/' ? std::string("/") : percent_encode(std::string_view(&c, 1));
  return out;
}

class Bucket final : public Place {
 public:
  Bucket(std::string bucket, std::string prefix, std::string url, SigV4Keys keys)
      : bucket_(std::move(bucket)),
        prefix_(std::move(prefix)),
        url_(std::move(url)),
        region_(keys.region),
        requests_(std::move(keys)) {}

  StoreAnswer put(const std::string& name, const Content& content, const Timeouts& timeouts) override {
    timeouts_ = timeouts;
    object_ = url_ + "/" + path_encoded(prefix_ + name);
    type_ = content_type_of(name);
    return content.size() <= 4 * kPartBytes ? put_at_once(content) : put_in_parts(content);
  }

 private:
  // An object appears when all of it has arrived.
  StoreAnswer put_at_once(const Content& content) {
    ContentReader reader(content);
    auto bytes = next_part(reader, content.size());
    if (!bytes.ok()) return refused(bytes.error());
    return answer_of(send("PUT", object_, *std::move(bytes), true));
  }

  // The same for a large one: its parts become an object when they are said to be all.
  StoreAnswer put_in_parts(const Content& content) {
    const BucketReply begun = send("POST", object_ + "?uploads=", "", true);
    if (StoreAnswer answer = answer_of(begun); !answer.ok()) return certainly(std::move(answer));
    const std::string upload = xml_text(begun.body, "UploadId");
    if (upload.empty()) return undone("the object store gave no id for an upload in parts");
    const std::string url = object_ + "?uploadId=" + percent_encode(upload);
    std::string list;
    StoreAnswer answer = send_parts(content, upload, list);
    if (answer.ok()) {
      const BucketReply done =
          send("POST", url, "<CompleteMultipartUpload>" + list + "</CompleteMultipartUpload>", false);
      answer = answer_of(done);
      // A refusal may come after a status that was sent to keep the connection open.
      if (answer.ok() && !xml_text(done.body, "Code").empty()) answer = answer_of({500, done.body, "", {}});
      if (answer.ok() || answer.may_have_arrived) return answer;
    }
    (void)send("DELETE", url, "", false);
    return certainly(std::move(answer));
  }

  StoreAnswer send_parts(const Content& content, const std::string& upload, std::string& list) {
    const uint64_t each = std::max(kPartBytes, (content.size() + kPartsMax - 1) / kPartsMax);
    ContentReader reader(content);
    for (int number = 1;; ++number) {
      auto bytes = next_part(reader, each);
      if (!bytes.ok()) return refused(bytes.error());
      if (bytes->empty()) return {};
      const std::string url =
          fmt::format("{}?partNumber={}&uploadId={}", object_, number, percent_encode(upload));
      BucketReply reply;
      for (int attempt = 1; attempt <= kTries; ++attempt) {
        reply = send("PUT", url, *bytes, false);
        if (!reply.failure && reply.status < 500) break;
      }
      if (StoreAnswer answer = answer_of(reply); !answer.ok()) return certainly(std::move(answer));
      list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", number, reply.etag);
    }
  }

  // The object is what it was, whatever became of this request.
  static StoreAnswer certainly(StoreAnswer answer) {
    answer.may_have_arrived = false;
    return answer;
  }

  static Result<std::string> next_part(ContentReader& reader, uint64_t bytes) {
    std::string part(bytes, '\0');
    size_t size = 0;
    while (size < bytes) {
      const auto taken = reader.read(part.data() + size, bytes - size);
      if (!taken.ok()) return taken.error();
      if (*taken == 0) break;
      size += *taken;
    }
    part.resize(size);
    return part;
  }

  BucketReply send(std::string method, std::string url, std::string body, bool typed) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.body = std::move(body);
    request.timeouts = timeouts_;
    if (typed) request.headers.emplace_back("Content-Type", type_);
    return requests_.send(std::move(request));
  }

  StoreAnswer answer_of(const BucketReply& reply) const {
    if (reply.failure) return *reply.failure;
    if (reply.status >= 200 && reply.status < 300) return {};
    const std::string code = xml_text(reply.body, "Code");
    std::string message = xml_text(reply.body, "Message");
    if (message.empty()) message = fmt::format("status {}", reply.status);
    if (code == "NoSuchBucket")
      return misconfigured(fmt::format("there is no bucket '{}'", bucket_), "make it, or name another one");
    if (code == "AuthorizationHeaderMalformed" || reply.status == 301 || reply.status == 307)
      return misconfigured(
          fmt::format("bucket '{}' is not in region '{}' at this endpoint: {}", bucket_, region_, message),
          "mend `region` and `endpoint` in the destination's file");
    if (code == "RequestTimeTooSkewed")
      return misconfigured("the object store says: " + message, "set this machine's clock");
    for (const std::string_view login : {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken",
                                         "InvalidToken", "TokenRefreshRequired"})
      if (code == login) return refusal(401, code, fmt::format("{}: {}", code, message));
    if (reply.status == 401 || reply.status == 403)
      return refusal(reply.status, code, fmt::format("{}: {}", code, message));
    if (code == "SlowDown" || reply.status == 429) return refusal(429, code, message);
    if (code == "EntityTooLarge" || code == "KeyTooLongError" || reply.status == 404)
      return misconfigured(fmt::format("the object store says: {} {}", code, message));
    // Nothing became an object.
    return undone(fmt::format("the object store says: {} {}", code, message));
  }

  std::string bucket_, prefix_, url_, region_;
  BucketRequests requests_;
  std::string object_, type_;
  Timeouts timeouts_;
};

Error bad_setting(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

}  // namespace

Result<std::unique_ptr<Place>> make_bucket(const Headers& headers) {
  const std::string directory = header_text(headers, "Directory").substr(5);
  const size_t slash = std::min(directory.find('/'), directory.size());
  std::string bucket = directory.substr(0, slash), prefix = directory.substr(slash);
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  if (bucket.empty()) return bad_setting("no bucket is named", "give `bucket` in the destination's file");
  SigV4Keys keys{.access_key = header_text(headers, "Access-Key"),
                 .secret_key = header_text(headers, "Secret-Key"),
                 .session_token = header_text(headers, "Session-Token"),
                 .region = header_text(headers, "Region"),
                 .service = "s3"};
  std::string endpoint = header_text(headers, "Endpoint");
  if (const size_t region = endpoint.find("{region}"); region != endpoint.npos)
    endpoint.replace(region, 8, keys.region);
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const size_t host = endpoint.find("://");
  if (!endpoint.starts_with("http") || host == endpoint.npos)
    return bad_setting(fmt::format("'{}' is no address of an object store", endpoint),
                       "give `endpoint` as https://host");
  const bool by_host = header_text(headers, "Addressing") == "host";
  const std::string url = by_host ? endpoint.substr(0, host + 3) + bucket + "." + endpoint.substr(host + 3)
                                  : endpoint + "/" + percent_encode(bucket);
  return std::unique_ptr<Place>(
      std::make_unique<Bucket>(std::move(bucket), std::move(prefix), url, std::move(keys)));
}

}  // namespace penstock::files
