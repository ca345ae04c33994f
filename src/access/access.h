// Who may come in, and who did what: users, passwords, sessions, API tokens, the audit log. The face of this
// folder.
//
//     auto access = Access::open(path, clock);
//     auto who = access->authenticate({.bearer = ..., .session = ..., .address = ...});   // each request
//     if (!who->may(Action::run)) ... 403 ...
//     if (who->needs_csrf() && !who->csrf_fits(header)) ... 403 ...
//     access->note({.who = who->name, .action = "run.start", .target = sync, .result = "ok", ...});
//
// Everything is in one SQLite file, which several processes may use; only its owner may read it. Passwords
// are kept by Argon2id; of sessions and tokens only a hash is kept. docs/security.md tells what this guards
// against, and what it does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/roles.h"
#include "base/result.h"
#include "base/time.h"
#include "declare/reference.h"

namespace penstock::access {

// As a request brought them; empty: it did not.
struct Credentials {
  std::string bearer{};   // of `Authorization: Bearer ...`
  std::string session{};  // of the cookie kSessionCookie
  std::string address{};  // of the client, without a port
};

inline constexpr std::string_view kSessionCookie = "penstock_session";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";
inline constexpr std::string_view kTokenPrefix = "pst_";

// Who makes a request.
struct Identity {
  enum class Kind { user, token };
  Kind kind = Kind::user;
  std::string name{};  // of the user, or of the token
  Role role = Role::viewer;
  Actions scopes = Actions::all();  // of a token that was given less than its role
  // Of a session: what a page sends in kCsrfHeader with everything that changes something. Empty for tokens,
  // which no browser sends by itself.
  std::string csrf_token{};
  std::optional<Time> ends{};  // of the session or token, if nothing renews it

  bool may(Action action) const { return allows(role, action) && scopes.has(action); }
  bool needs_csrf() const { return kind == Kind::user; }
  // In constant time.
  bool csrf_fits(std::string_view header) const;
  // For records: "anna", "token deploy".
  std::string shown() const;
};

// A session that has just begun.
struct Session {
  declare::Secret cookie{};  // the value of kSessionCookie: HttpOnly, SameSite=Lax, Secure where TLS is used
  Identity identity{};
  Duration lasts{};  // at most, for the cookie's Max-Age
};

struct User {
  std::string name{};
  Role role = Role::viewer;
  Time added{};
  std::optional<Time> last_login{};
  bool is_external = false;  // logs in at a provider, and has no password here
};

// Somebody for whom a login provider vouches (oidc.h).
struct ExternalUser {
  std::string name{};
  std::string subject{};           // issuer and id there: it stays, although a name may pass to somebody else
  std::optional<Role> role{};      // that the provider's word gives him; without: the one that he has here
  Role first_role = Role::viewer;  // for a first login without `role`
};

struct Token {
  std::string name{};
  Role role = Role::viewer;
  Actions scopes = Actions::all();
  std::string added_by{};
  Time added{};
  std::optional<Time> expires{}, last_used{};
};

struct NewToken {
  std::string name{};
  Role role = Role::viewer;
  Actions scopes = Actions::all();
  std::optional<Duration> lasts{};  // without: until it is removed
};

// Who acts, for the audit log: a name, and the address that it came from ("cli" for the command line).
struct Actor {
  std::string name{};
  std::string address{};
};

struct AuditEntry {
  int64_t id = 0;  // grows; given by the log
  Time at{};       // given by the log
  std::string who{}, action{}, target{}, result{}, address{};
};

struct AuditQuestion {
  std::string who{}, action{}, target{};  // empty: of any
  std::optional<int64_t> before{};        // only entries with a smaller id
  std::optional<Time> since{};
  uint32_t limit = 100;
};

// Costs and times. The defaults are those of docs/security.md.
struct AccessOptions {
  // Argon2id: passes over so much memory, one lane. The OWASP Password Storage Cheat Sheet (2026-11) asks for
  // 19 MiB and 2 passes at least.
  uint32_t hash_passes = 3;
  size_t hash_bytes = 64 << 20;
  // So many passwords are hashed at once, each in its memory; others wait, and beyond `hash_waiting_max` are
  // refused (rate_limited).
  uint32_t hashes_at_once = 2;
  uint32_t hash_waiting_max = 32;
  Duration session_idle = std::chrono::hours(12);
  Duration session_lasts = std::chrono::hours(24 * 7);
  // Wrong passwords before an account or an address has to wait: 1 s, doubled with each, at most wait_max.
  uint32_t free_tries_account = 5;
  uint32_t free_tries_address = 20;
  Duration wait_max = std::chrono::minutes(15);
  // Bytes that nobody can guess; empty: from libsodium. A seam for tests.
  std::function<std::string(size_t)> random_bytes{};
};

// Thread-safe. Calls block: on the file (some microseconds), and login() and whatever takes a password on the
// hash (a tenth of a second), so a loop offloads these.
//
// Errors: auth (not let in: the credentials are missing, wrong or have ended), rate_limited (come back
// later), config (a name, a role or a password that cannot be: the message says why), disk. No message holds
// a password, a token or the id of a session, and none tells whether a user exists to who is not let in.
class Access {
 public:
  // Creates the file (mode 0600) and brings an older one up to date. The clock must outlive the object.
  static Result<std::unique_ptr<Access>> open(const std::string& path, const Clock& clock,
                                              AccessOptions options = {});
  virtual ~Access() = default;

