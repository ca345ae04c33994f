#include "sandbox/hubspot/values.h"

#include <gtest/gtest.h>

namespace penstock::sandbox::hubspot {
namespace {

PropertyDefinition property_of(ValueType type) {
  PropertyDefinition property;
  property.name = "p";
  property.value_type = type;
  return property;
}

std::string code_of(const PropertyDefinition& property, std::string_view value) {
  const auto problem = check_value(property, value);
  return problem ? problem->code : "";
}

TEST(Values, emails) {
  PropertyDefinition email = property_of(ValueType::text);
  email.is_email = true;
  for (const char* good : {"a@x.org", "first.last+tag@sub.example.co", "ü@x.org", "a'b@x-y.org", ""}) {
    EXPECT_EQ(code_of(email, good), "") << good;
  }
  for (const char* bad : {"a", "a@", "@x.org", "a@x", "a@@x.org", "a@x@y.org", "a b@x.org", "a@x..org",
                          ".a@x.org", "a.@x.org", "a@.org", "a@x.o", "a@x.", "<a@x.org>", "a@x.org\n"}) {
    EXPECT_EQ(code_of(email, bad), "INVALID_EMAIL") << bad;
    EXPECT_FALSE(check_value(email, bad)->fails_request);
  }
  EXPECT_EQ(kept_form(email, "Ana@X.Org"), "ana@x.org");
  EXPECT_EQ(kept_form(email, "ana@x.org"), std::nullopt);
}

TEST(Values, texts_have_a_length) {
  const PropertyDefinition text = property_of(ValueType::text);
  EXPECT_EQ(code_of(text, std::string(kTextBytesMax, 'x')), "");
  EXPECT_EQ(code_of(text, std::string(kTextBytesMax + 1, 'x')), "VALUE_TOO_LONG");
}

TEST(Values, numbers) {
  const PropertyDefinition number = property_of(ValueType::number);
  for (const char* good : {"1", "-2.5", "+3", "1e6", "0.1", ""}) EXPECT_EQ(code_of(number, good), "") << good;
  for (const char* bad : {"x", "1,5", "1 ", " 1", "nan", "inf", "0x10", "--1"}) {
    EXPECT_EQ(code_of(number, bad), "INVALID_INTEGER") << bad;
    EXPECT_TRUE(check_value(number, bad)->fails_request);
  }
}

TEST(Values, dates) {
  const PropertyDefinition date = property_of(ValueType::date);
  for (const char* good : {"2019-10-31", "1572480000000", "0", "2020-02-29", "2019-10-31T00:00:00Z", ""}) {
    EXPECT_EQ(code_of(date, good), "") << good;
  }
  for (const char* bad :
       {"2019-02-29", "2019-13-01", "31.10.2019", "1572480000001", "2019-10-31T10:00:00Z", "x"}) {
    EXPECT_EQ(code_of(date, bad), "INVALID_DATE") << bad;
  }
  EXPECT_EQ(kept_form(date, "1572480000000"), "2019-10-31");
  EXPECT_EQ(kept_form(date, "2019-10-31"), std::nullopt);
}

TEST(Values, moments) {
  EXPECT_EQ(parse_moment("1970-01-02"), 86'400'000);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:01.250Z"), 1'250);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:01.2507891Z"), 1'250);
  EXPECT_EQ(parse_moment("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(parse_moment("1969-12-31T23:30:00-0030"), 0);
  for (const char* bad :
       {"", "1970-01-01 00:00:00", "1970-01-01T00:00:00", "1970-01-01T24:00:00Z", "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z", "1970-01-01T00:00Z", "1970-1-1", "999999999999999999"}) {
    EXPECT_EQ(parse_moment(bad), std::nullopt) << bad;
  }
  const PropertyDefinition moment = property_of(ValueType::datetime);
  EXPECT_EQ(kept_form(moment, "1250"), "1970-01-01T00:00:01.250Z");
  EXPECT_EQ(kept_form(moment, "1970-01-01T00:00:01.250Z"), std::nullopt);
  EXPECT_EQ(kept_form(moment, "no moment"), std::nullopt);
}

TEST(Values, options) {
  PropertyDefinition color = property_of(ValueType::enumeration);
  color.options = {{"Red", "red"}, {"Blue", "blue"}};
  EXPECT_EQ(code_of(color, "red"), "");
  EXPECT_EQ(code_of(color, "Red"), "INVALID_OPTION");
  EXPECT_EQ(code_of(color, "red;blue"), "INVALID_OPTION");
  EXPECT_EQ(check_value(color, "green")->message, "green was not one of the allowed options: [red, blue]");
  color.field_type = "checkbox";
  EXPECT_EQ(code_of(color, "red;blue"), "");
  EXPECT_EQ(code_of(color, ";blue"), "");
  EXPECT_EQ(code_of(color, "red;green"), "INVALID_OPTION");
  EXPECT_TRUE(adds_options(color, ";blue"));
  EXPECT_FALSE(adds_options(color, "blue"));
  EXPECT_EQ(add_options("red", ";blue;red"), "red;blue");
  EXPECT_EQ(add_options("", ";blue"), "blue");
}

TEST(Values, booleans_and_read_only_ones) {
  EXPECT_EQ(code_of(property_of(ValueType::boolean), "true"), "");
  EXPECT_EQ(code_of(property_of(ValueType::boolean), "True"), "INVALID_OPTION");
  PropertyDefinition kept = property_of(ValueType::text);
  kept.read_only = true;
  EXPECT_EQ(code_of(kept, "x"), "READ_ONLY_VALUE");
}

}  // namespace
}  // namespace penstock::sandbox::hubspot
