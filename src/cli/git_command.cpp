// git: the project's repository, as far as the project is concerned.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/git_repository.h"
#include "declare/json.h"
#include "run/check_project.h"

namespace penstock::cli {
namespace {

using repository::ChangedFile;
using repository::CommitReport;
using repository::PullReport;
using repository::PushReport;
using repository::Repository;

struct GitGiven {
  std::string sync, revision, message;
  std::vector<std::string> files;
  uint64_t limit = 20;
  bool diff = false;
};

std::string short_id(const std::string& id) {
  return id.substr(0, 7);
}

// The project may be broken: then a pull is what mends it.
struct OpenedGit {
  std::unique_ptr<Workspace> workspace;
  std::unique_ptr<Repository> repository;
};
Result<OpenedGit> open_git(const Globals& globals, Remote remote) {
  declare::Diagnostics ignored;
  OpenedGit opened;
  opened.workspace = Workspace::open(real_disk(), real_clock(), globals.directory, ignored);
  auto repository = open_repository(globals, *opened.workspace, remote);
  if (!repository.ok()) return repository.error();
  opened.repository = *std::move(repository);
  return opened;
}

void say_notes(const Globals& globals, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) say(globals, fmt::format("note: {}\n", note));
}

void changed_json(declare::JsonWriter& json, const std::vector<ChangedFile>& changed) {
  json.key("changed").begin_array();
  for (const ChangedFile& file : changed)
    json.begin_object().key("path").text(file.path).key("change").text(name_of(file.kind)).end_object();
  json.end_array();
}

// ---- status

std::string git_status_json(const repository::Status& status) {
  declare::JsonWriter json;
  json.begin_object().key("repository").boolean(status.is_repository);
  if (!status.is_repository) return json.key("why_not").text(status.why_not).end_object().str();
  json.key("branch").text(status.branch).key("head").text(status.head).key("subject").text(status.subject);
  json.key("remote").text(status.remote).text_if("busy", status.busy);
  json.key("unpushed").integer(static_cast<int64_t>(status.unpushed));
  json.key("behind").integer(static_cast<int64_t>(status.behind));
  changed_json(json, status.changed);
  json.key("conflict_branches").begin_array();
  for (const std::string& branch : status.conflict_branches) json.text(branch);
  json.end_array();
  if (status.refused) {
    json.key("refused").begin_object().key("commit").text(status.refused->commit);
    json.key("at").text(iso8601(status.refused->at)).key("reason").text(status.refused->reason);
    json.text_if("remedy", status.refused->remedy).text_if("details", status.refused->details).end_object();
  }
  return json.end_object().str();
}

std::string git_status_text(const repository::Status& status, const Terminal& terminal, Time now) {
  std::string out = fmt::format(
      "{}  {} {}\n",
      styled(status.branch.empty() ? "(no branch)" : status.branch, Style::bold, terminal.colour_out),
      status.head.empty() ? "(no commit yet)" : short_id(status.head), status.subject);
  out += fmt::format("  remote    {}\n", status.remote.empty() ? "none" : status.remote);
  if (!status.remote.empty())
    out += fmt::format("  unpushed  {}\n  behind    {}  (as of the last fetch)\n", status.unpushed,
                       status.behind);
  if (!status.busy.empty()) out += fmt::format("  somebody is in the middle of {}\n", status.busy);
  if (status.clean()) out += "  no file of the project is changed\n";
  for (const ChangedFile& file : status.changed)
    out += fmt::format(
        "  {} {}\n", styled(std::string(name_of(file.kind)), Style::yellow, terminal.colour_out), file.path);
  for (const std::string& branch : status.conflict_branches)
    out += fmt::format("  {} {}: merge it where it is still wanted, then git branch -D {}\n",
                       styled("set aside", Style::red, terminal.colour_out), branch, branch);
  if (!status.refused) return out;
  out += fmt::format("  {} {} {}: {}\n", styled("refused", Style::red, terminal.colour_out),
                     short_id(status.refused->commit), ago(status.refused->at, now), status.refused->reason);
  if (!status.refused->details.empty()) out += status.refused->details;
  if (!status.refused->remedy.empty())
    out += styled("  → " + status.refused->remedy, Style::dim, terminal.colour_out) + "\n";
  return out;
}

int git_status(const Globals& globals) {
  auto opened = open_git(globals, Remote::not_needed);
  if (!opened.ok()) return print_error(globals, opened.error());
  auto status = opened->repository->status();
  if (!status.ok()) return print_error(globals, status.error());
  if (globals.json)
    fmt::print("{}\n", git_status_json(*status));
  else if (!status->is_repository)
    fmt::print("{}\n", status->why_not);
  else
    fmt::print("{}", git_status_text(*status, globals.terminal, real_clock().now()));
  return kDone;
}

// ---- log

// The files that a sync stands in: its own, and its model's.
std::vector<std::string> files_of_sync(const Workspace& workspace, const std::string& name) {
  std::vector<std::string> files;
  const auto add = [&](const declare::Place& place) {
    if (place.known() && std::ranges::find(files, place.file->name()) == files.end())
      files.push_back(place.file->name());
  };
  const auto* sync = workspace.project().sync(name);
  if (sync != nullptr) {
    add(sync->place);
    if (const auto* model = workspace.project().model(*sync->model)) add(model->place);
  }
  // One that is gone had a file of its own.
  if (files.empty()) files = {fmt::format("syncs/{}.yaml", name)};
  return files;
}

std::string entry_json(const repository::HistoryEntry& entry) {
  declare::JsonWriter json;
  json.begin_object().key("commit").text(entry.commit.id).key("at").text(iso8601(entry.commit.at));
  json.key("author").text(entry.commit.author.name).key("email").text(entry.commit.author.email);
  json.key("subject").text(entry.commit.subject).text_if("body", entry.commit.body);
  changed_json(json, entry.changed);
  return json.text_if("diff", entry.diff).end_object().str();
}

int git_log(const Globals& globals, const GitGiven& given) {
  auto opened = open_git(globals, Remote::not_needed);
  if (!opened.ok()) return print_error(globals, opened.error());
  repository::HistoryRequest request;
  request.limit = given.limit;
  request.diffs = given.diff;
  if (!given.sync.empty()) request.paths = files_of_sync(*opened->workspace, given.sync);
  auto entries = opened->repository->history(request);
  if (!entries.ok()) return print_error(globals, entries.error());
  if (entries->empty() && !given.sync.empty())
    return print_error(globals, {ErrorKind::config, fmt::format("no commit has a sync '{}'", given.sync),
                                 "`penstock git log` without a name lists all commits"});
  Table table({"commit", "when", "author", "files", "subject"});
  for (const auto& entry : *entries) {
    if (globals.json) {
      fmt::print("{}\n", entry_json(entry));
      continue;
    }
    if (given.diff)
      fmt::print("{} {} {}\n{}\n",
                 styled(short_id(entry.commit.id), Style::bold, globals.terminal.colour_out),
                 entry.commit.author.name, entry.commit.subject, entry.diff);
    table.add({short_id(entry.commit.id), ago(entry.commit.at, real_clock().now()), entry.commit.author.name,
               fmt::to_string(entry.changed.size()), shortened(entry.commit.subject, 70)});
  }
  if (!globals.json && !given.diff) fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

// ---- pull, push, rollback

std::string_view name_of(PullReport::Outcome outcome) {
  switch (outcome) {
    case PullReport::Outcome::up_to_date:
      return "up_to_date";
    case PullReport::Outcome::moved:
      return "moved";
    case PullReport::Outcome::refused:
      return "refused";
    case PullReport::Outcome::set_aside:
      return "set_aside";
  }
  return "";
}

int git_pull(const Globals& globals) {
  auto opened = open_git(globals, Remote::needed);
  if (!opened.ok()) return print_error(globals, opened.error());
  auto report = opened->repository->pull();
  if (!report.ok()) return print_error(globals, report.error());
  say_notes(globals, report->notes);
  const bool refused = report->outcome == PullReport::Outcome::refused;
  if (globals.json) {
    declare::JsonWriter json;
    json.begin_object().key("event").text("pull").key("outcome").text(name_of(report->outcome));
    json.key("from").text(report->from).key("to").text(report->to).key("changed").begin_array();
    for (const std::string& path : report->changed) json.text(path);
    json.end_array().text_if("reason", report->reason).text_if("remedy", report->remedy);
    fmt::print("{}\n", json.text_if("conflict_branch", report->conflict_branch).end_object().str());
  }
  if (refused) {
    print_diagnostics(globals, report->diagnostics);
    Globals quiet_json = globals;
    quiet_json.json = false;
    print_error(quiet_json, {ErrorKind::config, "nothing was pulled: " + report->reason, report->remedy});
    return kStopped;
  }
  if (globals.json) return kDone;
  if (report->outcome == PullReport::Outcome::up_to_date) return say(globals, "up to date\n"), kDone;
  for (const std::string& path : report->changed) fmt::print("{}\n", path);
  say(globals, fmt::format("{} → {}\n", short_id(report->from), short_id(report->to)));
  if (!report->conflict_branch.empty())
    say(globals, fmt::format("{}: they are on the branch {}\n   → {}\n", report->reason,
                             report->conflict_branch, report->remedy));
  return kDone;
}

int git_push(const Globals& globals) {
  auto opened = open_git(globals, Remote::needed);
  if (!opened.ok()) return print_error(globals, opened.error());
  auto report = opened->repository->push();
  if (!report.ok()) return print_error(globals, report.error());
  using Outcome = PushReport::Outcome;
  if (report->outcome == Outcome::off || report->outcome == Outcome::refused) {
    if (report->pulled) print_diagnostics(globals, report->pulled->diagnostics);
    print_error(globals, {ErrorKind::config, "nothing was pushed: " + report->reason, report->remedy});
    return report->outcome == Outcome::off ? kUsage : kStopped;
  }
  if (globals.json) {
    declare::JsonWriter json;
    json.begin_object().key("event").text("push").key("commits").integer(
        static_cast<int64_t>(report->commits));
    json.text_if("reason", report->reason).text_if("conflict_branch", report->conflict_branch);
    fmt::print("{}\n", json.end_object().str());
    return kDone;
  }
  say(globals, report->outcome == Outcome::nothing
                   ? "nothing to push\n"
                   : count(report->commits, "commit", "commits") + " pushed\n");
  if (!report->conflict_branch.empty())
    say(globals, fmt::format("{}: they are on the branch {}\n   → {}\n", report->reason,
                             report->conflict_branch, report->remedy));
  return kDone;
}

int git_rollback(const Globals& globals, const GitGiven& given) {
  auto opened = open_git(globals, Remote::not_needed);
  if (!opened.ok()) return print_error(globals, opened.error());
  auto report = opened->repository->roll_back(given.revision, given.files, {}, given.message);
  if (!report.ok()) return print_error(globals, report.error());
  say_notes(globals, report->notes);
  switch (report->outcome) {
    case CommitReport::Outcome::unchanged:
      say(globals, "nothing differs from then\n");
      return kDone;
    case CommitReport::Outcome::invalid:
      print_diagnostics(globals, report->diagnostics);
      print_error(globals, {ErrorKind::config, "nothing was rolled back: the project would not be valid",
                            "name the files that are to go back together"});
      return kStopped;
    case CommitReport::Outcome::conflict: {
      std::vector<std::string> files;
      for (const auto& conflict : report->conflicts) files.push_back(conflict.path);
      print_error(globals, {ErrorKind::config,
                            fmt::format("nothing was rolled back: there are uncommitted changes of {}",
                                        declare::list_names(files, 5, "and")),
                            "commit them, or put them away: git stash"});
      return kStopped;
    }
    case CommitReport::Outcome::committed:
    case CommitReport::Outcome::written:
      break;
  }
  if (globals.json)
    fmt::print("{}\n", declare::JsonWriter()
                           .begin_object()
                           .key("event")
                           .text("rollback")
                           .key("commit")
                           .text(report->commit)
                           .end_object()
                           .str());
  else
    fmt::print("{}\n", report->commit);
  return kDone;
}

void add_git_log(CLI::App& git, Door door) {
  auto given = std::make_shared<GitGiven>();
  auto* command =
      git.add_subcommand("log", "The commits that changed the project, or one sync and its model");
  command->footer("Examples:\n  penstock git log\n  penstock git log customers_to_crm --diff");
  command->add_option("SYNC", given->sync, "Only what changed this sync or its model");
  command->add_option("--limit", given->limit, "At most so many")->capture_default_str();
  command->add_flag("--diff", given->diff, "With what changed, line by line");
  command->callback([door, given] { door.run = [door, given] { return git_log(door.globals, *given); }; });
}

void add_git_rollback(CLI::App& git, Door door) {
  auto given = std::make_shared<GitGiven>();
  auto* command = git.add_subcommand("rollback", "Restore files of an earlier revision, as a new commit");
  command->footer(
      "The result is validated like any edit; nothing of the history is lost.\n"
      "Examples:\n  penstock git rollback HEAD~1\n  penstock git rollback 4f2a9c1 "
      "syncs/customers_to_crm.yaml");
  command->add_option("REV", given->revision, "A commit, branch or tag")->required();
  command->add_option("FILE", given->files,
                      "Only these files of the project; all of them when none is named");
  command->add_option("--message,-m", given->message, "The commit's message");
  command->callback(
      [door, given] { door.run = [door, given] { return git_rollback(door.globals, *given); }; });
}

}  // namespace

Result<std::unique_ptr<Repository>> open_repository(const Globals& globals, const Workspace& workspace,
                                                    Remote remote) {
  config::GitSettings git = workspace.project().git;
  if (remote == Remote::not_needed) git.token.reset();
  auto settings = repository::settings_of(git, workspace.resolver());
  if (!settings.ok()) return settings.error();
  return Repository::open(real_disk(), real_clock(), globals.directory, *std::move(settings),
                          [](Disk& disk, const std::string& directory, declare::Diagnostics& diagnostics) {
                            (void)check_project(disk, real_clock(), directory, {}, diagnostics);
                          });
}

void add_git(Door door) {
  auto* git =
      door.app.add_subcommand("git", "The project's git repository: state, history, pull, push, roll back");
  git->require_subcommand(1);
  git->footer(
      "Whatever takes effect is validated first, as a whole; uncommitted changes are never overwritten.\n"
      "Examples:\n  penstock git status\n  penstock git log customers_to_crm\n  penstock git pull");
  auto* status = git->add_subcommand("status", "Branch, remote, uncommitted files, what a pull refused");
  status->callback([door] { door.run = [door] { return git_status(door.globals); }; });
  add_git_log(*git, door);
  auto* pull = git->add_subcommand("pull", "Fetch, validate, and let it take effect: all of it or nothing");
  pull->callback([door] { door.run = [door] { return git_pull(door.globals); }; });
  auto* push = git->add_subcommand("push", "Send commits made here; pulls first where the remote has moved");
  push->callback([door] { door.run = [door] { return git_push(door.globals); }; });
  add_git_rollback(*git, door);
}

}  // namespace penstock::cli
