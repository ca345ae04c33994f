#include "declare/reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "declare/place.h"

namespace penstock::declare {
namespace {

class Known : public Resolver {
 public:
  std::map<std::string, std::string> envs, files, secrets;
  Result<std::optional<std::string>> env(const std::string& name) const override { return find(envs, name); }
  Result<std::optional<std::string>> file(const std::string& path) const override {
    if (path == "broken") return Error{ErrorKind::disk, "cannot read broken", ""};
    return find(files, path);
  }
  Result<std::optional<std::string>> secret(const std::string& name) const override {
    return find(secrets, name);
  }

 private:
  static std::optional<std::string> find(const std::map<std::string, std::string>& in,
                                         const std::string& name) {
    const auto found = in.find(name);
    if (found == in.end()) return std::nullopt;
    return found->second;
  }
};

std::string resolved(const std::string& text, const Resolver& resolver) {
  auto reference = Reference::parse(text, {std::make_shared<SourceFile>("crm.yaml", text), 1, 3, 1});
  if (!reference.ok()) return "syntax: " + reference.error().message + " | " + reference.error().remedy;
  auto out = resolve(*reference, resolver);
  return out.ok() ? *out : "error: " + out.error().message + " | " + out.error().remedy;
}

TEST(Reference, Resolves) {
  Known known;
  known.envs = {{"TOKEN", "t0k"}, {"EMPTY", ""}};
  known.files = {{"key.pem", "line\n\n"}, {"dos.txt", "x\r\n"}};
  known.secrets = {{"crm/token", "s3"}};
  EXPECT_EQ(resolved("plain", known), "plain");
  EXPECT_EQ(resolved("Bearer ${env:TOKEN}!", known), "Bearer t0k!");
  EXPECT_EQ(resolved("${env:NONE:-fall}${env:EMPTY:-back}", known), "fallback");
  EXPECT_EQ(resolved("${env:EMPTY}", known), "");
  EXPECT_EQ(resolved("${file:key.pem}", known), "line\n");  // one line feed goes
  EXPECT_EQ(resolved("${file:dos.txt}", known), "x");
  EXPECT_EQ(resolved("${secret:crm/token}", known), "s3");
  EXPECT_EQ(resolved("$${env:TOKEN} costs $5", known), "${env:TOKEN} costs $5");
  EXPECT_EQ(resolved("", known), "");
}

TEST(Reference, SaysWhatIsMissing) {
  Known known;
  EXPECT_EQ(resolved("${env:TOKEN}", known),
            "error: crm.yaml:1:3: the environment variable TOKEN is not set | set it: export TOKEN=...");
  EXPECT_EQ(
      resolved("${file:a.txt}", known),
      "error: crm.yaml:1:3: the file a.txt is not there | create it, or correct the path (relative to the "
      "project's directory)");
  EXPECT_EQ(resolved("${secret:x}", known),
            "error: crm.yaml:1:3: the secret x is not known | store it: penstock secret set x");
  EXPECT_EQ(resolved("${file:broken}", known), "error: crm.yaml:1:3: cannot read broken | ");
}

class Outer final : public Known {
 public:
  Result<std::optional<std::string>> outer(const std::string& scheme,
                                           const std::string& name) const override {
    if (name.starts_with("gone")) return std::optional<std::string>();
    return std::optional<std::string>("<" + scheme + "|" + name + ">");
  }
};

TEST(Reference, OfOuterStores) {
  const Outer outer;
  EXPECT_EQ(resolved("a ${vault:secret/crm#token} b", outer), "a <vault|secret/crm#token> b");
  EXPECT_EQ(resolved("${aws-sm:prod/crm}${aws-sm:prod/crm#key}", outer),
            "<aws-sm|prod/crm><aws-sm|prod/crm#key>");
  EXPECT_EQ(resolved("${aws-sm:arn:aws:secretsmanager:eu-west-1:1:secret:x-AbC}", outer),
            "<aws-sm|arn:aws:secretsmanager:eu-west-1:1:secret:x-AbC>");
  EXPECT_EQ(resolved("${gcp-sm:projects/p/secrets/s/versions/3}", outer),
            "<gcp-sm|projects/p/secrets/s/versions/3>");
  EXPECT_EQ(resolved("${vault:gone#x}", outer),
            "error: crm.yaml:1:3: HashiCorp Vault has no secret gone#x | correct the name, or create the "
            "secret there");
  EXPECT_EQ(resolved("${vault:a#b}", Known()), "error: crm.yaml:1:3: vault:a#b cannot be looked up here | ");
  for (const char* text :
       {"${vault:secret/crm}", "${vault:}", "${vault:#x}", "${vault:a#}", "${vault:a#b#c}",
        "${vault:../sys#x}", "${vault:a/./b#x}", "${vault:a//b#x}", "${vault:a b#x}", "${vault:/a#x}"})
    EXPECT_EQ(resolved(text, outer), std::string("syntax: '") + text +
                                         "' names no secret of HashiCorp Vault | write ${vault:PATH#FIELD}");
  EXPECT_EQ(resolved("${gcp-sm:s}", outer),
            "syntax: '${gcp-sm:s}' names no secret of Google Secret Manager | write "
            "${gcp-sm:projects/P/secrets/S/versions/V}");
  EXPECT_TRUE(resolved("${vault}", outer).starts_with("syntax: '${vault}' is not a reference"));
}

TEST(Reference, SyntaxIsCheckedAtOnce) {
  Known known;
  EXPECT_EQ(resolved("${TOKEN}", known),
            "syntax: '${TOKEN}' is not a reference | write ${env:TOKEN} for an environment variable, or $${ "
            "for a plain ${");
  EXPECT_EQ(resolved("${valt:x}", known),
            "syntax: '${valt:x}' is not a reference | write ${env:NAME}, ${file:PATH} or ${secret:NAME}, or "
            "$${ for a "
            "plain ${");
  EXPECT_EQ(resolved("${env:A-B}", known),
            "syntax: 'A-B' is not the name of an environment variable | use letters, digits and '_', as in "
            "${env:API_TOKEN}");
  EXPECT_EQ(resolved("a ${env:X", known),
            "syntax: a '${' is never closed | add the closing '}', or write $${ for a plain ${");
  EXPECT_TRUE(resolved("${}", known).starts_with("syntax: '${}' is not a reference"));
  EXPECT_TRUE(resolved("${env:}", known).starts_with("syntax: '' is not the name"));
  EXPECT_TRUE(resolved("${file:}", known).starts_with("syntax: "));
}

TEST(Reference, ASecretDoesNotPrint) {
  const Secret secret("hunter2");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_EQ(testing::PrintToString(secret), "***");
}

}  // namespace
}  // namespace penstock::declare
