#include "base/faulty_disk.h"

#include <algorithm>

namespace penstock {

class FaultyDisk::File final : public AppendFile {
 public:
  File(FaultyDisk& disk, std::string path, std::unique_ptr<AppendFile> file, uint64_t boot)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), boot_(boot) {}
  Result<void> append(std::string_view bytes) override { return disk_.append(*this, bytes); }
  Result<void> sync() override { return disk_.sync(*this); }
  uint64_t size() const override { return file_->size(); }

 private:
  friend class FaultyDisk;
  FaultyDisk& disk_;
  std::string path_;
  std::unique_ptr<AppendFile> file_;
  uint64_t boot_;
};

void FaultyDisk::arm(Fault fault, uint64_t after) {
  const std::lock_guard held(lock_);
  armed_ = true;
  struck_ = false;
  fault_ = fault;
  strikes_at_ = operations_ + after;
}

void FaultyDisk::disarm() {
  const std::lock_guard held(lock_);
  armed_ = false;
}

uint64_t FaultyDisk::operations() const {
  const std::lock_guard held(lock_);
  return operations_;
}

bool FaultyDisk::struck() const {
  const std::lock_guard held(lock_);
  return struck_;
}

FaultyDisk::Verdict FaultyDisk::begin(Need need) {
  const uint64_t ordinal = operations_++;
  if (!armed_ || ordinal < strikes_at_) return Verdict::go_on;
  if (fault_ == Fault::full && need != Need::space) return Verdict::go_on;
  if (fault_ == Fault::read_only && need == Need::reading) return Verdict::go_on;
  const bool first = !struck_;
  struck_ = true;
  return fault_ == Fault::full || (fault_ == Fault::power_cut && first) ? Verdict::strike : Verdict::fail;
}

Error FaultyDisk::failure(std::string_view doing, const std::string& path) const {
  const std::string what = "cannot " + std::string(doing) + " " + path + ": ";
  switch (fault_) {
    case Fault::full:
      return {ErrorKind::disk, what + "no space left on device", "free some space on this disk"};
    case Fault::read_only:
      return {ErrorKind::disk, what + "read-only file system", "make this place writable"};
    case Fault::power_cut:
      break;
  }
  return {ErrorKind::disk, what + "the power is cut", ""};
}

Result<void> FaultyDisk::power_on() {
  const std::lock_guard held(lock_);
  armed_ = false;
  ++boots_;
  for (const auto& [path, synced] : unsynced_)
    if (auto lost = lose_unsynced(path, synced); !lost.ok()) return lost;
  unsynced_.clear();
  return success();
}

Result<void> FaultyDisk::lose_unsynced(const std::string& path, uint64_t synced) {
  constexpr uint64_t kSector = 512;
  auto bytes = disk_.read(path);
  if (!bytes.ok()) return bytes.error();
  std::string tail = bytes->substr(std::min<uint64_t>(synced, bytes->size()));
  if (random_.chance(0.75)) tail.resize(random_.chance(0.3) ? 0 : random_.below(tail.size() + 1));
  if (random_.chance(0.5))
    for (uint64_t at = 0, next = 0; at < tail.size(); at = next) {
      next = std::min<uint64_t>(tail.size(), (synced + at) / kSector * kSector + kSector - synced);
      if (random_.chance(0.3)) std::fill(tail.begin() + at, tail.begin() + next, '\0');
    }
  if (auto cut = disk_.truncate(path, std::min<uint64_t>(synced, bytes->size())); !cut.ok()) return cut;
  auto file = disk_.append_to(path);
  if (!file.ok()) return file.error();
  return (*file)->append(tail);
}

Result<void> FaultyDisk::append(File& file, std::string_view bytes) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::space);
  if (verdict == Verdict::fail || file.boot_ != boots_) return failure("write", file.path_);
  const bool whole = verdict == Verdict::go_on;
  unsynced_.try_emplace(file.path_, file.file_->size());
  auto appended = file.file_->append(whole ? bytes : bytes.substr(0, random_.below(bytes.size() + 1)));
  return whole ? std::move(appended) : failure("write", file.path_);
}

Result<void> FaultyDisk::sync(File& file) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::changing);
  if (verdict == Verdict::fail || file.boot_ != boots_) return failure("sync", file.path_);
  const bool done = verdict == Verdict::go_on || random_.chance(0.5);
  if (done) unsynced_.erase(file.path_);
  return verdict == Verdict::go_on ? success() : failure("sync", file.path_);
}

