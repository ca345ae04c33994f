// Signatures over whole requests: AWS Signature Version 4 and HMAC of bodies. Pure: the time is given.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "connector/login.h"
#include "net/http.h"

namespace penstock {

// Adds X-Amz-Date, X-Amz-Content-Sha256 (for S3), X-Amz-Security-Token and Authorization. All headers that
// the request has are signed, so nothing but what a client adds by itself may be added later. AWS Signature
// Version 4: docs.aws.amazon.com, IAM User Guide, "Create a signed AWS API request", 2026-11.
void sign_sigv4(const connector::SigV4Login& login, Time now, HttpRequest& request);

// Adds the signature of the body. For Standard Webhooks (standardwebhooks.com, specification 1.0, 2026-11)
// `salt` keeps ids of one run apart from those of another; an attempt that is repeated has the same id. An
// error (of kind config): the secret is none.
Result<void> sign_hmac(const connector::HmacLogin& login, Time now, std::string_view salt,
                       HttpRequest& request);

}  // namespace penstock
