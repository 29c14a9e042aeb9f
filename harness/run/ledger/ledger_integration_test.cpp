#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <vector>

#include "harness/run/ledger/head.hpp"
#include "harness/run/ledger/ledger.hpp"
#include "harness/run/ledger/testing/sample_runs.hpp"
#include "harness/testing/check_context.hpp"

// Real processes, real files, real full disks: what a ledger promises when others do their worst.
namespace sluice::ledger {
namespace {

using ::sluice::testing::TemporaryFolder;
using testing::go_run;
using ::testing::HasSubstr;

// A program whose standard output is read here.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      std::vector<char*> words;
      for (auto& argument : arguments) words.push_back(argument.data());
      words.push_back(nullptr);
      execv(words[0], words.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  ~Program() {
    if (pid_ > 0) end(SIGKILL);
    close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Reads what there is, waiting for some; false at the end.
  bool read_some() {
    std::array<char, 4096> buffer{};
    const auto count = ::read(output_, buffer.data(), buffer.size());
    if (count <= 0) return false;
    said_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  void end(int signal) {
    kill(pid_, signal);
    wait();
  }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  /// What it said was recorded: sequence -> record. A line that was cut off was never said.
  std::map<std::uint64_t, std::string> recorded() {
    while (read_some()) {
    }
    std::map<std::uint64_t, std::string> entries;
    std::istringstream lines(said_.substr(0, said_.rfind('\n') + 1));
    std::uint64_t sequence = 0;
    std::string record;
    while (lines >> sequence >> record) entries[sequence] = record;
    return entries;
  }
  std::size_t bytes_said() const { return said_.size(); }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string said_;
};

class LedgerFileTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "ledger.db"; }
  std::unique_ptr<Program> appending(const std::vector<long>& numbers = {}) const {
    std::vector<std::string> words{std::string(SLUICE_BIN_DIR) + "/ledger_append_loop", path().string()};
    for (const long number : numbers) words.push_back(std::to_string(number));
    return std::make_unique<Program>(words);
  }
  // What was said must be there, under its own number, in a chain that holds.
  void expect_held(const std::map<std::uint64_t, std::string>& said) const {
    const auto there = held();
    for (const auto& [sequence, record] : said) {
      const auto found = there.find(sequence);
      ASSERT_TRUE(found != there.end()) << "record " << sequence << " is lost";
      EXPECT_EQ(found->second, record);
    }
  }
  std::map<std::uint64_t, std::string> held() const {
    std::map<std::uint64_t, std::string> entries;
    const auto verification = read(path(), [&](const std::string& record, const RunRows& rows) {
      entries[static_cast<std::uint64_t>(std::get<std::int64_t>(rows[0][0][0]))] = record;
    });
    EXPECT_TRUE(verification.holds()) << verification.problem;
    return entries;
  }
  std::string problem_of_appending(const std::filesystem::path& file) const {
    try {
      append(file, go_run(), clock_);
      return "";
    } catch (const LedgerError& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
  SystemClock clock_;
};

TEST_F(LedgerFileTest, LosesNothingThatItSaidWasRecordedWhenItIsKilled) {
  std::mt19937 random(20261121);  // NOLINT: the same kills each time, as far as the machine allows
  std::map<std::uint64_t, std::string> said;
  for (int round = 0; round < 30; ++round) {
    const auto program = appending();
    ASSERT_TRUE(program->read_some());
    // Some way into the next records, measured in its own progress and in a short spin that ends anywhere.
    const std::size_t until = program->bytes_said() + random() % 200;
    while (program->bytes_said() < until && program->read_some()) {
    }
    for (std::atomic<unsigned> spin = random() % 2'000'000; spin > 0; --spin) {
    }
    program->end(SIGKILL);
    for (const auto& [sequence, record] : program->recorded()) {
      EXPECT_TRUE(said.emplace(sequence, record).second) << "record " << sequence << " was given twice";
    }
    expect_held(said);
  }
  EXPECT_GE(said.size(), 30u);
}

TEST_F(LedgerFileTest, HoldsWhicheverOfItsWritesAKillTears) {
  long killed = 0;
  for (long write = 1; write < 1000; ++write) {
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) std::filesystem::remove(file.path());
    const auto program = appending({2, write});
    const auto said = program->recorded();
    const int status = program->wait();
    const auto next = append(path(), go_run(), clock_);  // whatever is there must be no obstacle
    expect_held(said);
    EXPECT_GT(next.sequence, said.size());
    EXPECT_LE(next.sequence, 3u);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      EXPECT_EQ(said.size(), 2u);
      break;
    }
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
    ++killed;
  }
  EXPECT_GT(killed, 30) << "making the file, two commits and their checkpoints have more writes than that";
}

TEST_F(LedgerFileTest, KeepsOneChainWhenFourProcessesAppendAtOnce) {
  constexpr long each = 50;
  std::map<std::uint64_t, std::string> said;
  {
    std::vector<std::unique_ptr<Program>> programs;
    for (int i = 0; i < 4; ++i) {
      programs.push_back(appending({each}));
    }
    for (auto& program : programs) {
      for (const auto& [sequence, record] : program->recorded()) EXPECT_TRUE(said.emplace(sequence, record).second);
      EXPECT_EQ(program->wait(), 0);
    }
  }
  EXPECT_EQ(said.size(), 4u * each);
  EXPECT_EQ(held(), said);
  EXPECT_EQ(Head::read(path())->sequence, 4u * each);
}

// In a process of its own: its limit would hold the test program's output too.
int in_child(const std::function<std::string()>& deed) {
  const pid_t child = fork();
  if (child == 0) {
    std::string problem;
    try {
      problem = deed();
    } catch (const std::exception& error) {
      problem = std::string("unexpected: ") + error.what();
    }
    if (!problem.empty()) std::fprintf(stderr, "%s\n", problem.c_str());
    _exit(problem.empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

// Appends to the ledger until it is refused; what is wrong with how that went, or nothing.
std::string append_until_refused(const std::filesystem::path& path, const std::string& expected) {
  std::uint64_t recorded = read(path).records;
  for (int i = 0; i < 5000; ++i) {
    try {
      append(path, go_run(), SystemClock());
      ++recorded;
    } catch (const LedgerError& error) {
      if (std::string(error.what()).find(expected) == std::string::npos) return error.what();
      const auto verification = read(path);
      if (!verification.holds()) return verification.problem;
      return verification.records == recorded ? "" : "a record is there that was refused, or one is lost";
    }
  }
  return "the disk never filled up";
}

TEST_F(LedgerFileTest, WritesNothingByHalvesWhenAFileMayNotGrow) {
  append(path(), go_run(), clock_);
  EXPECT_EQ(in_child([&] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{.rlim_cur = 96 << 10, .rlim_max = 96 << 10};
              setrlimit(RLIMIT_FSIZE, &limit);
              return append_until_refused(path(), "disk");
            }),
            0);
  const auto before = held().size();
  EXPECT_GT(before, 1u);
  EXPECT_EQ(append(path(), go_run(), clock_).sequence, before + 1) << "with room again, the chain goes on";
  EXPECT_EQ(held().size(), before + 1);
}

TEST_F(LedgerFileTest, WritesNothingByHalvesOnAFullDisk) {
  const int status = in_child([&]() -> std::string {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") != 0)
      _exit(77);
    append(path(), go_run(), SystemClock());
    return append_until_refused(path(), "disk");
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "mounting a small disk needs root";
  EXPECT_EQ(status, 0);
}

// Rights do not hold root back: what is about rights runs as somebody else.
int as_nobody(const std::function<std::string()>& deed) {
  return in_child([&]() -> std::string {
    if (getuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) return "cannot";
    return deed();
  });
}

TEST_F(LedgerFileTest, SaysThatAReadOnlyLedgerCannotBeWrittenAndStillReadsIt) {
  append(path(), go_run(), clock_);
  chmod(path().c_str(), 0444);
  chmod(Head::path_of(path()).c_str(), 0444);
  chmod(folder_.path().c_str(), 0555);
  EXPECT_EQ(
      as_nobody([&]() -> std::string {
        const auto problem = problem_of_appending(path());
        if (problem.find("cannot be written") == std::string::npos || problem.find("--ledger") == std::string::npos)
          return "not the expected problem: " + problem;
        const auto verification = read(path());
        return verification.records == 1 ? verification.problem : "it cannot be read";
      }),
      0);
  chmod(Head::path_of(path()).c_str(), 0666);
  EXPECT_EQ(as_nobody([&]() -> std::string {
              const auto problem = problem_of_appending(path());
              return problem.find("writable") != std::string::npos ? "" : "not the expected problem: " + problem;
            }),
            0);
  chmod(folder_.path().c_str(), 0755);
  EXPECT_EQ(held().size(), 1u);
}

TEST_F(LedgerFileTest, SaysThatItsFolderCannotBeMade) {
  folder_.write("file", "no folder");
  EXPECT_THAT(problem_of_appending(folder_.path() / "file" / "ledger.db"), HasSubstr("cannot be made"));
  EXPECT_THAT(problem_of_appending("/proc/nowhere/ledger.db"), HasSubstr("cannot be made"));
}

TEST_F(LedgerFileTest, RefusesWhatIsNoLedger) {
  folder_.write("ledger.db", std::string(5000, 'x'));
  EXPECT_THAT(problem_of_appending(path()), HasSubstr("damaged or no ledger"));
  EXPECT_THROW(read(path()), LedgerError);
  std::ifstream stream(path());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), std::string(5000, 'x')) << "it was written to";
}

TEST_F(LedgerFileTest, RefusesAnotherProgramsDatabase) {
  sqlite3* theirs = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &theirs), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(theirs, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(theirs);
  EXPECT_THAT(problem_of_appending(path()), HasSubstr("is a SQLite file, but no ledger"));
  EXPECT_THROW(read(path()), LedgerError);
}

TEST_F(LedgerFileTest, NoticesAFileThatLostItsEndOrItsMiddle) {
  for (int i = 0; i < 20; ++i) append(path(), go_run(), clock_);
  const auto size = std::filesystem::file_size(path());
  const auto copy = folder_.path() / "copy";
  std::filesystem::copy_file(path(), copy);
  const auto is_believed = [&] {
    try {
      return read(path()).holds();
    } catch (const LedgerError&) {
      return false;
    }
  };
  EXPECT_TRUE(is_believed());
  std::filesystem::resize_file(path(), size / 2);
  EXPECT_FALSE(is_believed());
  std::filesystem::resize_file(path(), 0);
  EXPECT_FALSE(is_believed());
  std::filesystem::copy_file(copy, path(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(is_believed());
  for (std::uintmax_t page = 4096; page < size; page += 4096) {
    std::fstream stream(path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(page));
    stream << std::string(4096, '\0');
    stream.close();
    EXPECT_FALSE(is_believed()) << "the page at " << page << " is gone";
    std::filesystem::copy_file(copy, path(), std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(LedgerFileTest, NoticesAnOlderCopyInItsPlace) {
  append(path(), go_run(), clock_);
  const auto copy = folder_.path() / "copy";
  std::filesystem::copy_file(path(), copy);
  append(path(), go_run(), clock_);
  std::filesystem::copy_file(copy, path(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(read(path()).problem, HasSubstr("record 2 is missing"));
  EXPECT_THAT(problem_of_appending(path()), HasSubstr("does not hold record 2"));
}

}  // namespace
}  // namespace sluice::ledger
