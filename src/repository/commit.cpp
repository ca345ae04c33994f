// Edits become one commit, or are told why not.
#include <fmt/format.h>

#include <set>

#include "repository/own_files.h"
#include "repository/plain.h"
#include "repository/turn.h"

namespace penstock::repository {
namespace {

constexpr size_t kContentBytesMax = 16u << 20;
constexpr int kCommitTries = 3;

Result<void> check_edits(const std::vector<Edit>& edits) {
  std::set<std::string_view> paths;
  for (const Edit& edit : edits) {
    if (auto own = check_own_path(edit.path); !own.ok()) return own;
    if (!paths.insert(edit.path).second)
      return Error{ErrorKind::config, fmt::format("{} is edited twice in one commit", edit.path),
                   "send one edit a file"};
    if (edit.content && edit.content->size() > kContentBytesMax)
      return Error{ErrorKind::config, fmt::format("{} is larger than 16 MiB", edit.path), "write less"};
    if (!edit.expected.empty() && !id_of(edit.expected))
      return Error{ErrorKind::config, fmt::format("'{}' is not the id of a file's content", edit.expected),
                   "give the 40 digits that came with the file, or nothing for a new file"};
  }
  return success();
}

Result<std::optional<std::string>> content_if(git_repository* repository,
                                              const std::optional<TreeItem>& item) {
  if (!item) return std::optional<std::string>();
  auto content = content_of(repository, item->id);
  if (!content.ok()) return content.error();
  return std::optional(*std::move(content));
}

std::string blob_of(const std::optional<TreeItem>& item) {
  return item ? hex_of(item->id) : "";
}

// The content that the editor started from, if the repository still knows it.
std::optional<std::string> base_of(git_repository* repository, const std::string& expected) {
  const auto id = id_of(expected);
  if (!id) return std::nullopt;
  auto content = content_of(repository, *id);
  return content.ok() ? std::optional(*std::move(content)) : std::nullopt;
}

struct Compared {
  std::vector<PathChange> changes;
  std::vector<EditConflict> conflicts;
};

class Comparison {
 public:
  Comparison(const Checkout& checkout, git_tree* head) : checkout_(checkout), head_(head) {}

  Result<void> add(const Edit& edit) {
    const std::string path = checkout_.prefix + edit.path;
    auto item = item_at(head_, path);
    if (!item.ok()) return item.error();
    if (*item && (*item)->mode == GIT_FILEMODE_LINK)
      return Error{ErrorKind::config, fmt::format("{} is a link, and is not edited here", edit.path), ""};
    PathChange change{path, *item, std::nullopt};
    if (edit.content) {
      git_oid id;
      const int code =
          git_blob_create_from_buffer(&id, checkout_.get(), edit.content->data(), edit.content->size());
      if (code < 0) return git_error(fmt::format("store {}", edit.path), code);
      change.after = TreeItem{id, *item ? (*item)->mode : GIT_FILEMODE_BLOB};
    }
    // Somebody made the same edit, or it is sent once more: that is no conflict.
    if (blob_of(*item) != edit.expected && !(change.after == change.before)) {
      EditConflict conflict{edit.path,      EditConflict::Why::changed,
                            blob_of(*item), base_of(checkout_.get(), edit.expected),
                            std::nullopt,   edit.content};
      auto there = content_if(checkout_.get(), *item);
      if (!there.ok()) return there.error();
      conflict.there = *std::move(there);
      out_.conflicts.push_back(std::move(conflict));
    }
    if (!(change.after == change.before)) out_.changes.push_back(std::move(change));
    return success();
  }

  Compared result() && { return std::move(out_); }

