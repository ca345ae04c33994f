// Who is let in. Private to server/.
#pragma once

#include <optional>

#include "server/routes.h"
#include "server/site.h"

namespace penstock::server {

// Finds out who calls, and whether he may. A reply: he may not, and this says why. Fills in who it is.
//
// On loopback, without any user and without a login provider everybody at this machine is an admin: there is
// nothing to log in with.
// Then, and always, a page of another site must not be able to call through a visitor's browser: requests
// that change something must come from our own pages (Origin), and the Host must be one of ours (no DNS
// rebinding).
std::optional<ServerReply> refuse(Call& call, Need need);

// The value of a cookie; empty: it is not there.
std::string cookie_of(const ServerRequest& request, std::string_view name);

// Whether nobody needs to log in: loopback, no users, and no login provider.
Result<bool> is_open(const Site& site);

}  // namespace penstock::server
