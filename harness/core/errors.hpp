#pragma once
#include <stdexcept>

namespace sluice {

/// The environment is not what the run needs: a service died, a store does not answer, a binary is missing. Exit
/// code 3.
class EnvironmentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the user wrote cannot be used as it is: a plan, a corpus, an argument. The message says where and what to do.
/// Exit code 2 when known before anything runs; a check that meets it on the way is errored.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The run was told to stop; unwinds a check without a verdict of its own.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

}  // namespace sluice
