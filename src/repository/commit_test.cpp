#include <gmock/gmock.h>
#include <unistd.h>

#include "net/crypto.h"
#include "repository/own_files.h"
#include "repository/test_places.h"

namespace penstock::repository {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = CommitReport::Outcome;

class Commits : public Places {};

TEST_F(Commits, AnEditIsCommittedAndLiesInTheDirectory) {
  auto repository = open();
  const auto report =
      commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\nnew: 1\n")}, "Add new\n");
  ASSERT_EQ(report.outcome, Outcome::committed);
  EXPECT_EQ(report.commit, git("rev-parse HEAD"));
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\nnew: 1\n");
  EXPECT_EQ(git("log -1 --format='%an %ae|%cn %ce|%s'"),
            "Eve eve@example.com|Penstock penstock@localhost|Add new");
  EXPECT_EQ(git("status --porcelain"), "");
  EXPECT_EQ(git("diff-files"), "") << "the index knows the files' times";
  git("fsck --strict 2>&1");
}

TEST_F(Commits, FilesAreMadeAndRemoved) {
  auto repository = open();
  const auto report = commit(*repository, {edit(*repository, "models/new.sql", "select 2\n"),
                                           edit(*repository, "destinations/crm.yaml", "type: x\n"),
                                           edit(*repository, "syncs/b.yaml", std::nullopt)});
  ASSERT_EQ(report.outcome, Outcome::committed);
  EXPECT_EQ(git("show --name-status --format="),
            "A\tdestinations/crm.yaml\nA\tmodels/new.sql\nD\tsyncs/b.yaml");
  EXPECT_EQ(read("syncs/b.yaml"), "(none)");
  EXPECT_EQ(git("status --porcelain"), "");
  const auto last = commit(*repository, {edit(*repository, "syncs/a.yaml", std::nullopt)});
  ASSERT_EQ(last.outcome, Outcome::committed);
  EXPECT_NE(::access((here() + "/syncs").c_str(), F_OK), 0) << "git knows no empty directories";
}

TEST_F(Commits, NothingToDoIsNoCommit) {
  auto repository = open();
  const std::string head = git("rev-parse HEAD");
  EXPECT_EQ(commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n")}).outcome,
            Outcome::unchanged);
  EXPECT_EQ(commit(*repository, {}).outcome, Outcome::unchanged);
  // The same edit once more, after a reply that was lost.
  const Edit same = edit(*repository, "syncs/a.yaml", "model: a\n# 1\n");
  EXPECT_EQ(commit(*repository, {same}).outcome, Outcome::committed);
  EXPECT_EQ(commit(*repository, {same}).outcome, Outcome::unchanged);
  EXPECT_EQ(git("rev-list --count HEAD ^" + head), "1");
}

TEST_F(Commits, AnInvalidProjectIsRefusedWhole) {
  auto repository = open();
  const std::string head = git("rev-parse HEAD");
  const auto report = commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# good\n"),
                                           edit(*repository, "syncs/c.yaml", "model: nobody\n")});
  EXPECT_EQ(report.outcome, Outcome::invalid);
  EXPECT_THAT(declare::as_text(report.diagnostics), HasSubstr("there is no model 'nobody'"));
  EXPECT_EQ(git("rev-parse HEAD"), head);
  EXPECT_EQ(git("status --porcelain"), "");
}

TEST_F(Commits, TheSecondOfTwoEditorsIsToldBothVersions) {
  auto repository = open();
  const Edit first = edit(*repository, "syncs/a.yaml", "model: a\n# first\n");
  const Edit second = edit(*repository, "syncs/a.yaml", "model: a\n# second\n");
  const Edit other = edit(*repository, "syncs/b.yaml", "model: a\n# other\n");
  EXPECT_EQ(commit(*repository, {first}).outcome, Outcome::committed);
  const auto report = commit(*repository, {second, other});
  ASSERT_EQ(report.outcome, Outcome::conflict);
  ASSERT_EQ(report.conflicts.size(), 1u);
  const EditConflict& conflict = report.conflicts[0];
  EXPECT_EQ(conflict.why, EditConflict::Why::changed);
  EXPECT_EQ(conflict.base, "model: a\n");
  EXPECT_EQ(conflict.there, "model: a\n# first\n");
  EXPECT_EQ(conflict.yours, "model: a\n# second\n");
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\nlines: many\n") << "all or nothing";
  // With what the answer told, the next try is right.
  EXPECT_EQ(commit(*repository, {{"syncs/a.yaml", "model: a\n# merged\n", conflict.blob}}).outcome,
            Outcome::committed);
}

