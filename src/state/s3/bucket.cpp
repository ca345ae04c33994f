#include "state/s3/bucket.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "async/real_loop.h"
#include "net/curl_client.h"

namespace penstock::state {
namespace {

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : otherwise;
}

// The text of the first element of this name from `at` on, which moves behind it; nullopt: there is none.
std::optional<std::string> next_element(std::string_view xml, std::string_view name, size_t& at) {
  const std::string open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
  const size_t begin = xml.find(open, at);
  if (begin == xml.npos) return std::nullopt;
  const size_t end = xml.find(close, begin);
  if (end == xml.npos) return std::nullopt;
  at = end + close.size();
  return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

std::string element(std::string_view xml, std::string_view name) {
  size_t at = 0;
  return next_element(xml, name, at).value_or("");
}

}  // namespace

struct Bucket::Connection {
  RealLoop loop{1};
  std::unique_ptr<CurlClient> client;
};

Bucket::Bucket(Place place) : place_(std::move(place)) {
  const std::string rest = place_.where.substr(std::string_view("s3://").size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string bucket = rest.substr(0, slash);
  prefix_ = slash < rest.size() ? rest.substr(slash + 1) : "";
  while (prefix_.ends_with('/')) prefix_.pop_back();
  if (!prefix_.empty()) prefix_ += '/';
  const std::string region = place_.region.empty() ? variable("AWS_REGION", "us-east-1") : place_.region;
  keys_ = {.access_key = variable("AWS_ACCESS_KEY_ID"),
           .secret_key = variable("AWS_SECRET_ACCESS_KEY"),
           .session_token = variable("AWS_SESSION_TOKEN"),
           .region = region,
           .service = "s3"};
  base_ = place_.endpoint.empty() ? fmt::format("https://{}.s3.{}.amazonaws.com", bucket, region)
                                  : fmt::format("{}/{}", place_.endpoint, bucket);
}

Bucket::~Bucket() = default;

Error Bucket::as_error(const std::string& what, const Reply& reply) const {
  const std::string message =
      fmt::format("the shared state at {}: {}: {} {} {}", place_.shown, what, reply.status,
                  element(reply.body, "Code"), element(reply.body, "Message"));
  if (reply.status == 401 || reply.status == 403)
    return {ErrorKind::config, message,
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list, read, write and "
            "delete there"};
  if (reply.status == 404)
    return {ErrorKind::config, message, "create the bucket, or name another one in `state` of penstock.yaml"};
  return {ErrorKind::disk, message, "run the same command again: what was recorded is kept"};
}

Result<Bucket::Reply> Bucket::send(const std::string& method, const std::string& key,
                                   const std::string& query,
                                   const std::vector<std::pair<std::string, std::string>>& headers,
                                   std::string_view body) {
  if (keys_.access_key.empty() || keys_.secret_key.empty())
    return Error{ErrorKind::config, fmt::format("the shared state at {} needs a login", place_.shown),
                 "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"};
  const auto until = std::chrono::steady_clock::now() + place_.lease / 2;
  for (bool repeated = false;; repeated = true) {
    std::unique_ptr<Connection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!connection) {
      connection = std::make_unique<Connection>();
      auto client = CurlClient::create(connection->loop, {.ca_file = variable("PENSTOCK_CA_FILE")});
      if (!client.ok()) return client.error();
      connection->client = *std::move(client);
    }
    HttpRequest request{.method = method,
                        .url = fmt::format("{}/{}{}", base_, key.empty() ? "" : prefix_ + key, query),
                        .headers = headers,
                        .body = std::string(body)};
    request.timeouts.total = std::max<Duration>(place_.lease, 10s);
    request.reply_bytes_max = size_t{1} << 30;
    sign_sigv4(keys_, real_clock().now(), request);
    const HttpOutcome outcome = connection->loop.run(connection->client->send(std::move(request)));
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(connection));
    }
    const bool late = std::chrono::steady_clock::now() >= until;
    if (outcome.replied()) {
      const HttpReply& reply = outcome.reply();
      const std::string* etag = reply.header("ETag");
      if (reply.status < 500 || late)
        return Reply{reply.status, reply.body, etag == nullptr ? "" : *etag, repeated};
    } else if (late || !outcome.failure().may_have_arrived) {
      const Error& error = outcome.failure().error;
      return Error{error.kind == ErrorKind::config ? ErrorKind::config : ErrorKind::disk,
                   fmt::format("the shared state at {}: {}", place_.shown, error.message),
                   "see that it can be reached, then run the same command again: what was recorded is kept"};
    }
    std::this_thread::sleep_for(200ms);
  }
}

Result<std::optional<BucketObject>> Bucket::get(const std::string& key) {
  auto reply = send("GET", key, "", {}, "");
  if (!reply.ok()) return reply.error();
  if (reply->status == 404 && element(reply->body, "Code") != "NoSuchBucket")
    return std::optional<BucketObject>();
  if (reply->status != 200) return as_error("GET " + key, *reply);
  return std::optional(BucketObject{std::move(reply->body), std::move(reply->etag)});
}

Result<std::optional<std::string>> Bucket::put_if(const std::string& key, const std::string& bytes,
                                                  const std::string& only_if) {
  auto reply = only_if.empty() ? send("PUT", key, "", {{"If-None-Match", "*"}}, bytes)
                               : send("PUT", key, "", {{"If-Match", only_if}}, bytes);
  if (!reply.ok()) return reply.error();
  if (reply->status == 200) return std::optional(std::move(reply->etag));
  const bool conflict =
      reply->status == 409 || reply->status == 412 || (reply->status == 404 && !only_if.empty());
  if (!conflict) return as_error("PUT " + key, *reply);
  if (!reply->repeated) return std::optional<std::string>();
  // An earlier try of ours may be what stands in the way.
  auto there = get(key);
  if (!there.ok()) return there.error();
  if (*there && (*there)->bytes == bytes) return std::optional((*there)->etag);
  return std::optional<std::string>();
}

Result<void> Bucket::put(const std::string& key, std::string_view bytes) {
  auto reply = send("PUT", key, "", {}, bytes);
  if (!reply.ok()) return reply.error();
  return reply->status == 200 ? success() : as_error("PUT " + key, *reply);
}

Result<void> Bucket::remove(const std::string& key) {
  auto reply = send("DELETE", key, "", {}, "");
  if (!reply.ok()) return reply.error();
  return reply->status == 204 || reply->status == 200 || reply->status == 404
             ? success()
             : as_error("DELETE " + key, *reply);
}

Result<std::vector<BucketEntry>> Bucket::list(const std::string& prefix) {
  std::vector<BucketEntry> entries;
  std::string token;
  do {
    std::string query = "?list-type=2&prefix=" + percent_encode(prefix_ + prefix);
    if (!token.empty()) query += "&continuation-token=" + percent_encode(token);
    auto reply = send("GET", "", query, {}, "");
    if (!reply.ok()) return reply.error();
    if (reply->status != 200) return as_error("list " + prefix, *reply);
    for (size_t at = 0; const auto one = next_element(reply->body, "Contents", at);)
      entries.push_back(
          {element(*one, "Key").substr(prefix_.size()), std::stoull("0" + element(*one, "Size"))});
    token =
        element(reply->body, "IsTruncated") == "true" ? element(reply->body, "NextContinuationToken") : "";
  } while (!token.empty());
  std::ranges::sort(entries, {}, &BucketEntry::key);
  return entries;
}

}  // namespace penstock::state
