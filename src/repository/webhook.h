// Who may say that the remote has something new: the signature of a webhook.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "declare/reference.h"

namespace penstock::repository {

using WebhookHeaders = std::vector<std::pair<std::string, std::string>>;

// Whether a request was made by someone who knows `git: { webhook_secret }`. Understood are, by the header
// that is there (names in any case):
//   X-Hub-Signature-256: sha256=HEX         HMAC-SHA256 of the body (some platforms: without "-256")
//   X-Forgejo-Signature, X-Gitea-Signature: HEX   the same, bare
//   X-Penstock-Signature: sha256=HEX        the same, for scripts
//   X-Gitlab-Token: TEXT                    the secret itself
// A pure function; compares in constant time. Errors: `auth` (no signature, a wrong one), `config` (no secret
// is set). Messages hold nothing of the secret or of the signature.
Result<void> check_webhook(const declare::Secret& secret, const WebhookHeaders& headers,
                           std::string_view body);

}  // namespace penstock::repository
