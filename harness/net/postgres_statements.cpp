#include "harness/net/postgres_statements.hpp"

namespace sluice::net {

std::string_view to_string(PointKind kind) {
  switch (kind) {
    case PointKind::before:
      return "before";
    case PointKind::after:
      return "after";
    case PointKind::commit:
      return "commit";
  }
  return "?";
}

std::uint64_t StatementLedger::begin(std::uint64_t connection, const std::string& text) {
  const std::lock_guard one_at_a_time(asking_);
  StatementPoint point{.kind = PointKind::before, .connection = connection, .text = text};
  {
    const std::lock_guard lock(mutex_);
    if (cut_) throw ConnectionCut();
    point.statement = ++statements_;
    if (records_.size() < limit_) records_.push_back({.text = text, .connection = connection, .end = {}});
  }
  ask(point);
  return point.statement;
}

void StatementLedger::end(std::uint64_t number, std::uint64_t connection, const std::string& text,
                          const StatementEnd& end) {
  const std::lock_guard one_at_a_time(asking_);
  {
    const std::lock_guard lock(mutex_);
    if (cut_) throw ConnectionCut();
    if (number <= records_.size()) {
      records_[number - 1].ended = true;
      records_[number - 1].end = end;
    }
  }
  ask({.statement = number,
       .kind = end.committed ? PointKind::commit : PointKind::after,
       .connection = connection,
       .text = text});
}

void StatementLedger::ask(const StatementPoint& point) {
  if (!hook_ || hook_(point) == PointDecision::pass) return;
  cut();
  throw ConnectionCut();
}

std::uint64_t StatementLedger::statements() const {
  const std::lock_guard lock(mutex_);
  return statements_;
}

std::vector<StatementRecord> StatementLedger::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

void StatementLedger::cut() {
  const std::lock_guard lock(mutex_);
  cut_ = true;
}

bool StatementLedger::is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

}  // namespace sluice::net
