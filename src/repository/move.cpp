#include "repository/move.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

namespace penstock::repository {
namespace {

constexpr auto kIndexPatience = 2s;
constexpr auto kIndexPause = 20ms;

std::string record_path(const Checkout& checkout) {
  return checkout.own("move");
}

std::string record_of(const Move& move) {
  return fmt::format("penstock-move 1\nkind {}\nbranch {}\nfrom {}\nto {}\nlog {}\n",
                     move.kind == MoveKind::commit ? "commit" : "pull", move.branch, hex_of(move.from),
                     hex_of(move.to), move.log);
}

std::optional<Move> parse_record(std::string_view text) {
  Move move;
  std::map<std::string, std::string, std::less<>> said;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    said.emplace(line.substr(0, space), line.substr(space + 1));
    text.remove_prefix(end + 1);
  }
  const auto from = id_of(said["from"]), to = id_of(said["to"]);
  if (said["penstock-move"] != "1" || !from || !to) return std::nullopt;
  return Move{said["kind"] == "commit" ? MoveKind::commit : MoveKind::pull, said["branch"], *from, *to,
              said["log"]};
}

// ---- Obstacles

class ObstacleSearch {
 public:
  ObstacleSearch(const Checkout& checkout, const std::vector<PathChange>& changes)
      : checkout_(checkout), changes_(changes) {
    for (const PathChange& change : changes)
      if (!change.after) going_.insert(change.path);
  }

  Result<std::vector<Obstacle>> find() {
    auto index = take<IndexHandle>("read the index", git_repository_index, checkout_.get());
    if (!index.ok()) return index.error();
    if (const int code = git_index_read(index->get(), 1); code < 0) return git_error("read the index", code);
    for (const PathChange& change : changes_)
      if (auto looked = look(index->get(), change); !looked.ok()) return looked.error();
    return std::move(found_);
  }

 private:
  Result<void> look(git_index* index, const PathChange& change) {
    auto there = on_disk(checkout_, change.path);
    if (!there.ok()) return there.error();
    const bool as_it_was = is_as(*there, change.before), as_it_will_be = is_as(*there, change.after);
    if (!as_it_was && !as_it_will_be && !makes_room(change, *there))
      found_.push_back(
          {change.path, change.before ? "has changes that are not committed" : "is there, and in no commit"});
    else if (!is_staged_as(index, change.path, change.before) &&
             !is_staged_as(index, change.path, change.after))
      found_.push_back({change.path, "has changes that are staged"});
    return success();
  }

  static bool is_staged_as(git_index* index, const std::string& path, const std::optional<TreeItem>& item) {
    const git_index_entry* entry = git_index_get_bypath(index, path.c_str(), 0);
    return item ? entry != nullptr && same(entry->id, item->id) : entry == nullptr;
  }

  // A file takes the place of a directory all of whose files go, or the other way round.
  bool makes_room(const PathChange& change, const OnDisk& there) const {
    if (change.before) return false;
    for (size_t slash = change.path.find('/'); slash != std::string::npos;
         slash = change.path.find('/', slash + 1))
      if (going_.contains(change.path.substr(0, slash))) return true;
    if (there.kind != OnDisk::Kind::directory) return false;
    std::error_code problem;
    const std::string top = checkout_.absolute(change.path);
    for (std::filesystem::recursive_directory_iterator at(top, problem), end; !problem && at != end;
         at.increment(problem))
      if (!at->is_directory() && !going_.contains(at->path().string().substr(checkout_.root.size())))
        return false;
    return !problem;
  }

