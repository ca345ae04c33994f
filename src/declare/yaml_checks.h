// What stands around yaml-cpp: which bytes it may see, and its errors in our words.
#pragma once

#include <string>
#include <string_view>

#include "declare/diagnostics.h"

namespace penstock::declare {

// Whether the file's bytes are UTF-8 text of a bearable size. yaml-cpp ends quietly at some bytes that are
// not.
bool check_bytes(const SourceFileRef& file, Diagnostics& diagnostics);

struct YamlProblem {
  std::string message;
  std::string remedy;
};
// `text` is yaml-cpp's (version 0.7); `rest` is what stands at the place of the error.
YamlProblem explain_yaml(std::string_view text, std::string_view rest);

bool has_tab_indentation(std::string_view line);

}  // namespace penstock::declare
