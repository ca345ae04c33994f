#include "access/file_access.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "net/crypto.h"

namespace penstock::access {
namespace {

constexpr size_t kSecretBytes = 32;
// Uses are written down so often at most: every request would be a write.
constexpr Duration kSeenEvery = std::chrono::minutes(1);
constexpr int64_t kSessionsMax = 50;  // of one user: the oldest go

Error not_let_in(std::string message, std::string remedy) {
  return {ErrorKind::auth, std::move(message), std::move(remedy)};
}

std::string show_wait(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return seconds < 120 ? fmt::format("{} s", seconds) : fmt::format("{} min", (seconds + 59) / 60);
}

// What is kept of a random secret. It has 256 bits, so that no salt and no slow hash is needed.
std::string kept_hash(std::string_view secret) {
  return hex(sha256(secret));
}

// Nothing more to keep: who has the session's cookie can make it, and nobody else.
std::string csrf_of(const std::string& session) {
  return base64_url(hmac_sha256(session, "penstock csrf"));
}

}  // namespace

bool Identity::csrf_fits(std::string_view header) const {
  return !csrf_token.empty() && header.size() == csrf_token.size() &&
         sodium_memcmp(header.data(), csrf_token.data(), header.size()) == 0;
}

std::string Identity::shown() const {
  return kind == Kind::token ? "token " + name : name;
}

Result<std::unique_ptr<Access>> Access::open(const std::string& path, const Clock& clock,
                                             AccessOptions options) {
  static const bool ready = sodium_init() >= 0;
  check(ready, "libsodium did not start");
  auto file = sqlite::Database::open(path, kAccessFile);
  if (!file.ok()) return file.error();
  return std::unique_ptr<Access>(std::make_unique<FileAccess>(*std::move(file), clock, std::move(options)));
}

FileAccess::FileAccess(sqlite::Database file, const Clock& clock, AccessOptions options)
    : clock_(clock),
      options_(std::move(options)),
      passwords_(options_),
      file_(std::move(file)),
      tries_(file_, options_) {}

std::string FileAccess::random_text(size_t bytes) const {
  if (options_.random_bytes) return base64_url(options_.random_bytes(bytes));
  std::string drawn(bytes, '\0');
  randombytes_buf(drawn.data(), drawn.size());
  return base64_url(drawn);
}

Result<bool> FileAccess::has_users() {
  const std::lock_guard lock(mutex_);
  auto found = file_.ask("SELECT 1 FROM users LIMIT 1");
  if (!found.ok()) return found.error();
  return found->step();
}

Result<Identity> FileAccess::authenticate(const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  if (!credentials.bearer.empty()) return identify_token(credentials.bearer);
  if (!credentials.session.empty()) return identify_session(credentials.session);
  return not_let_in("this needs a login", "log in, or send an API token as Authorization: Bearer pst_...");
}

Result<Identity> FileAccess::identify_token(const std::string& token) {
  const Time now = clock_.now();
  const Error unknown = not_let_in("the API token is not known", "make one: penstock token add NAME");
  if (!token.starts_with(kTokenPrefix)) return unknown;
  const std::string hash = kept_hash(token);
  Identity identity;
  std::optional<Time> used;
  {
    auto found = file_.ask("SELECT name, role, scopes, expires, last_used FROM tokens WHERE hash = ?", hash);
    if (!found.ok()) return found.error();
    auto row = found->step();
    if (!row.ok()) return row.error();
    if (!*row) return unknown;
    identity.kind = Identity::Kind::token;
    identity.name = found->text(0);
    identity.role = role_named(found->text(1)).value_or(Role::viewer);
    identity.scopes = actions_listed(found->text(2)).value_or(Actions::none());
    identity.ends = found->time_if(3);
    used = found->time_if(4);
  }
  if (identity.ends && now >= *identity.ends)
    return not_let_in(fmt::format("the API token '{}' has ended", identity.name),
                      fmt::format("make a new one: penstock token add {}", identity.name));
  // What is only told to people must not keep anybody out.
  if (!used || now - *used >= kSeenEvery)
    (void)file_.change("UPDATE tokens SET last_used = ? WHERE hash = ?", now, hash);
  return identity;
}

Result<Identity> FileAccess::identify_session(const std::string& session) {
  const Time now = clock_.now();
  const std::string hash = kept_hash(session);
  Identity identity;
  Time seen{}, ends{};
  {
    auto found = file_.ask(
        "SELECT u.name, u.role, s.seen, s.ends FROM sessions s JOIN users u ON u.name = s.user WHERE s.hash "
        "= ?",
        hash);
    if (!found.ok()) return found.error();
    auto row = found->step();
    if (!row.ok()) return row.error();
    if (!*row) return not_let_in("the session has ended", "log in again");
    identity.name = found->text(0);
    identity.role = role_named(found->text(1)).value_or(Role::viewer);
    seen = found->time(2);
    ends = found->time(3);
  }
  if (now >= ends || now - seen >= options_.session_idle) {
    (void)file_.change("DELETE FROM sessions WHERE hash = ?", hash);
    return not_let_in("the session has ended", "log in again");
  }
  identity.csrf_token = csrf_of(session);
  identity.ends = ends;
  if (now - seen >= std::min(kSeenEvery, options_.session_idle / 4))
    (void)file_.change("UPDATE sessions SET seen = ? WHERE hash = ?", now, hash);
  return identity;
}

Result<std::optional<FileAccess::Account>> FileAccess::find_account(const std::string& user) {
  auto found = file_.ask("SELECT name, password, role FROM users WHERE name = ?", user);
  if (!found.ok()) return found.error();
  auto row = found->step();
  if (!row.ok()) return row.error();
  if (!*row) return std::optional<Account>();
  return std::optional(
      Account{found->text(0), found->text(1), role_named(found->text(2)).value_or(Role::viewer)});
}

Result<void> FileAccess::begin_try(const std::string& user, const std::string& address) {
  return file_.in_one_step([&]() -> Result<void> {
    const Time now = clock_.now();
    auto wait = tries_.wait(user, address, now);
    if (!wait.ok()) return wait.error();
    if (*wait > Duration(0))
      return Error{ErrorKind::rate_limited, "too many logins that failed",
                   fmt::format("wait {}, then try again", show_wait(*wait))};
    return tries_.count(user, address, now);
  });
}

Result<Session> FileAccess::login(const std::string& user, const declare::Secret& password,
                                  const std::string& address) {
  std::optional<Account> account;
  {
    const std::lock_guard lock(mutex_);
    if (auto begun = begin_try(user, address); !begun.ok()) return begun.error();
    auto found = find_account(user);
    if (!found.ok()) return found.error();
    account = *std::move(found);
  }
  auto fits = passwords_.fits(account ? account->password_hash : "", password);
  std::string renewed;
  if (fits.ok() && *fits && passwords_.is_outdated(account->password_hash))
    if (auto hash = passwords_.hash(password); hash.ok()) renewed = *std::move(hash);

  const std::lock_guard lock(mutex_);
  std::optional<Session> session;
  auto done = file_.in_one_step([&]() -> Result<void> {
    if (!fits.ok()) return tries_.take_back(user, address);
    // A name that nobody has may be a password that went into the wrong field.
    const std::string who = account ? account->name : "(unknown)";
    auto now_there = *fits ? find_account(account->name) : std::optional<Account>();
    if (!now_there.ok()) return now_there.error();
    // A password that was changed while this one was looked at does not open anything any more.
    if (!*now_there || (*now_there)->password_hash != account->password_hash)
      return write_audit({who, address}, "login", "", "refused");
    if (auto counted = tries_.succeeded(user, address); !counted.ok()) return counted;
    if (!renewed.empty()) {
      auto kept = file_.change("UPDATE users SET password = ? WHERE name = ?", renewed, account->name);
      if (!kept.ok()) return kept.error();
    }
    auto begun = begin_session(**now_there, address);
    if (!begun.ok()) return begun.error();
    session = *std::move(begun);
    return success();
  });
  if (!done.ok()) return done.error();
  if (!fits.ok()) return fits.error();
  if (!session)
    return not_let_in("the user or the password is wrong", "try again, or ask an admin for a new password");
  return *std::move(session);
}

Result<Session> FileAccess::begin_session(const Account& account, const std::string& address) {
  const Time now = clock_.now();
  Session session;
  session.cookie = declare::Secret(random_text(kSecretBytes));
  session.lasts = options_.session_lasts;
  session.identity.name = account.name;
  session.identity.role = account.role;
  session.identity.csrf_token = csrf_of(session.cookie.reveal());
  session.identity.ends = now + options_.session_lasts;
  auto gone =
      file_.change("DELETE FROM sessions WHERE ends <= ? OR seen <= ?", now, now - options_.session_idle);
  if (!gone.ok()) return gone.error();
  gone = file_.change(
      "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE user = ? ORDER BY began DESC "
      "LIMIT -1 OFFSET ?)",
      account.name, kSessionsMax - 1);
  if (!gone.ok()) return gone.error();
  auto kept =
      file_.change("INSERT INTO sessions(hash, user, began, seen, ends) VALUES (?, ?, ?, ?, ?)",
                   kept_hash(session.cookie.reveal()), account.name, now, now, *session.identity.ends);
  if (!kept.ok()) return kept.error();
  kept = file_.change("UPDATE users SET last_login = ? WHERE name = ?", now, account.name);
  if (!kept.ok()) return kept.error();
  if (auto noted = write_audit({account.name, address}, "login", ""); !noted.ok()) return noted.error();
  return session;
}

// The account of this subject as it is after this login. Inside in_one_step().
Result<FileAccess::Account> FileAccess::external_account(const ExternalUser& user,
                                                         const std::string& address) {
  std::optional<Account> known;
  {
    auto found = file_.ask("SELECT name, role FROM users WHERE subject = ?", user.subject);
    if (!found.ok()) return found.error();
    auto row = found->step();
    if (!row.ok()) return row.error();
    if (*row) known = Account{found->text(0), "", role_named(found->text(1)).value_or(Role::viewer)};
  }
  if (!known) {
    const Role role = user.role.value_or(user.first_role);
    auto added = file_.change(
        "INSERT OR IGNORE INTO users(name, role, password, added, subject) VALUES (?, ?, '', ?, ?)",
        user.name, name_of(role), clock_.now(), user.subject);
    if (!added.ok()) return added.error();
    if (*added == 0)
      return not_let_in(fmt::format("another user is called '{}' here", user.name),
                        "an admin must remove that user first: penstock user remove NAME");
    auto noted = write_audit({user.name, address}, "user.add", user.name,
                             fmt::format("ok: {}, by the provider", name_of(role)));
    if (!noted.ok()) return noted.error();
    return Account{user.name, "", role};
  }
  if (!user.role || *user.role == known->role) return *known;
  auto set = file_.change("UPDATE users SET role = ? WHERE name = ?", name_of(*user.role), known->name);
  if (!set.ok()) return set.error();
  auto noted =
      write_audit({known->name, address}, "user.role", known->name,
                  fmt::format("ok: {}, was {}, by the provider", name_of(*user.role), name_of(known->role)));
  if (!noted.ok()) return noted.error();
  known->role = *user.role;
  return *known;
}

Result<Session> FileAccess::login_external(const ExternalUser& user, const std::string& address) {
  if (auto may = check_name(user.name, "user"); !may.ok()) return may.error();
  if (user.subject.empty()) return not_let_in("the provider names nobody", "");
  const std::lock_guard lock(mutex_);
  std::optional<Session> session;
  auto done = file_.in_one_step([&]() -> Result<void> {
    auto account = external_account(user, address);
    if (!account.ok()) return account.error();
    auto begun = begin_session(*account, address);
    if (!begun.ok()) return begun.error();
    session = *std::move(begun);
    return success();
  });
  if (!done.ok()) return done.error();
  return *std::move(session);
}

Result<void> FileAccess::refuse_external(const std::string& why, const std::string& address) {
  const std::lock_guard lock(mutex_);
  return file_.in_one_step([&]() -> Result<void> {
    if (auto counted = tries_.count_address(address, clock_.now()); !counted.ok()) return counted;
    return write_audit({"(provider)", address}, "login", "", "refused: " + why);
  });
}

Result<Duration> FileAccess::login_wait(const std::string& user, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (user.empty()) return tries_.wait_of_address(address, clock_.now());
  return tries_.wait(user, address, clock_.now());
}

Result<void> FileAccess::logout(const std::string& session, const std::string& address) {
  const std::lock_guard lock(mutex_);
  const std::string hash = kept_hash(session);
  return file_.in_one_step([&]() -> Result<void> {
    std::string user;
    {
      auto found = file_.ask("SELECT user FROM sessions WHERE hash = ?", hash);
      if (!found.ok()) return found.error();
      auto row = found->step();
      if (!row.ok()) return row.error();
      if (!*row) return success();
      user = found->text(0);
    }
    auto gone = file_.change("DELETE FROM sessions WHERE hash = ?", hash);
    if (!gone.ok()) return gone.error();
    return write_audit({user, address}, "logout", "");
  });
}

}  // namespace penstock::access
