#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/cli/terminal.hpp"

namespace sluice::cli {

/// What a ConsoleWriter asks for, from its own thread.
struct ConsoleSource {
  /// The live lines for a screen of this size.
  std::function<std::vector<Line>(ScreenSize)> live;
  /// Where there is no live view: lines that are due now, because something takes long.
  std::function<std::vector<PrintedLine>()> due;
};

/// Writes printed lines and, on a live terminal, the live ones below them, from a thread of its own: who prints never
/// waits for a slow terminal. Redraws at most ten times a second. Without a live terminal it writes lines and nothing
/// else, each as soon as it comes. A reader that has gone away is no error.
class ConsoleWriter {
 public:
  ConsoleWriter(int descriptor, bool live, bool colour, ConsoleSource source);
  /// Writes what is left and takes the live lines away.
  ~ConsoleWriter();
  ConsoleWriter(const ConsoleWriter&) = delete;
  ConsoleWriter& operator=(const ConsoleWriter&) = delete;

  void print(PrintedLine line);
  /// Returns when all that was printed so far has been written.
  void flush();
  /// Takes the live lines away at once, for a program that gives the terminal back: until the next redraw, or `forever`
  /// when it is about to end. Never waits for long.
  void leave(bool forever);

 private:
  void run();
  void redraw(const std::vector<PrintedLine>& printed, bool last);
  bool write_all(std::string_view text);

  const int descriptor_;
  const bool live_;
  const bool colour_;
  const ConsoleSource source_;

  std::mutex mutex_;  // queue_, ended_, the counts
  std::condition_variable wake_;
  std::condition_variable written_;
  std::vector<PrintedLine> queue_;
  std::uint64_t flushes_asked_ = 0;
  std::uint64_t flushes_done_ = 0;
  bool ended_ = false;

  std::timed_mutex drawing_;  // what follows, and the descriptor
  ScreenSize drawn_size_;
  std::vector<Line> drawn_;
  bool broken_ = false;

  std::thread thread_;
};

}  // namespace sluice::cli
