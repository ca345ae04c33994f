#include "net/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "net/crypto.h"

namespace penstock {
namespace {

struct SignedAddress {
  std::string host;  // with a port that is not the scheme's own, as a client writes the Host header
  std::string path = "/";
  std::string query;
};

SignedAddress parts_of(std::string_view url) {
  SignedAddress address;
  const bool is_tls = url.starts_with("https://");
  address.host = std::string(host_of(url));
  const std::string_view own_port = is_tls ? ":443" : ":80";
  if (address.host.ends_with(own_port)) address.host.resize(address.host.size() - own_port.size());
  const size_t scheme = url.find("://");
  const size_t begin = url.find_first_of("/?#", scheme == url.npos ? 0 : scheme + 3);
  if (begin == url.npos) return address;
  std::string_view rest = url.substr(begin, url.find('#', begin) - begin);
  const size_t question = rest.find('?');
  if (question != rest.npos) address.query = rest.substr(question + 1);
  if (question != 0) address.path = rest.substr(0, question);
  return address;
}

std::string encoded_path(std::string_view path) {
  std::string out;
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    out += percent_encode(path.substr(at, slash - at));
    if (slash < path.size()) out += '/';
    at = slash + 1;
  }
  return out;
}

// Every name and value encoded once, sorted by name, then by value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const size_t equals = std::min(one.find('='), one.size());
    parameters.emplace_back(percent_encode(percent_decode(one.substr(0, equals))),
                            percent_encode(percent_decode(one.substr(std::min(equals + 1, one.size())))));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// Without spaces at the ends, runs of spaces as one.
std::string without_spaces(std::string_view value) {
  std::string out;
  for (const char c : value)
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// 20150830T123600Z
std::string basic_time(Time now) {
  std::string out;
  for (const char c : iso8601(now).substr(0, 19))
    if (c != '-' && c != ':') out += c;
  return out + "Z";
}

struct SignedHeaders {
  std::string lines, names;
};

SignedHeaders canonical_headers(const std::string& host, const Headers& headers) {
  std::multimap<std::string, std::string> sorted{{"host", host}};  // equal names stay in their order
  for (const auto& [name, value] : headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    sorted.emplace(std::move(lower), without_spaces(value));
  }
  SignedHeaders out;
  std::string_view before;
  for (const auto& [name, value] : sorted) {
    if (name == before) {  // one header, several values
      out.lines.pop_back();
      out.lines += fmt::format(",{}\n", value);
    } else {
      out.lines += fmt::format("{}:{}\n", name, value);
      out.names += fmt::format("{}{}", out.names.empty() ? "" : ";", name);
    }
    before = name;
  }
  return out;
}

}  // namespace

void sign_sigv4(const SigV4Keys& login, Time now, HttpRequest& request) {
  request.body_encoding = BodyEncoding::plain;  // the signature is over the bytes that are sent
  const std::string at = basic_time(now), day = at.substr(0, 8);
  const bool is_s3 = login.service == "s3";
  const std::string body_hash = hex(sha256(request.body));
  request.headers.emplace_back("X-Amz-Date", at);
  if (is_s3) request.headers.emplace_back("X-Amz-Content-Sha256", body_hash);
  if (!login.session_token.empty()) request.headers.emplace_back("X-Amz-Security-Token", login.session_token);

  const SignedAddress address = parts_of(request.url);
  const SignedHeaders headers = canonical_headers(address.host, request.headers);
  // S3 takes the path as it is sent, every other service encodes it once more.
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, is_s3 ? address.path : encoded_path(address.path),
                  canonical_query(address.query), headers.lines, headers.names, body_hash);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, login.region, login.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", at, scope, hex(sha256(canonical)));
  std::string key = "AWS4" + login.secret_key;
  for (const std::string& part : {day, login.region, login.service, std::string("aws4_request")})
    key = hmac_sha256(key, part);
  request.headers.emplace_back(
      "Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                   login.access_key, scope, headers.names, hex(hmac_sha256(key, to_sign))));
}

}  // namespace penstock
