#include "transform/transform.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "transform/chain.h"
#include "transform/page.h"
#include "transform/phone.h"

namespace penstock::transform {
namespace {

duck::Connection connect(std::vector<duck::Database>& keep) {
  auto database = duck::Database::open({});
  check(database.ok(), "a database");
  keep.push_back(*std::move(database));
  auto connection = keep.back().connect();
  check(connection.ok(), "a connection");
  check(define_payload_functions(*connection).ok(), "payload functions");
  check(define_transform_functions(*connection).ok(), "transform functions");
  return *std::move(connection);
}

class TransformTest : public testing::Test {
 protected:
  Transforms read(const std::string& yaml) {
    auto transforms = transforms_in("[" + yaml + "]");
    EXPECT_TRUE(transforms.ok()) << yaml << ": " << transforms.error().message;
    return transforms.ok() ? *transforms : Transforms();
  }

  // What becomes of an SQL expression; "✗ reason (value)" when it cannot be converted.
  std::string of(const std::string& expression, const std::string& yaml) {
    auto columns = connection_.describe("SELECT " + expression);
    EXPECT_TRUE(columns.ok()) << columns.error().message;
    Misfit misfit;
    const auto converted = convert_sql(expression, (*columns)[0].type, read(yaml), misfit);
    if (!converted) return "does not fit: " + misfit.message;
    return value_of(converted->sql);
  }

  std::string value_of(const std::string& sql) {
    auto texts = connection_.texts("SELECT " + sql);
    EXPECT_TRUE(texts.ok()) << texts.error().message;
    if (!texts.ok()) return "";
    const auto& value = (*texts)[0][0];
    if (!value) return "NULL";
    const auto failure = failure_in(*value);
    if (!failure) return *value;
    return "✗ " + std::string(failure->reason) + " (" + std::string(failure->value) + ")";
  }

  std::string of_text(const std::string& text, const std::string& yaml) {
    return of(duck::quote_text(text), yaml);
  }

  std::string wrong(const std::string& yaml) {
    declare::Diagnostics diagnostics;
    const auto file = std::make_shared<declare::SourceFile>("t.yaml", yaml);
    Transforms transforms;
    declare::read(transforms_shape(), *declare::parse_yaml(file, diagnostics), transforms, diagnostics);
    return declare::as_text(diagnostics);
  }

