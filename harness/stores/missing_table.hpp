#pragma once
#include "harness/core/errors.hpp"

namespace sluice::stores {

/// What throw_missing_table() throws: a table that was asked for is not there.
class MissingTable : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace sluice::stores
