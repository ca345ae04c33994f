// secret: what ${secret:NAME} leads to.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <set>

#include "cli/command.h"
#include "cli/prompt.h"
#include "declare/json.h"
#include "declare/nearest.h"

namespace penstock::cli {
namespace {

// Where each secret is referred to: "destinations/crm.yaml:2:15".
std::map<std::string, std::vector<std::string>> uses_of_secrets(const Workspace& workspace) {
  std::map<std::string, std::vector<std::string>> uses;
  for (const auto& seen : config::references_of(workspace.project()))
    for (const auto& piece : seen.reference.pieces)
      if (piece.kind == declare::Reference::Kind::secret)
        uses[piece.text].push_back(seen.reference.place.show());
  return uses;
}

// What git says of a file; nothing where there is no git, or no repository.
std::optional<bool> ignored_by_git(const std::string& directory, const std::string& path) {
  std::vector<std::string> words = {"git", "-C", directory, "check-ignore", "--quiet", "--", path};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  pid_t process = 0;
  const int failed = ::posix_spawnp(&process, "git", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(process, &status, 0) != process || !WIFEXITED(status)) return std::nullopt;
  if (WEXITSTATUS(status) > 1) return std::nullopt;
  return WEXITSTATUS(status) == 0;
}

std::string absolute_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

void tell_of_key(const Globals& globals, const std::string& file) {
  say(globals, fmt::format("note: a new key is in {0}\n"
                           "   → keep a copy of it in a safe place: without it the secrets cannot be read\n",
                           file));
  if (ignored_by_git(globals.directory, absolute_path(file)) == false)
    say(globals,
        fmt::format("{} git would commit {}\n   → add it to .gitignore, with the file `secrets` beside it\n",
                    styled("warning:", Style::yellow, globals.terminal.colour_err), file));
}

int set_secret(const Globals& globals, const std::string& name) {
  auto workspace = open_local(globals);
  if (!workspace) return kUsage;
  if (!declare::is_secret_name(name))  // before anybody types the value
    return print_error(globals, workspace->secrets().set(name, declare::Secret(), Time()).error());
  auto value = read_secret("value of " + name, Ask::once);
  if (!value.ok()) return print_error(globals, value.error());
  auto change = workspace->secrets().set(name, *value, workspace->clock().now());
  if (!change.ok()) return print_error(globals, change.error());
  if (!change->new_key_file.empty()) tell_of_key(globals, change->new_key_file);
  if (globals.json) {
    declare::JsonWriter json;
    json.begin_object().key("secret").text(name).key("replaced").boolean(change->was_there);
    fmt::print("{}\n", json.text_if("new_key_file", change->new_key_file).end_object().str());
    return kDone;
  }
  fmt::print("secret {} {}\n", name, change->was_there ? "replaced" : "set");
  if (!uses_of_secrets(*workspace).contains(name))
    say(globals, fmt::format("nothing refers to it yet: write ${{secret:{}}} where it is needed\n", name));
  return kDone;
}

std::string secret_json(const std::string& name, const std::optional<Time>& set_at,
                        const std::vector<std::string>& uses) {
  declare::JsonWriter json;
  json.begin_object().key("secret").text(name).text_if("set_at", set_at ? iso8601(*set_at) : "");
  json.key("used_by").begin_array();
  for (const auto& use : uses) json.text(use);
  return json.end_array().end_object().str();
}

int list_secrets(const Globals& globals) {
  auto workspace = open_local(globals);
  if (!workspace) return kUsage;
  auto listed = workspace->secrets().list();
  if (!listed.ok()) return print_error(globals, listed.error());
  auto uses = uses_of_secrets(*workspace);
  std::map<std::string, std::optional<Time>> all;
  for (const auto& [name, places] : uses) all[name] = std::nullopt;
  for (const auto& secret : *listed) all[secret.name] = secret.set_at;
  Table table({"secret", "set", "used by"});
  for (const auto& [name, set_at] : all) {
    if (globals.json) fmt::print("{}\n", secret_json(name, set_at, uses[name]));
    table.add({name, set_at ? ago(*set_at, workspace->clock().now()) : "not set",
               fmt::format("{}", fmt::join(uses[name], ", "))});
  }
  if (globals.json) return kDone;
  if (table.empty())
    say(globals, "no secrets are set, and no file refers to one\n");
  else
    fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

int remove_secret(const Globals& globals, const std::string& name) {
  auto workspace = open_local(globals);
  if (!workspace) return kUsage;
  auto removed = workspace->secrets().remove(name);
  if (!removed.ok()) return print_error(globals, removed.error());
  if (!*removed) {
    std::vector<std::string> names;
    if (auto listed = workspace->secrets().list(); listed.ok())
      for (const auto& secret : *listed) names.push_back(secret.name);
    return print_error(globals,
                       {ErrorKind::config, fmt::format("there is no secret '{}'", declare::json_text(name)),
                        declare::did_you_mean(name, names)});
  }
  if (globals.json)
    fmt::print("{{\"secret\":{},\"removed\":true}}\n", declare::json_text(name));
  else
    fmt::print("secret {} removed\n", name);
  const auto uses = uses_of_secrets(*workspace);
  if (const auto at = uses.find(name); at != uses.end())
    for (const auto& use : at->second)
      say(globals, fmt::format("{} {} still refers to it\n",
                               styled("warning:", Style::yellow, globals.terminal.colour_err), use));
  return kDone;
}

int rekey_secrets(const Globals& globals) {
  auto workspace = open_local(globals);
  if (!workspace) return kUsage;
  std::optional<declare::Secret> next;
  if (const auto given = secret::process_environment()("PENSTOCK_NEW_SECRET_KEY"))
    next = declare::Secret(*given);
  auto done = workspace->secrets().rekey(next);
  if (!done.ok()) return print_error(globals, done.error());
  if (globals.json) {
    declare::JsonWriter json;
    json.begin_object().key("secrets").integer(static_cast<int64_t>(done->secrets));
    fmt::print("{}\n", json.text_if("key_file", done->key_file).end_object().str());
  } else {
    fmt::print("{} encrypted with the new key\n", count(done->secrets, "secret", "secrets"));
  }
  if (done->key_file.empty())
    say(globals, fmt::format("note: the new key must be in {} from now on\n", done->key_variable));
  else
    tell_of_key(globals, done->key_file);
  return kDone;
}

}  // namespace

void add_secret(Door door) {
  auto* command = door.app.add_subcommand("secret", "Keep secrets that ${secret:NAME} leads to, encrypted");
  command->require_subcommand(1);
  command->footer(
      "Secrets are in the file `secrets` beside the state, encrypted with the key in PENSTOCK_SECRET_KEY, in "
      "the\n"
      "file that PENSTOCK_SECRET_KEY_FILE names, or in `secret.key` beside them. docs/security.md tells "
      "more.\n"
      "Examples:\n  penstock secret set crm/token           asks for the value\n"
      "  penstock secret set crm/token < FILE    takes it from a file\n"
      "  access_token: ${secret:crm/token}       in destinations/crm.yaml");
  const auto name = std::make_shared<std::string>();
  auto* set =
      command->add_subcommand("set", "Set or replace a secret; its value is asked for, or standard input");
  set->add_option("NAME", *name, "Letters, digits and _ - . /")->required();
  set->callback([door, name] { door.run = [door, name] { return set_secret(door.globals, *name); }; });
  auto* list =
      command->add_subcommand("list", "Names, when they were set, and what refers to them; never values");
  list->callback([door] { door.run = [door] { return list_secrets(door.globals); }; });
  auto* remove = command->add_subcommand("remove", "Remove a secret");
  remove->add_option("NAME", *name, "The secret")->required();
  remove->callback([door, name] { door.run = [door, name] { return remove_secret(door.globals, *name); }; });
  auto* rekey = command->add_subcommand("rekey", "Encrypt all secrets with another key");
  rekey->footer(
      "A key in `secret.key` is replaced by a new one. A key that comes from the environment is replaced by "
      "the\n"
      "one in PENSTOCK_NEW_SECRET_KEY, and the environment must be changed after it.");
  rekey->callback([door] { door.run = [door] { return rekey_secrets(door.globals); }; });
}

}  // namespace penstock::cli
