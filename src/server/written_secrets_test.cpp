#include "server/written_secrets.h"

#include <gtest/gtest.h>

namespace penstock::server {
namespace {

declare::Diagnostics found(const std::string& text, std::initializer_list<std::string_view> secrets) {
  const auto file = std::make_shared<const declare::SourceFile>("x.yaml", text);
  declare::Diagnostics diagnostics;
  for (uint32_t line = 1; line <= file->lines(); ++line)
    for (const auto secret : secrets)
      if (const size_t at = file->line(line).find(secret); at != std::string_view::npos)
        diagnostics
            .warning({file, line, static_cast<uint32_t>(at + 1), static_cast<uint32_t>(secret.size())},
                     "written out")
            .conceal = true;
  return diagnostics;
}

TEST(WrittenSecrets, are_hidden_and_put_back) {
  const std::string text = "type: hubspot\naccess_token: 'pat-123456'\nkey: zweite\n";
  const WrittenSecrets secrets(found(text, {"'pat-123456'", "zweite"}));
  const std::string shown = secrets.hidden(text);
  EXPECT_EQ(
      shown,
      "type: hubspot\naccess_token: '(a secret that is not shown)'\nkey: (a secret that is not shown)\n");
  EXPECT_EQ(*secrets.put_back(shown, text), text);
  EXPECT_EQ(*secrets.put_back(shown + "more: 1\n", text), text + "more: 1\n");
  EXPECT_EQ(*secrets.put_back("key: ${secret:A}\n", text), "key: ${secret:A}\n");
}

TEST(WrittenSecrets, one_of_two_that_is_gone_is_not_guessed) {
  const std::string text = "a: first-one\nb: other-one\n";
  const WrittenSecrets secrets(found(text, {"first-one", "other-one"}));
  const auto edited = secrets.put_back("b: " + std::string(kHiddenSecret) + "\n", text);
  ASSERT_FALSE(edited.ok());
  EXPECT_EQ(edited.error().kind, ErrorKind::config);
  EXPECT_EQ(edited.error().message.find("first"), std::string::npos);
}

TEST(WrittenSecrets, are_hidden_as_values_only_and_in_differences) {
  const std::string text = "password: penstock\n";
  const WrittenSecrets secrets(found(text, {"penstock"}));
  EXPECT_EQ(secrets.hidden("-password: penstock\n+password: ${env:P}\n"),
            "-password: (a secret that is not shown)\n+password: ${env:P}\n");
  EXPECT_EQ(secrets.hidden("name: penstock_test my-penstock\n"), "name: penstock_test my-penstock\n");
  EXPECT_EQ(WrittenSecrets(declare::Diagnostics()).hidden("a: b\n"), "a: b\n");
}

}  // namespace
}  // namespace penstock::server
