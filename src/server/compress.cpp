#include "server/compress.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "net/gzip.h"

namespace penstock::server {
namespace {

// Below it a reply is one packet with its headers anyway.
constexpr size_t kWorthBytes = 1024;

std::string_view trimmed_word(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool is_same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == y; });
}

// "q=0", "q=0.000"
bool is_refused(std::string_view parameters) {
  const size_t q = parameters.find("q=");
  if (q == parameters.npos) return false;
  const std::string_view value = trimmed_word(parameters.substr(q + 2));
  return value.starts_with('0') && value.find_first_not_of("0.") == value.npos;
}

bool is_text(const ServerReply& reply) {
  const std::string* type = find_header(reply.headers, "Content-Type");
  if (type == nullptr) return false;
  return type->starts_with("text/") || type->find("json") != type->npos || type->find("yaml") != type->npos;
}

bool may_hold_secrets(const ServerRequest& request) {
  if (request.method != "GET") return true;  // a new token; pages ask for nothing large but by GET
  for (const std::string_view path : {"/api/v1/session", "/api/v1/tokens", "/api/v1/secrets", "/mcp"})
    if (request.path.starts_with(path)) return true;
  return false;
}

}  // namespace

bool accepts_gzip(const ServerRequest& request) {
  const std::string* header = request.header("Accept-Encoding");
  std::string_view rest = header == nullptr ? std::string_view() : std::string_view(*header);
  bool any = false;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const size_t semicolon = std::min(one.find(';'), one.size());
    const std::string_view word = trimmed_word(one.substr(0, semicolon));
    const bool taken = !is_refused(one.substr(semicolon));
    if (is_same_word(word, "gzip") || is_same_word(word, "x-gzip")) return taken;
    if (word == "*") any = taken;
  }
  return any;
}

void compress_reply(const ServerRequest& request, ServerReply& reply) {
  if (reply.stream || !is_text(reply) || may_hold_secrets(request) || reply.body.size() < kWorthBytes) return;
  if (find_header(reply.headers, "Content-Encoding") != nullptr) return;
  if (find_header(reply.headers, "Vary") == nullptr) reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip(request)) return;
  std::string packed = gzip(reply.body);
  if (packed.size() >= reply.body.size()) return;
  reply.body = std::move(packed);
  reply.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace penstock::server
