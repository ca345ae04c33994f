#include "repository/turn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <thread>

#include "repository/own_files.h"
#include "repository/remote_mark.h"

namespace penstock::repository {
namespace {

constexpr auto kLockPatience = 60s;
constexpr auto kLockPause = 10ms;

std::vector<std::string> own_files_there(Disk& disk, const std::string& project) {
  std::vector<std::string> out;
  for (const std::string& name : own_names())
    if (is_own_file(name)) out.push_back(name);
  for (const std::string& folder : own_folders()) {
    auto names = disk.list(join_path(project, folder));
    if (!names.ok()) continue;  // there is no such folder
    for (const std::string& name : *names)
      if (is_own_file(folder + "/" + name)) out.push_back(folder + "/" + name);
  }
  return out;
}

std::string list_of(const std::vector<ChangedFile>& files) {
  std::vector<std::string> paths;
  for (const ChangedFile& file : files) paths.push_back(file.path);
  return declare::list_names(paths, 5, "and");
}

}  // namespace

Result<RepositoryLock> RepositoryLock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0)
    return Error{ErrorKind::disk, fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                 "make the repository writable for the user that runs penstock"};
  RepositoryLock lock(fd);
  for (auto waited = 0ms; ::flock(fd, LOCK_EX | LOCK_NB) != 0; waited += kLockPause) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return Error{ErrorKind::disk, fmt::format("cannot lock {}: {}", path, std::strerror(errno)), ""};
    if (waited >= kLockPatience)
      return Error{ErrorKind::locked, "another penstock process works on the repository", "try again later"};
    std::this_thread::sleep_for(kLockPause);
  }
  return lock;
}

RepositoryLock::~RepositoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Turn> take_turn(Repository::State& state) {
  auto checkout = open_checkout(state.directory);
  if (!checkout.ok()) return checkout.error();
  if (auto made = state.disk.make_directories(checkout->git_directory + "penstock"); !made.ok())
    return made.error();
  auto lock = RepositoryLock::take(checkout->own("lock"));
  if (!lock.ok()) return lock.error();
  (void)git_repository_set_ident(checkout->get(), state.settings.author.name.c_str(),
                                 state.settings.author.email.c_str());
  Turn turn{*std::move(checkout), *std::move(lock), {}};
  if (auto cleared = clear_after_the_dead(state.disk, turn.checkout); !cleared.ok()) return cleared.error();
  remove_own_locks(turn.checkout);
  // A record that was not complete when the process died says nothing.
  for (const char* unfinished : {"move.new", "refused.new"})
    if (auto removed = state.disk.remove(turn.checkout.own(unfinished)); !removed.ok())
      return removed.error();
  if (auto finished = finish_move(state.disk, state.clock, turn.checkout, turn.notes); !finished.ok())
    return finished.error();
  return turn;
}

std::string busy_with(git_repository* repository) {
  switch (git_repository_state(repository)) {
    case GIT_REPOSITORY_STATE_NONE:
      return "";
    case GIT_REPOSITORY_STATE_MERGE:
      return "a merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
      return "a revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
      return "a cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
      return "a bisection";
    default:
      return "a rebase";
  }
}

Result<Branch> branch_of(const Checkout& checkout, const Settings& settings) {
  git_repository* repository = checkout.get();
  if (const std::string busy = busy_with(repository); !busy.empty())
    return Error{ErrorKind::config,
                 fmt::format("somebody is in the middle of {} in the project's directory", busy),
                 "finish it there with git, or end it with git's --abort"};
  if (git_repository_head_unborn(repository) == 1)
    return Error{ErrorKind::config, "the repository has no commit yet",
                 "git add . && git commit -m 'The project'"};
  auto head = take<ReferenceHandle>("read HEAD", git_repository_head, repository);
  if (!head.ok()) return head.error();
  if (git_reference_is_branch(head->get()) == 0)
    return Error{ErrorKind::config, "no branch is checked out in the project's directory",
                 fmt::format("git switch {}", settings.branch.empty() ? "main" : settings.branch)};
  Branch branch{git_reference_shorthand(head->get()), git_reference_name(head->get()),
                *git_reference_target(head->get())};
  if (!settings.branch.empty() && branch.name != settings.branch)
    return Error{ErrorKind::config,
                 fmt::format("the branch '{}' is checked out, and `git: {{ branch: {} }}` is meant",
                             branch.name, settings.branch),
                 fmt::format("git switch {}", settings.branch)};
  return branch;
}

