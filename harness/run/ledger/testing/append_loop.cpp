// append_loop PATH [COUNT [WRITE]]: appends runs to a ledger until it is killed, or COUNT of them, and says each that
// was recorded: "SEQUENCE RECORD". With WRITE it kills itself in the middle of the WRITEth write to the ledger's files.
#include <sqlite3.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "harness/run/ledger/ledger.hpp"
#include "harness/run/ledger/testing/sample_runs.hpp"

namespace {

long writes_left = 0;

ssize_t write_and_die(int file, const void* bytes, size_t count, off_t at) {
  if (--writes_left > 0) return pwrite(file, bytes, count, at);
  const ssize_t half = pwrite(file, bytes, count / 2, at);
  raise(SIGKILL);
  return half;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const long count = argc > 2 ? std::stol(argv[2]) : -1;
  if (argc > 3) {
    writes_left = std::stol(argv[3]);
    sqlite3_initialize();
    sqlite3_vfs* const files = sqlite3_vfs_find(nullptr);
    const auto deadly = reinterpret_cast<sqlite3_syscall_ptr>(&write_and_die);
    for (const char* name : {"pwrite", "pwrite64"}) files->xSetSystemCall(files, name, deadly);
  }
  try {
    for (long i = 0; count < 0 || i < count; ++i) {
      auto run = sluice::ledger::testing::go_run(std::to_string(getpid()) + "-" + std::to_string(i));
      run.phases[0].checks[0].outcome.metrics.resize(300);  // a commit of many pages
      const auto entry = sluice::ledger::append(argv[1], run, sluice::SystemClock());
      const std::string line = std::to_string(entry.sequence) + " " + entry.record + "\n";
      if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;  // in one piece, or not at all
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
  return 0;
}
