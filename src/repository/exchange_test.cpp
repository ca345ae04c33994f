#include <gmock/gmock.h>

#include "repository/network.h"
#include "repository/refusal.h"
#include "repository/test_places.h"

namespace penstock::repository {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Pulled = PullReport::Outcome;
using PushedAs = PushReport::Outcome;

class Exchange : public Places {
 protected:
  static PullReport pull(Repository& repository) {
    auto report = repository.pull();
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? *std::move(report) : PullReport{};
  }
  static PushReport push(Repository& repository) {
    auto report = repository.push();
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? *std::move(report) : PushReport{};
  }
  std::string remote(const std::string& arguments) const {
    return run("git --git-dir=" + temp_.path("remote.git") + " " + arguments);
  }
};

TEST_F(Exchange, CommitsArePushed) {
  auto repository = open();
  EXPECT_EQ(push(*repository).outcome, PushedAs::nothing);
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 1\n")});
  EXPECT_EQ(repository->status()->unpushed, 1u);
  const auto report = push(*repository);
  EXPECT_EQ(report.outcome, PushedAs::pushed);
  EXPECT_EQ(report.commits, 1u);
  EXPECT_EQ(remote("show main:syncs/a.yaml"), "model: a\n# 1");
  EXPECT_EQ(repository->status()->unpushed, 0u);
}

TEST_F(Exchange, WithoutARemoteOrWithPushOffNothingIsPushed) {
  auto off = open({.push = false});
  commit(*off, {edit(*off, "syncs/a.yaml", "model: a\n# 1\n")});
  EXPECT_EQ(push(*off).outcome, PushedAs::off);
  git("remote remove origin");
  auto alone = open();
  EXPECT_EQ(push(*alone).outcome, PushedAs::off);
  auto pulled = alone->pull();
  ASSERT_FALSE(pulled.ok());
  EXPECT_THAT(pulled.error().message, HasSubstr("no remote 'origin'"));
}

TEST_F(Exchange, APullTakesEffect) {
  auto repository = open();
  EXPECT_EQ(pull(*repository).outcome, Pulled::up_to_date);
  push_there("syncs/a.yaml", "model: a\n# theirs\n");
  push_there("notes.txt", "theirs\n");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::moved);
  EXPECT_THAT(report.changed, ElementsAre("notes.txt", "syncs/a.yaml"));
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n# theirs\n");
  EXPECT_EQ(git("status --porcelain"), "");
  EXPECT_EQ(git("rev-parse HEAD"), remote("rev-parse main"));
}

TEST_F(Exchange, AnInvalidPullIsRefusedWhole) {
  auto repository = open();
  push_there("models/b.sql", "select 2\n");
  push_there("syncs/a.yaml", "model: nobody\n");
  const std::string head = git("rev-parse HEAD");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::refused);
  EXPECT_THAT(declare::as_text(report.diagnostics), HasSubstr("there is no model 'nobody'"));
  EXPECT_EQ(git("rev-parse HEAD"), head);
  EXPECT_EQ(read("models/b.sql"), "(none)");
  const auto status = open()->status();  // another process is told as well
  ASSERT_TRUE(status->refused);
  EXPECT_EQ(status->refused->commit, remote("rev-parse main"));
  EXPECT_EQ(status->refused->reason, "the project would not be valid");
  EXPECT_THAT(status->refused->details, HasSubstr("nobody"));
  EXPECT_EQ(status->behind, 2u);
  // Our own work goes on, and waits.
  commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\n# ours\n")});
  EXPECT_EQ(push(*repository).outcome, PushedAs::refused);
  EXPECT_EQ(repository->status()->unpushed, 1u);
  push_there("syncs/a.yaml", "model: b\n");
  EXPECT_EQ(push(*repository).outcome, PushedAs::pushed);
  EXPECT_FALSE(repository->status()->refused);
  EXPECT_EQ(read("syncs/a.yaml"), "model: b\n");
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\n# ours\n");
}

TEST_F(Exchange, OurCommitsGoOnTopOfTheirs) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 1\n")}, "First");
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 2\n")}, "Second");
  push_there("syncs/b.yaml", "model: a\n# theirs\n");
  const auto report = push(*repository);
  EXPECT_EQ(report.outcome, PushedAs::pushed);
  EXPECT_EQ(report.commits, 2u);
  EXPECT_EQ(remote("log --format=%s main"), "Second\nFirst\nTheirs\nThe project");
  EXPECT_EQ(git("log -2 --format=%an"), "Eve\nEve");
  EXPECT_EQ(git("status --porcelain"), "");
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\n# theirs\n");
}

