#include "harness/run/ledger/head.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include "harness/run/ledger/connection.hpp"

namespace sluice::ledger {
namespace {

constexpr auto longest_wait = std::chrono::seconds(30);
constexpr std::size_t digits = 20;
constexpr std::size_t hash_length = 64;
constexpr std::size_t size = digits + 1 + hash_length + 1;  // "00000000000000000007 3f9a…\n"

std::optional<Mark> parse(int descriptor, const std::filesystem::path& path) {
  std::array<char, size + 1> bytes{};
  const auto count = pread(descriptor, bytes.data(), bytes.size(), 0);
  if (count == 0) return std::nullopt;
  Mark mark;
  const char* const end = bytes.data() + digits;
  const auto number = std::from_chars(bytes.data(), end, mark.sequence);
  if (count != static_cast<ssize_t>(size) || number.ec != std::errc() || number.ptr != end || *end != ' ' ||
      bytes[size - 1] != '\n') {
    throw LedgerError(
        fmt::format("{} is not what sluice wrote; put back the one that belongs to its ledger, or check "
                    "the ledger with `sluice status --verify REPORT` and start another",
                    path.string()));
  }
  mark.record.assign(end + 1, hash_length);
  return mark;
}

// A new file's name is on the disk only once its folder is.
void sync_folder(const std::filesystem::path& file) {
  const int folder = open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

}  // namespace

std::filesystem::path Head::path_of(const std::filesystem::path& ledger) { return ledger.native() + ".head"; }

std::optional<Mark> Head::read(const std::filesystem::path& ledger) {
  const auto path = path_of(ledger);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0) throw LedgerError(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  try {
    auto mark = parse(descriptor, path);
    close(descriptor);
    return mark;
  } catch (...) {
    close(descriptor);
    throw;
  }
}

Head::Head(const std::filesystem::path& ledger) : path_(path_of(ledger)) {
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw LedgerError(fmt::format("the ledger {} cannot be written: {}: {}; name another with --ledger",
                                  ledger.string(), path_.string(), std::strerror(errno)));
  }
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const bool held = reason == EWOULDBLOCK || reason == EINTR;
    if (held && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // flock has no time-out of its own
      continue;
    }
    close(descriptor_);
    throw LedgerError(held ? fmt::format("another process has held {} for {} s", path_.string(), longest_wait.count())
                           : fmt::format("cannot lock {}: {}", path_.string(), std::strerror(reason)));
  }
}

Head::~Head() { close(descriptor_); }

std::optional<Mark> Head::mark() const { return parse(descriptor_, path_); }

void Head::advance(const Mark& next) {
  const auto known = mark();
  if (!known || known->sequence < next.sequence) write(next);
}

void Head::write(const Mark& mark) {
  const bool created = lseek(descriptor_, 0, SEEK_END) == 0;
  const std::string text = fmt::format("{:0{}} {}\n", mark.sequence, digits, mark.record);
  const bool written =
      pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(size) && fdatasync(descriptor_) == 0;
  if (!written) {
    const int reason = errno;
    if (created && ftruncate(descriptor_, 0) != 0) {
      // Then the half of it is refused as unreadable, which is the safe side.
    }
    throw LedgerError(fmt::format("cannot write {}: {}", path_.string(), std::strerror(reason)));
  }
  if (created) sync_folder(path_);
}

}  // namespace sluice::ledger