TEST_F(Commits, WhatPeopleLeftUncommittedIsTheirs) {
  auto repository = open();
  write("syncs/b.yaml", "model: a\n# a person is at work\n");
  write("notes.txt", "changed\n");
  git("add notes.txt");
  EXPECT_EQ(commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# ours\n")}).outcome,
            Outcome::committed);
  EXPECT_EQ(git("show --name-only --format="), "syncs/a.yaml");
  EXPECT_EQ(git("status --porcelain"), "M  notes.txt\n M syncs/b.yaml");
  const auto report = commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\n# editor\n")});
  ASSERT_EQ(report.outcome, Outcome::conflict);
  EXPECT_EQ(report.conflicts[0].why, EditConflict::Why::uncommitted);
  EXPECT_EQ(report.conflicts[0].there, "model: a\n# a person is at work\n");
  EXPECT_EQ(report.conflicts[0].yours, "model: a\n# editor\n");
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\n# a person is at work\n");
}

TEST_F(Commits, AFileThatIsOnlyInTheDirectoryIsAConflict) {
  auto repository = open();
  write("syncs/c.yaml", "model: a\n# not committed yet\n");
  const auto report = commit(*repository, {edit(*repository, "syncs/c.yaml", "model: a\n")});
  ASSERT_EQ(report.outcome, Outcome::conflict);
  EXPECT_EQ(report.conflicts[0].there, "model: a\n# not committed yet\n");
  git("add syncs/c.yaml");
  EXPECT_EQ(commit(*repository, {edit(*repository, "syncs/c.yaml", "model: a\n")}).outcome,
            Outcome::conflict);
}

TEST_F(Commits, TheDirectoryMustBeValidAsWell) {
  auto repository = open();
  write("syncs/b.yaml", "INVALID\n");
  const auto report = commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 2\n")});
  EXPECT_EQ(report.outcome, Outcome::invalid);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("with the uncommitted changes of syncs/b.yaml")));
}

TEST_F(Commits, OnlyFilesOfTheProjectCanBeEdited) {
  auto repository = open();
  for (const char* path : {"notes.txt",
                           "../x.yaml",
                           "syncs/../../x.yaml",
                           "/etc/passwd",
                           ".git/config",
                           "syncs/.git/x.yaml",
                           "",
                           "syncs/a/b.yaml",
                           "syncs/a.sh",
                           "models/.sql",
                           "syncs/.yaml",
                           "sync/a.yaml",
                           "penstock.yaml/x",
                           "syncs/-a.yaml",
                           "syncs/a\n.yaml",
                           ".env",
                           "connectors.yaml",
                           "syncs//a.yaml",
                           "syncs\\a.yaml",
                           "syncs/a.sql"}) {
    EXPECT_FALSE(is_own_file(path)) << path;
    auto report = repository->commit({{path, "x", ""}}, {}, "x");
    ASSERT_FALSE(report.ok()) << path;
    EXPECT_EQ(report.error().kind, ErrorKind::config);
  }
  for (const char* path : {"penstock.yaml", "syncs.yaml", "syncs/a.yaml", "syncs/a.yml", "models/a.sql",
                           "tests/a.yaml", "connectors/a.yaml", "models/ä b.yaml"})
    EXPECT_TRUE(is_own_file(path)) << path;
}

TEST_F(Commits, NothingIsWrittenThroughLinks) {
  auto repository = open();
  run("mkdir " + temp_.path("outside") + " && ln -s " + temp_.path("outside") + " " + here() + "/alerts");
  const auto report = commit(*repository, {edit(*repository, "alerts/ops.yaml", "type: slack\n")});
  EXPECT_EQ(report.outcome, Outcome::conflict);
  EXPECT_EQ(run("ls " + temp_.path("outside")), "");
}

TEST_F(Commits, AProjectMayBeAPartOfARepository) {
  run("mkdir -p " + here() + "/sub/syncs && echo 'project: sub' > " + here() + "/sub/penstock.yaml");
  git("add . && git commit -q -m sub");
  write("syncs/a.yaml", "INVALID, but of another project\n");
  auto repository = open_at(here() + "/sub");
  EXPECT_EQ(commit(*repository, {edit(*repository, "alerts/ops.yaml", "type: slack\n")}).outcome,
            Outcome::committed);
  EXPECT_EQ(git("show --name-only --format="), "sub/alerts/ops.yaml");
  EXPECT_EQ(read("sub/alerts/ops.yaml"), "type: slack\n");
  EXPECT_TRUE(repository->status()->clean());
}