  std::vector<duck::Database> databases_;
  duck::Connection connection_ = connect(databases_);
};

TEST_F(TransformTest, EveryExampleOfTheTableIsTrue) {
  for (const Facts& facts : all_transforms()) {
    EXPECT_FALSE(facts.examples.empty()) << facts.name;
    for (const Example& example : facts.examples) {
      const bool list = facts.takes == Facts::Takes::list;
      const std::string in = list ? fmt::format("CAST({} AS VARCHAR[])", duck::quote_text(example.in))
                                  : duck::quote_text(example.in);
      const std::string expected =
          example.why.empty() ? example.out : fmt::format("✗ {} ({})", example.why, example.in);
      EXPECT_EQ(of(in, example.transform), expected) << example.transform << " of " << example.in;
    }
  }
}

TEST_F(TransformTest, EveryTransformSaysWhatItIs) {
  std::set<std::string> names;
  for (const Facts& facts : all_transforms()) {
    EXPECT_TRUE(names.insert(facts.name).second) << facts.name;
    EXPECT_TRUE(facts.help.ends_with('.')) << facts.name;
    for (const Parameter& parameter : facts.parameters)
      EXPECT_TRUE(parameter.help.ends_with('.')) << facts.name;
  }
}

TEST_F(TransformTest, NullStaysNull) {
  for (const Facts& facts : all_transforms()) {
    if (facts.name == "default") continue;
    const bool list = facts.takes == Facts::Takes::list;
    EXPECT_EQ(of(list ? "CAST(NULL AS VARCHAR[])" : "CAST(NULL AS VARCHAR)", facts.examples[0].transform),
              "NULL")
        << facts.name;
  }
  EXPECT_EQ(of("CAST(NULL AS VARCHAR)", "{ default: none }"), "none");
  EXPECT_EQ(of("CAST(NULL AS VARCHAR[])", "{ default: none }"), "[\"none\"]");
  EXPECT_EQ(of("CAST(NULL AS VARCHAR)", "email, { default: none }"), "none");
  EXPECT_EQ(of("CAST(NULL AS VARCHAR)", "number, { default: 0 }"), "0");
  EXPECT_EQ(of("CAST(NULL AS VARCHAR)", "json, { default: none }"), "\"none\"");
  EXPECT_EQ(of("CAST('null' AS JSON)", "upper"), "NULL");
  EXPECT_EQ(of("CAST('null' AS JSON)", "{ default: none }"), "\"none\"");
}

TEST_F(TransformTest, WarehouseTypesComeAsTheTextOfAPayload) {
  EXPECT_EQ(of("TIMESTAMP '2026-11-23 14:13:11.25'", "epoch_ms"), "1795443191250");
  EXPECT_EQ(of("TIMESTAMPTZ '2026-11-23 14:13:11+02'", "iso_datetime"), "2026-11-23T12:13:11Z");
  EXPECT_EQ(of("DATE '1969-12-31'", "epoch_s"), "-86400");
  EXPECT_EQ(of("CAST(12.50 AS DECIMAL(10,2))", "cents"), "1250");
  EXPECT_EQ(of("CAST(19.99 AS DOUBLE)", "cents"), "1999");
  EXPECT_EQ(of("true", "{ boolean_text: { yes: Y, no: N } }"), "Y");
  EXPECT_EQ(of("42", "text"), "42");
  EXPECT_EQ(of("170141183460469231731687303715884105727::HUGEINT", "integer"),
            "170141183460469231731687303715884105727");
  EXPECT_EQ(of("['b ', ' a', NULL]", "trim, { join: \", \" }"), "b, a");
  EXPECT_EQ(of("[1, 2]", "{ join: \"-\" }"), "1-2");
  EXPECT_EQ(of("{'a': 1}", "text"), "{\"a\":1}");
  EXPECT_EQ(of("CAST('\"Ada\"' AS JSON)", "upper"), "ADA");
  EXPECT_EQ(of("CAST('[\"x\"]' AS JSON)", "first"), "x");
  EXPECT_EQ(of("CAST('{}' AS JSON)", "first"), "✗ is not a list ({})");
}

TEST_F(TransformTest, TransformsOfTextsWorkOnEachItem) {
  EXPECT_EQ(of_text("A; B;;", "{ split: \";\" }, lower"), "[\"a\",\"b\"]");
  EXPECT_EQ(of_text("a@b.de,c@d.de", "{ split: \",\" }, email, hash_md5, { join: \" \" }"),
            "e5c1d6ea2af32dbecfb13454db124189 44b2310dc0bbe386e3bdf27bf214a27c");
  EXPECT_EQ(of_text("a@b.de, c", "{ split: \",\" }, email"), "✗ is not an email address (a@b.de, c)");
}

TEST_F(TransformTest, ATransformThatDoesNotFitSaysSo) {
  EXPECT_EQ(of_text("a", "{ join: \",\" }"), "does not fit: join takes a list, and this is a text");
  EXPECT_EQ(of_text("a", "{ split: \",\" }, number"),
            "does not fit: number takes a text, and this is a list");
}

// The vectors that the ad networks' pages give.
TEST_F(TransformTest, AdNetworksHashWhatTheySay) {
  const std::string meta_phone = "{ phone: { form: digits } }, hash_sha256";
  EXPECT_EQ(of_text(" Test@Example.com ", "email, hash_sha256"),
            "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b");
  EXPECT_EQ(of_text("Jane.Doe@Gmail.com", "email, hash_sha256"),
            "831f6494ad6be4fcb3a724c3d5fef22d3ceffa3c62ef3a7984e45a0ea177f982");
  EXPECT_EQ(of_text("Jane.Doe@Gmail.com", "{ email: { gmail_dots: drop } }, hash_sha256"),
            "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69");
  EXPECT_EQ(of_text("+1 (415) 555-1234", meta_phone),
            "c6a349dfaaf5c3a368d3135014cc1bc7aebf18f654f313f9c1d0b018a897b209");
  EXPECT_EQ(of_text("+1 (415) 555-1234", "phone, hash_sha256"),
            "50389806e2857c36e22b0a1ed1e7df8606ebc0e931f6c083e73486f7a87d9a9f");
  EXPECT_EQ(of_text("O'Brien", "name, hash_sha256"),
            "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba");
  EXPECT_EQ(of_text(" Vale\u0301ry", "name, hash_sha256"),
            "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c");
  EXPECT_EQ(of_text("New York", "lower, letters_only, hash_sha256"),
            "350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5");
  EXPECT_EQ(of_text("NY", "us_state, lower, letters_only, hash_sha256"),
            "1b06e2003f8420d6fa42badd8f77ec0f706b976b7a48b13c567dc5a559681683");
  EXPECT_EQ(of_text("94035-1234", "postcode, hash_sha256"),
            "1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e");
  EXPECT_EQ(of_text("US", "country_alpha2, lower, hash_sha256"),
            "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621");
  EXPECT_EQ(of_text("M", "lower, { map: { m: m, f: f, male: m, female: f } }, hash_sha256"),
            "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a");
}

TEST_F(TransformTest, ADigestPassesEveryTransformBeforeTheHash) {
  const std::string digest = "831f6494ad6be4fcb3a724c3d5fef22d3ceffa3c62ef3a7984e45a0ea177f982";
  EXPECT_EQ(
      of_text(" 831F6494AD6BE4FCB3A724C3D5FEF22D3CEFFA3C62EF3A7984E45A0EA177F982 ", "email, hash_sha256"),
      digest);
  EXPECT_EQ(of_text("Jane.Doe@Gmail.com", "trim, email, hash_sha256, phone, hash_sha256"), digest);
  EXPECT_EQ(of_text(digest, "{ truncate: 5 }"), digest.substr(0, 5));
  EXPECT_EQ(of_text(digest.substr(1), "email, hash_sha256"),
            fmt::format("✗ is not an email address ({})", digest.substr(1)));
}

TEST_F(TransformTest, ErrorsNameThePlaceAndTheRemedy) {
  EXPECT_EQ(wrong("[trim, lowr]"),
            "t.yaml:1:8: error: [1]: there is no transform 'lowr'; did you mean 'lower'?\n"
            "    1 | [trim, lowr]\n"
            "      |        ^~~~\n"
            "      = 'penstock transforms' lists them\n");
  EXPECT_EQ(wrong("[{ phone: { regio: DE } }]"),
            "t.yaml:1:13: error: [0].phone: there is no argument 'regio'; did you mean 'region'?\n"
            "    1 | [{ phone: { regio: DE } }]\n"
            "      |             ^~~~~\n"
            "      = phone takes region, form and check: see 'penstock transforms phone'\n");
  EXPECT_EQ(wrong("[{ phone: XX }]"),
            "t.yaml:1:4: error: [0].phone: there is no country 'XX'\n"
            "    1 | [{ phone: XX }]\n"
            "      |    ^~~~~\n"
            "      = use the two letters of a country, such as DE or US\n");
  EXPECT_NE(wrong("[{ split: '' }]").find("an empty text separates nothing"), std::string::npos);
  EXPECT_EQ(wrong("truncate"),
            "t.yaml:1:1: error: truncate: the argument 'characters' is missing\n"
            "    1 | truncate\n"
            "      | ^~~~~~~~\n"
            "      = write it as in '{ truncate: 3 }'\n");
  EXPECT_EQ(wrong("{ trim: 3 }"),
            "t.yaml:1:9: error: trim: takes no arguments\n"
            "    1 | { trim: 3 }\n"
            "      |         ^\n"
            "      = write 'trim' alone\n");
  EXPECT_EQ(
      wrong("[{ email: { gmail_dots: drp } }]"),
      "t.yaml:1:25: error: [0].email.gmail_dots: expected keep or drop, found the text 'drp'; did you mean "
      "'drop'?\n"
      "    1 | [{ email: { gmail_dots: drp } }]\n"
      "      |                         ^~~\n");
  const auto first_line = [&](const std::string& yaml) {
    return wrong(yaml).substr(0, wrong(yaml).find('\n'));
  };
  EXPECT_EQ(
      first_line("[{ truncate: 0 }]"),
      "t.yaml:1:14: error: [0].truncate.characters: expected a whole number from 1 to 1000000, found the "
      "number 0");
  EXPECT_EQ(first_line("[{ date_format: '%Q' }]"),
            "t.yaml:1:4: error: [0].date_format: the pattern '%Q' has a part that is not known");
  EXPECT_EQ(first_line("3.5"), "t.yaml:1:1: error: there is no transform '3.5'");
  EXPECT_EQ(
      first_line("[{ trim: , lower: }]"),
      "t.yaml:1:2: error: [0]: expected a transform such as trim or { phone: DE }, found a map with 'trim'");
}

TEST_F(TransformTest, JsonOfTransformsReadsAsTheSame) {
  const char* written =
      "[{ map: { 01: 1.10, true: \"yes\" } }, { truncate: 5 }, { integer: { round: true } }, "
      "{ replace: { from: \"'\", to: \"é\\\"\" } }, { phone: no }]";
  const std::string json =
      as_json(read("{ map: { 01: 1.10, true: \"yes\" } }, { truncate: 5 }, { integer: { round: "
                   "true } }, { replace: { from: \"'\", to: \"é\\\"\" } }, { phone: no }"));
  EXPECT_EQ(
      json,
      "[{\"map\":{\"values\":{\"01\":\"1.10\",\"true\":\"yes\"}}},{\"truncate\":{\"characters\":5}},"
      "{\"integer\":{\"round\":true}},{\"replace\":{\"from\":\"'\",\"to\":\"é\\\"\"}},{\"phone\":{\"region\":"
      "\"no\"}}]")
      << written;
  const auto again = transforms_in(json);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(as_json(*again), json);
  EXPECT_EQ(as_json(read("{ truncate: +2 }")), "[{\"truncate\":{\"characters\":2}}]");
}

TEST_F(TransformTest, ATemplateInsertsColumns) {
  const auto filled = [&](const std::string& text, std::string_view escape) {
    const auto parsed = Template::parse(text);
    if (!parsed.ok()) return "error: " + parsed.error().message;
    std::vector<duck::Type> types;
    const std::string relation =
        "(SELECT 'R&D <1>' AS name, 12.50 AS amount, NULL::VARCHAR AS city, 'x' AS mail)";
    for (const auto& column : parsed->columns()) {
      auto described =
          connection_.describe(fmt::format("SELECT {} FROM {}", duck::quote_name(column), relation));
      types.push_back(std::move((*described)[0].type));
    }
    Misfit misfit;
    const auto converted = template_sql(*parsed, types, escape, {}, misfit);
    if (!converted) return "does not fit: " + misfit.message;
    return value_of(fmt::format("{} FROM {}", converted->sql, relation));
  };
  EXPECT_EQ(filled("New: *{name}* from {city}.", ""), "New: *R&D <1>* from .");
  EXPECT_EQ(filled("New: *{name}* from {city | default: some & where}.", "entities"),
            "New: *R&amp;D &lt;1&gt;* from some &amp; where.");
  EXPECT_EQ(filled("{{x}} {amount}", "html"), "{x} 12.50");
  EXPECT_EQ(filled("no columns 'at' all", ""), "no columns 'at' all");
  EXPECT_EQ(filled("{name|truncate:2|lower}{amount|cents}", ""), "r&1250");
  EXPECT_EQ(filled("to {mail|email}", ""), "✗ is not an email address (x)");
  EXPECT_EQ(filled("{name", ""), "error: a '{' is not closed");
  EXPECT_EQ(filled("{}", ""), "error: '{}' names no column");
  EXPECT_EQ(filled("{name|uper}", ""), "error: there is no transform 'uper'");
  EXPECT_EQ(filled("{name|upper: 3}", ""), "error: upper takes no arguments");
}

// docs/transforms.md holds the table between <!-- transforms --> and <!-- end -->. With PENSTOCK_UPDATE=1 in
// the environment it is written anew.
TEST(TransformDocs, AreWhatTheTableSays) {
  const std::string here = __FILE__;
  const std::string path = here.substr(0, here.rfind("/src/transform/")) + "/docs/transforms.md";
  std::stringstream in;
  in << std::ifstream(path).rdbuf();
  const std::string text = in.str(), start = "<!-- transforms -->\n", end = "<!-- end -->";
  const size_t from = text.find(start), to = text.find(end, from);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::string anew = text.substr(0, from + start.size()) + "\n" + reference_page() + text.substr(to);
  if (std::getenv("PENSTOCK_UPDATE") != nullptr)
    std::ofstream(path) << anew;
  else
    EXPECT_TRUE(text == anew)
        << "docs/transforms.md is out of date: run transform_test with PENSTOCK_UPDATE=1";
}

// The short way for usual telephone numbers gives what the library gives.
TEST(PhoneTest, TheShortWayGivesWhatTheLibraryGives) {
  const uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  const std::string regions[] = {"US", "DE", "GB", "FR", "IT", "BR", "AR", "MX", "AU", "NL", "AT", "SE",
                                 "IN", "IE", "NZ", "ES", "PL", "CH", "BE", "NO", "DK", "PT", ""};
  const char* codes[] = {"",    "",    "+1",  "+49", "+44", "+33",  "+39",  "+55", "+54",
                         "+52", "+61", "+31", "+43", "+46", "+91",  "+353", "+64", "+34",
                         "+48", "+41", "+32", "+47", "+45", "+351", "+7"};
  for (int i = 0; i < 6000; ++i) {
    std::string number = codes[below(std::size(codes))];
    const uint64_t digits = 5 + below(8);
    for (uint64_t d = 0; d < digits; ++d) {
      if (below(4) == 0) number += " -./()"[below(6)];
      number += static_cast<char>('0' + (d == 0 && below(2) == 0 ? 0 : below(10)));
    }
    const std::string& region = regions[below(std::size(regions))];
    std::string_view why, why_slowly;
    EXPECT_EQ(phone_e164(number, region, PhoneCheck::possible, why),
              phone_e164_slowly(number, region, PhoneCheck::possible, why_slowly))
        << number << " in " << region << ", seed " << seed;
  }
}

}  // namespace
}  // namespace penstock::transform
