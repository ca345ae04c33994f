// Loaded before libc (LD_PRELOAD), ends its process with SIGKILL at the Nth call that changes the disk below a
// directory. Between two such calls nothing that a later process could see changes, so that N = 1, 2, 3, ... tries
// every instant of a run there is, as far as our own disk goes.
//
//     PENSTOCK_KILL_AT=N       the call to die at, before it is carried out; 0 or nothing: never
//     PENSTOCK_KILL_BELOW=DIR  calls that concern files elsewhere do not count
//     PENSTOCK_KILL_COUNT=FILE where to write how many calls there were
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int is_below(const char* path) {
  const char* directory = getenv("PENSTOCK_KILL_BELOW");
  return directory != NULL && path != NULL && strncmp(path, directory, strlen(directory)) == 0;
}

static int is_open_below(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return is_below(path);
}

static void count(int concerned) {
  if (!concerned) return;
  const long now = atomic_fetch_add(&calls, 1) + 1;
  const char* at = getenv("PENSTOCK_KILL_AT");
  if (at != NULL && now == atol(at)) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
}

__attribute__((destructor)) static void report(void) {
  const char* path = getenv("PENSTOCK_KILL_COUNT");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void* bytes, size_t size) {
  count(is_open_below(fd));
  return REAL(write)(fd, bytes, size);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  count(is_open_below(fd));
  return REAL(pwrite)(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  count(is_open_below(fd));
  return REAL(pwrite64)(fd, bytes, size, at);
}
int ftruncate(int fd, off_t size) {
  count(is_open_below(fd));
  return REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  count(is_open_below(fd));
  return REAL(ftruncate64)(fd, size);
}
int fsync(int fd) {
  count(is_open_below(fd));
  return REAL(fsync)(fd);
}
int fdatasync(int fd) {
  count(is_open_below(fd));
  return REAL(fdatasync)(fd);
}
int rename(const char* from, const char* to) {
  count(is_below(to));
  return REAL(rename)(from, to);
}
int unlink(const char* path) {
  count(is_below(path));
  return REAL(unlink)(path);
}
int mkdir(const char* path, mode_t mode) {
  count(is_below(path));
  return REAL(mkdir)(path, mode);
}

static mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}
int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  count((flags & O_CREAT) != 0 && is_below(path));
  return REAL(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  count((flags & O_CREAT) != 0 && is_below(path));
  return REAL(open64)(path, flags, mode);
}
