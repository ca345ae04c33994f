#include "declare/settings.h"

#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

Of<Settings> crm_settings() {
  return settings("crm destination", "A CRM account.",
                  {setting("access_token", reference_text()).required().secret(),
                   setting("timeout", duration()).by_default("30s"), setting("subdomain", identifier()),
                   setting("headers", map_of(reference_text()))});
}

TEST(Settings, HaveTypesDefaultsAndPlaces) {
  const auto out =
      attempt(crm_settings(), "access_token: ${env:TOKEN}\nheaders: { X-A: '${file:a}', X-B: b }\n");
  EXPECT_EQ(out.problems, "");
  const Settings& settings = out.value;
  EXPECT_EQ(settings.get<Duration>("timeout"), 30s);
  EXPECT_TRUE(settings.entry("timeout")->is_default);
  EXPECT_EQ(settings.entry("timeout")->node.text, "30s");
  EXPECT_EQ(settings.find<std::string>("subdomain"), nullptr);
  EXPECT_EQ(settings.get<Reference>("access_token").pieces[0].text, "TOKEN");
  EXPECT_TRUE(settings.entry("access_token")->secret);
  EXPECT_EQ(settings.entry("headers")->name_place.show(), "x.yaml:2:1");
  ASSERT_EQ(settings.references().size(), 2u);
  EXPECT_EQ(settings.references()[1].path, "headers.X-A");
  EXPECT_EQ(settings.place.show(), "x.yaml:1:1");
}

TEST(Settings, AreChecked) {
  EXPECT_EQ(
      attempt(crm_settings(), "acces_token: x\ntimeout: soon\n").problems,
      R"(x.yaml:1:1: error: unknown field 'acces_token' in a crm destination; did you mean 'access_token'?
    1 | acces_token: x
      | ^~~~~~~~~~~
      = the fields of a crm destination are access_token, timeout, subdomain and headers
x.yaml:2:10: error: timeout: expected a duration such as 30s, 15m or 1h30m, found the text 'soon'
    2 | timeout: soon
      |          ^~~~
)");
}

TEST(SettingsDeathTest, AskingForAnotherTypeIsOurMistake) {
  const auto out = attempt(crm_settings(), "access_token: x\n");
  EXPECT_DEATH((void)out.value.get<std::string>("timeout"), "asked for as what it was declared");
  EXPECT_DEATH((void)out.value.get<std::string>("subdomain"), "without default");
}

}  // namespace
}  // namespace penstock::declare
