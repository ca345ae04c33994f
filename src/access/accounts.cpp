// Users and tokens: what admins do.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "access/file_access.h"
#include "declare/nearest.h"
#include "net/crypto.h"

namespace penstock::access {
namespace {

constexpr size_t kNameMax = 64;
constexpr size_t kTokenBytes = 32;
constexpr Duration kTokenLastsMax = std::chrono::hours(24 * 3650);

Error wrong_request(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

bool fits_in_a_name(unsigned char c) {
  return std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '@' || c == '+';
}

}  // namespace

Result<void> check_name(std::string_view name, std::string_view whose) {
  const bool may = !name.empty() && name.size() <= kNameMax &&
                   std::all_of(name.begin(), name.end(), fits_in_a_name) &&
                   std::isalnum(static_cast<unsigned char>(name[0]));
  if (may) return success();
  return wrong_request(
      fmt::format("'{}' cannot be the name of a {}", for_the_log(name), whose),
      fmt::format("use 1 to {} letters, digits and . _ - @ +, beginning with a letter or a digit", kNameMax));
}

Result<std::vector<User>> FileAccess::users_where(const char* sql, const std::string& name) {
  auto rows = file_.ask(sql, name);
  if (!rows.ok()) return rows.error();
  std::vector<User> users;
  for (;;) {
    auto row = rows->step();
    if (!row.ok()) return row.error();
    if (!*row) return users;
    users.push_back({rows->text(0), role_named(rows->text(1)).value_or(Role::viewer), rows->time(2),
                     rows->time_if(3), rows->number(4) != 0});
  }
}

Result<std::vector<User>> FileAccess::users() {
  const std::lock_guard lock(mutex_);
  return users_where(
      "SELECT name, role, added, last_login, subject <> '' FROM users WHERE ? = '' ORDER BY name", "");
}

Result<User> FileAccess::find_user(const std::string& name) {
  auto found =
      users_where("SELECT name, role, added, last_login, subject <> '' FROM users WHERE name = ?", name);
  if (!found.ok()) return found.error();
  if (!found->empty()) return found->front();
  auto all = users_where(
      "SELECT name, role, added, last_login, subject <> '' FROM users WHERE ? = '' ORDER BY name", "");
  if (!all.ok()) return all.error();
  std::vector<std::string> names;
  for (const User& user : *all) names.push_back(user.name);
  return wrong_request(fmt::format("there is no user '{}'", for_the_log(name)),
                       names.empty() ? "add the first one: penstock user add NAME --role admin"
                                     : declare::did_you_mean(name, names) +
                                           fmt::format(" (users: {})", declare::list_names(names)));
}

Result<User> FileAccess::add_user(const Actor& actor, const std::string& name, Role role,
                                  const declare::Secret& password) {
  if (auto may = check_name(name, "user"); !may.ok()) return may.error();
  if (auto may = check_password(name, password); !may.ok()) return may.error();
  auto hash = passwords_.hash(password);
  if (!hash.ok()) return hash.error();
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  auto done = file_.in_one_step([&]() -> Result<void> {
    auto added = file_.change("INSERT OR IGNORE INTO users(name, role, password, added) VALUES (?, ?, ?, ?)",
                              name, name_of(role), *hash, now);
    if (!added.ok()) return added.error();
    if (*added == 0)
      return wrong_request(fmt::format("there is a user '{}' already", name),
                           "change the password or the role, or take another name");
    return write_audit(actor, "user.add", name, fmt::format("ok: {}", name_of(role)));
  });
  if (!done.ok()) return done.error();
  return User{name, role, now, std::nullopt, false};
}

Result<User> FileAccess::set_password(const Actor& actor, const std::string& name,
                                      const declare::Secret& password) {
  if (auto may = check_password(name, password); !may.ok()) return may.error();
  auto hash = passwords_.hash(password);
  if (!hash.ok()) return hash.error();
  const std::lock_guard lock(mutex_);
  auto user = find_user(name);
  if (!user.ok()) return user;
  if (user->is_external)
    return wrong_request(fmt::format("'{}' logs in at a provider and has no password here", user->name),
                         "change the password there");
  auto done = file_.in_one_step([&]() -> Result<void> {
    auto changed = file_.change("UPDATE users SET password = ? WHERE name = ?", *hash, name);
    if (!changed.ok()) return changed.error();
    auto ended = file_.change("DELETE FROM sessions WHERE user = ?", name);
    if (!ended.ok()) return ended.error();
    if (auto forgot = tries_.forget_account(name); !forgot.ok()) return forgot;
    return write_audit(actor, "user.password", user->name);
  });
  if (!done.ok()) return done.error();
  return user;
}

Result<void> FileAccess::check_not_last_admin(const User& user, std::string_view doing) {
  if (user.role != Role::admin) return success();
  auto others = users_where(
      "SELECT name, role, added, last_login, subject <> '' FROM users WHERE role = 'admin' AND name <> ? "
      "LIMIT 1",
      user.name);
  if (!others.ok()) return others.error();
  if (!others->empty()) return success();
  return wrong_request(fmt::format("'{}' is the last admin and cannot be {}", user.name, doing),
                       "make somebody else an admin first: penstock user role NAME admin");
}

Result<User> FileAccess::set_role(const Actor& actor, const std::string& name, Role role) {
  const std::lock_guard lock(mutex_);
  User changed;
  auto done = file_.in_one_step([&]() -> Result<void> {
    auto user = find_user(name);
    if (!user.ok()) return user.error();
    if (role != Role::admin)
      if (auto may = check_not_last_admin(*user, fmt::format("made {}", name_of(role))); !may.ok())
        return may;
    auto set = file_.change("UPDATE users SET role = ? WHERE name = ?", name_of(role), name);
    if (!set.ok()) return set.error();
    changed = *user;
    changed.role = role;
    return write_audit(actor, "user.role", user->name,
                       fmt::format("ok: {}, was {}", name_of(role), name_of(user->role)));
  });
  if (!done.ok()) return done.error();
  return changed;
}

Result<void> FileAccess::remove_user(const Actor& actor, const std::string& name, LastUser last) {
  const std::lock_guard lock(mutex_);
  return file_.in_one_step([&]() -> Result<void> {
    auto user = find_user(name);
    if (!user.ok()) return user.error();
    auto all = users_where("SELECT name, role, added, last_login, subject <> '' FROM users WHERE ? = ''", "");
    if (!all.ok()) return all.error();
    if (all->size() > 1 || last == LastUser::stays)
      if (auto may = check_not_last_admin(*user, "removed"); !may.ok()) return may;
    auto gone = file_.change("DELETE FROM users WHERE name = ?", name);  // its sessions go along
    if (!gone.ok()) return gone.error();
    return write_audit(actor, "user.remove", user->name);
  });
}

Result<std::vector<Token>> FileAccess::tokens() {
  const std::lock_guard lock(mutex_);
  auto rows =
      file_.ask("SELECT name, role, scopes, added_by, added, expires, last_used FROM tokens ORDER BY name");
  if (!rows.ok()) return rows.error();
  std::vector<Token> tokens;
  for (;;) {
    auto row = rows->step();
    if (!row.ok()) return row.error();
    if (!*row) return tokens;
    tokens.push_back({rows->text(0), role_named(rows->text(1)).value_or(Role::viewer),
                      actions_listed(rows->text(2)).value_or(Actions::none()), rows->text(3), rows->time(4),
                      rows->time_if(5), rows->time_if(6)});
  }
}

Result<Access::AddedToken> FileAccess::add_token(const Actor& actor, const NewToken& token) {
  if (auto may = check_name(token.name, "token"); !may.ok()) return may.error();
  if (token.lasts && (*token.lasts <= Duration(0) || *token.lasts > kTokenLastsMax))
    return wrong_request("a token lasts for some time, of ten years at most", "write --expires 90d");
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  AddedToken added;
  added.text = declare::Secret(std::string(kTokenPrefix) + random_text(kTokenBytes));
  added.token = {token.name, token.role, token.scopes, actor.name, now, std::nullopt, std::nullopt};
  if (token.lasts) added.token.expires = now + *token.lasts;
  auto done = file_.in_one_step([&]() -> Result<void> {
    auto kept = file_.change(
        "INSERT OR IGNORE INTO tokens(name, hash, role, scopes, added_by, added, expires) VALUES (?, ?, ?, "
        "?, ?, ?, ?)",
        token.name, hex(sha256(added.text.reveal())), name_of(token.role), list_of(token.scopes), actor.name,
        now, added.token.expires);
    if (!kept.ok()) return kept.error();
    if (*kept == 0)
      return wrong_request(
          fmt::format("there is a token '{}' already", token.name),
          fmt::format("remove it first, penstock token remove {}, or take another name", token.name));
    return write_audit(actor, "token.add", token.name, fmt::format("ok: {}", name_of(token.role)));
  });
  if (!done.ok()) return done.error();
  return added;
}

Result<void> FileAccess::remove_token(const Actor& actor, const std::string& name) {
  const std::lock_guard lock(mutex_);
  return file_.in_one_step([&]() -> Result<void> {
    auto gone = file_.change("DELETE FROM tokens WHERE name = ?", name);
    if (!gone.ok()) return gone.error();
    if (*gone == 0)
      return wrong_request(fmt::format("there is no token '{}'", for_the_log(name)),
                           "penstock token list shows them");
    return write_audit(actor, "token.remove", name);
  });
}

}  // namespace penstock::access
