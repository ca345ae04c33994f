// What is to stand in a file: bytes at hand, then files of this machine, one after another.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace penstock::files {

class Content {
 public:
  explicit Content(std::string text) : text_(std::move(text)), size_(text_.size()) {}
  // Errors (of kind disk): a file that cannot be read.
  static Result<Content> of(std::string head, std::vector<std::string> files);
  uint64_t size() const { return size_; }
  bool is_text() const { return files_.empty(); }
  const std::string& text() const { return text_; }

 private:
  friend class ContentReader;
  std::string text_;
  std::vector<std::string> files_;
  uint64_t size_ = 0;
};

// Reads from the beginning to the end. The content must outlive it.
class ContentReader {
 public:
  explicit ContentReader(const Content& content) : content_(content) {}
  // The number of bytes that were read; 0 at the end.
  Result<size_t> read(char* into, size_t room);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const Content& content_;
  size_t text_at_ = 0, next_file_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace penstock::files