TEST_F(Commits, LineEndsAndRightsStayAsTheyAre) {
  write(".gitattributes", "*.yaml text eol=crlf\n");
  git("add . && git update-index --chmod=+x syncs/b.yaml && git commit -q -m attributes && git checkout -q "
      ".");
  run("rm " + here() + "/syncs/*.yaml && cd " + here() + " && git checkout -q syncs");
  auto repository = open();
  EXPECT_TRUE(repository->status()->clean());
  EXPECT_EQ(commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\nx: 1\n")}).outcome,
            Outcome::committed);
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\r\nx: 1\r\n");
  EXPECT_EQ(git("ls-tree HEAD syncs/b.yaml").substr(0, 6), "100755");
  EXPECT_EQ(::access((here() + "/syncs/b.yaml").c_str(), X_OK), 0);
  EXPECT_EQ(git("status --porcelain"), "");
}

TEST_F(Commits, WithoutARepositoryFilesAreWritten) {
  const std::string place = temp_.path("plain");
  write_in(place, "penstock.yaml", "project: plain\n");
  auto repository = open_at(place);
  const Edit made = edit(*repository, "models/a.sql", "select 1\n");
  EXPECT_EQ(commit(*repository, {made, edit(*repository, "syncs/a.yaml", "model: a\n")}).outcome,
            Outcome::written);
  EXPECT_EQ(run("cat " + place + "/syncs/a.yaml"), "model: a");
  EXPECT_EQ(repository->file("models/a.sql")->blob, blob_id("select 1\n"));
  EXPECT_EQ(commit(*repository, {made}).outcome, Outcome::unchanged);
  const auto conflict = commit(*repository, {{"models/a.sql", "select 2\n", ""}});
  ASSERT_EQ(conflict.outcome, Outcome::conflict);
  EXPECT_EQ(conflict.conflicts[0].there, "select 1\n");
  EXPECT_EQ(commit(*repository, {edit(*repository, "models/a.sql", std::nullopt)}).outcome, Outcome::invalid);
  run("ln -s /etc " + place + "/alerts");
  EXPECT_FALSE(repository->commit({{"alerts/x.yaml", "x", ""}}, {}, "").ok());
}

TEST_F(Commits, EditsAreLookedAtBeforeTheyAreMade) {
  auto view = with_edits(real_disk(), here(),
                         {{"syncs/a.yaml", "model: b\n", ""}, {"syncs/b.yaml", std::nullopt, ""}});
  ASSERT_TRUE(view.ok());
  Diagnostics diagnostics;
  validate_for_test(**view, here(), diagnostics);
  EXPECT_THAT(declare::as_text(diagnostics), HasSubstr("there is no model 'b'"));
  EXPECT_THAT(*(*view)->list(here() + "/syncs"), ElementsAre("a.yaml"));
  EXPECT_EQ(blob_id("model: a\n"), git("rev-parse HEAD:syncs/a.yaml"));
}

TEST_F(Commits, StatesThatAreNotReadyAreTold) {
  auto nowhere = open_at(temp_.path());
  EXPECT_FALSE(nowhere->status()->is_repository);
  EXPECT_THAT(nowhere->status()->why_not, HasSubstr("is not in a git repository"));
  auto report = nowhere->roll_back("HEAD", {}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().remedy, HasSubstr("git init"));
  git("checkout -q --detach");
  auto repository = open();
  EXPECT_EQ(repository->status()->branch, "");
  EXPECT_THAT(repository->commit({{"syncs/x.yaml", "x", ""}}, {}, "x").error().message,
              HasSubstr("no branch is checked out"));
  git("checkout -q -b work");
  EXPECT_THAT(open({.branch = "main"})->commit({{"syncs/x.yaml", "x", ""}}, {}, "x").error().message,
              HasSubstr("the branch 'work' is checked out"));
  run("git init -q " + temp_.path("empty"));
  auto empty = open_at(temp_.path("empty"));
  EXPECT_TRUE(empty->status()->is_repository);
  EXPECT_EQ(empty->status()->head, "");
  EXPECT_THAT(empty->commit({{"syncs/x.yaml", "x", ""}}, {}, "x").error().message,
              HasSubstr("no commit yet"));
}

TEST_F(Commits, AMergeOfAPersonIsNotDisturbed) {
  git("checkout -q -b side && echo 'model: a #s' > syncs/a.yaml && git commit -qam side && git checkout -q "
      "main");
  git("merge -q side --no-ff --no-commit");
  auto repository = open();
  EXPECT_EQ(repository->status()->busy, "a merge");
  EXPECT_THAT(repository->commit({{"syncs/x.yaml", "x", ""}}, {}, "x").error().message,
              HasSubstr("in the middle of a merge"));
}

