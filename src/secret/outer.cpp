#include "secret/outer.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/curl_client.h"
#include "secret/exchange.h"

namespace penstock::secret {
namespace {

constexpr int kTries = 3;

bool may_pass(const HttpOutcome& outcome) {
  if (!outcome.replied()) return outcome.failure().error.kind == ErrorKind::transient;
  const int status = outcome.reply().status;
  return status == 408 || status == 429 || status >= 500;
}

std::string_view title_of(std::string_view scheme) {
  for (const declare::OuterStore& store : declare::outer_stores())
    if (store.scheme == scheme) return store.title;
  return scheme;
}

}  // namespace

std::string shown_question(std::string_view scheme, std::string_view path) {
  return fmt::format("{}, asked for {}", title_of(scheme), path);
}

Error lacks_variable(std::string_view scheme, std::string_view path, std::string_view name,
                     std::string_view is) {
  return {ErrorKind::config,
          fmt::format("{} cannot be asked for {}: {} is not set", title_of(scheme), path, name),
          fmt::format("set {}: {}", name, is)};
}

Error not_understood(std::string_view what) {
  return {ErrorKind::rejected, fmt::format("{}, gave an answer that cannot be read", what),
          "check that the address is that of the store"};
}

std::optional<std::string> text_in(const std::string& json, std::initializer_list<std::string_view> path) {
  simdjson::dom::parser parser;
  simdjson::dom::element at;
  if (parser.parse(json).get(at) != simdjson::SUCCESS) return std::nullopt;
  for (const std::string_view name : path)
    if (at.at_key(name).get(at) != simdjson::SUCCESS) return std::nullopt;
  std::string_view text;
  if (at.get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

Task<Result<HttpReply>> exchange(OuterAsk ask, std::string what, Prepare prepare) {
  for (int nth = 1;; ++nth) {
    auto request = prepare();
    if (!request.ok()) co_return request.error();
    request->timeouts = {.connect = 5s, .first_byte = 8s, .total = 10s};
    request->reply_bytes_max = 1 << 20;
    HttpOutcome outcome = co_await ask.client.send(*std::move(request));
    if (!may_pass(outcome)) {
      if (outcome.replied()) co_return std::move(outcome).reply();
      co_return Error(outcome.failure().error).in(what);
    }
    if (nth == kTries) {
      const std::string why = outcome.replied() ? fmt::format("status {}", outcome.reply().status)
                                                : outcome.failure().error.message;
      co_return Error{ErrorKind::transient, fmt::format("{}: {}", what, why),
                      "try again when the store answers"};
    }
    co_await ask.loop.sleep_for(250ms * (1 << nth));
  }
}

Task<OuterAnswer> ask_outer_store(OuterAsk ask, std::string scheme, std::string path) {
  if (scheme == "vault") co_return co_await ask_vault(ask, path);
  if (scheme == "aws-sm") co_return co_await ask_aws(ask, path);
  if (scheme == "gcp-sm") co_return co_await ask_gcp(ask, path);
  co_return Error{ErrorKind::config, fmt::format("there is no store '{}'", scheme), ""};
}

Result<std::string> field_of(const std::string& text, const std::string& field, const std::string& shown) {
  if (field.empty()) return text;
  const auto wrong = [&](std::string_view why) {
    return Error{ErrorKind::config, fmt::format("the secret of ${{{}}} {}", shown, why),
                 "correct the field behind '#', or the secret at the store"};
  };
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS)
    return wrong("is no object of JSON, so it has no fields");
  simdjson::dom::element value;
  if (object.at_key(field).get(value) != simdjson::SUCCESS) return wrong("has no such field");
  std::string_view string;
  if (value.get(string) == simdjson::SUCCESS) return std::string(string);
  if (value.is_object() || value.is_array() || value.is_null()) return wrong("has no text in that field");
  return std::string(simdjson::minify(value));
}

OuterSecrets::OuterSecrets(const Clock& clock, Disk& disk, Environment environment, OuterOptions options)
    : clock_(clock), disk_(disk), environment_(std::move(environment)), options_(options) {}

OuterSecrets::Answer OuterSecrets::ask(const std::string& scheme, const std::string& path) {
  RealLoop loop(1);
  CurlClientOptions options;
  for (const char* name : {"PENSTOCK_CA_FILE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"})
    if (options.ca_file.empty()) options.ca_file = environment_(name).value_or("");
  if (scheme == "vault") options.ca_file = environment_("VAULT_CACERT").value_or(options.ca_file);
  auto client = CurlClient::create(loop, options);
  if (!client.ok()) return client.error();
  return loop.run(ask_outer_store({loop, **client, environment_, disk_}, scheme, path));
}

Result<std::optional<std::string>> OuterSecrets::get(const std::string& scheme, const std::string& name) {
  const size_t hash = std::min(name.find('#'), name.size());
  const std::string path = name.substr(0, hash), field = name.substr(std::min(hash + 1, name.size()));
  const std::string key = scheme + ":" + path;
  const std::lock_guard lock(mutex_);
  auto kept = kept_.find(key);
  if (kept == kept_.end() || clock_.instant() >= kept->second.until) {
    Answer answer = ask(scheme, path);
    const Duration lasts = answer.ok() && *answer ? options_.kept : options_.failure_kept;
    kept = kept_.insert_or_assign(key, Kept{std::move(answer), clock_.instant() + lasts}).first;
  }
  const Answer& answer = kept->second.answer;
  if (!answer.ok() || !*answer) return answer;
  auto value = field_of(**answer, field, scheme + ":" + name);
  if (!value.ok()) return value.error();
  return std::optional(*std::move(value));
}

}  // namespace penstock::secret
