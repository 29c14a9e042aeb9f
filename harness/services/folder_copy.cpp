#include "harness/services/folder_copy.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/core/descriptor.hpp"
#include "harness/core/errors.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& from, const fs::path& to) {
  throw EnvironmentError(fmt::format("cannot copy {} to {}: {}", from.string(), to.string(), std::strerror(errno)));
}

// The kernel copies; where the file system can, it shares the blocks.
bool copy_bytes(int source, int target, std::uint64_t size) {
  if (size == 0 || ioctl(target, FICLONE, source) == 0) return true;
  bool by_range = true;
  while (size > 0) {
    const ssize_t count =
        by_range ? copy_file_range(source, nullptr, target, nullptr, size, 0) : sendfile(target, source, nullptr, size);
    if (count > 0) {
      size -= static_cast<std::uint64_t>(count);
    } else if (count == 0) {
      return true;  // it has become shorter; the sum of the bytes tells
    } else if (by_range && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
      by_range = false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::uint64_t copy_file(const fs::path& from, const fs::path& to, const std::optional<RunAs>& owner) {
  const Descriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (source.get() < 0 || fstat(source.get(), &status) != 0) fail(from, to);
  const Descriptor target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0777));
  if (target.get() < 0) fail(from, to);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!copy_bytes(source.get(), target.get(), size)) fail(from, to);
  if (fchmod(target.get(), status.st_mode & 0777) != 0) fail(from, to);
  if (owner && fchown(target.get(), owner->user, owner->group) != 0) fail(from, to);
  if (fstat(target.get(), &status) != 0) fail(from, to);
  return static_cast<std::uint64_t>(status.st_size);
}

void make_folder(const fs::path& from, const fs::path& to, const std::optional<RunAs>& owner) {
  struct stat status {};
  if (stat(from.c_str(), &status) != 0 || mkdir(to.c_str(), 0700) != 0 ||
      chmod(to.c_str(), status.st_mode & 0777) != 0 || (owner && chown(to.c_str(), owner->user, owner->group) != 0)) {
    fail(from, to);
  }
}

}  // namespace

FolderSize size_of(const fs::path& folder) {
  FolderSize size;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    ++size.files;
    size.bytes += entry.file_size();
  }
  return size;
}

FolderSize copy_folder(const fs::path& from, const fs::path& to, const std::optional<RunAs>& owner) {
  FolderSize size;
  make_folder(from, to, owner);
  std::error_code error;
  fs::recursive_directory_iterator entry(from, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path target = to / entry->path().lexically_relative(from);
    if (entry->is_directory()) {
      make_folder(entry->path(), target, owner);
    } else {
      size.bytes += copy_file(entry->path(), target, owner);
      ++size.files;
    }
  }
  if (error) throw EnvironmentError(fmt::format("cannot read {}: {}", from.string(), error.message()));
  return size;
}

}  // namespace sluice::services
