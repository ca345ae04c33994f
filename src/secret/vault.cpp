// HashiCorp Vault's KV secrets engine, version 2. Read: GET /v1/MOUNT/data/PATH with X-Vault-Token; the
// fields are in data.data, which is null for a version that was deleted (with status 404).
// developer.hashicorp.com/vault/api-docs, "KV secrets engine - version 2 (API)", "AppRole auth method (API)",
// 2026-11.
#include <fmt/format.h>

#include "declare/json.h"
#include "secret/exchange.h"

namespace penstock::secret {
namespace {

constexpr std::string_view kVault = "vault";

std::string encoded_segments(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
  return out;
}

// "secret/crm" -> "secret/data/crm": the mount is the first part, unless "data" says where it ends.
std::string data_path(const std::string& path) {
  if (path.find("/data/") != path.npos) return path;
  const size_t slash = path.find('/');
  if (slash == path.npos) return path;
  return path.substr(0, slash) + "/data" + path.substr(slash);
}

std::string without_end_slash(std::string address) {
  while (address.ends_with('/')) address.pop_back();
  return address;
}

// Of an enterprise's namespace, and the header that says that no browser sends this.
void add_vault_headers(const Environment& environment, HttpRequest& request) {
  request.headers.emplace_back("X-Vault-Request", "true");
  if (const auto name = environment("VAULT_NAMESPACE"))
    request.headers.emplace_back("X-Vault-Namespace", *name);
}

Error vault_refuses(const std::string& what, int status, std::string_view remedy) {
  const ErrorKind kind = status == 403 ? ErrorKind::permission : ErrorKind::rejected;
  const bool leads_away = status >= 300 && status < 400;
  return {kind,
          fmt::format("{}: {}", what,
                      status == 403 ? "permission denied"
                      : leads_away  ? fmt::format("it leads elsewhere (status {})", status)
                                    : fmt::format("status {}", status)),
          leads_away ? "let VAULT_ADDR be the address of the active node or of the cluster"
                     : std::string(remedy)};
}

Task<Result<std::string>> approle_token(OuterAsk ask, std::string address, std::string role,
                                        std::string what) {
  const std::string secret_id = ask.environment("VAULT_SECRET_ID").value_or("");
  const std::string mount = ask.environment("VAULT_APPROLE_PATH").value_or("approle");
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    declare::JsonWriter json;
    json.begin_object().key("role_id").text(role).text_if("secret_id", secret_id).end_object();
    HttpRequest request{.method = "POST",
                        .url = fmt::format("{}/v1/auth/{}/login", address, encoded_segments(mount)),
                        .headers = {{"Content-Type", "application/json"}},
                        .body = json.str()};
    add_vault_headers(ask.environment, request);
    return request;
  };
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return reply.error();
  if (reply->status != 200)
    co_return Error{ErrorKind::auth,
                    fmt::format("{}: the login by AppRole is refused (status {})", what, reply->status),
                    "check VAULT_ROLE_ID and VAULT_SECRET_ID, and that the secret id has uses left"};
  auto token = text_in(reply->body, {"auth", "client_token"});
  if (!token) co_return not_understood(what);
  co_return *std::move(token);
}

// The object of the secret's fields, as JSON.
OuterAnswer read_vault(const HttpReply& reply, const std::string& what) {
  simdjson::dom::parser parser;
  simdjson::dom::element root, data;
  if (parser.parse(reply.body).get(root) != simdjson::SUCCESS ||
      root["data"]["data"].get(data) != simdjson::SUCCESS)
    return not_understood(what);
  if (data.is_null()) return std::optional<std::string>();  // that version was deleted
  if (!data.is_object()) return not_understood(what);
  return std::optional(std::string(simdjson::minify(data)));
}

}  // namespace

Task<OuterAnswer> ask_vault(OuterAsk ask, std::string path) {
  const std::string what = shown_question(kVault, path);
  const auto given = ask.environment("VAULT_ADDR");
  if (!given)
    co_return lacks_variable(kVault, path, "VAULT_ADDR", "its address, https://vault.example.com:8200");
  const std::string address = without_end_slash(*given);
  std::string token = ask.environment("VAULT_TOKEN").value_or("");
  if (token.empty()) {
    const auto role = ask.environment("VAULT_ROLE_ID");
    if (!role)
      co_return lacks_variable(kVault, path, "VAULT_TOKEN", "a token, or VAULT_ROLE_ID and VAULT_SECRET_ID");
    auto fetched = co_await approle_token(ask, address, *role, what);
    if (!fetched.ok()) co_return fetched.error();
    token = *std::move(fetched);
  }
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    HttpRequest request{.url = fmt::format("{}/v1/{}", address, encoded_segments(data_path(path))),
                        .headers = {{"X-Vault-Token", token}}};
    add_vault_headers(ask.environment, request);
    return request;
  };
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return reply.error();
  if (reply->status == 404) co_return std::optional<std::string>();
  if (reply->status != 200)
    co_return vault_refuses(what, reply->status,
                            "check that the token is valid, and that its policy may read this path");
  co_return read_vault(*reply, what);
}

}  // namespace penstock::secret