std::string tracking_of(const Settings& settings, const std::string& branch) {
  return fmt::format("refs/remotes/{}/{}", settings.remote, branch);
}

Result<std::vector<ChangedFile>> uncommitted(const Checkout& checkout, git_tree* tree) {
  auto items = own_items(checkout.get(), tree, checkout.prefix);
  if (!items.ok()) return items.error();
  auto index = take<IndexHandle>("read the index", git_repository_index, checkout.get());
  if (!index.ok()) return index.error();
  std::set<std::string> paths;
  for (const auto& [path, item] : *items) paths.insert(path);
  for (std::string& path : own_files_there(real_disk(), checkout.root + checkout.prefix))
    paths.insert(std::move(path));
  std::vector<ChangedFile> out;
  for (const std::string& path : paths) {
    const auto found = items->find(path);
    const auto item = found == items->end() ? std::nullopt : std::optional(found->second);
    auto there = on_disk(checkout, checkout.prefix + path);
    if (!there.ok()) return there.error();
    // Behind a folder that is a link lies what no commit has.
    if (there->kind == OnDisk::Kind::other) continue;
    const git_index_entry* staged = git_index_get_bypath(index->get(), (checkout.prefix + path).c_str(), 0);
    const bool as_staged = item ? staged != nullptr && same(staged->id, item->id) : staged == nullptr;
    if (is_as(*there, item) && as_staged) continue;
    out.push_back({path, !item                                  ? ChangedFile::Kind::added
                         : there->kind == OnDisk::Kind::missing ? ChangedFile::Kind::removed
                                                                : ChangedFile::Kind::modified});
  }
  return out;
}

Result<OverlayDisk::Files> files_of_tree(const Checkout& checkout, git_tree* tree) {
  auto items = own_items(checkout.get(), tree, checkout.prefix);
  if (!items.ok()) return items.error();
  OverlayDisk::Files files;
  const std::string project = checkout.root + checkout.prefix;
  for (const auto& [path, item] : *items) {
    if (item.mode != GIT_FILEMODE_LINK) {
      auto content = content_of(checkout.get(), item.id);
      if (!content.ok()) return content.error();
      files.emplace(path, *std::move(content));
      continue;
    }
    for (const std::string& there : own_files_there(real_disk(), project))
      if (there == path || there.starts_with(path + "/"))
        if (auto content = real_disk().read(project + there); content.ok())
          files.emplace(there, *std::move(content));
  }
  return files;
}

Result<Judgement> judge(Repository::State& state, const Checkout& checkout, git_tree* tree, git_tree* head) {
  Judgement judgement;
  auto files = files_of_tree(checkout, tree);
  if (!files.ok()) return files.error();
  const auto validate = [&](const OverlayDisk::Files& as) {
    OverlayDisk disk(state.disk, state.directory, is_own_file, as);
    judgement.diagnostics = Diagnostics();
    state.validate(disk, state.directory, judgement.diagnostics);
  };
  validate(*files);
  if (!judgement.diagnostics.ok()) return judgement;
  auto changed = uncommitted(checkout, head);
  if (!changed.ok()) return changed.error();
  if (changed->empty()) return judgement;
  for (const ChangedFile& file : *changed) {
    auto content = content_on_disk(checkout, checkout.prefix + file.path);
    if (!content.ok()) return content.error();
    if (*content)
      files->insert_or_assign(file.path, **std::move(content));
    else
      files->erase(file.path);
  }
  validate(*files);
  if (!judgement.diagnostics.ok())
    judgement.with = fmt::format("with the uncommitted changes of {}", list_of(*changed));
  return judgement;
}

Result<SignatureHandle> signature_of(const Clock& clock, const Person& person) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch());
  auto made = take<SignatureHandle>("sign a commit", git_signature_new, person.name.c_str(),
                                    person.email.c_str(), static_cast<git_time_t>(seconds.count()), 0);
  if (made.ok()) return made;
  return Error{ErrorKind::config,
               fmt::format("'{} <{}>' cannot be the author of a commit", person.name, person.email),
               "give a name and an address"};
}

}  // namespace penstock::repository
