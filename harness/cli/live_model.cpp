#include "harness/cli/live_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t bar_columns = 12;

std::string count_text(double count) {
  if (!std::isfinite(count) || count < 0) return "?";
  if (count >= 1e15) return fmt::format("{:.3g}", count);
  if (count < 10 && count != std::floor(count)) return fmt::format("{:.1f}", count);
  return reports::grouped(static_cast<std::uint64_t>(std::llround(count)));
}

bool counts_seconds(const Progress& progress) { return progress.unit == "s"; }

bool has_end(const Progress& progress) {
  return progress.total && std::isfinite(*progress.total) && *progress.total > 0 && std::isfinite(progress.done);
}

std::string done_text(const Progress& progress) {
  const std::string unit = progress.unit.empty() ? "" : " " + reports::terminal_text(progress.unit);
  return has_end(progress) ? fmt::format("{}/{}{}", count_text(progress.done), count_text(*progress.total), unit)
                           : count_text(progress.done) + unit;
}

double share(const Progress& progress) { return std::clamp(progress.done / *progress.total, 0.0, 1.0); }

std::string bar_text(const Progress& progress) {
  const std::size_t inside = bar_columns - 2;
  const auto full = static_cast<std::size_t>(share(progress) * static_cast<double>(inside));
  return fmt::format("[{}{}]", std::string(full, '#'), std::string(inside - full, '.'));
}

// What is counted in seconds needs no rate to say how long it takes.
std::string left_text(const Progress& progress, std::optional<double> rate) {
  if (!has_end(progress) || progress.done >= *progress.total) return "";
  const double per_second = counts_seconds(progress) ? 1 : rate.value_or(0);
  const double seconds = per_second > 0 ? (*progress.total - progress.done) / per_second : 1e9;
  if (seconds > 100 * 3600) return "";
  return coarse_duration(std::chrono::seconds(static_cast<std::int64_t>(std::ceil(seconds)))) + " left";
}

}  // namespace

std::string coarse_duration(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::max(duration, 0ns)).count();
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

LiveModel::Task* LiveModel::find(What what, const std::string& name) {
  const auto found = std::find_if(tasks_.begin(), tasks_.end(),
                                  [&](const Task& task) { return task.what == what && task.name == name; });
  return found == tasks_.end() ? nullptr : &*found;
}

void LiveModel::begin(What what, const std::string& name, const std::string& kind, Time now) {
  end(what, name);
  tasks_.push_back({.what = what, .name = name, .kind = kind, .began = now, .told = now});
}

void LiveModel::progressed(What what, const std::string& name, const Progress& progress, Time now) {
  Task* task = find(what, name);
  if (task == nullptr) return;
  task->rate.add(progress.done, now);
  task->progress = progress;
}

void LiveModel::control_began(const std::string& check) {
  Task* task = find(What::check, check);
  if (task == nullptr) return;
  task->control = true;
  task->progress.reset();
  task->rate = {};
}

void LiveModel::noted(What what, const std::string& name, const std::string& words) {
  if (Task* task = find(what, name); task != nullptr) task->words = words;
}

void LiveModel::end(What what, const std::string& name) {
  std::erase_if(tasks_, [&](const Task& task) { return task.what == what && task.name == name; });
}

LiveRow LiveModel::row_of(const Task& task, Time now) {
  LiveRow row;
  auto& text = row.text;
  text[LiveRow::name] = reports::terminal_text(task.name);
  text[LiveRow::kind] = reports::terminal_text(task.kind);
  text[LiveRow::elapsed] = coarse_duration(now - task.began);
  text[LiveRow::done] = task.control ? "control" : reports::terminal_text(task.words);
  if (!task.progress) return row;
  const Progress& progress = *task.progress;
  const auto rate = task.rate.per_second(now);
  text[LiveRow::done] += (text[LiveRow::done].empty() ? "" : " ") + done_text(progress);
  if (has_end(progress)) {
    text[LiveRow::bar] = bar_text(progress);
    text[LiveRow::percent] = fmt::format("{}%", static_cast<int>(share(progress) * 100));
  }
  if (rate && !counts_seconds(progress)) text[LiveRow::rate] = count_text(*rate) + "/s";
  text[LiveRow::left] = left_text(progress, rate);
  return row;
}

std::vector<Line> LiveModel::lines(ScreenSize size, Time now) const {
  const std::size_t rows = size.height > 1 ? size.height - 1 : 1;
  const std::size_t columns = size.width > 1 ? size.width - 1 : 1;
  const bool all = tasks_.size() <= rows;
  const std::size_t shown = all ? tasks_.size() : rows - 1;
  std::vector<LiveRow> shown_rows;
  for (std::size_t i = 0; i < shown; ++i) shown_rows.push_back(row_of(tasks_[i], now));
  auto lines = laid_out(std::move(shown_rows), columns);
  if (!all) {
    const char* words = shown == 0 ? "running" : "more";
    lines.push_back(
        cut_to(Line{{fmt::format("  {}{} {}", shown == 0 ? "" : "and ", tasks_.size() - shown, words)}}, columns));
  }
  return lines;
}

std::vector<std::string> LiveModel::overdue(std::chrono::seconds interval, Time now) {
  std::vector<std::string> sentences;
  for (auto& task : tasks_) {
    if (now - task.told < interval) continue;
    task.told = now;
    const LiveRow row = row_of(task, now);
    const auto& text = row.text;
    std::string sentence = fmt::format("{} still running after {}", text[LiveRow::name], text[LiveRow::elapsed]);
    for (const auto column : {LiveRow::done, LiveRow::percent, LiveRow::rate, LiveRow::left}) {
      if (!text[column].empty()) sentence += (column == LiveRow::done ? ": " : ", ") + text[column];
    }
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

}  // namespace sluice::cli
