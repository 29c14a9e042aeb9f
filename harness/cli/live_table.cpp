#include "harness/cli/live_table.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t least_name = 8;
constexpr std::string_view gap = "  ";  // before every column, so that the first is indented

class Table {
 public:
  explicit Table(std::vector<LiveRow> rows) : rows_(std::move(rows)) {
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < LiveRow::columns; ++i)
        natural_[i] = std::max(natural_[i], display_width(row.text[i]));
    }
    widths_ = natural_;
    hide(LiveRow::percent);  // stands in for the counts where they do not fit
  }

  std::vector<Line> fitted(std::size_t columns) {
    for (const auto column : {LiveRow::bar, LiveRow::kind, LiveRow::rate}) {
      if (total() > columns) hide(column);
    }
    if (total() > columns && natural_[LiveRow::percent] > 0) {
      hide(LiveRow::done);
      widths_[LiveRow::percent] = natural_[LiveRow::percent];
    }
    if (total() > columns) hide(LiveRow::left);
    for (const auto column : {LiveRow::done, LiveRow::percent}) {
      shorten_names(columns);
      if (total() > columns) hide(column);
    }
    widths_[LiveRow::name] = natural_[LiveRow::name];
    shorten_names(columns);
    std::vector<Line> lines;
    for (const auto& row : rows_) lines.push_back(cut_to(line_of(row), columns));
    return lines;
  }

 private:
  void hide(LiveRow::Column column) { widths_[column] = 0; }

  std::size_t total() const {
    std::size_t sum = 0;
    for (const std::size_t width : widths_) sum += width == 0 ? 0 : width + gap.size();
    return sum;
  }

  void shorten_names(std::size_t columns) {
    auto& width = widths_[LiveRow::name];
    const std::size_t excess = total() > columns ? total() - columns : 0;
    width = std::max(std::min(width, least_name), width > excess ? width - excess : 0);
  }

  Line line_of(const LiveRow& row) const {
    Line line;
    for (std::size_t i = 0; i < LiveRow::columns; ++i) {
      if (widths_[i] == 0) continue;
      const std::string text = cut_to(row.text[i], widths_[i]);
      const std::string padding(widths_[i] - display_width(text), ' ');
      const bool to_the_right = i >= LiveRow::done;
      const Style style = i == LiveRow::name ? Style::bold : i == LiveRow::kind ? Style::dim : Style::plain;
      line.push_back({std::string(gap) + (to_the_right ? padding : "")});
      line.push_back({text, style});
      if (!to_the_right) line.push_back({padding});
    }
    return line;
  }

  std::vector<LiveRow> rows_;
  std::array<std::size_t, LiveRow::columns> natural_{};
  std::array<std::size_t, LiveRow::columns> widths_{};
};

}  // namespace

std::vector<Line> laid_out(std::vector<LiveRow> rows, std::size_t columns) {
  return Table(std::move(rows)).fitted(columns);
}

}  // namespace sluice::cli
