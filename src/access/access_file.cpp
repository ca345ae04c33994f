#include "access/access_file.h"

namespace penstock::access {
namespace {

constexpr const char* kAccessSteps[] = {R"(
CREATE TABLE users (
  name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, password TEXT NOT NULL,
  added INTEGER NOT NULL, last_login INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
  began INTEGER NOT NULL, seen INTEGER NOT NULL, ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions(user, began);
CREATE TABLE tokens (
  name TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, scopes TEXT NOT NULL,
  added_by TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER, last_used INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE tries (
  who TEXT PRIMARY KEY, failures INTEGER NOT NULL, last INTEGER NOT NULL, not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_by_time ON tries(last);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  target TEXT NOT NULL, result TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_who ON audit(who, id);
CREATE INDEX audit_by_action ON audit(action, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
)",
                                        R"(
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_by_subject ON users(subject) WHERE subject <> '';
)"};

}  // namespace

const sqlite::File kAccessFile{
    .what = "the file of users and tokens",
    .if_damaged = "restore access.db from a backup, or move it away and add the users anew",
    .steps = kAccessSteps,
    .modes = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    .is_private = true};

}  // namespace penstock::access
