#include "harness/plan/declarations.hpp"

namespace sluice::plan {
namespace {

ParameterSpec text(std::string name, std::string doc, bool required = false) {
  return {.name = std::move(name), .type = ParameterType::text, .doc = std::move(doc), .required = required};
}

ParameterSpec texts(std::string name, std::string doc, bool required = false) {
  return {.name = std::move(name),
          .type = ParameterType::list,
          .doc = std::move(doc),
          .required = required,
          .item = {text("", "")},
          .shorthand = "item"};
}

ParameterSpec text_map(std::string name, std::string doc) {
  return {.name = std::move(name), .type = ParameterType::map, .doc = std::move(doc), .item = {text("", "")}};
}

ParameterSpec duration(std::string name, std::string doc, std::string default_text) {
  return {.name = std::move(name),
          .type = ParameterType::duration,
          .doc = std::move(doc),
          .default_text = std::move(default_text),
          .minimum = 0.001,
          .maximum = 7 * 86400.0};
}

ParameterSpec record(std::string name, std::string doc, std::vector<ParameterSpec> fields) {
  return {.name = std::move(name), .type = ParameterType::record, .doc = std::move(doc), .fields = std::move(fields)};
}

ParameterSpec command(std::string doc) {
  ParameterSpec spec = texts("command", std::move(doc), true);
  spec.shorthand.clear();  // a command line is never split by us: quoting rules differ
  spec.minimum = 1;
  return spec;
}

ParameterSpec ready(bool has_log) {
  ParameterSpec spec = record("ready",
                              "when the service counts as up: all that is given must hold; with nothing given its "
                              "address must accept a connection",
                              {text("http", "path that must answer with a status below 400"),
                               {.name = "tcp",
                                .type = ParameterType::boolean,
                                .doc = "its address must accept a connection",
                                .default_text = "false"},
                               duration("within", "how long it may take", "10s")});
  if (!has_log) return spec;
  spec.fields.push_back(text("log", "text that must appear in its log"));
  ParameterSpec asking = command("program and arguments that must exit with 0; asked again about once a second");
  asking.required = false;
  spec.fields.push_back(std::move(asking));
  spec.fields.push_back(record("sql", "a question to a store that must have an answer",
                               {text("store", "sqlite:PATH or postgresql://…", true),
                                text("query", "SELECT that must return at least one row", true)}));
  return spec;
}

ParameterSpec unanswered_for() {
  return duration("unanswered_for",
                  "asked about once a second, it may go this long without an answer before it counts as lost; time in "
                  "which it only had too much to do does not count",
                  "10s");
}

Alternative process_kind() {
  return {
      "process",
      "A program of yours, run in a process group of its own and ended with the run.",
      {command("program and arguments; no shell is involved"),
       texts("needs", "services that must be ready before it starts"),
       text_map("env", "environment variables set for it"),
       ready(true),
       {.name = "socket_activation",
        .type = ParameterType::boolean,
        .doc = "sluice listens on its address and hands it the socket as file descriptor 3 (LISTEN_FDS, LISTEN_PID)",
        .default_text = "false"},
       duration("stop_within", "time between SIGTERM and SIGKILL", "5s"),
       unanswered_for()}};
}

ParameterSpec storage() {
  ParameterSpec spec =
      text("storage",
           "where its data lies: `memory` is fast, and fails where there is too little room; `disk` is for data that "
           "may outgrow memory; `auto` takes memory when it is not durable and 2 GiB and 16 times the files of `load` "
           "are free there");
  spec.choices = {"auto", "memory", "disk"};
  spec.default_text = "auto";
  return spec;
}

Alternative postgres_kind() {
  return {"postgres",
          "A private PostgreSQL cluster on a unix socket, made for the run and removed with it.",
          {texts("databases", "databases to create"),
           texts("extensions", "extensions to create in each of them"),
           {.name = "load",
            .type = ParameterType::list,
            .doc = "files to load at the first start, in order: SQL, or dumps in pg_dump's custom format",
            .item = {record("", "",
                            {text("database", "the database to load it into", true),
                             text("file", "its path, from the plan's folder", true)})}},
           texts("needs", "services that must be ready before it starts"),
           text_map("settings", "postgresql.conf settings"),
           {.name = "durable",
            .type = ParameterType::boolean,
            .doc = "keep fsync and full_page_writes on; off is faster and safe for data that is thrown away",
            .default_text = "false"},
           storage(),
           duration("within", "how long start-up may take, and each file of `load`", "60s"),
           unanswered_for()}};
}

Alternative redis_kind() {
  return {"redis",
          "A private Redis on a unix socket and a loopback port, made for the run and removed with it.",
          {texts("needs", "services that must be ready before it starts"),
           text_map("settings", "redis.conf settings"),
           {.name = "durable",
            .type = ParameterType::boolean,
            .doc = "write every command to disk, so that a restart finds it; off it keeps nothing",
            .default_text = "false"},
           duration("within", "how long start-up may take", "10s"),
           unanswered_for()}};
}

Alternative task_kind() {
  return {"task",
          "A program of yours that runs once while the services come up; ready when it has exited with 0.",
          {command("program and arguments; no shell is involved"),
           texts("needs", "services that must be ready before it starts"),
           text_map("env", "environment variables set for it"), duration("within", "how long it may take", "60s")}};
}

Alternative external_kind() {
  return {"external",
          "Something that is already up and that the run must not start or stop.",
          {text("url", "its base URL, http://… or postgresql://…", true),
           texts("needs", "services that must be ready before it is probed"), ready(false), unanswered_for()}};
}

ParameterSpec list_of(std::string name, std::string doc, ParameterSpec item) {
  return {.name = std::move(name), .type = ParameterType::list, .doc = std::move(doc), .item = {std::move(item)}};
}

ParameterSpec bounded(ParameterSpec spec, double maximum) {
  spec.maximum = maximum;
  return spec;
}

ParameterSpec number(std::string name, std::string doc) {
  return {.name = std::move(name), .type = ParameterType::number, .doc = std::move(doc)};
}

ParameterSpec rollback_declaration() {
  ParameterSpec window = duration("within", "the window in which it must be done", "");
  ParameterSpec spec = record("rollback", "how the step is taken back",
                              {text("action", "action that takes the step back", true), std::move(window)});
  spec.shorthand = "action";
  return spec;
}

ParameterSpec gate_declaration() {
  ParameterSpec require =
      texts("require", "`all`, or names or globs of checks, suites (`migration`) and kinds (`load.*`) that must pass");
  require.default_text = "all";
  require.minimum = 1;
  ParameterSpec limit = record(
      "", "",
      {text("check", "name of a required check", true), text("metric", "one of the metrics that it reports", true),
       number("at_most", "the largest value that opens the gate"),
       number("at_least", "the smallest value that opens the gate")});
  return record("gate", "the rule that opens the phase",
                {std::move(require),
                 {.name = "coverage",
                  .type = ParameterType::map,
                  .doc = "how much a required check must have examined at least, by its name",
                  .item = {{.name = "", .type = ParameterType::integer, .minimum = 1}}},
                 list_of("limits", "bounds on metrics of required checks", std::move(limit)),
                 texts("allow_inconclusive", "names of checks that may be inconclusive")});
}

ParameterSpec waiver_declaration() {
  ParameterSpec acknowledged = text("severity_ack", "`critical`: findings of lost or leaked data are meant too");
  acknowledged.choices = {"critical"};
  ParameterSpec rule = text("rule", "rule of the findings, or a glob over rules");
  rule.default_text = "\"*\"";  // as YAML: a bare * is an alias
  ParameterSpec phase = text("phase", "name of the phase in which it holds, or a glob over names");
  phase.default_text = rule.default_text;
  return record("", "",
                {text("check", "name of a check, or a glob over names", true), std::move(rule),
                 text_map("where", "places of the findings, as globs: { table: captures, column: user_text }"),
                 text("owner", "who answers for it", true), text("reason", "why it is acceptable", true),
                 text("expires", "last day on which it holds (UTC): 2026-12-31", true), std::move(acknowledged),
                 std::move(phase)});
}

ParameterSpec action_declaration() {
  ParameterSpec words = command(
      "program and arguments; no shell is involved; what it leaves in its process group ends with it, what leaves the "
      "group (setsid) ends with the run, and the report names both");
  words.required = false;
  return record("", "",
                {std::move(words), text("restart", "instead of a command: stop this service and start it again"),
                 text("stop", "instead of a command: stop this service"),
                 text("start", "instead of a command: start this service, which was stopped"),
                 record("signal", "instead of a command: send a signal",
                        {text("service", "the service", true), text("name", "HUP, USR1, …", true)}),
                 duration("timeout", "after this it is killed and has failed", "10m"),
                 text_map("env", "environment variables set for it")});
}

ParameterSpec phase_declaration() {
  return record("", "",
                {text("name", "name of the phase", true),
                 texts("needs", "phases whose gates must be open first"),
                 texts("before", "checks before its actions"),
                 texts("enter", "actions that make the step"),
                 texts("during", "checks that run beside the actions, or after them where they must be alone"),
                 texts("after", "checks when the actions are done"),
                 rollback_declaration(),
                 {.name = "parallel",
                  .type = ParameterType::boolean,
                  .doc = "its checks may run side by side, as none changes what another looks at; those that measure "
                         "run alone still",
                  .default_text = "false"},
                 gate_declaration()});
}

// A store that the run itself makes, for what must not change in place.
ParameterSpec clone_declaration() {
  ParameterSpec side = text("clone", "whose store: old or new", true);
  side.choices = {"old", "new"};
  ParameterSpec sessions = text("sessions", "what to do about others' sessions on a PostgreSQL database to be copied");
  sessions.default_text = "wait";
  sessions.choices = {"refuse", "wait", "terminate"};
  return record(
      "before",
      "a copy of a side's store, taken before a phase's first action and dropped at its end; checks name it as a "
      "side",
      {std::move(side),
       std::move(sessions),
       {.name = "patience",
        .type = ParameterType::duration,
        .doc = "how long to wait for those sessions to end",
        .default_text = "10s",
        .minimum = 0.001}});
}

}  // namespace

std::vector<Alternative> service_kinds() {
  return {process_kind(), postgres_kind(), redis_kind(), task_kind(), external_kind()};
}

std::vector<std::string> service_attributes(std::string_view kind) {
  if (kind == "process") return {"url", "address", "host", "port", "log"};
  if (kind == "postgres") return {"url", "socket", "port", "user", "log"};
  if (kind == "redis") return {"url", "socket", "address", "host", "port", "log"};
  if (kind == "task") return {"log"};
  if (kind == "external") return {"url", "address", "host", "port"};
  return {};
}

ParameterSpec plan_declaration(const std::vector<CheckKind>& kinds) {
  std::vector<Alternative> checks;
  for (const auto& kind : kinds) checks.push_back({kind.name, kind.proves, kind.parameters});

  const auto named = [](std::string name, std::string doc, ParameterSpec item) {
    return ParameterSpec{
        .name = std::move(name), .type = ParameterType::map, .doc = std::move(doc), .item = {std::move(item)}};
  };
  return record(
      "plan", "one migration",
      {{.name = "sluice",
        .type = ParameterType::integer,
        .doc = "version of the plan format: 1",
        .required = true,
        .minimum = 1,
        .maximum = 1},
       text("name", "what the migration is called in reports", true),
       named("services", "what runs, by name", {.type = ParameterType::variant, .alternatives = service_kinds()}),
       record("endpoints", "base URL of each side",
              {text("old", "base URL of the old side"), text("new", "base URL of the new side")}),
       record("stores", "database of each side: sqlite:PATH or postgresql://…",
              {text("old", "store of the old side"), text("new", "store of the new side"), clone_declaration()}),
       named("actions", "commands that change the world, by name", action_declaration()),
       named("checks", "verifications, by name", {.type = ParameterType::variant, .alternatives = std::move(checks)}),
       {.name = "phases",
        .type = ParameterType::list,
        .doc = "the steps of the migration, in order",
        .required = true,
        .minimum = 1,
        .item = {phase_declaration()}},
       texts(
           "allow_targets",
           "hosts outside this machine that may receive load and attack traffic, and whose stores checks may write to"),
       bounded(list_of("waivers", "findings that a named person accepts for a time", waiver_declaration()), 1000),
       bounded(texts("waiver_files", "files beside the plan, each a list of more waivers"), 20),
       {.name = "evidence_max_age",
        .type = ParameterType::duration,
        .doc = "how old a GO in the ledger may be and still open a later phase",
        .default_text = "7d",
        .minimum = 1,
        .maximum = 3650 * 86400.0}});
}

}  // namespace sluice::plan
