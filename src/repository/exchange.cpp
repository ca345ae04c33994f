// Fetch, pull and push: what the remote has and we have not, and the other way round.
#include <fmt/format.h>

#include "base/spoken.h"
#include "repository/refusal.h"
#include "repository/remote_mark.h"
#include "repository/replay.h"
#include "repository/turn.h"

namespace penstock::repository {
namespace {

constexpr int kPushTries = 4;
constexpr std::string_view kAsidePrefix = "refs/heads/penstock/conflict-";

// Where the branch last was the remote's: tells commits of ours from those that the remote took back.
std::string common_of(const std::string& branch) {
  return "refs/penstock/common/" + branch;
}

Result<void> remember_common(const Checkout& checkout, const std::string& branch, const git_oid& id) {
  git_reference* made = nullptr;
  const int code =
      git_reference_create(&made, checkout.get(), common_of(branch).c_str(), &id, 1, "penstock: in common");
  const ReferenceHandle owned(made);
  return code < 0 ? git_error("remember what the remote has", code) : success();
}

bool is_ours(const Settings& settings, const git_commit* commit) {
  const git_signature* by = git_commit_committer(commit);
  return settings.author.name == by->name && settings.author.email == by->email;
}

Result<TreeHandle> tree_at(git_repository* repository, const git_oid& commit) {
  auto read = commit_of(repository, commit);
  if (!read.ok()) return read.error();
  return tree_of(read->get());
}

// What a pull is going to do.
struct Intent {
  git_oid target{};
  std::vector<git_oid> ours;   // that the remote does not have
  std::vector<git_oid> aside;  // of these, those that cannot be carried over
  std::vector<std::string> common;
  bool taken_back = false;  // the remote's history was rewritten
};

class Pull {
 public:
  Pull(Repository::State& state, Turn& turn, Branch branch, git_oid upstream)
      : state_(state), turn_(turn), branch_(std::move(branch)), upstream_(upstream) {
    report_.notes = turn.notes;
    report_.from = report_.to = hex_of(branch_.head);
  }

  Result<PullReport> pull() {
    auto decided = decide();
    if (!decided.ok() && decided.error().kind == ErrorKind::config) return refuse(decided.error());
    if (!decided.ok()) return decided.error();
    if (!*decided) return up_to_date();
    if (auto judged = judge_target(); !judged.ok() || *judged) return finish(std::move(judged));
    return move();
  }

 private:
  git_repository* repository() const { return turn_.checkout.get(); }

  // False: there is nothing to do.
  Result<bool> decide() {
    auto common = target_of(repository(), common_of(branch_.name));
    if (!common.ok()) return common.error();
    if (*common) {
      auto ours = is_within(repository(), **common, branch_.head),
           theirs = is_within(repository(), **common, upstream_);
      if (!ours.ok()) return ours.error();
      if (!theirs.ok()) return theirs.error();
      intent_.taken_back = *ours && !*theirs;
    }
    auto theirs_is_ours = is_within(repository(), upstream_, branch_.head);
    auto ours_is_theirs = is_within(repository(), branch_.head, upstream_);
    if (!theirs_is_ours.ok()) return theirs_is_ours.error();
    if (!ours_is_theirs.ok()) return ours_is_theirs.error();
    if (*theirs_is_ours && !intent_.taken_back) return false;
    intent_.target = upstream_;
    if (*ours_is_theirs) return true;
    return rebase(*common);
  }

  Result<bool> rebase(const std::optional<git_oid>& common) {
    git_oid base;
    const int code = git_merge_base(&base, repository(), &branch_.head, &upstream_);
    if (code == GIT_ENOTFOUND)
      return Error{ErrorKind::config, "the branch here and the remote's have no commit in common",
                   "check the remote's URL: git remote -v"};
    if (code < 0) return git_error("compare with the remote", code);
    if (intent_.taken_back) base = *common;
    auto commits = unpushed_commits(repository(), branch_.head, upstream_, base);
    if (!commits.ok()) return commits.error();
    intent_.ours = *std::move(commits);
    auto replayed = replay(repository(), intent_.ours, base, upstream_);
    if (!replayed.ok()) return replayed.error();
    intent_.target = replayed->head;
    intent_.aside = std::move(replayed->left);
    intent_.common = std::move(replayed->common);
    if (auto allowed = may_set_aside(intent_.aside); !allowed.ok()) return allowed.error();
    return true;
  }