TEST_F(Commits, AnotherGitIsWaitedFor) {
  auto repository = open();
  write(".git/index.lock", "");
  auto report = repository->commit({edit(*repository, "syncs/a.yaml", "model: a\n#\n")}, {}, "x");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::locked);
  run("rm " + here() + "/.git/index.lock");
  EXPECT_EQ(commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n#\n")}).outcome,
            Outcome::committed);
}

TEST_F(Commits, HistoryFollowsAFileThroughItsNames) {
  auto repository = open();
  commit(*repository, {edit(*repository, "syncs/b.yaml", "model: a\nlines: many\nmore: 1\n")}, "More");
  git("mv syncs/b.yaml syncs/c.yaml && git commit -q -m Rename");
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 1\n")}, "Another file");
  commit(*repository, {edit(*repository, "syncs/c.yaml", "model: a\nlines: many\nmore: 2\n")},
         "Again\n\nWith a reason.");
  auto history = repository->history({.paths = {"syncs/c.yaml"}, .diffs = true});
  ASSERT_TRUE(history.ok()) << history.error().message;
  ASSERT_EQ(history->size(), 4u);
  EXPECT_EQ((*history)[0].commit.subject, "Again");
  EXPECT_EQ((*history)[0].commit.body, "With a reason.");
  EXPECT_EQ((*history)[0].commit.author.name, "Eve");
  EXPECT_THAT((*history)[0].diff, HasSubstr("-more: 1\n+more: 2\n"));
  EXPECT_EQ((*history)[1].commit.subject, "Rename");
  EXPECT_EQ((*history)[2].commit.subject, "More");
  EXPECT_EQ((*history)[2].changed[0].path, "syncs/b.yaml");
  EXPECT_EQ((*history)[3].commit.subject, "The project");
  EXPECT_EQ(repository->history({.limit = 2})->size(), 2u);
  EXPECT_EQ(repository->history({})->size(), 5u);
  git("commit -q --allow-empty -m Empty");
  write("notes.txt", "x");
  git("commit -q -am 'Not of the project'");
  EXPECT_EQ(repository->history({})->size(), 5u);
}

TEST_F(Commits, WhatWasIsReadAndComesBack) {
  auto repository = open();
  const std::string first = git("rev-parse HEAD");
  commit(*repository, {edit(*repository, "syncs/a.yaml", "model: a\n# 1\n"),
                       edit(*repository, "syncs/b.yaml", std::nullopt),
                       edit(*repository, "syncs/new.yaml", "model: a\n")});
  EXPECT_EQ(repository->file("syncs/a.yaml", "HEAD~1")->content, "model: a\n");
  EXPECT_EQ(repository->file("syncs/new.yaml", first)->content, std::nullopt);
  auto view = repository->view(first);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(*(*view)->read(here() + "/syncs/a.yaml"), "model: a\n");
  EXPECT_THAT(*(*view)->list(here() + "/syncs"), ElementsAre("a.yaml", "b.yaml"));
  auto one = repository->roll_back(first, {"syncs/a.yaml"}, {"Eve", "eve@x"});
  ASSERT_TRUE(one.ok()) << one.error().message;
  EXPECT_EQ(one->outcome, Outcome::committed);
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n");
  EXPECT_EQ(read("syncs/b.yaml"), "(none)");
  auto all = repository->roll_back(first, {}, {"Eve", "eve@x"});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(read("syncs/b.yaml"), "model: a\nlines: many\n");
  EXPECT_EQ(read("syncs/new.yaml"), "(none)");
  EXPECT_EQ(git("rev-list --count HEAD"), "4") << "nothing of the history is gone";
  EXPECT_EQ(repository->roll_back(first, {}, {})->outcome, Outcome::unchanged);
  EXPECT_FALSE(repository->roll_back("nowhere", {}, {}).ok());
  EXPECT_FALSE(repository->roll_back(first, {"syncs/never.yaml"}, {}).ok());
  EXPECT_FALSE(repository->view("--upload-pack=x").ok());
}

TEST_F(Commits, ARollBackIsValidatedToo) {
  write("syncs/a.yaml", "INVALID\n");
  git("commit -q -am 'Broken by hand'");
  write("syncs/a.yaml", "model: a\n");
  git("commit -q -am 'Mended'");
  auto repository = open();
  auto report = repository->roll_back("HEAD~1", {}, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->outcome, Outcome::invalid);
  EXPECT_EQ(read("syncs/a.yaml"), "model: a\n");
}

}  // namespace
}  // namespace penstock::repository
