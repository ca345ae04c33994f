// Runs a command and writes what it cost: {"code", "seconds", "cpu_seconds", "peak_bytes"} to FILE.
//
//     measure FILE COMMAND [ARGUMENT...]
//
// A program of its own because a process inherits the peak of the memory of the one that started it: this
// one's is small, a Python interpreter's is not.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int failure = ::posix_spawnp(&child, argv[2], nullptr, nullptr, argv + 2, environ);
      failure != 0) {
    std::fprintf(stderr, "measure: cannot run %s: %s\n", argv[2], std::strerror(failure));
    return 1;
  }
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) return 1;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::FILE* file = std::fopen(argv[1], "w");
  if (file == nullptr) return 1;
  std::fprintf(file, "{\"code\": %d, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_bytes\": %ld}\n",
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), took.count(),
               seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss * 1024);
  return std::fclose(file) == 0 ? 0 : 1;
}
