#include "harness/services/postgres_template.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "harness/core/errors.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/pause.hpp"
#include "harness/services/folder_copy.hpp"
#include "harness/services/log_tail.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Deadline = std::chrono::steady_clock::time_point;

std::string sha256(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  std::string hexadecimal;
  for (unsigned i = 0; i < length; ++i) hexadecimal += fmt::format("{:02x}", digest[i]);
  return hexadecimal;
}

// What tells one version of a program from another without running it.
std::string version_of(const fs::path& program) {
  struct stat status {};
  if (stat(program.c_str(), &status) != 0)
    throw EnvironmentError(fmt::format("cannot read {}: {}", program.string(), std::strerror(errno)));
  return fmt::format("{} {} {}.{}", program.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

std::string key_of(const PostgresTemplate::Source& source) {
  std::string text = version_of(source.initdb) + "\n" + version_of(source.initdb.parent_path() / "postgres") + "\n";
  const uid_t user = source.run_as ? source.run_as->user : getuid();
  text += fmt::format("user {}\n{}\n", user, fmt::join(source.options, "\n"));
  return sha256(text);
}

// A lock on a file that never goes: shared by those who copy, alone for who makes. The kernel drops it with its holder.
class TemplateLock {
 public:
  TemplateLock(const fs::path& file, int kind, Deadline deadline, std::stop_token stop)
      : descriptor_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0)
      throw EnvironmentError(fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
    try {
      take(file, kind, deadline, stop);
    } catch (...) {
      close(descriptor_);
      throw;
    }
  }
  ~TemplateLock() { close(descriptor_); }
  TemplateLock(const TemplateLock&) = delete;
  TemplateLock& operator=(const TemplateLock&) = delete;

 private:
  // Nothing tells of a file lock's being free but asking for it, and waiting inside flock() could not be interrupted.
  void take(const fs::path& file, int kind, Deadline deadline, std::stop_token stop) const {
    while (flock(descriptor_, kind | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR)
        throw EnvironmentError(fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)));
      if (std::chrono::steady_clock::now() >= deadline)
        throw EnvironmentError(fmt::format("another run has held {} for too long", file.string()));
      pause_unless_cancelled(20ms, stop);
    }
  }
  int descriptor_;
};

constexpr const char* marker = "complete";  // written last: how much there is

std::string marker_text(const FolderSize& size) { return fmt::format("{} files {} bytes\n", size.files, size.bytes); }

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

PostgresTemplate::PostgresTemplate(fs::path folder, Source source)
    : folder_(std::move(folder)), source_(std::move(source)), path_(folder_ / key_of(source_)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!error) fs::permissions(folder_, fs::perms(0711), error);  // an unprivileged initdb must get through
  if (error) throw EnvironmentError(fmt::format("cannot make {}: {}", folder_.string(), error.message()));
}

void PostgresTemplate::remove_leftovers() const {
  const std::string own = path_.filename();
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (name == own || name.starts_with(own + ".making-")) leftovers.push_back(entry.path());
  }
  for (const auto& leftover : leftovers) fs::remove_all(leftover);
}

void PostgresTemplate::make(ProcessHost& host, const fs::path& log, std::chrono::nanoseconds within,
                            std::stop_token stop) const {
  remove_leftovers();
  std::string making = path_.string() + ".making-XXXXXX";
  if (mkdtemp(making.data()) == nullptr ||
      (source_.run_as && chown(making.c_str(), source_.run_as->user, source_.run_as->group) != 0)) {
    throw EnvironmentError(fmt::format("cannot make a folder in {}: {}", folder_.string(), std::strerror(errno)));
  }
  const fs::path data = fs::path(making) / "data";
  std::vector<std::string> command{source_.initdb.string(), "--pgdata", data.string()};
  command.insert(command.end(), source_.options.begin(), source_.options.end());
  const auto initdb = host.spawn(
      {.command = command, .environment = {{"TZ", "UTC"}}, .directory = making, .log = log, .run_as = source_.run_as});
  const auto status = initdb->wait(within, stop);
  if (!status || !status->succeeded()) {
    initdb->end(SIGKILL, 5s);
    std::error_code ignored;
    fs::remove_all(making, ignored);
    if (stop.stop_requested()) throw Cancelled();
    throw EnvironmentError(
        fmt::format("initdb {}; its log ends with:\n{}",
                    status ? "ended with " + status->to_string() : "was not done within " + human_duration(within),
                    log_tail(log, 5)));
  }
  const std::string text = marker_text(size_of(data));
  std::ofstream(fs::path(making) / marker, std::ios::binary) << text;
  if (content(fs::path(making) / marker) != text)
    throw EnvironmentError(fmt::format("cannot write in {}: is the disk full?", making));
  fs::rename(making, path_);
}

void PostgresTemplate::copy_to(const fs::path& data, ProcessHost& host, const fs::path& log,
                               std::chrono::nanoseconds within, std::stop_token stop) const {
  const auto deadline = std::chrono::steady_clock::now() + within;
  const fs::path lock = path_.string() + ".lock";
  constexpr int attempts = 3;  // somebody may damage it again
  for (int attempt = 0; attempt < attempts; ++attempt) {
    try {
      const TemplateLock shared(lock, LOCK_SH, deadline, stop);
      const std::string expected = content(path_ / marker);
      if (!expected.empty() && marker_text(copy_folder(path_ / "data", data, source_.run_as)) == expected) return;
    } catch (const EnvironmentError&) {
      std::error_code ignored;
      fs::remove_all(data, ignored);
      if (attempt + 1 == attempts) throw;  // a disk that is full stays full
    }
    std::error_code error;
    fs::remove_all(data, error);
    const TemplateLock alone(lock, LOCK_EX, deadline, stop);
    // Who waited may find that another has made it meanwhile.
    const std::string expected = content(path_ / marker);
    const bool whole =
        !expected.empty() && fs::exists(path_ / "data", error) && marker_text(size_of(path_ / "data")) == expected;
    try {
      if (!whole) make(host, log, within, stop);
    } catch (const fs::filesystem_error& failure) {
      throw EnvironmentError(failure.what());
    }
  }
  throw EnvironmentError(fmt::format("{} does not stay whole: another program changes it", path_.string()));
}

}  // namespace sluice::services
