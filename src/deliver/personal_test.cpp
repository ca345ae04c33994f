#include "deliver/personal.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(PersonalValues, AreMaskedInAnyLetterCase) {
  PersonalValues personal;
  personal.add_value("Ada@Example.com");
  EXPECT_EQ(personal.taken_out_of("to ADA@example.COM, ada@example.com."), "to •••, •••.");
}

TEST(PersonalValues, AreMaskedWhereJsonIsKeptInsideAText) {
  PersonalValues personal;
  personal.add_value("Ada \"Al\" O\\N");
  EXPECT_EQ(personal.taken_out_of(R"([{"name":"Ada \"Al\" O\\N"}])"), R"([{"name":"•••"}])");
  EXPECT_EQ(personal.taken_out_of("Ada \"Al\" O\\N is wrong"), "••• is wrong");
}

TEST(PersonalValues, AreMaskedInRepliesHoweverTheyAreEscaped) {
  PersonalValues personal;
  personal.add_value("Zoë/1");
  EXPECT_EQ(personal.taken_out_of_reply(R"({"message":"no Zo\u00eb\/1 here","n":[1,2.5,null,true]})"),
            R"({"message":"no ••• here","n":[1,2.5,null,true]})");
}

TEST(PersonalValues, AreMaskedUnderTheirNamesWhateverTheDestinationMadeOfThem) {
  PersonalValues personal;
  personal.add_name("phone");
  EXPECT_EQ(
      personal.taken_out_of_reply(R"({"results":[{"id":"1","properties":{"phone":"+4930 1","city":"Ulm"}},)"
                                  R"({"properties":{"phone":null}},{"properties":{"phone":{"raw":7}}}]})"),
      R"({"results":[{"id":"1","properties":{"phone":"•••","city":"Ulm"}},)"
      R"({"properties":{"phone":null}},{"properties":{"phone":"•••"}}]})");
}

TEST(PersonalValues, AreMaskedInRepliesThatAreNotJson) {
  PersonalValues personal;
  personal.add_name("email");
  personal.add_value("ada@example.com");
  EXPECT_EQ(personal.taken_out_of_reply("<p>ada@example.com is unknown"), "<p>••• is unknown");
}

TEST(PersonalValues, LeaveTextsAloneWhenThereAreNone) {
  const PersonalValues personal;
  EXPECT_TRUE(personal.empty());
  EXPECT_EQ(personal.taken_out_of_reply("{ \"a\" : 1 }"), "{ \"a\" : 1 }");
}

TEST(PersonalValues, TooShortToBeToldFromOtherTextAreLeft) {
  PersonalValues personal;
  personal.add_value("7");
  EXPECT_EQ(personal.taken_out_of("7 of 77"), "7 of 77");
}

}  // namespace
}  // namespace penstock
