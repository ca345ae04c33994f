// The project's files, edited as commits; git's state and history.
#include <fmt/format.h>

#include <filesystem>

#include "run/check_project.h"
#include "server/body.h"
#include "server/entered.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"
#include "server/written_secrets.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;
using repository::Edit;
using repository::Repository;

constexpr std::pair<const char*, const char*> kFolders[] = {
    {"sources", "source"}, {"models", "model"}, {"destinations", "destination"},
    {"syncs", "sync"},     {"alerts", "alert"}, {"connectors", "connector"},
    {"tests", "test"}};

struct FileText {
  std::optional<std::string> text;
  std::string version;
};

// A file of the project in a revision; without one as it is now: what nobody has committed yet is shown as it
// lies there.
Result<FileText> text_of(const Call& call, const std::string& path, const std::string& revision) {
  const auto repository = call.site.repositories.of(call.site.loaded());
  if (!repository.ok()) return repository.error();
  auto file = (*repository)->file(path, revision.empty() ? "HEAD" : revision);
  if (!file.ok()) return file.error();
  FileText found{std::move(file->content), file->blob};
  if (revision.empty() && (file->uncommitted || !found.text))
    if (auto there = real_disk().read(join_path(call.site.loaded()->project().directory, path)); there.ok())
      found.text = *std::move(there);
  return found;
}

// Secrets that the editor did not see stay what they are.
Result<void> put_back_secrets(const Call& call, Edit& edit) {
  if (!edit.content || edit.content->find(kHiddenSecret) == std::string::npos) return success();
  const auto before = text_of(call, edit.path, "");
  if (!before.ok()) return before.error();
  auto text = WrittenSecrets(call.site.service.problems()).put_back(*edit.content, before->text.value_or(""));
  if (!text.ok()) return Error(text.error()).in(edit.path);
  edit.content = *std::move(text);
  return success();
}

Result<std::vector<Edit>> edits_in(const Call& call, Body& body) {
  std::vector<Edit> edits;
  for (auto& one : body.objects("edits")) {
    Edit edit;
    edit.path = one.text("path").value_or("");
    edit.content = one.text("text");
    edit.expected = one.text("version").value_or("");
    if (auto checked = one.check({"path"}); !checked.ok()) return checked.error();
    if (!edit.content && !one.is_null("text"))
      return Error{ErrorKind::config, "'text' is missing in an edit", "null removes the file"};
    if (auto back = put_back_secrets(call, edit); !back.ok()) return back.error();
    edits.push_back(std::move(edit));
  }
  if (edits.empty()) return Error{ErrorKind::config, "there are no edits", "send them as 'edits'"};
  return edits;
}

repository::Person author(const Call& call) {
  return {call.who.name, fmt::format("{}@penstock.local", call.who.name)};
}

ServerReply conflict_reply(const std::vector<repository::EditConflict>& conflicts) {
  std::string files;
  for (const auto& one : conflicts) files += (files.empty() ? "" : ", ") + one.path;
  return problem(409, "conflict", fmt::format("{} changed since you opened it", files),
                 "load the file again, and make your change once more on what is there now");
}

// What came of a commit: then it takes effect, and goes to the remote.
ServerReply committed_reply(Call& call, Repository& repository, const repository::CommitReport& report,
                            const char* action, const std::string& target) {
  using Outcome = repository::CommitReport::Outcome;
  if (report.outcome == Outcome::invalid)
    return problem(422, "invalid", "the project would have errors", "mend them and save again",
                   &report.diagnostics);
  if (report.outcome == Outcome::conflict) return conflict_reply(report.conflicts);
  call.site.service.reload();
  std::string note;
  bool pushed = false;
  if (report.outcome == Outcome::committed) {
    const auto sent = repository.push();
    pushed = sent.ok() && sent->outcome == repository::PushReport::Outcome::pushed;
    if (!sent.ok())
      note = sent.error().message;
    else
      note = sent->reason;
  }
  server::note(call, action, target, report.commit);
  JsonWriter json;
  json.begin_object().key("committed").boolean(report.outcome == Outcome::committed);
  json.text_if("revision", report.commit).key("pushed").boolean(pushed).text_if("note", note);
  return json_reply(json.end_object());
}

std::string_view state_of(const repository::Status& status) {
  if (status.refused) return "refused";
  if (status.behind > 0 && status.unpushed > 0) return "diverged";
  if (status.behind > 0) return "behind";
  if (!status.clean()) return "changed";
  return status.unpushed > 0 ? "unpushed" : "clean";
}

ServerReply git_reply(Repository& repository) {
  const auto status = repository.status();
  if (!status.ok()) return problem(status.error());
  JsonWriter json;
  json.begin_object().key("repository").boolean(status->is_repository);
  if (status->is_repository) {
    json.text_if("branch", status->branch)
        .text_if("revision", status->head)
        .text_if("remote", status->remote);
    json.key("state").text(state_of(*status));
    add_number(json, "unpushed", status->unpushed);
    add_number(json, "behind", status->behind);
    json.key("changed_files").begin_array();
    for (const auto& file : status->changed) json.text(file.path);
    json.end_array();
    if (status->refused) json.key("refused").text(status->refused->reason);
  }
  return json_reply(json.end_object());
}

}  // namespace

