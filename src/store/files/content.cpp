#include "store/files/content.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace penstock::files {
namespace {

Error unreadable(const std::string& path) {
  return {ErrorKind::disk, fmt::format("cannot read {}: {}", path, std::strerror(errno)), ""};
}

}  // namespace

Result<Content> Content::of(std::string head, std::vector<std::string> files) {
  Content content(std::move(head));
  for (const auto& path : files) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return unreadable(path);
    content.size_ += static_cast<uint64_t>(facts.st_size);
  }
  content.files_ = std::move(files);
  return content;
}

Result<size_t> ContentReader::read(char* into, size_t room) {
  if (text_at_ < content_.text_.size()) {
    const size_t taken = std::min(room, content_.text_.size() - text_at_);
    std::memcpy(into, content_.text_.data() + text_at_, taken);
    text_at_ += taken;
    return taken;
  }
  for (;;) {
    if (!file_) {
      if (next_file_ == content_.files_.size()) return size_t{0};
      file_.reset(std::fopen(content_.files_[next_file_].c_str(), "rbe"));
      if (!file_) return unreadable(content_.files_[next_file_]);
    }
    const size_t taken = std::fread(into, 1, room, file_.get());
    if (taken > 0) return taken;
    if (std::ferror(file_.get()) != 0) return unreadable(content_.files_[next_file_]);
    file_.reset();
    ++next_file_;
  }
}

}  // namespace penstock::files
