// Takes personal values out of texts that are kept or shown: what a destination repeats of the rows it was
// sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// The personal values of some rows, and the names of the fields that hold them. Destinations repeat values in
// their own way: in other letter case, escaped within a text, changed into their own form under the field's
// name.
class PersonalValues {
 public:
  // A value of fewer than three bytes is too short to be told from other text; under its name it is found all
  // the same.
  void add_value(std::string_view value);
  void add_name(std::string name);
  bool empty() const { return values_.empty() && names_.empty(); }

  // The text with every value masked, whatever its letter case (of ASCII).
  std::string taken_out_of(std::string text) const;
  // The same for a reply's body. In JSON, what stands under a personal field's name is masked as well,
  // whatever it is; the JSON is written anew.
  std::string taken_out_of_reply(std::string body) const;

 private:
  std::vector<std::string> values_;  // in lower case
  std::vector<std::string> names_;
};

}  // namespace penstock