  // Commits of people are theirs to merge.
  Result<void> may_set_aside(const std::vector<git_oid>& commits) {
    for (const git_oid& id : commits) {
      auto commit = commit_of(repository(), id);
      if (!commit.ok()) return commit.error();
      if (is_ours(state_.settings, commit->get())) continue;
      return Error{
          ErrorKind::config,
          fmt::format("the commit {} by {} is not pushed yet, and does not go together with the remote's",
                      hex_of(id).substr(0, 7), git_commit_author(commit->get())->name),
          "pull and push it with git"};
    }
    return success();
  }

  // True: it is refused, and the report says why.
  Result<bool> judge_target() {
    auto target = tree_at(repository(), intent_.target), head = tree_at(repository(), branch_.head);
    if (!target.ok()) return target.error();
    if (!head.ok()) return head.error();
    auto judged = judge(state_, turn_.checkout, target->get(), head->get());
    if (!judged.ok()) return judged.error();
    if (!judged->diagnostics.ok() && judged->with.empty() && intent_.ours.size() > intent_.aside.size())
      if (auto without = without_ours(*judged); !without.ok()) return without.error();
    report_.diagnostics = std::move(judged->diagnostics);
    if (report_.diagnostics.ok()) return false;
    refused_with(
        fmt::format("the project would not be valid{}{}", judged->with.empty() ? "" : " ", judged->with),
        judged->with.empty() ? "correct it at the remote" : "commit or take back these changes");
    return true;
  }

  // What the remote has is valid, and is not with our commits on top: then these go aside.
  Result<void> without_ours(Judgement& judged) {
    auto upstream = tree_at(repository(), upstream_), head = tree_at(repository(), branch_.head);
    if (!upstream.ok()) return upstream.error();
    if (!head.ok()) return head.error();
    auto alone = judge(state_, turn_.checkout, upstream->get(), head->get());
    if (!alone.ok()) return alone.error();
    if (!alone->diagnostics.ok() || !may_set_aside(intent_.ours).ok()) return success();
    report_.notes.push_back("what the remote has is not valid together with: " +
                            declare::as_error(judged.diagnostics).message);
    intent_.target = upstream_;
    intent_.aside = intent_.ours;
    judged = *std::move(alone);
    return success();
  }

  Result<PullReport> move() {
    auto before = tree_at(repository(), branch_.head), after = tree_at(repository(), intent_.target);
    if (!before.ok()) return before.error();
    if (!after.ok()) return after.error();
    auto changes = changes_between(repository(), before->get(), after->get());
    if (!changes.ok()) return changes.error();
    auto in_the_way = obstacles(turn_.checkout, *changes);
    if (!in_the_way.ok()) return in_the_way.error();
    if (!in_the_way->empty()) {
      std::string files;
      for (const Obstacle& each : *in_the_way)
        files += fmt::format("{}{} {}", files.empty() ? "" : ", ", each.path, each.why);
      refused_with("it would overwrite what somebody has in the directory: " + files,
                   "commit these changes, or put them away: git stash");
      return finish(Result<bool>(true));
    }
    if (!intent_.aside.empty() || intent_.taken_back)
      if (auto aside = put_aside(); !aside.ok()) return aside.error();
    const Move move{MoveKind::pull, branch_.reference, branch_.head, intent_.target, "penstock: pull"};
    if (auto moved = make_move(state_.disk, turn_.checkout, move, *changes, report_.notes); !moved.ok())
      return moved.error();
    report_.outcome =
        report_.conflict_branch.empty() ? PullReport::Outcome::moved : PullReport::Outcome::set_aside;
    report_.to = hex_of(intent_.target);
    for (const PathChange& change : *changes)
      if (change.path.starts_with(turn_.checkout.prefix))
        report_.changed.push_back(change.path.substr(turn_.checkout.prefix.size()));
    return finish(Result<bool>(false));
  }

  Result<void> put_aside() {
    auto branch = set_aside(state_.clock, turn_.checkout, branch_.head);
    if (!branch.ok()) return branch.error();
    report_.conflict_branch = *branch;
    if (intent_.taken_back && intent_.aside.empty())
      report_.reason = "the remote took back commits that it had: what was here is kept";
    else
      report_.reason = fmt::format(
          "{} made here {}", count(intent_.aside.size(), "commit", "commits"),
          intent_.common.empty()
              ? "do not go together with what others pushed"
              : "touch files that others changed: " + declare::list_names(intent_.common, 5, "and"));
    report_.remedy = fmt::format("merge the branch {} where it is still wanted", *branch);
    return success();
  }

