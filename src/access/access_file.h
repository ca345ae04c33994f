// The tables of users, sessions, tokens, tries and the audit log. Private to access/. docs/formats.md has
// them.
#pragma once

#include "database/sqlite.h"

namespace penstock::access {

extern const sqlite::File kAccessFile;

}  // namespace penstock::access
