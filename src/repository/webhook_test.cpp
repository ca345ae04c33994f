#include "repository/webhook.h"

#include <gtest/gtest.h>

#include "net/crypto.h"

namespace penstock::repository {
namespace {

const declare::Secret kWebhookSecret("It's a Secret to Everybody");
constexpr std::string_view kWebhookBody = "Hello, World!";
// The example of GitHub's page on validating deliveries (2026-11-27), for this secret and body.
constexpr std::string_view kWebhookHmac = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

TEST(Webhook, TakesWhatPlatformsSend) {
  const std::string hmac(kWebhookHmac);
  EXPECT_TRUE(check_webhook(kWebhookSecret, {{"X-Hub-Signature-256", "sha256=" + hmac}}, kWebhookBody).ok());
  EXPECT_TRUE(check_webhook(kWebhookSecret, {{"x-hub-signature", "sha256=" + hmac}}, kWebhookBody).ok());
  EXPECT_TRUE(check_webhook(kWebhookSecret, {{"X-Gitea-Signature", hmac}}, kWebhookBody).ok());
  EXPECT_TRUE(check_webhook(kWebhookSecret, {{"X-Penstock-Signature", "sha256=" + hmac}}, kWebhookBody).ok());
  EXPECT_TRUE(check_webhook(kWebhookSecret, {{"X-GITLAB-TOKEN", kWebhookSecret.reveal()}}, "").ok());
  // The older header of the first platform is SHA-1, and stands beside the newer one.
  EXPECT_TRUE(check_webhook(kWebhookSecret,
                            {{"X-Hub-Signature", "sha1=01"}, {"X-Hub-Signature-256", "sha256=" + hmac}},
                            kWebhookBody)
                  .ok());
}

TEST(Webhook, RefusesEverythingElse) {
  const std::string hmac(kWebhookHmac);
  const auto refused = [](const WebhookHeaders& headers, std::string_view body) {
    const auto checked = check_webhook(kWebhookSecret, headers, body);
    return !checked.ok() && checked.error().kind == ErrorKind::auth &&
           checked.error().message.find("Everybody") == std::string::npos;
  };
  EXPECT_TRUE(refused({}, kWebhookBody));
  EXPECT_TRUE(refused({{"X-Hub-Signature-256", hmac}}, kWebhookBody)) << "without its prefix";
  EXPECT_TRUE(refused({{"X-Hub-Signature-256", "sha256=" + hmac}}, "Hello, World")) << "another body";
  EXPECT_TRUE(refused({{"X-Hub-Signature-256", "sha256="}}, kWebhookBody));
  EXPECT_TRUE(refused({{"X-Hub-Signature", "sha1=01"}}, kWebhookBody));
  EXPECT_TRUE(refused({{"X-Gitlab-Token", ""}}, kWebhookBody));
  EXPECT_TRUE(refused({{"X-Gitlab-Token", kWebhookSecret.reveal() + " "}}, kWebhookBody));
  for (size_t i = 0; i < hmac.size(); ++i) {
    std::string wrong = "sha256=" + hmac;
    wrong[7 + i] = wrong[7 + i] == '0' ? '1' : '0';
    EXPECT_TRUE(refused({{"X-Hub-Signature-256", wrong}}, kWebhookBody)) << i;
  }
}

TEST(Webhook, WithoutASecretNoneIsTaken) {
  const auto checked = check_webhook(declare::Secret(), {{"X-Gitlab-Token", ""}}, "");
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace penstock::repository
