#include "sandbox/lua/routes.h"

#include <gtest/gtest.h>

namespace penstock::sandbox::lua {
namespace {

std::vector<Pattern> patterns(std::initializer_list<std::string_view> texts) {
  std::vector<Pattern> all;
  for (const std::string_view text : texts) {
    auto pattern = Pattern::parse(text);
    EXPECT_TRUE(pattern.ok()) << text;
    all.push_back(*std::move(pattern));
  }
  return all;
}

TEST(Routes, takes_captures_out_of_segments) {
  const auto routes =
      patterns({"GET /lists/{id}/leads.json", "POST /v1/{range}:append", "GET /files/{path*}"});
  Match match = find_route(routes, "GET", "/lists/a%2Fb/leads.json");
  EXPECT_EQ(match.kind, Match::Kind::found);
  EXPECT_EQ(match.captures, std::vector<std::string>{"a/b"});
  match = find_route(routes, "POST", "/v1/Sheet!A:D:append");
  EXPECT_EQ(match.route, 1);
  EXPECT_EQ(match.captures, std::vector<std::string>{"Sheet!A:D"});
  EXPECT_EQ(find_route(routes, "GET", "/files/a/b").captures, std::vector<std::string>{"a/b"});
}

TEST(Routes, the_first_that_fits_is_taken) {
  const auto routes = patterns({"GET /users/search", "GET /users/{id}", "* /users/{id}"});
  EXPECT_EQ(find_route(routes, "GET", "/users/search").route, 0);
  EXPECT_EQ(find_route(routes, "GET", "/users/7").route, 1);
  EXPECT_EQ(find_route(routes, "PATCH", "/users/7").route, 2);
}

TEST(Routes, tells_a_wrong_method_from_a_wrong_path) {
  const auto routes = patterns({"GET /users/{id}", "GET /users"});
  EXPECT_EQ(find_route(routes, "POST", "/users/7").kind, Match::Kind::wrong_method);
  for (const char* path : {"/users/", "/users/7/x", "/other", "", "/"}) {
    EXPECT_EQ(find_route(routes, "GET", path).kind, Match::Kind::no_path) << path;
  }
}

TEST(Routes, refuses_what_is_no_pattern) {
  for (const char* text :
       {"", "GET", "GET users", "/users", "GET /{}", "GET /{a}{b}", "GET /{a", "GET /a}"}) {
    EXPECT_EQ(Pattern::parse(text).error().kind, ErrorKind::config) << text;
  }
}

}  // namespace
}  // namespace penstock::sandbox::lua