Result<void> FaultyDisk::make_directories(const std::string& path) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::space);
  const bool lucky = verdict == Verdict::strike && fault_ == Fault::power_cut && random_.chance(0.5);
  if (verdict != Verdict::go_on && !lucky) return failure("create the directory", path);
  auto made = disk_.make_directories(path);
  return lucky ? failure("create the directory", path) : std::move(made);
}

Result<bool> FaultyDisk::exists(const std::string& path) {
  const std::lock_guard held(lock_);
  if (begin(Need::reading) != Verdict::go_on) return failure("look at", path);
  return disk_.exists(path);
}

Result<std::vector<std::string>> FaultyDisk::list(const std::string& path) {
  const std::lock_guard held(lock_);
  if (begin(Need::reading) != Verdict::go_on) return failure("list", path);
  return disk_.list(path);
}

Result<std::string> FaultyDisk::read(const std::string& path) {
  const std::lock_guard held(lock_);
  if (begin(Need::reading) != Verdict::go_on) return failure("read", path);
  return disk_.read(path);
}

Result<std::unique_ptr<MappedFile>> FaultyDisk::map(const std::string& path) {
  const std::lock_guard held(lock_);
  if (begin(Need::reading) != Verdict::go_on) return failure("map", path);
  return disk_.map(path);
}

Result<std::unique_ptr<AppendFile>> FaultyDisk::append_to(const std::string& path) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::space);
  if (verdict == Verdict::fail) return failure("open", path);
  if (verdict == Verdict::strike && random_.chance(0.5)) return failure("open", path);
  auto file = disk_.append_to(path);
  if (!file.ok()) return file.error();
  if (verdict == Verdict::strike) return failure("open", path);  // with its name there already
  return std::unique_ptr<AppendFile>(std::make_unique<File>(*this, path, std::move(file).value(), boots_));
}

Result<void> FaultyDisk::truncate(const std::string& path, uint64_t size) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::changing);
  if (verdict == Verdict::fail || (verdict == Verdict::strike && random_.chance(0.5)))
    return failure("truncate", path);
  auto cut = disk_.truncate(path, size);
  if (!cut.ok()) return cut;
  unsynced_.erase(path);
  return verdict == Verdict::go_on ? success() : failure("truncate", path);
}

Result<void> FaultyDisk::replace(const std::string& path, std::string_view bytes) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::space);
  if (verdict == Verdict::fail) return failure("replace", path);
  // A full disk fails before the new file is complete; a power cut may also come after.
  if (verdict == Verdict::strike && (fault_ == Fault::full || random_.chance(0.5))) {
    const std::string temporary = path + ".new";
    if (auto removed = disk_.remove(temporary); !removed.ok()) return removed;
    auto half = disk_.append_to(temporary);
    if (!half.ok()) return half.error();
    if (auto part = (*half)->append(bytes.substr(0, random_.below(bytes.size() + 1))); !part.ok())
      return part;
    return failure("replace", path);
  }
  if (auto replaced = disk_.replace(path, bytes); !replaced.ok()) return replaced;
  unsynced_.erase(path);
  return verdict == Verdict::go_on ? success() : failure("replace", path);
}

Result<void> FaultyDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::changing);
  if (verdict == Verdict::fail || (verdict == Verdict::strike && random_.chance(0.5)))
    return failure("rename", from);
  if (auto renamed = disk_.rename(from, to); !renamed.ok()) return renamed;
  unsynced_.erase(from);
  unsynced_.erase(to);
  return verdict == Verdict::go_on ? success() : failure("rename", from);
}

Result<void> FaultyDisk::remove(const std::string& path) {
  const std::lock_guard held(lock_);
  const Verdict verdict = begin(Need::changing);
  if (verdict == Verdict::fail || (verdict == Verdict::strike && random_.chance(0.5)))
    return failure("remove", path);
  if (auto removed = disk_.remove(path); !removed.ok()) return removed;
  const std::string inside = path + "/";
  std::erase_if(unsynced_,
                [&](const auto& entry) { return entry.first == path || entry.first.starts_with(inside); });
  return verdict == Verdict::go_on ? success() : failure("remove", path);
}

}  // namespace penstock
