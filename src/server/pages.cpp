#include "server/pages.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/embedded.h"
#include "net/crypto.h"
#include "net/gzip.h"
#include "server/call.h"
#include "server/compress.h"

namespace penstock::server {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "openapi.inc"
#include "pages.inc"
#pragma clang diagnostic pop

std::string_view type_of(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"}};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

struct Page {
  std::string_view text;
  std::string compressed;  // empty: that would not make it smaller
  std::string tag;
};

// All of them, compressed once: some hundred kilobytes.
const std::map<std::string_view, Page>& pages() {
  static const std::map<std::string_view, Page> all = [] {
    std::map<std::string_view, Page> made;
    for (const auto& [path, text] : kPages) {
      Page page{text, gzip(text, GzipEffort::small), fmt::format("\"{}\"", hex(sha256(text)).substr(0, 20))};
      if (page.compressed.size() >= text.size()) page.compressed.clear();
      made.emplace(path, std::move(page));
    }
    return made;
  }();
  return all;
}

ServerReply file_reply(const ServerRequest& request, std::string_view path, const Page& page) {
  ServerReply reply;
  // Names of assets hold a hash of what is in them: what is new has a new name.
  const bool is_asset = path.starts_with("/assets/");
  reply.headers = {{"Content-Type", std::string(type_of(path))},
                   {"Cache-Control", is_asset ? "public, max-age=31536000, immutable" : "no-cache"},
                   {"ETag", page.tag},
                   {"Vary", "Accept-Encoding"}};
  const std::string* known = request.header("If-None-Match");
  if (known != nullptr && *known == page.tag) {
    reply.status = 304;
  } else if (!page.compressed.empty() && accepts_gzip(request)) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.body = page.compressed;
  } else {
    reply.body = page.text;
  }
  return reply;
}

}  // namespace

std::string_view openapi_text() {
  return kShipped[0].text;
}

ServerReply page_reply(const ServerRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return problem(405, "not_found", "this cannot be done with this path");
  const auto& all = pages();
  if (const auto found = all.find(request.path); found != all.end())
    return file_reply(request, found->first, found->second);
  const auto index = all.find("/index.html");
  const bool is_file = request.path.starts_with("/assets/");
  if (index == all.end() || is_file)
    return problem(404, "not_found",
                   index == all.end() ? "this program was built without its pages" : "no such file",
                   "the API is described at /api/v1/openapi.yaml");
  return file_reply(request, "/index.html", index->second);
}

}  // namespace penstock::server
