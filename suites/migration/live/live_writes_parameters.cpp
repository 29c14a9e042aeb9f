#include "suites/migration/live/live_writes_parameters.hpp"

#include <utility>

#include "harness/scenario/route_map.hpp"
#include "suites/migration/live/live_writes_find.hpp"
#include "suites/migration/live/live_writes_request.hpp"
#include "suites/migration/live/live_writes_route.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {

std::vector<ParameterSpec> live_writes_parameters() {
  ParameterSpec write{.name = "write",
                      .type = ParameterType::record,
                      .doc =
                          "the request that stores one thing; {nonce} is a word that no other write has, {value} a "
                          "text that begins with it, {user} the client, {key} what is set",
                      .required = true,
                      .fields = request_fields("POST", "\"/api/conversation\"")};
  ParameterSpec remove{
      .name = "delete",
      .type = ParameterType::record,
      .doc =
          "the request that takes away what an acknowledged write stored: {key}, {nonce} and {value} of "
          "that write, {id} what its answer held at `acknowledged_by`; a 2xx answer acknowledges it",
      .fields = request_fields("DELETE", "\"/api/conversation/{id}\"")};
  ParameterSpec read{.name = "read",
                     .type = ParameterType::record,
                     .doc = "how the new endpoint is asked for a write: its answer must hold the nonce",
                     .fields = request_fields("GET", "\"/v2/search?q={nonce}\""),
                     .shorthand = "path"};
  read.fields.push_back({.name = "pointer",
                         .doc = "the part of the JSON answer that must hold it; needed where the answer repeats the "
                                "question",
                         .default_text = "\"\""});
  const auto integer = [](std::string name, std::string doc, std::string value, double least, double most,
                          Strictness strictness = Strictness::neutral) {
    return ParameterSpec{.name = std::move(name),
                         .type = ParameterType::integer,
                         .doc = std::move(doc),
                         .default_text = std::move(value),
                         .minimum = least,
                         .maximum = most,
                         .strictness = strictness};
  };
  std::vector<ParameterSpec> table{
      std::move(write),
      std::move(remove),
      WriteFinder::parameter(),
      std::move(read),
      WriteRoute::parameter(),
      scenario::RouteMap::parameter(),
      {.name = "acknowledged_by",
       .doc = "JSON pointer that a 2xx answer must hold to acknowledge; 2xx is enough without"},
      {.name = "rate",
       .type = ParameterType::rate,
       .doc = "writes of all clients together, at most",
       .default_text = "50/s",
       .minimum = 0.01,
       .maximum = 100000},
      integer("clients", "users that write at once, one request at a time each", "4", 1, 1000),
      integer("keys", "how many keys are written again and again; 0: every write has a key of its own", "0", 0, 100000),
      integer("writes_max", "writes in all; then the clients rest", "20000", 1, 1000000),
      integer("overlap_min", "acknowledged writes that must have been under way while an action was", "20", 1, 1000000,
              Strictness::higher_is_stricter),
      {.name = "delete_share",
       .type = ParameterType::number,
       .doc = "the share of requests that are deletes; belongs to `delete`, 0.2 when absent",
       .minimum = 0.001,
       .maximum = 0.5},
      integer("deletes_min",
              "acknowledged deletes that no later write undid, under way while an action was that began when what they "
              "took away was there; belongs to `delete`, 3 when absent",
              "", 1, 1000000, Strictness::higher_is_stricter),
      {.name = "errors_max",
       .type = ParameterType::number,
       .doc = "the share of writes that may get no acknowledgement",
       .default_text = "0",
       .minimum = 0,
       .maximum = 1,
       .strictness = Strictness::lower_is_stricter},
      duration_parameter("request_timeout", "for one answer", "10s", 0.001),
      duration_parameter("linger", "how long writing goes on after the last action", "0s"),
      duration_parameter("settle", "how long the new store may take until all is there", "10s"),
      duration_parameter("stable", "how long it must stay so: what comes back later is not seen", "1s"),
      integer("reads", "writes that are asked for with `read`, chosen at random", "20", 1, 100000),
      sample_parameter()};
  for (auto& parameter : session_parameters("30s")) table.push_back(std::move(parameter));
  return table;
}

double delete_share(const Parameters& parameters) {
  return parameters.has("delete_share") ? parameters.number("delete_share") : 0.2;
}

std::uint64_t deletes_min(const Parameters& parameters) {
  return parameters.has("deletes_min") ? static_cast<std::uint64_t>(parameters.integer("deletes_min")) : 3;
}

void examine_live_writes(const Parameters& parameters, ParameterProblems& problems) {
  WriteRoute::examine(parameters, problems);
  if (parameters.has("delete")) return;
  for (const char* const name : {"delete_share", "deletes_min"}) {
    if (parameters.has(name)) problems.add({name}, "nothing is deleted: write the request `delete`, or remove this");
  }
}

}  // namespace sluice::migration
