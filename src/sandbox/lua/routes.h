// Which handler of a dialect a request means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::sandbox::lua {

// A method and a path whose segments may hold one {name} each, with text before and after it:
// "GET /lists/{id}/leads.json", "POST /v1/{name}:run". A last {name*} takes all the rest, slashes included.
class Pattern {
 public:
  // Errors are of kind config.
  static Result<Pattern> parse(std::string_view text);

  const std::string& path() const { return path_; }
  // "*" stands for every method.
  bool is_method(std::string_view method) const { return method_ == "*" || method_ == method; }
  // Whether the path (percent-encoded) is of this pattern; sets what the names stand for, decoded, in order.
  bool matches(std::string_view path, std::vector<std::string>& captures) const;

 private:
  struct Segment {
    std::string before;
    std::string after;
    bool captures = false;
    bool takes_rest = false;
  };
  static Result<Segment> parse_segment(std::string_view text);

  std::string method_;
  std::string path_;
  std::vector<Segment> segments_;
};

struct Match {
  enum class Kind { found, wrong_method, no_path };
  Kind kind = Kind::no_path;
  size_t route = 0;
  std::vector<std::string> captures;
};
// The first that fits.
Match find_route(const std::vector<Pattern>& routes, std::string_view method, std::string_view path);

}  // namespace penstock::sandbox::lua