  Result<PullReport> up_to_date() { return finish(Result<bool>(false)); }

  Result<PullReport> refuse(const Error& why) {
    refused_with(why.message, why.remedy);
    return finish(Result<bool>(true));
  }

  void refused_with(std::string reason, std::string remedy) {
    report_.reason = std::move(reason);
    report_.remedy = std::move(remedy);
  }

  // Writes down what status() tells, or forgets it.
  Result<PullReport> finish(Result<bool> refused) {
    if (!refused.ok()) return refused.error();
    const std::string path = turn_.checkout.own("refused");
    if (*refused) {
      report_.outcome = PullReport::Outcome::refused;
      const Refusal refusal{hex_of(upstream_), report_.reason, report_.remedy,
                            report_.diagnostics.ok() ? "" : declare::as_text(report_.diagnostics),
                            state_.clock.now()};
      if (auto kept = state_.disk.replace(path, refusal_text(refusal)); !kept.ok()) return kept.error();
      return std::move(report_);
    }
    if (auto forgotten = state_.disk.remove(path); !forgotten.ok()) return forgotten.error();
    if (auto kept = remember_common(turn_.checkout, branch_.name, upstream_); !kept.ok()) return kept.error();
    return std::move(report_);
  }

  Repository::State& state_;
  Turn& turn_;
  Branch branch_;
  git_oid upstream_;
  Intent intent_;
  PullReport report_;
};

Result<Branch> branch_now(Repository::State& state, std::string& root) {
  auto checkout = open_checkout(state.directory);
  if (!checkout.ok()) return checkout.error();
  root = checkout->root;
  return branch_of(*checkout, state.settings);
}

Result<std::optional<std::string>> url_now(Repository::State& state) {
  auto checkout = open_checkout(state.directory);
  if (!checkout.ok()) return checkout.error();
  return remote_url(checkout->get(), state.settings.remote);
}

Error no_remote(const Settings& settings) {
  return {ErrorKind::config, fmt::format("the repository has no remote '{}'", settings.remote),
          fmt::format("git remote add {} URL", settings.remote)};
}

// How many commits the remote does not have; nullopt: it has no such branch, as far as is known.
Result<std::optional<uint64_t>> commits_ahead(const Checkout& checkout, const Settings& settings,
                                              const Branch& branch) {
  auto upstream = target_of(checkout.get(), tracking_of(settings, branch.name));
  if (!upstream.ok()) return upstream.error();
  if (!*upstream) return std::optional<uint64_t>();
  size_t ahead = 0, behind = 0;
  const git_oid there = **upstream;
  if (const int code = git_graph_ahead_behind(&ahead, &behind, checkout.get(), &branch.head, &there);
      code < 0)
    return git_error("count commits", code);
  return std::optional<uint64_t>(ahead);
}

// Branches that were set aside, and that the remote does not have yet.
Result<void> push_set_aside(Repository::State& state, std::string& problem) {
  auto checkout = open_checkout(state.directory);
  if (!checkout.ok()) return checkout.error();
  auto branches = set_aside_branches(*checkout);
  if (!branches.ok()) return branches.error();
  for (const std::string& branch : *branches) {
    auto there = target_of(checkout->get(), tracking_of(state.settings, branch));
    if (!there.ok()) return there.error();
    if (*there) continue;
    auto pushed = state.network.push(checkout->root, branch);
    if (!pushed.ok()) problem = fmt::format("{} is here only: {}", branch, pushed.error().message);
  }
  return success();
}

}  // namespace

Result<std::vector<std::string>> set_aside_branches(const Checkout& checkout) {
  std::vector<std::string> out;
  git_reference_iterator* raw = nullptr;
  const std::string glob = std::string(kAsidePrefix) + "*";
  if (const int code = git_reference_iterator_glob_new(&raw, checkout.get(), glob.c_str()); code < 0)
    return git_error("list branches", code);
  const Owned<git_reference_iterator, git_reference_iterator_free> iterator(raw);
  const char* name = nullptr;
  while (git_reference_next_name(&name, raw) == 0)
    out.emplace_back(std::string_view(name).substr(std::string_view("refs/heads/").size()));
  std::ranges::sort(out);
  return out;
}

Result<void> Repository::fetch() {
  std::string root;
  auto branch = branch_now(*state_, root);
  if (!branch.ok()) return branch.error();
  auto url = url_now(*state_);
  if (!url.ok()) return url.error();
  if (!*url) return no_remote(state_->settings);
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) return checkout.error();
  if (auto cleared = clear_after_the_dead(state_->disk, *checkout); !cleared.ok()) return cleared;
  auto mark = RemoteMark::set(state_->disk, *checkout);
  if (!mark.ok()) return mark.error();
  return state_->network.fetch(root, branch->name);
}

