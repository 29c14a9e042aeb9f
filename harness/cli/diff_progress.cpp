#include "harness/cli/diff_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::chrono::seconds told_every(30);
constexpr auto a_check = LiveModel::What::check;

}  // namespace

DiffProgress::DiffProgress(Signals& signals)
    : signals_(signals),
      writer_(STDERR_FILENO, use_live_view(stderr), use_colour(stderr),
              {.live =
                   [this](ScreenSize size) {
                     const std::lock_guard lock(mutex_);
                     return model_.lines(size, now());
                   },
               .due =
                   [this] {
                     const std::lock_guard lock(mutex_);
                     std::vector<PrintedLine> lines;
                     for (auto& sentence : model_.overdue(told_every, now())) lines.push_back({{{sentence}}, true});
                     return lines;
                   }}) {
  signals_.on_leave([this](bool forever) { writer_.leave(forever); });
}

DiffProgress::~DiffProgress() { signals_.on_leave({}); }

void DiffProgress::started(const std::string& table) {
  const std::lock_guard lock(mutex_);
  model_.begin(a_check, table, "comparing", now());
}

void DiffProgress::progressed(const std::string& table, std::uint64_t rows, std::uint64_t expected) {
  Progress progress{.done = static_cast<double>(rows), .unit = "rows"};
  // A guess that was too small is no end.
  if (expected > 0 && rows <= expected) progress.total = static_cast<double>(expected);
  const std::lock_guard lock(mutex_);
  model_.progressed(a_check, table, progress, now());
}

void DiffProgress::finished(const std::string& table) {
  const std::lock_guard lock(mutex_);
  model_.end(a_check, table);
}

}  // namespace sluice::cli