TEST_F(Exchange, AConflictIsSetAsideAndTold) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# ours\n")}, "Ours");
  commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\n# fine\n")}, "Fine");
  push_there("syncs/a.yaml", "model: a\n# theirs\n");
  const std::string before = git("rev-parse HEAD");
  const auto report = push(*repository);
  EXPECT_EQ(report.outcome, PushedAs::set_aside);
  EXPECT_THAT(report.conflict_branch, HasSubstr("penstock/conflict-20261127-"));
  EXPECT_THAT(report.reason, HasSubstr("syncs/a.yaml"));
  EXPECT_EQ(git("rev-parse " + report.conflict_branch), before);
  EXPECT_EQ(remote("rev-parse " + report.conflict_branch), before) << "people find it at the remote";
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n# theirs\n");
  EXPECT_EQ(remote("log --format=%s main"), "Fine\nTheirs\nThe project");
  EXPECT_THAT(repository->status()->conflict_branches, ElementsAre(report.conflict_branch));
}

TEST_F(Exchange, CommitsThatAreOnlyInvalidTogetherAreSetAside) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/new.yaml", "model: b\n"),
                       edit(*repository, "models/b.sql", "select 1\n")});
  EXPECT_EQ(push(*repository).outcome, PushedAs::pushed);
  commit(*repository, {edit(*repository, "syncs/more.yaml", "model: b\n")}, "Needs b");
  git_there(
      "pull -q --rebase && git rm -q models/b.sql syncs/new.yaml && git commit -q -m 'Without b' && git push "
      "-q");
  const auto report = push(*repository);
  EXPECT_EQ(report.outcome, PushedAs::set_aside);
  EXPECT_EQ(read("syncs/more.yaml"), "(none)");
  EXPECT_EQ(git("show " + report.conflict_branch + ":syncs/more.yaml"), "model: b");
  EXPECT_THAT(report.pulled->notes, Contains(HasSubstr("there is no model 'b'")));
}

TEST_F(Exchange, TheSameEditOnBothSidesIsNoConflict) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# same\n")});
  push_there("syncs/a.yaml", "model: a\n# same\n");
  EXPECT_NE(push(*repository).outcome, PushedAs::set_aside);
  EXPECT_EQ(git("rev-parse HEAD"), remote("rev-parse main"));
}

TEST_F(Exchange, CommitsOfPeopleAreTheirsToMerge) {
  auto repository = open();
  write("syncs/a.yaml", "model: a\n# Ann, here\n");
  git("commit -q -am 'By hand'");
  push_there("syncs/a.yaml", "model: a\n# Ann, there\n");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::refused);
  EXPECT_THAT(report.reason, HasSubstr("by Ann is not pushed yet"));
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n# Ann, here\n");
  EXPECT_THAT(repository->status()->conflict_branches, IsEmpty());
}

TEST_F(Exchange, UncommittedChangesAreNeverOverwritten) {
  auto repository = open();
  write("syncs/a.yaml", "model: a\n# at work\n");
  write("syncs/new.yaml", "model: a\n# at work, too\n");
  push_there("syncs/b.yaml", "model: a\n# theirs\n");
  EXPECT_EQ(pull(*repository).outcome, Pulled::moved) << "other files are not in the way";
  push_there("syncs/a.yaml", "model: a\n# theirs\n");
  push_there("syncs/new.yaml", "model: a\n# theirs\n");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::refused);
  EXPECT_THAT(report.reason, HasSubstr("syncs/a.yaml has changes that are not committed"));
  EXPECT_THAT(report.reason, HasSubstr("syncs/new.yaml is there, and in no commit"));
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n# at work\n");
  EXPECT_EQ(read("syncs/new.yaml"), "model: a\n# at work, too\n");
  // Whoever made the very same change is not in the way.
  write("syncs/a.yaml", "model: a\n# theirs\n");
  write("syncs/new.yaml", "model: a\n# theirs\n");
  EXPECT_EQ(pull(*repository).outcome, Pulled::moved);
  EXPECT_EQ(git("status --porcelain"), "");
}

