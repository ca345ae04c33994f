// broken_projects.txt holds projects with mistakes and what is said about each, to the letter. A case is
//
//   # a title
//   --- path/of/a/file.yaml
//   its text, instead of that of the good project (test_projects.h); `(removed)` takes the file away
//   ===
//   what is said
//
// With PENSTOCK_UPDATE=1 in the environment the texts below === are written anew; read the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/test_projects.h"

namespace penstock::config {
namespace {

struct Case {
  std::string title;
  std::string input;  // the lines from the first --- to ===
  Files files = good_files();
  std::string expected;
};

std::string path_of_cases() {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind('/')) + "/broken_projects.txt";
}

std::vector<Case> read_cases() {
  std::ifstream in(path_of_cases());
  std::vector<Case> cases;
  std::string line, file;
  bool in_expected = false;
  while (std::getline(in, line)) {
    if (line.starts_with("# ") && (cases.empty() || in_expected)) {
      cases.emplace_back().title = line.substr(2);
      in_expected = false;
      file.clear();
    } else if (line == "===") {
      in_expected = true;
    } else if (in_expected) {
      cases.back().expected += line + "\n";
    } else if (line.starts_with("--- ")) {
      file = line.substr(4);
      cases.back().input += line + "\n";
      cases.back().files[file].clear();
    } else {
      cases.back().input += line + "\n";
      if (line == "(removed)")
        cases.back().files.erase(file);
      else
        cases.back().files[file] += line + "\n";
    }
  }
  for (Case& each : cases)
    if (each.expected.ends_with("\n\n")) each.expected.pop_back();
  return cases;
}

std::string in_file(const Case& test, const std::string& problems) {
  return "# " + test.title + "\n" + test.input + "===\n" + problems;
}

TEST(BrokenProjects, EachMistakeIsExplained) {
  std::vector<Case> cases = read_cases();
  ASSERT_GE(cases.size(), 60u);
  std::string anew;
  for (const Case& test : cases) {
    const Loaded loaded = load(test.files);
    if (std::getenv("PENSTOCK_UPDATE") == nullptr) EXPECT_EQ(loaded.problems(), test.expected) << test.title;
    EXPECT_FALSE(loaded.problems().empty()) << test.title;
    anew += (anew.empty() ? "" : "\n") + in_file(test, loaded.problems());
  }
  if (std::getenv("PENSTOCK_UPDATE") != nullptr) std::ofstream(path_of_cases()) << anew;
}

TEST(BrokenProjects, TheGoodOneIsGood) {
  EXPECT_EQ(load(good_files()).problems(), "");
}

}  // namespace
}  // namespace penstock::config
