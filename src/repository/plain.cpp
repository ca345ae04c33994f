#include "repository/plain.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <mutex>

#include "repository/own_files.h"

namespace penstock::repository {
namespace {

bool is_link(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

Result<void> check_no_link(const std::string& directory, const std::string& path) {
  const size_t slash = path.find('/');
  const bool link = is_link(join_path(directory, path)) ||
                    (slash != std::string::npos && is_link(join_path(directory, path.substr(0, slash))));
  if (!link) return success();
  return Error{ErrorKind::config, fmt::format("{} is a link, and is not edited here", path), ""};
}

Result<void> write_one(Repository::State& state, const Edit& edit) {
  const std::string path = join_path(state.directory, edit.path);
  if (!edit.content) return state.disk.remove(path);
  if (const size_t slash = edit.path.find('/'); slash != std::string::npos)
    if (auto made = state.disk.make_directories(join_path(state.directory, edit.path.substr(0, slash)));
        !made.ok())
      return made;
  return state.disk.replace(path, *edit.content);
}

}  // namespace

std::string blob_id(std::string_view content) {
  git_oid id;
  start_libgit2();
  const int code = git_odb_hash(&id, content.data(), content.size(), GIT_OBJECT_BLOB);
  check(code == 0, "any bytes have a hash");
  return hex_of(id);
}

Result<std::unique_ptr<Disk>> with_edits(Disk& disk, const std::string& directory,
                                         const std::vector<Edit>& edits) {
  std::map<std::string, bool, std::less<>> edited;
  OverlayDisk::Files files;
  for (const Edit& edit : edits) {
    if (auto own = check_own_path(edit.path); !own.ok()) return own.error();
    edited[edit.path] = true;
    if (edit.content) files[edit.path] = *edit.content;
  }
  return std::unique_ptr<Disk>(std::make_unique<OverlayDisk>(
      disk, directory, [edited](std::string_view path) { return edited.contains(path); }, std::move(files)));
}

Result<FileAt> plain_file(Repository::State& state, const std::string& path) {
  FileAt file{path, std::nullopt, "", false};
  auto there = state.disk.exists(join_path(state.directory, path));
  if (!there.ok()) return there.error();
  if (!*there) return file;
  auto content = state.disk.read(join_path(state.directory, path));
  if (!content.ok()) return content.error();
  file.blob = blob_id(*content);
  file.content = *std::move(content);
  return file;
}

Result<CommitReport> write_plainly(Repository::State& state, const std::vector<Edit>& edits) {
  static std::mutex one_at_a_time;
  const std::lock_guard held(one_at_a_time);
  CommitReport report;
  std::vector<Edit> changes;
  for (const Edit& edit : edits) {
    if (auto good = check_no_link(state.directory, edit.path); !good.ok()) return good.error();
    auto there = plain_file(state, edit.path);
    if (!there.ok()) return there.error();
    if (there->content == edit.content) continue;
    changes.push_back(edit);
    if (there->blob == edit.expected) continue;
    report.conflicts.push_back({edit.path, EditConflict::Why::changed, there->blob, std::nullopt,
                                std::move(there->content), edit.content});
  }
  if (!report.conflicts.empty()) report.outcome = CommitReport::Outcome::conflict;
  if (changes.empty() || !report.conflicts.empty()) return report;
  auto view = with_edits(state.disk, state.directory, changes);
  if (!view.ok()) return view.error();
  state.validate(**view, state.directory, report.diagnostics);
  report.outcome = report.diagnostics.ok() ? CommitReport::Outcome::written : CommitReport::Outcome::invalid;
  if (!report.diagnostics.ok()) return report;
  for (const Edit& edit : changes)
    if (auto written = write_one(state, edit); !written.ok()) return written.error();
  return report;
}

}  // namespace penstock::repository
