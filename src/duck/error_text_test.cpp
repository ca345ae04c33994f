#include "duck/error_text.h"

#include <gtest/gtest.h>

namespace penstock::duck {
namespace {

TEST(ErrorText, ACsvErrorSaysWhereAndWhy) {
  const Error error = to_error(
      "Invalid Input Error: CSV Error on Line: 30002\nOriginal Line: 9,M?ller,x\nInvalid unicode (byte "
      "sequence "
      "mismatch) detected. This file is not utf-8 encoded.\n\nPossible Solution: Enable ignore errors\n\n  "
      "file = "
      "data/people.csv\n  delimiter = , (Auto-Detected)\n");
  EXPECT_EQ(error.message,
            "data/people.csv, line 30002: Invalid unicode (byte sequence mismatch) detected. This file is "
            "not utf-8 "
            "encoded.");
  EXPECT_EQ(error.remedy, "save the file as UTF-8, or name its encoding among the table's `options`");
}

TEST(ErrorText, ACsvErrorDoesNotRepeatTheLine) {
  const Error error = to_error(
      "Invalid Input Error: CSV Error on Line: 7\nOriginal Line: 9,secret,x,x\nExpected Number of Columns: 3 "
      "Found: "
      "4\nPossible fixes:\n* Disable\n\n  file = a.csv\n");
  EXPECT_EQ(error.message, "a.csv, line 7: Expected Number of Columns: 3 Found: 4");
}

TEST(ErrorText, AValueIsAtFaultWithoutACaret) {
  const Error error = to_error(
      "Conversion Error: Could not convert string 'x' to INT32 when casting from source column c\n\nLINE 1: "
      "select "
      "cast(c as int)\n               ^");
  EXPECT_EQ(error.message, "Could not convert string 'x' to INT32 when casting from source column c");
  EXPECT_FALSE(error.remedy.empty());
}

TEST(ErrorText, SqlIsAtFaultWithOne) {
  const Error error = to_error("Parser Error: syntax error at or near \"selct\"\n\nLINE 1: selct\n        ^");
  EXPECT_EQ(error.message, "syntax error at or near \"selct\"\n\nLINE 1: selct\n        ^");
}

TEST(ErrorText, AFullDiskIsNotTheSourcesFault) {
  EXPECT_EQ(to_error("IO Error: Could not write file: No space left on device").kind, ErrorKind::disk);
  EXPECT_EQ(to_error("INTERRUPT Error: Interrupted!").kind, ErrorKind::interrupted);
  EXPECT_EQ(to_error(nullptr).kind, ErrorKind::source);
}

}  // namespace
}  // namespace penstock::duck
