#include "base/overlay_disk.h"

#include <set>

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

OverlayDisk::OverlayDisk(Disk& under, std::string directory, Covers covers, Files files)
    : under_(under),
      directory_(plain(directory).value_or(directory)),
      covers_(std::move(covers)),
      files_(std::move(files)) {}

std::optional<std::string> OverlayDisk::inside(const std::string& path) const {
  const auto clean = plain(path);
  if (!clean) return std::nullopt;
  if (directory_.empty()) return clean->starts_with('/') ? std::nullopt : clean;
  if (*clean == directory_) return std::string();
  const std::string prefix = directory_ == "/" ? "/" : directory_ + "/";
  if (!clean->starts_with(prefix)) return std::nullopt;
  return clean->substr(prefix.size());
}

bool OverlayDisk::covered(const std::string& path) const {
  const auto part = inside(path);
  return part && covers_(*part);
}

Result<void> OverlayDisk::writable(std::string_view doing, const std::string& path) const {
  if (!covered(path)) return success();
  return Error{ErrorKind::disk, "cannot " + std::string(doing) + " " + path + ": it is only a view", ""};
}

Result<void> OverlayDisk::make_directories(const std::string& path) {
  const auto may = writable("create the directory", path);
  return may.ok() ? under_.make_directories(path) : may;
}

Result<bool> OverlayDisk::exists(const std::string& path) {
  const auto part = inside(path);
  if (!part) return under_.exists(path);
  if (covers_(*part)) return files_.contains(*part);
  const auto next = files_.lower_bound(*part + "/");
  if (next != files_.end() && next->first.starts_with(*part + "/")) return true;
  return under_.exists(path);
}

Result<std::vector<std::string>> OverlayDisk::list(const std::string& path) {
  const auto part = inside(path);
  if (!part) return under_.list(path);
  const std::string prefix = part->empty() ? "" : *part + "/";
  std::set<std::string> names;
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at) {
    const std::string_view rest = std::string_view(at->first).substr(prefix.size());
    names.emplace(rest.substr(0, rest.find('/')));
  }
  auto real = under_.list(path);
  if (!real.ok() && names.empty()) return real;
  if (real.ok())
    for (std::string& name : *real)
      if (!covers_(prefix + name)) names.insert(std::move(name));
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::string> OverlayDisk::read(const std::string& path) {
  if (!covered(path)) return under_.read(path);
  const auto found = files_.find(*inside(path));
  if (found == files_.end()) return not_there("read", path);
  return found->second;
}

Result<std::unique_ptr<MappedFile>> OverlayDisk::map(const std::string& path) {
  if (!covered(path)) return under_.map(path);
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
  return !covered(path) ? under_.bring(path) : success();
}

}  // namespace penstock
