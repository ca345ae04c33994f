#include "repository/webhook.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

#include "net/crypto.h"

namespace penstock::repository {
namespace {

enum class Proof { hmac_sha256, secret_itself };

struct WebhookScheme {
  std::string_view header;  // lower case
  Proof proof;
  std::string_view prefix;  // of the header's value
};

// In the order in which they are looked for. Where each comes from is in docs/git.md. Read on 2026-11-27:
// https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
// https://docs.gitlab.com/user/project/integrations/webhooks/ (secret token)
// https://docs.gitea.com/usage/webhooks
constexpr WebhookScheme kSchemes[] = {
    {"x-hub-signature-256", Proof::hmac_sha256, "sha256="},
    {"x-hub-signature", Proof::hmac_sha256, "sha256="},
    {"x-penstock-signature", Proof::hmac_sha256, "sha256="},
    {"x-forgejo-signature", Proof::hmac_sha256, ""},
    {"x-gitea-signature", Proof::hmac_sha256, ""},
    {"x-gitlab-token", Proof::secret_itself, ""},
};

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Takes as long whatever the texts hold and however long they are: their hashes are compared.
bool same_in_constant_time(std::string_view a, std::string_view b) {
  const std::string left = sha256(a), right = sha256(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool proves(const WebhookScheme& scheme, std::string_view value, const std::string& secret,
            std::string_view body) {
  if (!value.starts_with(scheme.prefix)) return false;
  value.remove_prefix(scheme.prefix.size());
  if (scheme.proof == Proof::secret_itself) return same_in_constant_time(value, secret);
  return same_in_constant_time(lower_case(value), hex(hmac_sha256(secret, body)));
}

}  // namespace

Result<void> check_webhook(const declare::Secret& secret, const WebhookHeaders& headers,
                           std::string_view body) {
  if (secret.empty())
    return Error{ErrorKind::config, "webhooks are not taken, since no secret is set for them",
                 "set `git: { webhook_secret: ${env:GIT_WEBHOOK_SECRET} }` in penstock.yaml"};
  for (const WebhookScheme& scheme : kSchemes)
    for (const auto& [name, value] : headers) {
      if (lower_case(name) != scheme.header) continue;
      if (proves(scheme, value, secret.reveal(), body)) return success();
      return Error{ErrorKind::auth, "the webhook's signature is not right",
                   "give the platform the very secret that `git: { webhook_secret }` leads to"};
    }
  return Error{ErrorKind::auth, "the webhook is not signed",
               "give the platform the secret of `git: { webhook_secret }`"};
}

}  // namespace penstock::repository