 private:
  const Checkout& checkout_;
  git_tree* head_;
  Compared out_;
};

Result<std::vector<EditConflict>> uncommitted_conflicts(const Checkout& checkout,
                                                        const std::vector<PathChange>& changes) {
  std::vector<EditConflict> conflicts;
  auto in_the_way = obstacles(checkout, changes);
  if (!in_the_way.ok()) return in_the_way.error();
  for (const Obstacle& obstacle : *in_the_way)
    for (const PathChange& change : changes) {
      if (change.path != obstacle.path) continue;
      auto base = content_if(checkout.get(), change.before), yours = content_if(checkout.get(), change.after);
      auto there = content_on_disk(checkout, change.path);
      if (!base.ok()) return base.error();
      if (!yours.ok()) return yours.error();
      if (!there.ok()) return there.error();
      conflicts.push_back({change.path.substr(checkout.prefix.size()), EditConflict::Why::uncommitted,
                           blob_of(change.before), *std::move(base), *std::move(there), *std::move(yours)});
    }
  return conflicts;
}

std::string message_of(const std::string& given, const std::vector<PathChange>& changes,
                       const Checkout& checkout) {
  const size_t from = given.find_first_not_of(" \t\r\n"), to = given.find_last_not_of(" \t\r\n");
  if (from != std::string::npos) return given.substr(from, to - from + 1) + "\n";
  std::vector<std::string> paths;
  for (const PathChange& change : changes) paths.push_back(change.path.substr(checkout.prefix.size()));
  return fmt::format("Change {}\n", declare::list_names(paths, 3, "and"));
}

Result<git_oid> make_commit(Repository::State& state, const Checkout& checkout, const git_oid& parent,
                            const git_tree* tree, const Person& author, const std::string& message) {
  auto by = signature_of(state.clock, author.name.empty() ? state.settings.author : author);
  auto committer = signature_of(state.clock, state.settings.author);
  auto on = commit_of(checkout.get(), parent);
  if (!by.ok()) return by.error();
  if (!committer.ok()) return committer.error();
  if (!on.ok()) return on.error();
  git_oid id;
  const git_commit* parents[] = {on->get()};
  const int code = git_commit_create(&id, checkout.get(), nullptr, by->get(), committer->get(), nullptr,
                                     message.c_str(), tree, 1, parents);
  if (code < 0) return git_error("make a commit", code);
  return id;
}

}  // namespace

Result<CommitReport> commit_changes(Repository::State& state, Turn& turn, const Branch& branch,
                                    const std::vector<PathChange>& changes, const Person& author,
                                    const std::string& message) {
  CommitReport report;
  report.notes = turn.notes;
  if (changes.empty()) return report;
  auto conflicts = uncommitted_conflicts(turn.checkout, changes);
  if (!conflicts.ok()) return conflicts.error();
  if (!conflicts->empty()) {
    report.outcome = CommitReport::Outcome::conflict;
    report.conflicts = *std::move(conflicts);
    return report;
  }
  auto head = commit_of(turn.checkout.get(), branch.head);
  if (!head.ok()) return head.error();
  auto head_tree = tree_of(head->get());
  if (!head_tree.ok()) return head_tree.error();
  auto tree = with_changes(turn.checkout.get(), head_tree->get(), changes);
  if (!tree.ok()) return tree.error();
  auto judged = judge(state, turn.checkout, tree->get(), head_tree->get());
  if (!judged.ok()) return judged.error();
  report.diagnostics = std::move(judged->diagnostics);
  if (!judged->with.empty()) report.notes.push_back("the project would not be valid " + judged->with);
  if (!report.diagnostics.ok()) {
    report.outcome = CommitReport::Outcome::invalid;
    return report;
  }
  const std::string text = message_of(message, changes, turn.checkout);
  auto id = make_commit(state, turn.checkout, branch.head, tree->get(), author, text);
  if (!id.ok()) return id.error();
  const Move move{MoveKind::commit, branch.reference, branch.head, *id,
                  "penstock: " + text.substr(0, text.find('\n'))};
  if (auto moved = make_move(state.disk, turn.checkout, move, changes, report.notes); !moved.ok())
    return moved.error();
  report.outcome = CommitReport::Outcome::committed;
  report.commit = hex_of(*id);
  return report;
}

namespace {

Result<CommitReport> commit_once(Repository::State& state, const std::vector<Edit>& edits,
                                 const Person& author, const std::string& message) {
  auto turn = take_turn(state);
  if (!turn.ok()) return turn.error();
  auto branch = branch_of(turn->checkout, state.settings);
  if (!branch.ok()) return branch.error();
  auto head = commit_of(turn->checkout.get(), branch->head);
  if (!head.ok()) return head.error();
  auto tree = tree_of(head->get());
  if (!tree.ok()) return tree.error();
  Comparison comparison(turn->checkout, tree->get());
  for (const Edit& edit : edits)
    if (auto added = comparison.add(edit); !added.ok()) return added.error();
  Compared compared = std::move(comparison).result();
  if (compared.conflicts.empty())
    return commit_changes(state, *turn, *branch, compared.changes, author, message);
  CommitReport report;
  report.outcome = CommitReport::Outcome::conflict;
  report.conflicts = std::move(compared.conflicts);
  report.notes = turn->notes;
  return report;
}

}  // namespace

Result<CommitReport> Repository::commit(std::vector<Edit> edits, Person author, std::string message) {
  if (auto good = check_edits(edits); !good.ok()) return good.error();
  if (is_outside_git(state_->directory)) return write_plainly(*state_, edits);
  for (int attempt = 1;; ++attempt) {
    auto report = commit_once(*state_, edits, author, message);
    // A person's git was quicker by a moment.
    if (report.ok() || report.error().kind != ErrorKind::locked || attempt == kCommitTries) return report;
  }
}

Result<CommitReport> Repository::roll_back(std::string revision, std::vector<std::string> paths,
                                           Person author, std::string message) {
  for (const std::string& path : paths)
    if (auto own = check_own_path(path); !own.ok()) return own.error();
  auto to = find(revision);
  if (!to.ok()) return to.error();
  auto turn = take_turn(*state_);
  if (!turn.ok()) return turn.error();
  auto branch = branch_of(turn->checkout, state_->settings);
  if (!branch.ok()) return branch.error();
  const auto target = id_of(to->id);
  auto then = commit_of(turn->checkout.get(), *target), now = commit_of(turn->checkout.get(), branch->head);
  if (!then.ok()) return then.error();
  if (!now.ok()) return now.error();
  auto old_tree = tree_of(then->get()), tree = tree_of(now->get());
  if (!old_tree.ok()) return old_tree.error();
  if (!tree.ok()) return tree.error();
  auto old_items = own_items(turn->checkout.get(), old_tree->get(), turn->checkout.prefix);
  auto items = own_items(turn->checkout.get(), tree->get(), turn->checkout.prefix);
  if (!old_items.ok()) return old_items.error();
  if (!items.ok()) return items.error();
  std::set<std::string> wanted(paths.begin(), paths.end());
  if (paths.empty())
    for (const OwnItems* each : {&*old_items, &*items})
      for (const auto& [path, item] : *each) wanted.insert(path);
  std::vector<PathChange> changes;
  for (const std::string& path : wanted) {
    const auto before = items->find(path), after = old_items->find(path);
    if (before == items->end() && after == old_items->end())
      return Error{ErrorKind::config, fmt::format("there is no {} at {}, nor now", path, to->id.substr(0, 7)),
                   "`penstock git log` lists the commits"};
    PathChange change{turn->checkout.prefix + path, std::nullopt, std::nullopt};
    if (before != items->end()) change.before = before->second;
    if (after != old_items->end()) change.after = after->second;
    if (!(change.before == change.after)) changes.push_back(std::move(change));
  }
  if (message.empty())
    message = fmt::format("Roll {} back to {}\n\nAs of: {}\n",
                          paths.empty() ? "the project" : declare::list_names(paths, 3, "and"),
                          to->id.substr(0, 7), to->subject);
  return commit_changes(*state_, *turn, *branch, changes, author, message);
}

}  // namespace penstock::repository
