#include "base/overlay_disk.h"

#include <algorithm>

namespace penstock {
namespace {

Error not_there(std::string_view doing, const std::string& path) {
  return {ErrorKind::disk, "cannot " + std::string(doing) + " " + path + ": No such file or directory", ""};
}

class TextAsFile final : public MappedFile {
 public:
  explicit TextAsFile(std::string text) : text_(std::move(text)) {}
  std::span<const std::byte> bytes() const override { return std::as_bytes(std::span(text_)); }

 private:
  std::string text_;
};

// "./a//b/" -> "a/b"; nullopt when it leads out by "..".
std::optional<std::string> plain(std::string_view path) {
  std::string out = path.starts_with('/') ? "/" : "";
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!out.empty() && out.back() != '/') out += '/';
    out += part;
  }
  return out;
}

}  // namespace

OverlayDisk::OverlayDisk(Disk& under, std::string directory, std::set<std::string, std::less<>> covered,
                         Files files)
    : under_(under),
      directory_(plain(directory).value_or(directory)),
      covered_(std::move(covered)),
      files_(std::move(files)) {}

std::string OverlayDisk::covered_part(const std::string& path) const {
  const auto clean = plain(path);
  if (!clean) return {};
  std::string_view rest = *clean;
  if (!directory_.empty()) {
    if (!rest.starts_with(directory_)) return {};
    rest.remove_prefix(directory_.size());
    if (directory_ != "/") {
      if (!rest.starts_with('/')) return {};
      rest.remove_prefix(1);
    }
  }
  const std::string_view first = rest.substr(0, rest.find('/'));
  return covered_.contains(first) ? std::string(rest) : std::string();
}

bool OverlayDisk::is_directory(const std::string& part) const {
  const auto next = files_.lower_bound(part + "/");
  return next != files_.end() && next->first.starts_with(part + "/");
}

Result<void> OverlayDisk::writable(std::string_view doing, const std::string& path) const {
  if (covered_part(path).empty()) return success();
  return Error{ErrorKind::disk, "cannot " + std::string(doing) + " " + path + ": it is only a view", ""};
}

Result<void> OverlayDisk::make_directories(const std::string& path) {
  const auto may = writable("create the directory", path);
  return may.ok() ? under_.make_directories(path) : may;
}

Result<bool> OverlayDisk::exists(const std::string& path) {
  const std::string part = covered_part(path);
  if (part.empty()) return under_.exists(path);
  return files_.contains(part) || is_directory(part);
}

Result<std::vector<std::string>> OverlayDisk::list(const std::string& path) {
  const std::string part = covered_part(path);
  if (!part.empty() && !is_directory(part)) return not_there("list", path);
  const bool top = part.empty() && plain(path) == directory_;
  std::set<std::string> names;
  if (part.empty()) {
    auto real = under_.list(path);
    if (!real.ok() || !top) return real;
    for (std::string& name : *real)
      if (!covered_.contains(name)) names.insert(std::move(name));
  }
  const std::string prefix = top ? "" : part + "/";
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at) {
    const std::string_view rest = std::string_view(at->first).substr(prefix.size());
    names.emplace(rest.substr(0, rest.find('/')));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::string> OverlayDisk::read(const std::string& path) {
  const std::string part = covered_part(path);
  if (part.empty()) return under_.read(path);
  const auto found = files_.find(part);
  if (found == files_.end()) return not_there("read", path);
  return found->second;
}

Result<std::unique_ptr<MappedFile>> OverlayDisk::map(const std::string& path) {
  if (covered_part(path).empty()) return under_.map(path);
  auto text = read(path);
  if (!text.ok()) return text.error();
  return std::unique_ptr<MappedFile>(std::make_unique<TextAsFile>(*std::move(text)));
}

Result<std::unique_ptr<AppendFile>> OverlayDisk::append_to(const std::string& path) {
  if (auto may = writable("write", path); !may.ok()) return may.error();
  return under_.append_to(path);
}

Result<void> OverlayDisk::truncate(const std::string& path, uint64_t size) {
  const auto may = writable("truncate", path);
  return may.ok() ? under_.truncate(path, size) : may;
}

Result<void> OverlayDisk::replace(const std::string& path, std::string_view bytes) {
  const auto may = writable("write", path);
  return may.ok() ? under_.replace(path, bytes) : may;
}

Result<void> OverlayDisk::replace_private(const std::string& path, std::string_view bytes) {
  const auto may = writable("write", path);
  return may.ok() ? under_.replace_private(path, bytes) : may;
}

Result<void> OverlayDisk::keep_private(const std::string& path) {
  const auto may = writable("change the rights of", path);
  return may.ok() ? under_.keep_private(path) : may;
}

Result<void> OverlayDisk::rename(const std::string& from, const std::string& to) {
  if (auto may = writable("rename", from); !may.ok()) return may;
  const auto may = writable("rename", to);
  return may.ok() ? under_.rename(from, to) : may;
}

Result<void> OverlayDisk::remove(const std::string& path) {
  const auto may = writable("remove", path);
  return may.ok() ? under_.remove(path) : may;
}

Result<void> OverlayDisk::bring(const std::string& path) {
  return covered_part(path).empty() ? under_.bring(path) : success();
}

}  // namespace penstock
