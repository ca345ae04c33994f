// Where something stands in a file: what every message about a project points at.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::declare {

// A file's name, as it is shown to people (relative to the project), and its text. Immutable, so safe to
// share between threads.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);

  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  // Without its line end. `line` counts from 1; empty beyond the end.
  std::string_view line(uint32_t line) const;
  uint32_t lines() const { return static_cast<uint32_t>(starts_.size()); }

 private:
  std::string name_;
  std::string text_;
  std::vector<size_t> starts_;  // offset of each line's first byte
};

using SourceFileRef = std::shared_ptr<const SourceFile>;

// A cheap value. It shares the file, because places outlive the reading of a document: checks made much
// later (columns of a model, fields of an object) still show the very line.
struct Place {
  SourceFileRef file;
  uint32_t line = 0;    // from 1; 0 means the file as a whole
  uint32_t column = 0;  // from 1, in Unicode characters
  uint32_t width = 0;   // characters to underline; 0 when not known

  bool known() const { return file != nullptr; }
  // "syncs/crm.yaml:3:1", or the file's name alone for line 0; empty when not known.
  std::string show() const;
  // What stands there: as many characters as the width says, of one line. Points into the file.
  std::string_view text() const;

  static Place whole(SourceFileRef file) { return {std::move(file), 0, 0, 0}; }
};

// By file name, line, column.
std::strong_ordering operator<=>(const Place& a, const Place& b);
bool operator==(const Place& a, const Place& b);

// A value together with where it was written. Reads as the value.
template <class T>
struct Placed {
  T value{};
  Place place;

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  operator const T&() const { return value; }
};

// One entry of a map, in the order of the file.
template <class T>
struct Named {
  std::string name;
  Place name_place;
  T value{};
};

}  // namespace penstock::declare
