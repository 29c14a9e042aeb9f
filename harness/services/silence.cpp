#include "harness/services/silence.hpp"

#include <algorithm>

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds most_of_one_question = 5s;
// A question that fails faster got an answer, if a bad one: a refusal, an error. Probes give up after a second at the
// least.
constexpr std::chrono::nanoseconds time_out = 900ms;
constexpr int busy_share = 20;  // busy: a twentieth of one processor or more

}  // namespace

void Silence::unanswered(Time asked, Time failed, const std::function<std::chrono::nanoseconds()>& demand) {
  const std::chrono::nanoseconds elapsed = failed - last_failed_.value_or(asked);
  const auto wanted = demand();
  const bool timed_out = failed - asked >= time_out;
  // Of the first failure's time nothing is known of what the service did meanwhile.
  const bool busy = timed_out && (!last_failed_ || (wanted - last_demand_) * busy_share >= elapsed);
  if (!busy) lasted_ += std::min(elapsed, most_of_one_question);
  last_failed_ = failed;
  last_demand_ = wanted;
}

}  // namespace sluice::services