Result<PullReport> Repository::pull() {
  if (auto fetched = fetch(); !fetched.ok()) return fetched.error();
  auto turn = take_turn(*state_);
  if (!turn.ok()) return turn.error();
  auto branch = branch_of(turn->checkout, state_->settings);
  if (!branch.ok()) return branch.error();
  auto upstream = target_of(turn->checkout.get(), tracking_of(state_->settings, branch->name));
  if (!upstream.ok()) return upstream.error();
  if (*upstream) return Pull(*state_, *turn, *std::move(branch), **upstream).pull();
  PullReport report;
  report.from = report.to = hex_of(branch->head);
  report.notes = turn->notes;
  report.notes.push_back(fmt::format("the remote has no branch '{}' yet", branch->name));
  return report;
}

namespace {

// One round: what there is to push goes, or the remote turns out to have moved.
Result<bool> push_round(Repository::State& state, PushReport& report) {
  auto checkout = open_checkout(state.directory);
  if (!checkout.ok()) return checkout.error();
  auto branch = branch_of(*checkout, state.settings);
  if (!branch.ok()) return branch.error();
  auto ahead = commits_ahead(*checkout, state.settings, *branch);
  if (!ahead.ok()) return ahead.error();
  if (*ahead && **ahead == 0) return true;
  auto mark = RemoteMark::set(state.disk, *checkout);
  if (!mark.ok()) return mark.error();
  auto pushed = state.network.push(checkout->root, branch->name);
  if (!pushed.ok()) return pushed.error();
  if (*pushed == Network::Pushed::moved_there) return false;
  report.outcome = PushReport::Outcome::pushed;
  report.commits = ahead->value_or(0);
  return true;
}

// Where the branch is common now, so that a rewritten remote is noticed.
void note_pushed(Repository::State& state) {
  auto turn = take_turn(state);
  if (!turn.ok()) return;
  auto branch = branch_of(turn->checkout, state.settings);
  if (!branch.ok()) return;
  auto there = target_of(turn->checkout.get(), tracking_of(state.settings, branch->name));
  if (there.ok() && *there) (void)remember_common(turn->checkout, branch->name, **there);
}

}  // namespace

Result<PushReport> Repository::push() {
  PushReport report;
  auto url = url_now(*state_);
  if (!url.ok()) return url.error();
  if (!*url || !state_->settings.push) {
    report.outcome = PushReport::Outcome::off;
    report.reason = !*url ? no_remote(state_->settings).message : "`git: { push: false }`";
    return report;
  }
  for (int attempt = 1;; ++attempt) {
    auto done = push_round(*state_, report);
    if (!done.ok()) return done.error();
    if (*done) break;
    if (attempt == kPushTries)
      return Error{ErrorKind::transient, "the remote moved each time that we pushed", "try again"};
    auto pulled = pull();
    if (!pulled.ok()) return pulled.error();
    if (!pulled->conflict_branch.empty()) {
      report.conflict_branch = pulled->conflict_branch;
      report.reason = pulled->reason;
      report.remedy = pulled->remedy;
    }
    report.pulled = *std::move(pulled);
    if (report.pulled->outcome == PullReport::Outcome::refused) {
      report.outcome = PushReport::Outcome::refused;
      report.reason = report.pulled->reason;
      report.remedy = report.pulled->remedy;
      return report;
    }
  }
  if (!report.conflict_branch.empty()) report.outcome = PushReport::Outcome::set_aside;
  std::string problem;
  if (auto aside = push_set_aside(*state_, problem); !aside.ok()) return aside.error();
  if (!problem.empty()) report.reason += (report.reason.empty() ? "" : "; ") + problem;
  if (report.outcome != PushReport::Outcome::nothing) note_pushed(*state_);
  return report;
}

}  // namespace penstock::repository
