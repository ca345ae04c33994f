// user, token, audit: who may use the service.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "access/access.h"
#include "cli/command.h"
#include "cli/prompt.h"
#include "declare/json.h"
#include "declare/nearest.h"
#include "declare/units.h"

namespace penstock::cli {
namespace {

using access::Actor;
using access::Role;

struct AccessArguments {
  std::string name, role, expires, since, scopes;
  access::AuditQuestion question;
  int64_t before = 0;
};

// The project's users and tokens, or none (printed).
struct OpenedAccess {
  std::unique_ptr<Workspace> workspace;
  std::unique_ptr<access::Access> access;
  int exit = kDone;
};

OpenedAccess open_access(const Globals& globals) {
  OpenedAccess opened;
  opened.workspace = open_local(globals);
  opened.exit = kUsage;
  if (!opened.workspace) return opened;
  const std::string& directory = opened.workspace->local_directory();
  auto made = real_disk().make_directories(directory);
  auto file = made.ok() ? access::Access::open(access_file(*opened.workspace), real_clock()) : made.error();
  if (!file.ok())
    opened.exit = print_error(globals, file.error());
  else
    opened.access = *std::move(file);
  return opened;
}

Actor actor_here() {
  return {system_user(), "cli"};
}

Result<Role> read_role(const std::string& name) {
  if (const auto role = access::role_named(name)) return *role;
  const auto names = access::role_names();
  const std::string hint = declare::did_you_mean(name, names);
  return Error{ErrorKind::config, fmt::format("there is no role {}", declare::json_text(name)),
               fmt::format("{}the roles are {}", hint.empty() ? "" : hint + " ",
                           declare::list_names(names, 12, "and"))};
}

std::string user_json(const access::User& user) {
  declare::JsonWriter json;
  json.begin_object().key("user").text(user.name).key("role").text(access::name_of(user.role));
  json.key("added").text(iso8601(user.added));
  return json.text_if("last_login", user.last_login ? iso8601(*user.last_login) : "").end_object().str();
}

int print_user(const Globals& globals, const Result<access::User>& user, std::string_view done) {
  if (!user.ok()) return print_error(globals, user.error());
  if (globals.json)
    fmt::print("{}\n", user_json(*user));
  else
    fmt::print("user {} {} ({})\n", user->name, done, access::name_of(user->role));
  return kDone;
}

// Without an admin nobody can manage users by the pages.
void tell_of_no_admin(const Globals& globals, access::Access& access) {
  const auto users = access.users();
  if (!users.ok() || users->empty()) return;
  for (const auto& user : *users)
    if (user.role == Role::admin) return;
  say(globals,
      fmt::format("note: there is no admin yet\n   → penstock user role {} admin\n", users->front().name));
}

int add_user(const Globals& globals, const AccessArguments& given) {
  const auto role = read_role(given.role);
  if (!role.ok()) return print_error(globals, role.error());
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  auto password = read_secret("password of " + given.name, Ask::twice);
  if (!password.ok()) return print_error(globals, password.error());
  const int exit =
      print_user(globals, opened.access->add_user(actor_here(), given.name, *role, *password), "added");
  if (exit == kDone) tell_of_no_admin(globals, *opened.access);
  return exit;
}

int list_users(const Globals& globals) {
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  const auto users = opened.access->users();
  if (!users.ok()) return print_error(globals, users.error());
  Table table({"user", "role", "added", "last login"});
  const Time now = real_clock().now();
  for (const auto& user : *users) {
    if (globals.json) fmt::print("{}\n", user_json(user));
    table.add({user.name, std::string(access::name_of(user.role)), ago(user.added, now),
               user.last_login ? ago(*user.last_login, now) : "never"});
  }
  if (globals.json) return kDone;
  if (table.empty())
    say(globals,
        "no users: on this machine everybody may do everything; elsewhere the service is not served\n");
  else
    fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

int remove_user(const Globals& globals, const AccessArguments& given) {
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  auto removed = opened.access->remove_user(actor_here(), given.name, access::Access::LastUser::may_go);
  if (!removed.ok()) return print_error(globals, removed.error());
  if (globals.json)
    fmt::print("{{\"user\":{},\"removed\":true}}\n", declare::json_text(given.name));
  else
    fmt::print("user {} removed, with all sessions\n", given.name);
  return kDone;
}

int change_password(const Globals& globals, const AccessArguments& given) {
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  auto password = read_secret("new password of " + given.name, Ask::twice);
  if (!password.ok()) return print_error(globals, password.error());
  return print_user(globals, opened.access->set_password(actor_here(), given.name, *password),
                    "has a new password; all sessions are ended");
}

int change_role(const Globals& globals, const AccessArguments& given) {
  const auto role = read_role(given.role);
  if (!role.ok()) return print_error(globals, role.error());
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  const int exit =
      print_user(globals, opened.access->set_role(actor_here(), given.name, *role), "has another role");
  if (exit == kDone) tell_of_no_admin(globals, *opened.access);
  return exit;
}

std::string token_json(const access::Token& token, const std::string& text, Time now) {
  declare::JsonWriter json;
  json.begin_object()
      .text_if("token", text)
      .key("name")
      .text(token.name)
      .key("role")
      .text(access::name_of(token.role));
  json.key("scopes").text(access::list_of(token.scopes)).text_if("added_by", token.added_by);
  json.key("added")
      .text(iso8601(token.added))
      .text_if("expires", token.expires ? iso8601(*token.expires) : "");
  json.text_if("last_used", token.last_used ? iso8601(*token.last_used) : "");
  return json.key("holds").boolean(!token.expires || now < *token.expires).end_object().str();
}

Result<access::NewToken> read_token(const AccessArguments& given) {
  access::NewToken token{.name = given.name};
  const auto role = read_role(given.role);
  if (!role.ok()) return role.error();
  token.role = *role;
  if (!given.scopes.empty()) {
    const auto scopes = access::actions_listed(given.scopes);
    std::vector<std::string> names;
    for (const auto& line : access::permissions()) names.emplace_back(line.name);
    if (!scopes)
      return Error{ErrorKind::config, "--scope names something that there is not",
                   fmt::format("there are {}", declare::list_names(names, 12, "and"))};
    token.scopes = *scopes;
  }
  if (!given.expires.empty()) {
    const auto lasts = declare::parse_duration(given.expires);
    if (!lasts.ok())
      return Error{ErrorKind::config,
                   fmt::format("--expires {} is not a duration", declare::json_text(given.expires)),
                   "write --expires 90d"};
    token.lasts = *lasts;
  }
  return token;
}

int add_token(const Globals& globals, const AccessArguments& given) {
  const auto token = read_token(given);
  if (!token.ok()) return print_error(globals, token.error());
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  auto added = opened.access->add_token(actor_here(), *token);
  if (!added.ok()) return print_error(globals, added.error());
  if (globals.json) {
    fmt::print("{}\n", token_json(added->token, added->text.reveal(), real_clock().now()));
    return kDone;
  }
  fmt::print("{}\n", added->text.reveal());
  say(globals,
      fmt::format("token {} ({}){}: shown this once; send it as Authorization: Bearer ...\n", given.name,
                  access::name_of(added->token.role),
                  added->token.expires ? fmt::format(", until {}", iso8601(*added->token.expires)) : ""));
  return kDone;
}

int list_tokens(const Globals& globals) {
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  const auto tokens = opened.access->tokens();
  if (!tokens.ok()) return print_error(globals, tokens.error());
  Table table({"token", "role", "scopes", "added", "by", "expires", "last used"});
  const Time now = real_clock().now();
  for (const auto& token : *tokens) {
    if (globals.json) fmt::print("{}\n", token_json(token, "", now));
    const bool has_ended = token.expires && now >= *token.expires;
    table.add({token.name, std::string(access::name_of(token.role)), access::list_of(token.scopes),
               ago(token.added, now), token.added_by,
               !token.expires ? "never"
               : has_ended    ? "ended"
                              : iso8601(*token.expires).substr(0, 10),
               token.last_used ? ago(*token.last_used, now) : "never"});
  }
  if (globals.json) return kDone;
  if (table.empty())
    say(globals, "no tokens\n");
  else
    fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

int remove_token(const Globals& globals, const AccessArguments& given) {
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  auto removed = opened.access->remove_token(actor_here(), given.name);
  if (!removed.ok()) return print_error(globals, removed.error());
  if (globals.json)
    fmt::print("{{\"token\":{},\"removed\":true}}\n", declare::json_text(given.name));
  else
    fmt::print("token {} removed: it opens nothing any more\n", given.name);
  return kDone;
}

std::string audit_json(const access::AuditEntry& entry) {
  declare::JsonWriter json;
  json.begin_object()
      .key("id")
      .integer(entry.id)
      .key("at")
      .text(iso8601(entry.at))
      .key("who")
      .text(entry.who);
  json.key("action").text(entry.action).text_if("target", entry.target).key("result").text(entry.result);
  return json.text_if("address", entry.address).end_object().str();
}

int audit(const Globals& globals, const AccessArguments& given) {
  access::AuditQuestion question = given.question;
  if (given.before > 0) question.before = given.before;
  if (!given.since.empty()) {
    const auto since = declare::parse_duration(given.since);
    if (!since.ok())
      return print_error(
          globals,
          {ErrorKind::config, fmt::format("--since {} is not a duration", declare::json_text(given.since)),
           "write --since 7d"});
    question.since = real_clock().now() - *since;
  }
  auto opened = open_access(globals);
  if (!opened.access) return opened.exit;
  const auto entries = opened.access->audit(question);
  if (!entries.ok()) return print_error(globals, entries.error());
  Table table({"id", "at", "who", "action", "target", "result", "address"});
  for (const auto& entry : *entries) {
    if (globals.json) fmt::print("{}\n", audit_json(entry));
    table.add({fmt::to_string(entry.id), iso8601(entry.at), entry.who, entry.action, entry.target,
               entry.result, entry.address});
  }
  if (globals.json) return kDone;
  if (table.empty())
    say(globals, "nothing is recorded\n");
  else
    fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

using Arguments = std::shared_ptr<AccessArguments>;
using OfArguments = int (*)(const Globals&, const AccessArguments&);

void call(CLI::App* command, Door door, Arguments given, OfArguments run) {
  command->callback(
      [door, given, run] { door.run = [door, given, run] { return run(door.globals, *given); }; });
}

constexpr const char* kRoles =
    "viewer sees, editor also runs and changes the project, admin also manages users, tokens and secrets";

}  // namespace

void add_user(Door door) {
  auto* command = door.app.add_subcommand("user", "Manage who may log in to the service");
  command->require_subcommand(1);
  command->footer(
      "A password is asked for, or read from standard input; never an argument. It has 12 characters at "
      "least.\n"
      "Examples:\n  penstock user add anna --role admin\n  penstock user password anna < FILE\n"
      "  penstock user role anna editor");
  const auto given = std::make_shared<AccessArguments>();
  auto* add = command->add_subcommand("add", "Add a user; the password is asked for");
  add->add_option("NAME", given->name, "As it is typed at the login")->required();
  add->add_option("--role", given->role, kRoles)->default_str("viewer");
  given->role = "viewer";
  call(add, door, given, add_user);
  auto* list = command->add_subcommand("list", "List users, roles and last logins");
  list->callback([door] { door.run = [door] { return list_users(door.globals); }; });
  auto* remove = command->add_subcommand("remove", "Remove a user with all sessions");
  remove->add_option("NAME", given->name, "The user")->required();
  call(remove, door, given, remove_user);
  auto* password =
      command->add_subcommand("password", "Give a new password, and end all sessions of the user");
  password->add_option("NAME", given->name, "The user")->required();
  call(password, door, given, change_password);
  auto* role = command->add_subcommand("role", "Give another role");
  role->add_option("NAME", given->name, "The user")->required();
  role->add_option("ROLE", given->role, kRoles)->required();
  call(role, door, given, change_role);
}

void add_token(Door door) {
  auto* command = door.app.add_subcommand("token", "Manage API tokens, with which programs use the service");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  penstock token add ci --role editor --expires 90d\n"
      "  penstock token add monitor --scope view     may see counts, but no rows");
  const auto given = std::make_shared<AccessArguments>();
  auto* add = command->add_subcommand("add", "Make a token; it is shown this once");
  add->add_option("NAME", given->name, "What it is for")->required();
  add->add_option("--role", given->role, kRoles)->default_str("viewer");
  given->role = "viewer";
  add->add_option("--scope", given->scopes,
                  "Only these of what the role may: view,view_rows,run,approve,edit,administer");
  add->add_option("--expires", given->expires, "How long it holds: 90d; for ever when not given");
  call(add, door, given, add_token);
  auto* list =
      command->add_subcommand("list", "List tokens and their last uses; never the tokens themselves");
  list->callback([door] { door.run = [door] { return list_tokens(door.globals); }; });
  auto* remove = command->add_subcommand("remove", "Remove a token: it opens nothing any more");
  remove->add_option("NAME", given->name, "The token")->required();
  call(remove, door, given, remove_token);
}

void add_audit(Door door) {
  auto* command = door.app.add_subcommand("audit", "Show who did what, newest first");
  const auto given = std::make_shared<AccessArguments>();
  command->add_option("--limit", given->question.limit, "At most so many, and never more than 1000")
      ->capture_default_str();
  command->add_option("--who", given->question.who, "Only of this user, or \"token NAME\"");
  command->add_option("--action", given->question.action, "Only of this kind, such as login or user.add");
  command->add_option("--target", given->question.target, "Only on this");
  command->add_option("--since", given->since, "Only of the last: 7d");
  command->add_option("--before", given->before, "Only entries older than the one with this id");
  call(command, door, given, audit);
}

}  // namespace penstock::cli
