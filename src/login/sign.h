// Signatures of bodies by HMAC. Pure: the time is given. (AWS Signature Version 4: net/sigv4.h.)
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "connector/login.h"
#include "net/http.h"

namespace penstock {

// Adds the signature of the body. For Standard Webhooks (standardwebhooks.com, specification 1.0, 2026-11)
// `salt` keeps ids of one run apart from those of another; an attempt that is repeated has the same id. An
// error (of kind config): the secret is none.
Result<void> sign_hmac(const connector::HmacLogin& login, Time now, std::string_view salt,
                       HttpRequest& request);

}  // namespace penstock
