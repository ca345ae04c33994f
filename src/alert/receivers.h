// Letters in the form of each kind of receiver. Pure; private to this folder.
#pragma once

#include <string>
#include <vector>

#include "alert/letter.h"
#include "alert/mail.h"
#include "declare/json.h"
#include "net/http.h"

namespace penstock::alert {

// Slack incoming webhook: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, limits of
// blocks: docs.slack.dev/reference/block-kit/blocks (header 150 characters, section 3,000, 50 blocks),
// 2026-11-27.
HttpRequest slack_request(const std::string& webhook_url, const Letter& letter);

// PagerDuty Events API v2: one event for each outage, and for a test one that opens and one that closes it.
// developer.pagerduty.com/docs/send-alert-event (summary 1,024 characters, dedup_key 255), 2026-11-27.
std::vector<HttpRequest> pagerduty_requests(const std::string& url, const std::string& routing_key,
                                            const Letter& letter, const Origin& origin);
std::string dedup_key(const Section& section, const Origin& origin);

// JSON of our own (docs/alerts.md, "Webhook"). `secret` empty: not signed.
HttpRequest webhook_request(const std::string& url, Headers headers, const std::string& secret,
                            const Letter& letter, const Origin& origin);

// Plain text and a simple HTML. `from` and `to` are mailboxes as they are declared: "a@b", "Name <a@b>".
Mail mail_of(const std::string& from, const std::vector<std::string>& to, const Letter& letter,
             const Origin& origin);
// "Name <a@b>" -> "a@b".
std::string address_of(std::string_view mailbox);

}  // namespace penstock::alert
