// For tests: documents out of texts.
#pragma once

#include <memory>
#include <string>

#include "declare/declare.h"

namespace penstock::declare {

inline SourceFileRef file_of(std::string text, std::string name = "x.yaml") {
  return std::make_shared<SourceFile>(std::move(name), std::move(text));
}

// What is wrong with the text as YAML, as a person sees it; "" when nothing is.
inline std::string yaml_problems(const std::string& text) {
  Diagnostics diagnostics;
  (void)parse_yaml(file_of(text), diagnostics);
  return as_text(diagnostics);
}

template <class T>
struct Attempt {
  T value{};
  bool good = false;
  std::string problems;
};

template <class T>
Attempt<T> attempt(const Of<T>& shape, const std::string& text) {
  Attempt<T> out;
  Diagnostics diagnostics;
  if (auto node = parse_yaml(file_of(text), diagnostics)) {
    out.good = read(shape, *node, out.value, diagnostics);
  }
  out.problems = as_text(diagnostics);
  return out;
}

// The first line of each problem, without the file's name.
template <class T>
std::string first_line(const Of<T>& shape, const std::string& text) {
  std::string problems = attempt(shape, text).problems;
  return problems.substr(0, problems.find('\n'));
}

}  // namespace penstock::declare