  const Checkout& checkout_;
  const std::vector<PathChange>& changes_;
  std::set<std::string> going_;
  std::vector<Obstacle> found_;
};

// ---- The index

// What git compares to see quickly that a file has not changed.
void add_status(const Checkout& checkout, const std::string& path, git_index_entry& entry) {
  struct stat status;
  if (::lstat(checkout.absolute(path).c_str(), &status) != 0) return;
  entry.ctime = {static_cast<int32_t>(status.st_ctim.tv_sec), static_cast<uint32_t>(status.st_ctim.tv_nsec)};
  entry.mtime = {static_cast<int32_t>(status.st_mtim.tv_sec), static_cast<uint32_t>(status.st_mtim.tv_nsec)};
  entry.dev = static_cast<uint32_t>(status.st_dev);
  entry.ino = static_cast<uint32_t>(status.st_ino);
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.file_size = static_cast<uint32_t>(status.st_size);
}

Result<void> write_index(const Checkout& checkout, const std::vector<PathChange>& changes) {
  auto index = take<IndexHandle>("read the index", git_repository_index, checkout.get());
  if (!index.ok()) return index.error();
  if (const int code = git_index_read(index->get(), 1); code < 0) return git_error("read the index", code);
  for (const PathChange& change : changes)
    if (!change.after) (void)git_index_remove(index->get(), change.path.c_str(), 0);
  for (const PathChange& change : changes) {
    if (!change.after) continue;
    git_index_entry entry{};
    entry.path = change.path.c_str();
    entry.id = change.after->id;
    entry.mode = change.after->mode;
    auto there = on_disk(checkout, change.path);
    if (there.ok() && is_as(*there, change.after)) add_status(checkout, change.path, entry);
    if (const int code = git_index_add(index->get(), &entry); code < 0)
      return git_error(fmt::format("put {} into the index", change.path), code);
  }
  const int code = git_index_write(index->get());
  return code < 0 ? git_error("write the index", code) : success();
}

// A person's git has the index for moments only.
Result<void> write_index_patiently(const Checkout& checkout, const std::vector<PathChange>& changes) {
  for (auto waited = 0ms;; waited += kIndexPause) {
    auto written = write_index(checkout, changes);
    if (written.ok() || written.error().kind != ErrorKind::locked || waited >= kIndexPatience) return written;
    std::this_thread::sleep_for(kIndexPause);
  }
}

Result<void> wait_for_index(const Checkout& checkout) {
  const std::string lock = checkout.git_directory + "index.lock";
  for (auto waited = 0ms; ::access(lock.c_str(), F_OK) == 0; waited += kIndexPause) {
    if (waited >= kIndexPatience)
      return Error{ErrorKind::locked, "another git process works on the repository",
                   fmt::format("wait for it; if there is none, it has died: remove {}", lock)};
    std::this_thread::sleep_for(kIndexPause);
  }
  return success();
}

// ---- The move

std::string staged_path(const Checkout& checkout, size_t number) {
  return checkout.own("staged/") + std::to_string(number);
}

bool is_written(const PathChange& change) {
  return change.after && change.after->mode != GIT_FILEMODE_COMMIT;
}

Result<void> stage_all(Disk& disk, const Checkout& checkout, const std::vector<PathChange>& changes) {
  if (auto removed = disk.remove(checkout.own("staged")); !removed.ok()) return removed;
  if (auto made = disk.make_directories(checkout.own("staged")); !made.ok()) return made;
  for (size_t i = 0; i < changes.size(); ++i)
    if (is_written(changes[i]))
      if (auto staged = stage(checkout, changes[i].path, *changes[i].after, staged_path(checkout, i));
          !staged.ok())
        return staged;
  return success();
}

Result<void> move_branch(const Checkout& checkout, const Move& move) {
  git_reference* moved = nullptr;
  const int code = git_reference_create_matching(&moved, checkout.get(), move.branch.c_str(), &move.to, 1,
                                                 &move.from, move.log.c_str());
  const ReferenceHandle owned(moved);
  if (code == GIT_EMODIFIED || code == GIT_ENOTFOUND || code == GIT_ELOCKED)
    return Error{ErrorKind::locked, "somebody else has just moved the branch", "try again"};
  return code < 0 ? git_error("move the branch", code) : success();
}

// What a person has written since is left alone.
Result<void> put_files(const Checkout& checkout, const std::vector<PathChange>& changes,
                       std::vector<std::string>& notes) {
  std::set<size_t> left;
  for (size_t i = 0; i < changes.size(); ++i) {
    auto there = on_disk(checkout, changes[i].path);
    if (!there.ok()) return there.error();
    const bool room = there->kind == OnDisk::Kind::directory || there->kind == OnDisk::Kind::other;
    if (is_as(*there, changes[i].after) ||
        (!is_as(*there, changes[i].before) && !(room && !changes[i].before)))
      left.insert(i);
    if (left.contains(i) && !is_as(*there, changes[i].after))
      notes.push_back(
          fmt::format("{} was changed by somebody in the same moment: it is left as it is, and "
                      "not committed",
                      changes[i].path));
  }
  for (size_t i = 0; i < changes.size(); ++i)
    if (!changes[i].after && !left.contains(i))
      if (auto removed = remove_file(checkout, changes[i].path); !removed.ok()) return removed;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!is_written(changes[i]) || left.contains(i)) continue;
    auto there = on_disk(checkout, changes[i].path);
    if (!there.ok()) return there.error();
    if (there->kind == OnDisk::Kind::directory || there->kind == OnDisk::Kind::other) {
      notes.push_back(fmt::format("{} cannot be written: something else is in its place", changes[i].path));
      continue;
    }
    if (auto put = put_staged(checkout, changes[i].path, staged_path(checkout, i)); !put.ok()) return put;
  }
  return success();
}

