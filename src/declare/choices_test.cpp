#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

enum class Mode { insert, update, upsert };
const Of<Mode>& mode_shape() {
  static const Of<Mode> shape = choice<Mode>({{"insert", Mode::insert, "Only records that do not exist."},
                                              {"update", Mode::update, "Only records that do."},
                                              {"upsert", Mode::upsert, "Both."}});
  return shape;
}

struct Bearer {
  Reference token;
};
struct Basic {
  std::string user;
  std::string password;
};
using Auth = std::variant<std::monostate, Bearer, Basic>;

const Of<Bearer>& bearer_shape() {
  static const Of<Bearer> shape =
      structure<Bearer>("bearer", "A token.", {field<&Bearer::token>("token", reference_text()).required()});
  return shape;
}
const Of<Basic>& basic_shape() {
  static const Of<Basic> shape =
      structure<Basic>("basic", "A name and password.",
                       {field<&Basic::user>("user", text()).required(),
                        field<&Basic::password>("password", text()).required().secret()});
  return shape;
}
Of<Auth> auth_shape() {
  return tagged<Auth>("type", {alternative<Auth>("bearer", bearer_shape(), "a token"),
                               alternative<Auth>("basic", basic_shape(), "a name and password")});
}

TEST(Choices, Names) {
  EXPECT_EQ(attempt(mode_shape(), "upsert").value, Mode::upsert);
  EXPECT_EQ(first_line(mode_shape(), "upset"),
            "x.yaml:1:1: error: expected one of insert, update or upsert, found the text 'upset'; did you "
            "mean 'upsert'?");
  EXPECT_EQ(first_line(mode_shape(), "[insert]"),
            "x.yaml:1:1: error: expected one of insert, update or upsert, found a list of 1");
  const auto of_texts = choice_of({{"csv", "Commas."}, {"json", "Lines."}});
  EXPECT_EQ(attempt(of_texts, "csv").value, "csv");
  EXPECT_EQ(first_line(of_texts, "cvs"),
            "x.yaml:1:1: error: expected one of csv or json, found the text 'cvs'; did you mean 'csv'?");
}

TEST(Choices, ByTag) {
  const auto good = attempt(auth_shape(), "{type: basic, user: u, password: p}");
  EXPECT_EQ(std::get<Basic>(good.value).user, "u");
  EXPECT_EQ(first_line(auth_shape(), "{type: baisc, user: u}"),
            "x.yaml:1:8: error: type: expected one of bearer or basic, found the text 'baisc'; did you mean "
            "'basic'?");
  EXPECT_EQ(first_line(auth_shape(), "{user: u}"),
            "x.yaml:1:1: error: the field 'type' is missing; expected one of bearer or basic");
  EXPECT_EQ(first_line(auth_shape(), "basic"),
            "x.yaml:1:1: error: expected a map with 'type': one of bearer or basic, found the text 'basic'");
  EXPECT_EQ(first_line(auth_shape(), "{type: bearer}"),
            "x.yaml:1:1: error: the field 'token' is missing in a bearer");
  EXPECT_NE(attempt(auth_shape(), "{type: bearer, tokn: x}").problems.find("did you mean 'token'?"),
            std::string::npos);
}

TEST(Choices, ByKey) {
  const auto shape =
      keyed<Auth>({alternative<Auth>("bearer", bearer_shape()), alternative<Auth>("basic", basic_shape())});
  EXPECT_EQ(std::get<Bearer>(attempt(shape, "{bearer: {token: x}}").value).token.literal(), "x");
  EXPECT_EQ(first_line(shape, "{bearr: {token: x}}"),
            "x.yaml:1:2: error: 'bearr' is not known here; expected bearer or basic; did you mean 'bearer'?");
  EXPECT_EQ(
      first_line(shape, "{bearer: {token: x}, basic: {}}"),
      "x.yaml:1:1: error: expected a map with exactly one of bearer or basic, found a map with 'bearer'");
  EXPECT_EQ(first_line(shape, "{bearer: {token: []}}"),
            "x.yaml:1:18: error: bearer.token: expected text, found an empty list");
}

TEST(Choices, ByForm) {
  using Either = std::variant<std::monostate, std::string, std::vector<int64_t>>;
  const auto shape =
      by_form<Either>({alternative<Either>("scalar", text()), alternative<Either>("list", list(integer()))});
  EXPECT_EQ(std::get<1>(attempt(shape, "x").value), "x");
  EXPECT_EQ(std::get<2>(attempt(shape, "[1, 2]").value).size(), 2u);
  EXPECT_EQ(first_line(shape, "{a: 1}"), "x.yaml:1:1: error: expected text, or a list, found a map with 'a'");
}

}  // namespace
}  // namespace penstock::declare