TEST_F(Exchange, FilesAndDirectoriesChangePlaces) {
  auto repository = open();
  git_there(
      "mv notes.txt n && mkdir notes.txt && git mv n notes.txt/n && git rm -q -r models syncs && "
      "echo x > models && ln -s notes.txt link && git add . && git commit -q -m Places && git push -q");
  EXPECT_EQ(pull(*repository).outcome, Pulled::moved);
  EXPECT_EQ(git("status --porcelain"), "");
  EXPECT_EQ(read("models"), "x\n");
  EXPECT_EQ(read("link/n"), "not of the project\n");
  git_there(
      "rm -q -r notes.txt models link && echo back > notes.txt && mkdir models && echo 'select 1' > "
      "models/a.sql && "
      "git add . && git commit -q -m Back && git push -q");
  EXPECT_EQ(pull(*repository).outcome, Pulled::moved);
  EXPECT_EQ(git("status --porcelain"), "");
  EXPECT_EQ(read("notes.txt"), "back\n");
}

TEST_F(Exchange, ARemoteThatTookCommitsBackIsFollowed) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 1\n")});
  push(*repository);
  commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\n# kept\n")}, "Not pushed yet");
  const std::string before = git("rev-parse HEAD");
  remote("update-ref refs/heads/main main~1");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::set_aside);
  EXPECT_EQ(git("rev-parse " + report.conflict_branch), before);
  EXPECT_EQ(git("log --format=%s"), "Not pushed yet\nThe project");
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n");
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\n# kept\n");
}

TEST_F(Exchange, HistoriesWithNothingInCommonAreLeftAlone) {
  auto repository = open();
  git_there("checkout -q --orphan new && git commit -q -m New && git push -q --force origin new:main");
  const auto report = pull(*repository);
  EXPECT_EQ(report.outcome, Pulled::refused);
  EXPECT_THAT(report.reason, HasSubstr("no commit in common"));
}

TEST_F(Exchange, ANewRemoteGetsTheBranch) {
  run("git init -q --bare " + temp_.path("new.git"));
  git("remote set-url origin " + temp_.path("new.git") + " && git update-ref -d refs/remotes/origin/main");
  auto repository = open();
  EXPECT_THAT(pull(*repository).notes, Contains(HasSubstr("has no branch 'main' yet")));
  EXPECT_EQ(repository->status()->unpushed, 1u);
  EXPECT_EQ(push(*repository).outcome, PushedAs::pushed);
  EXPECT_EQ(repository->status()->unpushed, 0u);
}

TEST_F(Exchange, ARemoteThatIsAwayIsTransient) {
  git("remote set-url origin http://127.0.0.1:1/x.git");
  auto repository = open();
  auto report = repository->pull();
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::transient);
  EXPECT_FALSE(report.error().remedy.empty());
}

TEST_F(Exchange, LoginsInUrlsAreNotShown) {
  EXPECT_EQ(without_login("https://user:secret@host/x.git"), "https://host/x.git");
  EXPECT_EQ(without_login("https://host/x@y.git"), "https://host/x@y.git");
  EXPECT_EQ(without_login("git@host:x.git"), "git@host:x.git");
  git("remote set-url origin http://user:hunter2@127.0.0.1:1/x.git");
  auto repository = open();
  EXPECT_EQ(repository->status()->remote, "http://127.0.0.1:1/x.git");
  auto report = repository->pull();
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().message, testing::Not(HasSubstr("hunter2")));
}

TEST(Refusals, AreReadAsTheyWereWritten) {
  const Refusal refusal{"0123", "a reason\nof two lines", "", "details\nof many\nlines\n",
                        from_unix_micros(42)};
  const auto read = parse_refusal(refusal_text(refusal));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->commit, "0123");
  EXPECT_EQ(read->reason, "a reason of two lines");
  EXPECT_EQ(read->remedy, "");
  EXPECT_EQ(read->details, refusal.details);
  EXPECT_EQ(read->at, refusal.at);
  const std::string text = refusal_text(refusal);
  for (size_t size = 0; size < text.size(); ++size) (void)parse_refusal(text.substr(0, size));
  EXPECT_FALSE(parse_refusal(""));
  EXPECT_FALSE(parse_refusal("penstock-refusal 1\nx\nmany\n\n\n"));
}

}  // namespace
}  // namespace penstock::repository
