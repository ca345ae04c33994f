// JSON that is put together piece by piece, by the paths of a connector's reply rules.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::rehearse {

class Json {
 public:
  // What stands at the path, made when it is not there. A number is the place in a list; an empty path is the
  // value itself.
  Json& at(std::string_view path);
  Json& item(size_t index);
  Json& add_item();
  Json& member(std::string_view name);
  // Becomes a text; `true`, `false` and `null` become what they say.
  void set(std::string_view text);
  // Becomes this JSON.
  void set_raw(std::string json);
  void set_list();
  bool is_set() const { return kind_ != Kind::nothing; }
  // Whether something stands at the path.
  bool has(std::string_view path) const;

  std::string text() const;
  // A list of flat objects as CSV with a line of names.
  std::string as_csv(const std::vector<std::string>& columns) const;

 private:
  enum class Kind { nothing, value, list, object };
  Kind kind_ = Kind::nothing;
  std::string value_;  // JSON
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

// Whether two JSON texts say the same: members in any order, numbers by their value.
bool same_json(std::string_view a, std::string_view b);
// A number's digits without what does not change its value; nullopt: the text is no plain decimal.
std::string canonical_number(std::string_view text);

}  // namespace penstock::rehearse
