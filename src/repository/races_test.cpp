// Random histories: edits here and pushes by others, people at work in the directory, processes that end.
// Whatever happens, every edit that was taken is in the branch's history or on a branch that was told.
#include <gmock/gmock.h>

#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "repository/test_places.h"

namespace penstock::repository {
namespace {

class Races : public Places {
 protected:
  // The ids of all contents that these references lead to.
  std::set<std::string> reachable(const std::string& root, const std::string& references) const {
    std::set<std::string> out;
    std::istringstream lines(run("cd " + root + " && git rev-list --objects " + references));
    for (std::string line; std::getline(lines, line);) out.insert(line.substr(0, 40));
    return out;
  }
  std::string blob_of(const std::string& text) const {
    const std::string path = temp_.path("text");
    EXPECT_TRUE(real_disk().replace(path, text).ok());
    return run("git hash-object " + path);
  }
};

class RandomStory : public Races {
 protected:
  struct Taken {
    std::string path, text;
  };

  void tell(unsigned seed) {
    random_.seed(seed);
    repository_ = open();
    for (int step = 0; step < 25; ++step) {
      switch (random_() % 8) {
        case 0:
        case 1:
        case 2:
          edit_here();
          break;
        case 3:
          edit_there();
          break;
        case 4:
          listen_to_push();
          break;
        case 5:
          listen_to_pull();
          break;
        case 6:
          work_in_the_directory();
          break;
        default:
          repository_ = open();
      }
    }
    settle();
  }

  std::string any_file() { return fmt::format("syncs/{}.yaml", static_cast<char>('a' + random_() % 5)); }
  std::string any_text() { return fmt::format("model: a\n# {}\n", ++texts_); }

  void edit_here() {
    std::vector<Edit> edits;
    std::vector<Taken> taken;
    std::set<std::string> paths;
    for (unsigned i = 0; i <= random_() % 2; ++i) {
      const std::string path = any_file(), text = any_text();
      if (!paths.insert(path).second) continue;
      edits.push_back(edit(*repository_, path, text));
      taken.push_back({path, text});
    }
    const auto report = commit(*repository_, std::move(edits));
    if (report.outcome == CommitReport::Outcome::committed)
      taken_.insert(taken_.end(), taken.begin(), taken.end());
  }

  void edit_there() {
    const std::string path = any_file(), text = any_text();
    push_there(path, text);
    theirs_.push_back({path, text});
  }

  void listen_to_push() {
    auto report = repository_->push();
    ASSERT_TRUE(report.ok()) << report.error().message;
    if (!report->conflict_branch.empty()) told_.insert(report->conflict_branch);
  }
  void listen_to_pull() {
    auto report = repository_->pull();
    ASSERT_TRUE(report.ok()) << report.error().message;
    if (!report->conflict_branch.empty()) told_.insert(report->conflict_branch);
  }

  // A person writes into a file, and commits some other day.
  void work_in_the_directory() {
    if (at_work_.empty()) {
      const std::string path = any_file(), text = any_text();
      write(path, text);
      at_work_[path] = text;
      return;
    }
    for (const auto& [path, text] : at_work_) EXPECT_EQ(read(path), text) << "nobody else writes into it";
    if (random_() % 2 == 0) {
      git("add syncs && git commit -q -m 'By hand'");
      by_hand_ = true;
      for (const auto& [path, text] : at_work_) taken_.push_back({path, text});
    } else {
      for (const auto& [path, text] : at_work_)
        run("cd " + here() + " && (git checkout -q HEAD -- " + path + " 2>/dev/null || rm -f " + path + ")");
    }
    at_work_.clear();
  }

  void settle() {
    for (const auto& [path, text] : at_work_) EXPECT_EQ(read(path), text);
    at_work_.clear();
    const auto here_now = reachable(here(), "refs/heads/main --glob=refs/heads/penstock/");
    for (const Taken& each : taken_)
      EXPECT_TRUE(here_now.contains(blob_of(each.text))) << each.path << each.text;
    const auto remote_now = reachable(temp_.path("remote.git"), "main");
    for (const Taken& each : theirs_) EXPECT_TRUE(remote_now.contains(blob_of(each.text))) << each.text;
    const auto branches = repository_->status()->conflict_branches;
    EXPECT_EQ(std::set(branches.begin(), branches.end()), told_) << "each branch was told, and none is gone";
    git("fsck --strict 2>&1");
    if (by_hand_) return;  // a person's commits may be in the way of pulling
    git("checkout -q . && git clean -q -fd");
    listen_to_pull();
    listen_to_push();
    EXPECT_EQ(git("rev-parse HEAD"), run("git --git-dir=" + temp_.path("remote.git") + " rev-parse main"));
  }

  std::mt19937 random_;
  std::unique_ptr<Repository> repository_;
  unsigned texts_ = 0;
  bool by_hand_ = false;
  std::vector<Taken> taken_, theirs_;
  std::set<std::string> told_;
  std::map<std::string, std::string> at_work_;
};

class Seeds : public RandomStory, public testing::WithParamInterface<unsigned> {};
TEST_P(Seeds, NothingIsLost) {
  tell(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Stories, Seeds, testing::Range(1u, 13u));

TEST_F(Races, ManyEditorsInOneProcessAndInTwo) {
  constexpr int kEditors = 4, kEdits = 6;
  std::vector<std::thread> editors;
  std::atomic<int> committed = 0, refused = 0;
  auto shared = open();
  for (int editor = 0; editor < kEditors; ++editor)
    editors.emplace_back([&, editor] {
      auto own = open();
      Repository& repository = editor % 2 == 0 ? *shared : *own;
      for (int i = 0; i < kEdits; ++i) {
        auto before = repository.file("syncs/a.yaml");
        ASSERT_TRUE(before.ok());
        const Edit edit{"syncs/a.yaml", *before->content + fmt::format("# {} {}\n", editor, i), before->blob};
        auto report = repository.commit({edit}, {"Editor", "e@x"}, "Line");
        ASSERT_TRUE(report.ok()) << report.error().message;
        if (report->outcome == CommitReport::Outcome::committed)
          ++committed;
        else
          ++refused;
        EXPECT_TRUE(report->outcome == CommitReport::Outcome::committed ||
                    report->outcome == CommitReport::Outcome::conflict);
      }
    });
  for (std::thread& each : editors) each.join();
  EXPECT_EQ(committed + refused, kEditors * kEdits);
  const std::string text = read("syncs/a.yaml");
  EXPECT_EQ(std::ranges::count(text, '#'), committed)
      << "each edit that was taken is in the file, and no other";
  EXPECT_EQ(git("rev-list --count HEAD"), std::to_string(committed + 1));
  EXPECT_EQ(git("status --porcelain"), "");
}

}  // namespace
}  // namespace penstock::repository
