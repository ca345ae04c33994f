// AWS Signature Version 4 over whole requests. Pure: the time is given.
#pragma once

#include <string>

#include "base/time.h"
#include "net/http.h"

namespace penstock {

struct SigV4Keys {
  std::string access_key, secret_key, session_token, region, service;
};

// Adds X-Amz-Date, X-Amz-Content-Sha256 (for S3), X-Amz-Security-Token and Authorization. All headers that
// the request has are signed, so nothing but what a client adds by itself may be added later. AWS Signature
// Version 4: docs.aws.amazon.com, IAM User Guide, "Create a signed AWS API request", 2026-11.
void sign_sigv4(const SigV4Keys& login, Time now, HttpRequest& request);

}  // namespace penstock
