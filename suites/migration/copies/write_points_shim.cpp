// Loaded into the programs of an action (LD_PRELOAD): counts the system calls by which SQLite changes what is in the
// files of a database, and kills the process group before a chosen one. See write_points.hpp. It runs in programs of
// any kind, so it uses the C library alone and leaves what it wraps as it is.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "suites/migration/copies/write_points_page.hpp"

namespace {

using sluice::migration::WritePointsPage;

constexpr size_t longest_path = 4096;

WritePointsPage* map_page() {
  const char* path = getenv(sluice::migration::write_points_page_variable);
  if (path == nullptr || getenv(sluice::migration::write_points_files_variable) == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(WritePointsPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return nullptr;
  auto* mapped = static_cast<WritePointsPage*>(memory);
  return mapped->magic == WritePointsPage::valid ? mapped : nullptr;
}

WritePointsPage* page() {
  static WritePointsPage* const mapped = map_page();
  return mapped;
}

constexpr int not_watched = -1, beside = -2;

// The line of a database; `beside` for its rollback journal and its write-ahead log. Not the index of the latter, which
// is rebuilt.
int watched(const char* path) {
  const char* files = getenv(sluice::migration::write_points_files_variable);
  for (int line = 0; files != nullptr && *files != '\0'; ++line) {
    const char* end = strchr(files, '\n');
    const size_t size = end == nullptr ? strlen(files) : static_cast<size_t>(end - files);
    if (strncmp(path, files, size) == 0) {
      const char* rest = path + size;
      if (*rest == '\0') return line;
      if (strncmp(rest, "-journal", 8) == 0 || strncmp(rest, "-wal", 4) == 0) return beside;
    }
    files = end == nullptr ? nullptr : end + 1;
  }
  return not_watched;
}

// Null for what is no database, and when a point is to be killed at: then nobody asks.
WritePointsPage::File* database(const char* path) {
  WritePointsPage* shared = page();
  if (shared == nullptr || shared->kill_at != 0) return nullptr;
  const int line = watched(path);
  return line < 0 || line >= static_cast<int>(WritePointsPage::most_files) ? nullptr : &shared->files[line];
}

// One write(2) a line, so that processes do not mix theirs.
void log_write(unsigned long long number, const char* what, const char* path, long long size) {
  char name[longest_path];
  snprintf(name, sizeof(name), "%s%s", getenv(sluice::migration::write_points_page_variable),
           sluice::migration::write_points_log_suffix);
  const int log = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (log < 0) return;
  char line[longest_path + 100];
  const char* slash = strrchr(path, '/');
  const char* file = slash == nullptr ? path : slash + 1;
  const int length = size < 0 ? snprintf(line, sizeof(line), "%llu %s %s\n", number, what, file)
                              : snprintf(line, sizeof(line), "%llu %s %s, %lld bytes\n", number, what, file, size);
  if (length > 0) syscall(SYS_write, log, line, static_cast<size_t>(length));
  close(log);
}

void meet(const char* what, const char* path, long long size = -1) {
  WritePointsPage* shared = page();
  if (shared == nullptr || watched(path) == not_watched) return;
  const unsigned long long number = shared->writes.fetch_add(1) + 1;
  if (shared->kill_at == 0) {
    log_write(number, what, path, size);
  } else if (number >= shared->kill_at) {
    // Also who comes later than the one that is to be killed: nothing more may be written.
    shared->killed = 1;
    kill(0, SIGKILL);
    while (true) pause();
  }
}

// Another file has the name now, or none.
void forget(const char* path) {
  if (WritePointsPage::File* known = database(path)) known->modified = WritePointsPage::File::unknown;
}

// A name that is relative to the folder the program works in, or to that of `folder`.
void meet_name(const char* what, const char* name, int folder = AT_FDCWD) {
  if (page() == nullptr || name == nullptr) return;
  if (*name == '/') {
    forget(name);
    return meet(what, name);
  }
  char link[64];
  char path[longest_path];
  if (folder == AT_FDCWD)
    snprintf(link, sizeof(link), "/proc/self/cwd");
  else
    snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (length <= 0) return;
  while (strncmp(name, "./", 2) == 0) name += 2;
  const size_t room = sizeof(path) - static_cast<size_t>(length);
  if (static_cast<size_t>(snprintf(path + length, room, "/%s", name)) < room) {
    forget(path);
    meet(what, path);
  }
}

bool path_of(int file, char (&path)[longest_path]) {
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (length > 0) path[length] = '\0';
  return length > 0;
}

void meet_file(const char* what, int file, long long size = -1) {
  char path[longest_path];
  if (page() == nullptr || !path_of(file, path)) return;
  if (WritePointsPage::File* known = database(path)) {
    struct stat now;
    const auto before = known->modified.load();
    const bool changed = before != WritePointsPage::File::unknown && fstat(file, &now) == 0 &&
                         sluice::migration::modified(now) != before;
    if (changed) known->unmet = 1;
  }
  meet(what, path, size);
}

// After the write.
void settle_file(int file) {
  char path[longest_path];
  if (page() == nullptr || page()->kill_at != 0 || !path_of(file, path)) return;
  WritePointsPage::File* known = database(path);
  struct stat now;
  if (known != nullptr && fstat(file, &now) == 0) known->modified = sluice::migration::modified(now);
}

void meet_renaming(int from_folder, const char* from, int to_folder, const char* to) {
  meet_name("renaming away of", from, from_folder);
  meet_name("renaming to", to, to_folder);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// Finds the function that it stands for, meets the point, and calls it.
#define SLUICE_WRAP(result, name, parameters, arguments, point, after)       \
  extern "C" __attribute__((visibility("default"))) result name parameters { \
    static const auto real = next<result(*) parameters>(#name);              \
    const int error = errno;                                                 \
    point;                                                                   \
    errno = error;                                                           \
    const result done = real arguments;                                      \
    const int its_error = errno;                                             \
    after;                                                                   \
    errno = its_error;                                                       \
    return done;                                                             \
  }
#define SLUICE_WRAP_FILE(result, name, parameters, arguments, what, size) \
  SLUICE_WRAP(result, name, parameters, arguments, meet_file(what, file, size), settle_file(file))
#define SLUICE_WRAP_NAME(name, parameters, arguments, point) SLUICE_WRAP(int, name, parameters, arguments, point, {})

SLUICE_WRAP_FILE(ssize_t, write, (int file, const void* data, size_t size), (file, data, size), "write to",
                 static_cast<long long>(size))
SLUICE_WRAP_FILE(ssize_t, pwrite, (int file, const void* data, size_t size, off_t at), (file, data, size, at),
                 "write to", static_cast<long long>(size))
SLUICE_WRAP_FILE(ssize_t, pwrite64, (int file, const void* data, size_t size, off64_t at), (file, data, size, at),
                 "write to", static_cast<long long>(size))
SLUICE_WRAP_FILE(ssize_t, writev, (int file, const iovec* parts, int count), (file, parts, count), "write to", -1)
SLUICE_WRAP_FILE(ssize_t, pwritev, (int file, const iovec* parts, int count, off_t at), (file, parts, count, at),
                 "write to", -1)
SLUICE_WRAP_FILE(ssize_t, pwritev64, (int file, const iovec* parts, int count, off64_t at), (file, parts, count, at),
                 "write to", -1)
SLUICE_WRAP_FILE(ssize_t, sendfile, (int file, int from, off_t* at, size_t size), (file, from, at, size), "write to",
                 static_cast<long long>(size))
SLUICE_WRAP_FILE(ssize_t, sendfile64, (int file, int from, off64_t* at, size_t size), (file, from, at, size),
                 "write to", static_cast<long long>(size))
SLUICE_WRAP_FILE(ssize_t, copy_file_range,
                 (int from, off64_t* from_at, int file, off64_t* at, size_t size, unsigned flags),
                 (from, from_at, file, at, size, flags), "write to", static_cast<long long>(size))
SLUICE_WRAP_FILE(int, ftruncate, (int file, off_t size), (file, size), "truncation of", -1)
SLUICE_WRAP_FILE(int, ftruncate64, (int file, off64_t size), (file, size), "truncation of", -1)
SLUICE_WRAP_FILE(int, fallocate, (int file, int mode, off_t at, off_t size), (file, mode, at, size), "allocation in",
                 -1)
SLUICE_WRAP_FILE(int, fallocate64, (int file, int mode, off64_t at, off64_t size), (file, mode, at, size),
                 "allocation in", -1)
SLUICE_WRAP_FILE(int, posix_fallocate, (int file, off_t at, off_t size), (file, at, size), "allocation in", -1)
SLUICE_WRAP_FILE(int, posix_fallocate64, (int file, off64_t at, off64_t size), (file, at, size), "allocation in", -1)
SLUICE_WRAP_FILE(int, fsync, (int file), (file), "sync of", -1)
SLUICE_WRAP_FILE(int, fdatasync, (int file), (file), "sync of", -1)
SLUICE_WRAP_NAME(unlink, (const char* path), (path), meet_name("removal of", path))
SLUICE_WRAP_NAME(unlinkat, (int folder, const char* path, int flags), (folder, path, flags),
                 meet_name("removal of", path, folder))
SLUICE_WRAP_NAME(rename, (const char* from, const char* to), (from, to), meet_renaming(AT_FDCWD, from, AT_FDCWD, to))
SLUICE_WRAP_NAME(renameat, (int from_folder, const char* from, int to_folder, const char* to),
                 (from_folder, from, to_folder, to), meet_renaming(from_folder, from, to_folder, to))
SLUICE_WRAP_NAME(renameat2, (int from_folder, const char* from, int to_folder, const char* to, unsigned flags),
                 (from_folder, from, to_folder, to, flags), meet_renaming(from_folder, from, to_folder, to))
