// Appends runs to a ledger until it is killed, or COUNT of them, and says each that was recorded: "SEQUENCE RECORD".
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "harness/run/ledger/ledger.hpp"
#include "harness/run/ledger/testing/sample_runs.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const long count = argc > 2 ? std::stol(argv[2]) : -1;
  try {
    for (long i = 0; count < 0 || i < count; ++i) {
      auto run = sluice::ledger::testing::go_run(std::to_string(getpid()) + "-" + std::to_string(i));
      run.phases[0].checks[0].outcome.metrics.resize(300);  // many pages: more of the time goes by inside of a commit
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
