#include "harness/cli/console_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto live_interval = 100ms;
constexpr auto plain_interval = 1s;

}  // namespace

ConsoleWriter::ConsoleWriter(int descriptor, bool live, bool colour, ConsoleSource source)
    : descriptor_(descriptor), live_(live), colour_(colour), source_(std::move(source)), thread_([this] { run(); }) {}

ConsoleWriter::~ConsoleWriter() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ConsoleWriter::print(PrintedLine line) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(line));
  }
  if (!live_) wake_.notify_all();
}

void ConsoleWriter::flush() {
  std::unique_lock lock(mutex_);
  const auto ticket = ++flushes_asked_;
  wake_.notify_all();
  written_.wait(lock, [&] { return flushes_done_ >= ticket; });
}

void ConsoleWriter::run() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    wake_.wait_for(lock, live_ ? std::chrono::milliseconds(live_interval) : plain_interval,
                   [&] { return ended_ || flushes_asked_ > flushes_done_ || (!live_ && !queue_.empty()); });
    last = ended_;
    const auto flushes = flushes_asked_;
    auto printed = std::exchange(queue_, {});
    lock.unlock();
    if (!live_) {
      for (auto& line : source_.due()) printed.push_back(std::move(line));
    }
    redraw(printed, last);
    lock.lock();
    flushes_done_ = flushes;
    written_.notify_all();
  }
}

void ConsoleWriter::redraw(const std::vector<PrintedLine>& printed, bool last) {
  const std::lock_guard lock(drawing_);
  if (broken_) return;
  if (!live_) {
    std::string text;
    for (const auto& line : printed) text += rendered(line.line, colour_) + "\n";
    broken_ = !write_all(text);
    return;
  }
  const ScreenSize size = screen_size(descriptor_);
  auto live = last ? std::vector<Line>() : source_.live(size);
  const bool same = live == drawn_ && (size == drawn_size_ || live.empty());
  if (printed.empty() && same) return;
  broken_ = !write_all(frame(printed, live, size, colour_));
  drawn_ = std::move(live);
  drawn_size_ = size;
}

void ConsoleWriter::leave(bool forever) {
  if (!live_) return;
  std::unique_lock lock(drawing_, 200ms);
  if (!lock.owns_lock()) return;  // a write hangs; whoever waits for the program's end should not
  pollfd ready{descriptor_, POLLOUT, 0};
  if (!drawn_.empty() && poll(&ready, 1, 0) == 1) write_all(erase_live_lines);
  drawn_.clear();
  if (forever) lock.release();
}

bool ConsoleWriter::write_all(std::string_view text) {
  while (!text.empty()) {
    const auto written = write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor_, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace sluice::cli
