#include <fmt/format.h>

#include "base/disk.h"
#include "store/files/place.h"

namespace penstock::files {
namespace {

constexpr size_t kCopiedAtOnce = 1 << 20;

class Directory final : public Place {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  StoreAnswer put(const std::string& name, const Content& content, const Timeouts&) override {
    const auto exists = real_disk().exists(path_);
    if (!exists.ok()) return refused(exists.error());
    if (!*exists) return misconfigured(fmt::format("there is no directory {}", path_), "create it");
    const std::string target = join_path(path_, name);
    const size_t slash = target.rfind('/');
    if (name.find('/') != name.npos)
      if (auto made = real_disk().make_directories(target.substr(0, slash)); !made.ok())
        return refused(made.error());
    const auto written = content.is_text() ? real_disk().replace(target, content.text())
                                           : copy(content, target, target.substr(0, slash + 1));
    return written.ok() ? StoreAnswer{} : refused(written.error());
  }

  std::string staging() const override { return path_; }

 private:
  // Beside its place first, so that the file appears at once, and over an older one if there is one.
  static Result<void> copy(const Content& content, const std::string& target, const std::string& directory) {
    const std::string unfinished =
        fmt::format("{}.{}.part", directory, std::string_view(target).substr(directory.size()));
    if (auto removed = real_disk().remove(unfinished); !removed.ok()) return removed;
    auto written = copy_to(content, unfinished);
    if (written.ok()) written = real_disk().rename(unfinished, target);
    if (!written.ok()) (void)real_disk().remove(unfinished);
    return written;
  }

  static Result<void> copy_to(const Content& content, const std::string& path) {
    auto file = real_disk().append_to(path);
    if (!file.ok()) return file.error();
    ContentReader reader(content);
    std::string buffer(kCopiedAtOnce, '\0');
    for (;;) {
      const auto taken = reader.read(buffer.data(), buffer.size());
      if (!taken.ok()) return taken.error();
      if (*taken == 0) return (*file)->sync();
      if (auto added = (*file)->append({buffer.data(), *taken}); !added.ok()) return added;
    }
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Place> make_directory(std::string path) {
  return std::make_unique<Directory>(std::move(path));
}

}  // namespace penstock::files
