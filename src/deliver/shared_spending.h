// What all processes on this machine spend at one account, in a small file that they map.
//
//     header | a slot of each process (a lock on a byte of the file, held while it lives) | windows
//     window: requests done, in 512 parts of its length | requests under way, of each process
//
// The file is told in wall-clock time, so that a day's spending survives a restart. It is not made durable:
// what a power cut takes is a moment's spending.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "deliver/spending.h"

namespace penstock {

// Not thread-safe; processes, and several of these in one, exclude each other by locks. Whatever is wrong
// with the file (removed, full disk, torn) is mended by starting anew: limits then hold in each process by
// itself.
class SharedSpending final : public Spending {
 public:
  // How many windows are remembered: `many` where some limits are one for each key (4 MB instead of 0.3).
  enum class Size { few, many };
  // Errors are of kind `disk`: no file, or too many processes.
  static Result<std::unique_ptr<SharedSpending>> open(const std::string& path, Size size = Size::few);
  SharedSpending(const SharedSpending&) = delete;
  SharedSpending& operator=(const SharedSpending&) = delete;
  ~SharedSpending() override;

  std::optional<Refusal> take(std::span<const SharedWindow> windows, Time now) override;
  void finish(std::span<const SharedWindow> windows, Time now) override;
  void give_back(std::span<const SharedWindow> windows) override;
  uint64_t used(const SharedWindow& window, Time now) override;
  uint32_t learned_concurrency(uint64_t group) override;
  void remember_concurrency(uint64_t group, uint32_t learned) override;

 private:
  struct File;
  struct Window;
  class Turn;
  SharedSpending(int fd, File* file, size_t windows) : fd_(fd), file_(file), windows_(windows) {}
  bool take_slot();
  std::span<Window> windows() const;
  Window* find(uint64_t group, Duration per);
  bool is_alive(size_t process) const;
  void settle_dead(Window& window, Time now);

  int fd_;
  File* file_;
  size_t windows_;
  size_t slot_ = 0;
};

}  // namespace penstock
