#include "source/source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "declare/schema.h"

namespace penstock {
namespace {

// docs/sources.md holds the settings of each kind between <!-- settings of NAME --> and <!-- end -->. With
// PENSTOCK_UPDATE=1 in the environment they are written anew.
TEST(SourceDocs, AreWhatTheSettingsSay) {
  const std::string here = __FILE__;
  const std::string path = here.substr(0, here.rfind("/src/source/")) + "/docs/sources.md";
  std::stringstream in;
  in << std::ifstream(path).rdbuf();
  const std::string text = in.str();
  std::string anew = text;
  for (const auto& name : source_kinds().names()) {
    const std::string start = "<!-- settings of " + name + " -->\n";
    const size_t from = anew.find(start);
    ASSERT_NE(from, std::string::npos) << start;
    const size_t to = anew.find("<!-- end -->", from);
    ASSERT_NE(to, std::string::npos) << start;
    // Without the heading and the sentence below it: the page has its own.
    std::string page = declare::reference_page(**source_kinds().find(name), 3);
    page.erase(0, page.find("\n| field") + 1);
    anew.replace(from + start.size(), to - from - start.size(), "\n" + page + "\n");
  }
  if (std::getenv("PENSTOCK_UPDATE") != nullptr)
    std::ofstream(path) << anew;
  else
    EXPECT_TRUE(text == anew)
        << "docs/sources.md is not what the settings say: run source_test with PENSTOCK_UPDATE=1";
}

TEST(SourceKinds, HaveHelpForEverySetting) {
  for (const auto& name : source_kinds().names())
    for (const auto& field : (**source_kinds().find(name)).table()->fields())
      EXPECT_FALSE(field.help().empty()) << name << ": " << field.name();
}

}  // namespace
}  // namespace penstock
