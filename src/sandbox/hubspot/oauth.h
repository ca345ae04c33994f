// POST /oauth/v1/token: access tokens for a refresh token or a code.
#pragma once

#include "sandbox/answer.h"
#include "sandbox/state.h"

namespace penstock::sandbox::hubspot {

// Any client id and secret will do; a refresh token that was revoked or has expired is refused.
ServerReply answer_token(const ServerRequest& request, State& state);

}  // namespace penstock::sandbox::hubspot
