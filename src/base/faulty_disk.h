// A disk that fails on purpose, for tests and simulation: full, read-only, or cut off from its power.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/random.h"

namespace penstock {

// Passes everything on to another disk until the fault it is armed with strikes. Every call of it and of
// its files counts as one operation, so a test can count those of a good run, then strike at each.
// Thread-safe.
//
//     FaultyDisk disk(real_disk(), seed);  // or a MemoryDisk
//     disk.arm(FaultyDisk::Fault::power_cut, 7);   // the eighth operation from now is cut in the middle
//     ...                                          // everything fails from there
//     disk.power_on();                             // what was not synced is lost, in part or whole
class FaultyDisk final : public Disk {
 public:
  enum class Fault {
    full,       // what needs space fails; an append may leave a part of its bytes
    read_only,  // what changes anything fails
    power_cut,  // the operation it strikes is done, half done or not done; all later ones fail
  };

  // `disk` must outlive this one; files that are opened here must not.
  FaultyDisk(Disk& disk, uint64_t seed) : disk_(disk), random_(seed) {}

  // Strikes once `after` more operations went well, and stays until disarm() or power_on().
  void arm(Fault fault, uint64_t after);
  void disarm();
  // After a power cut: bytes that were never synced are cut off at random, or come back as zeros in places,
  // as file systems leave them. Files that were open before are dead.
  Result<void> power_on();

  uint64_t operations() const;  // since construction
  bool struck() const;          // whether any operation failed since arm()

  Result<void> make_directories(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override;
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<void> replace(const std::string& path, std::string_view bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;

 private:
  class File;
  enum class Need { reading, changing, space };  // what an operation asks of the disk
  enum class Verdict { go_on, fail, strike };    // strike: fail, but a part of it may be done first

  Verdict begin(Need need);
  Error failure(std::string_view doing, const std::string& path) const;
  Result<void> lose_unsynced(const std::string& path, uint64_t synced);
  Result<void> append(File& file, std::string_view bytes);
  Result<void> sync(File& file);

  Disk& disk_;
  mutable std::mutex lock_;
  Random random_;
  uint64_t operations_ = 0;
  bool armed_ = false;
  Fault fault_ = Fault::full;
  uint64_t strikes_at_ = 0;
  bool struck_ = false;
  uint64_t boots_ = 0;                        // a file of an earlier boot is dead
  std::map<std::string, uint64_t> unsynced_;  // path -> bytes that are durable, where not all are
};

}  // namespace penstock
