// What the tables of `auth` cannot say.
#pragma once

#include "connector/auth.h"

namespace penstock::connector {

// Logins that can never work: a grant without what it gives, a choice that may choose nothing. Names of
// settings are checked by who knows them (declaration_checks.cpp).
void check_auth(const Auth& auth, declare::Diagnostics& diagnostics);

}  // namespace penstock::connector
