// The paths that are the sandbox's own: /_sandbox/records, history, stats, fault, token, reset.
#pragma once

#include "sandbox/answer.h"
#include "sandbox/state.h"
#include "sandbox/vendor.h"

namespace penstock::sandbox {

bool is_admin(const ServerRequest& request);
// POST /_sandbox/reset: the engine's job, since it replaces what the others look at.
bool is_reset(const ServerRequest& request);
// Mistakes are answered with 400, 404 or 405 and {"error": what is wrong and what to do}.
ServerReply answer_admin(const ServerRequest& request, State& state, Vendor& vendor);

}  // namespace penstock::sandbox