// After the branch has moved: can be repeated.
Result<void> complete(Disk& disk, const Checkout& checkout, const std::vector<PathChange>& changes,
                      std::vector<std::string>& notes) {
  if (auto put = put_files(checkout, changes, notes); !put.ok()) return put;
  if (auto written = write_index_patiently(checkout, changes); !written.ok()) return written;
  if (auto removed = disk.remove(record_path(checkout)); !removed.ok()) return removed;
  return disk.remove(checkout.own("staged"));
}

Result<std::vector<PathChange>> changes_of(const Checkout& checkout, const git_oid& from, const git_oid& to) {
  auto before = commit_of(checkout.get(), from), after = commit_of(checkout.get(), to);
  if (!before.ok()) return before.error();
  if (!after.ok()) return after.error();
  auto old_tree = tree_of(before->get()), new_tree = tree_of(after->get());
  if (!old_tree.ok()) return old_tree.error();
  if (!new_tree.ok()) return new_tree.error();
  return changes_between(checkout.get(), old_tree->get(), new_tree->get());
}

// Of a record whose branch went on to `now`: only what is there as the record's commit has it is ours to put.
Result<std::vector<PathChange>> still_meant(const Checkout& checkout, std::vector<PathChange> changes,
                                            const git_oid& now) {
  auto commit = commit_of(checkout.get(), now);
  if (!commit.ok()) return commit.error();
  auto tree = tree_of(commit->get());
  if (!tree.ok()) return tree.error();
  std::vector<PathChange> out;
  for (PathChange& change : changes) {
    auto item = item_at(tree->get(), change.path);
    if (!item.ok()) return item.error();
    if (*item == change.after) out.push_back(std::move(change));
  }
  return out;
}

Result<void> forget(Disk& disk, const Checkout& checkout) {
  if (auto removed = disk.remove(record_path(checkout)); !removed.ok()) return removed;
  return disk.remove(checkout.own("staged"));
}

// Of a move that is on record.
Result<void> carry_out(Disk& disk, const Checkout& checkout, const Move& move,
                       const std::vector<PathChange>& changes, std::vector<std::string>& notes) {
  auto staged = stage_all(disk, checkout, changes);
  if (staged.ok()) staged = move_branch(checkout, move);
  if (!staged.ok()) {
    (void)forget(disk, checkout);
    return staged;
  }
  auto completed = complete(disk, checkout, changes, notes);
  // The branch has moved: that it did counts, and what is missing is made up for by the next call.
  if (!completed.ok())
    notes.push_back(fmt::format("the directory is not up to date yet: {}", completed.error().message));
  return success();
}

}  // namespace

Result<std::vector<Obstacle>> obstacles(const Checkout& checkout, const std::vector<PathChange>& changes) {
  return ObstacleSearch(checkout, changes).find();
}