  // Who this is. A bearer token counts before a session.
  virtual Result<Identity> authenticate(const Credentials& credentials) = 0;
  // False: there is no user yet, so nobody can log in.
  virtual Result<bool> has_users() = 0;

  // Slow. Successes and failures go to the audit log by themselves.
  virtual Result<Session> login(const std::string& user, const declare::Secret& password,
                                const std::string& address) = 0;
  // Makes the user at his first login. Refuses (auth) a name that somebody else has here already.
  virtual Result<Session> login_external(const ExternalUser& user, const std::string& address) = 0;
  // A login at the provider that came to nothing: a failure of the address, and a line of the audit log.
  // `why` holds no code and no token.
  virtual Result<void> refuse_external(const std::string& why, const std::string& address) = 0;
  // How long login() will refuse this account or address; for Retry-After. 0: it will not. Without a user:
  // the address alone.
  virtual Result<Duration> login_wait(const std::string& user, const std::string& address) = 0;
  // Ends the session; one that is not there is fine.
  virtual Result<void> logout(const std::string& session, const std::string& address) = 0;

  // All that change something write to the audit log in the same step.
  virtual Result<std::vector<User>> users() = 0;
  virtual Result<User> add_user(const Actor& actor, const std::string& name, Role role,
                                const declare::Secret& password) = 0;
  // Ends all sessions of the user, and lets the account try again. Not of a user who logs in at a provider.
  virtual Result<User> set_password(const Actor& actor, const std::string& name,
                                    const declare::Secret& password) = 0;
  // Holds from the next request on. The last admin stays one.
  virtual Result<User> set_role(const Actor& actor, const std::string& name, Role role) = 0;
  // With all sessions. The last admin cannot go; with `may_be_last` he can when there is no other user, and
  // nobody can log in then.
  enum class LastUser { stays, may_go };
  virtual Result<void> remove_user(const Actor& actor, const std::string& name,
                                   LastUser last = LastUser::stays) = 0;

  virtual Result<std::vector<Token>> tokens() = 0;
  // The token's text is given this once.
  struct AddedToken {
    Token token{};
    declare::Secret text{};
  };
  virtual Result<AddedToken> add_token(const Actor& actor, const NewToken& token) = 0;
  virtual Result<void> remove_token(const Actor& actor, const std::string& name) = 0;

  // `id` and `at` are given by the log. Texts are cut at 512 bytes.
  virtual Result<void> note(const AuditEntry& entry) = 0;
  // Newest first.
  virtual Result<std::vector<AuditEntry>> audit(const AuditQuestion& question) = 0;
};

// Whether this may be a password of that user; an error (of kind config) says what is missing, never what was
// given.
Result<void> check_password(std::string_view user, const declare::Secret& password);

}  // namespace penstock::access