ServerReply list_files(Call& call) {
  const auto loaded = call.site.loaded();
  const std::string& directory = loaded->project().directory;
  JsonWriter json;
  json.begin_array();
  const auto main = real_disk().exists(join_path(directory, "penstock.yaml"));
  if (main.ok() && *main)
    json.begin_object().key("path").text("penstock.yaml").key("kind").text("project").end_object();
  for (const auto& [folder, kind] : kFolders) {
    const auto names = real_disk().list(join_path(directory, folder));
    if (!names.ok()) continue;
    for (const auto& name : *names) {
      const std::filesystem::path file(name);
      if (file.extension() != ".yaml" && file.extension() != ".yml" && file.extension() != ".sql") continue;
      json.begin_object().key("path").text(fmt::format("{}/{}", folder, name)).key("kind").text(kind);
      json.key("name").text(file.stem().string()).end_object();
    }
  }
  return json_reply(json.end_array());
}

ServerReply get_file(Call& call) {
  const std::string path = call.text("path");
  const auto file = text_of(call, path, call.text("revision"));
  if (!file.ok()) return problem(file.error());
  if (!file->text) return not_found("file", path);
  const std::string shown = WrittenSecrets(call.site.service.problems()).hidden(*file->text);
  JsonWriter json;
  json.begin_object().key("path").text(path).key("text").text(shown).key("version").text(file->version);
  return json_reply(json.end_object());
}

ServerReply validate_files(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  auto edits = edits_in(call, *body);
  if (auto checked = body->check(); !checked.ok()) return problem(checked.error());
  if (!edits.ok()) return problem(edits.error());
  const std::string directory = call.site.loaded()->project().directory;
  const auto edited = repository::with_edits(real_disk(), directory, *edits);
  if (!edited.ok()) return problem(edited.error());
  declare::Diagnostics diagnostics;
  (void)check_project(**edited, real_clock(), directory, {}, diagnostics);
  if (auto entered = find_entered(call, *edits); !entered.ok())
    return problem(entered.error());
  else
    diagnostics.add_all(entered->refused);
  JsonWriter json;
  json.begin_object().key("valid").boolean(diagnostics.ok());
  return json_reply(json.key("diagnostics").raw(diagnostics_json(diagnostics)).end_object());
}

ServerReply commit_files(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  auto edits = edits_in(call, *body);
  const auto message = body->text("message");
  if (auto checked = body->check({"message"}); !checked.ok()) return problem(checked.error());
  if (!edits.ok()) return problem(edits.error());
  const auto repository = call.site.repositories.of(call.site.loaded());
  if (!repository.ok()) return problem(repository.error());
  std::string files;
  for (const auto& edit : *edits) files += (files.empty() ? "" : " ") + edit.path;
  if (auto refused = keep_entered(call, *edits)) return *std::move(refused);
  const auto report = (*repository)->commit(*std::move(edits), author(call), *message);
  if (!report.ok()) return problem(report.error());
  return committed_reply(call, **repository, *report, "files.commit", files);
}

ServerReply get_git(Call& call) {
  const auto repository = call.site.repositories.of(call.site.loaded());
  return repository.ok() ? git_reply(**repository) : problem(repository.error());
}

ServerReply get_git_log(Call& call) {
  const auto repository = call.site.repositories.of(call.site.loaded());
  if (!repository.ok()) return problem(repository.error());
  repository::HistoryRequest request;
  if (const std::string path = call.text("path"); !path.empty()) request.paths = {path};
  request.limit = call.limit(20, 200);
  request.diffs = true;
  const auto history = (*repository)->history(std::move(request));
  if (!history.ok()) return problem(history.error());
  const WrittenSecrets secrets(call.site.service.problems());
  JsonWriter json;
  json.begin_array();
  for (const auto& entry : *history) {
    json.begin_object().key("revision").text(entry.commit.id).key("author").text(entry.commit.author.name);
    json.key("at").text(iso8601(entry.commit.at)).key("message").text(entry.commit.subject);
    json.key("files").begin_array();
    for (const auto& file : entry.changed) json.text(file.path);
    json.end_array().text_if("diff", secrets.hidden(entry.diff)).end_object();
  }
  return json_reply(json.end_array());
}

ServerReply pull(Call& call) {
  const auto report = call.site.git.pull();
  if (!report.ok()) return problem(report.error());
  if (report->outcome == repository::PullReport::Outcome::refused)
    return problem(409, "conflict", report->reason, report->remedy,
                   report->diagnostics.ok() ? nullptr : &report->diagnostics);
  return get_git(call);
}

ServerReply push(Call& call) {
  const auto repository = call.site.repositories.of(call.site.loaded());
  if (!repository.ok()) return problem(repository.error());
  const auto report = (*repository)->push();
  if (!report.ok()) return problem(report.error());
  if (report->outcome == repository::PushReport::Outcome::refused)
    return problem(409, "conflict", report->reason, report->remedy);
  return git_reply(**repository);
}

ServerReply roll_back(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto revision = body->text("revision"), path = body->text("path");
  if (auto checked = body->check({"revision"}); !checked.ok()) return problem(checked.error());
  const auto repository = call.site.repositories.of(call.site.loaded());
  if (!repository.ok()) return problem(repository.error());
  std::vector<std::string> paths;
  if (path) paths.push_back(*path);
  const auto report = (*repository)->roll_back(*revision, std::move(paths), author(call));
  if (!report.ok()) return problem(report.error());
  return committed_reply(call, **repository, *report, "git.rollback", *revision);
}

}  // namespace penstock::server