Result<void> make_move(Disk& disk, const Checkout& checkout, const Move& move,
                       const std::vector<PathChange>& changes, std::vector<std::string>& notes) {
  if (auto free = wait_for_index(checkout); !free.ok()) return free;
  if (auto made = disk.make_directories(checkout.own("")); !made.ok()) return made;
  if (auto recorded = disk.replace(record_path(checkout), record_of(move)); !recorded.ok()) return recorded;
  return carry_out(disk, checkout, move, changes, notes);
}

namespace {

// A process that died in the middle of a move may have left git's own locks, which would keep everybody from
// moving the branch for ever. Git holds one for an instant: what is there unchanged after a while is
// nobody's.
void remove_locks_of_the_dead(const Checkout& checkout, const Move& move) {
  constexpr auto kHeldAtMost = 1s;
  std::vector<std::pair<std::string, ino_t>> seen;
  for (const std::string& name :
       {move.branch + ".lock", std::string("HEAD.lock"), std::string("index.lock")}) {
    struct stat facts{};
    if (::stat((checkout.git_directory + name).c_str(), &facts) == 0)
      seen.emplace_back(checkout.git_directory + name, facts.st_ino);
  }
  if (seen.empty()) return;
  std::this_thread::sleep_for(kHeldAtMost);
  for (const auto& [path, number] : seen) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) == 0 && facts.st_ino == number) ::unlink(path.c_str());
  }
}

}  // namespace

Result<void> finish_move(Disk& disk, const Clock& clock, const Checkout& checkout,
                         std::vector<std::string>& notes) {
  auto there = disk.exists(record_path(checkout));
  if (!there.ok() || !*there) return there.ok() ? success() : there.error();
  auto text = disk.read(record_path(checkout));
  if (!text.ok()) return text.error();
  const auto move = parse_record(*text);
  if (!move) return forget(disk, checkout);  // records are written in one step: this one is of nobody we know
  remove_locks_of_the_dead(checkout, *move);
  auto now = target_of(checkout.get(), move->branch);
  if (!now.ok()) return now.error();
  auto changes = changes_of(checkout, move->from, move->to);
  if (!changes.ok()) return forget(disk, checkout);  // the power went before its commit was on the disk
  auto reached = *now ? is_within(checkout.get(), move->to, **now) : Result<bool>(false);
  if (!reached.ok()) return reached.error();
  if (!*reached && *now && same(**now, move->from) && move->kind == MoveKind::commit) {
    auto in_the_way = obstacles(checkout, *changes);
    if (!in_the_way.ok()) return in_the_way.error();
    if (in_the_way->empty()) {
      notes.push_back("an edit that a crash interrupted is committed now");
      return carry_out(disk, checkout, *move, *changes, notes);
    }
  }
  if (!*reached) {
    if (move->kind == MoveKind::commit) {
      auto branch = set_aside(clock, checkout, move->to);
      if (!branch.ok()) return branch.error();
      notes.push_back(fmt::format("an edit that a crash interrupted is on the branch {}", *branch));
    }
    return forget(disk, checkout);
  }
  auto meant = still_meant(checkout, *std::move(changes), **now);
  if (!meant.ok()) return meant.error();
  if (auto staged = stage_all(disk, checkout, *meant); !staged.ok()) return staged;
  return complete(disk, checkout, *meant, notes);
}

Result<std::string> set_aside(const Clock& clock, const Checkout& checkout, const git_oid& commit) {
  const std::string when = iso8601(clock.now());  // 2026-11-27T14:15:00.000Z
  const std::string name =
      fmt::format("penstock/conflict-{}{}{}-{}{}-{}", when.substr(0, 4), when.substr(5, 2), when.substr(8, 2),
                  when.substr(11, 2), when.substr(14, 2), hex_of(commit).substr(0, 7));
  git_reference* made = nullptr;
  const int code = git_reference_create(&made, checkout.get(), ("refs/heads/" + name).c_str(), &commit, 0,
                                        "penstock: set aside");
  const ReferenceHandle owned(made);
  if (code < 0 && code != GIT_EEXISTS) return git_error(fmt::format("make the branch {}", name), code);
  return name;
}

}  // namespace penstock::repository
