#pragma once

/// The reports of a node's actors: plain data for any tool. actors/inspector/report_json decides
/// how people see it.

#include "messages/units.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace {

/// One partition of a change topic, as this node's router reads it.
struct partition_report {
  std::string topic = {};
  std::int32_t partition = 0;
  std::int64_t read = -1;    ///< offset of the newest record read
  std::int64_t durable = -1; ///< offset up to which all cells are durable
  bool paused = false;       ///< a cell has no credit left
  std::int64_t end = -1;     ///< offset that the next record will get; -1: unknown
  std::int64_t lag_ms = -1;  ///< age of the oldest known change that isn't durable; -1: unknown
};

/// CDC_ROUTER's report.
struct router_report {
  std::int64_t records = 0;             ///< read since the node started
  std::int64_t lag_ms = 0;              ///< newest value: from the commit in PostgreSQL to the flush in Redis
  std::int64_t own_lag_ms = 0;          ///< its part after the record was read from Kafka
  std::uint64_t waiting_bytes = 0;      ///< in the send buffer, not acknowledged
  std::uint64_t batches_sent_again = 0; ///< since the node started
  std::uint64_t seeks = 0;              ///< since the node started
  std::map<std::string, std::int64_t> dead_letters = {}; ///< sent since the node started, by table
  std::vector<partition_report> sources = {};
};

/// A property of the Redis server that the user should know.
struct finding_report {
  bool refuses = false;  ///< true: the node can't use this server; false: a warning
  std::string what = {}; ///< what it means, and what to do
};

/// REDIS_WRITER's report.
struct writer_report {
  std::int64_t flushes = 0, commands = 0;         ///< since the node started; commands that wrote places
  std::int64_t last_flush = 0;                    ///< Unix time, s
  std::map<std::string, std::string> failed = {}; ///< the error, by figure
  std::string trouble = {};                       ///< why Redis accepts no writes; empty: it does
  std::int64_t trouble_since = 0;                 ///< Unix time, s
  std::vector<finding_report> findings = {};
  bool busy = false;            ///< something waits for a flush, or a flush is running
  std::int64_t interval_ms = 0; ///< wait for more changes before a flush
};

/// A doubt: rows of a table may have changed without records.
struct doubt_report {
  std::string reason = {}, remedy = {};
  std::int64_t since = 0; ///< Unix time, s
};

/// The state of Kafka Connect's connector.
struct connector_report {
  std::string state = {};   ///< RUNNING, PAUSED, FAILED ..., absent, unknown; empty: not asked
  std::string task = {};    ///< as `state`; none: the connector has no task
  std::string trouble = {}; ///< its stack trace, shortened, or why its state is unknown
  std::int64_t restarts = 0;
};

/// The state of the replication slot.
struct slot_report {
  std::string trouble = {}; ///< why the slot can't be read; empty: it can
  bool known = false;       ///< PostgreSQL has answered; if false, the next three fields mean nothing
  bool exists = false;      ///< the slot exists
  bool read = false;        ///< a client reads it, according to its confirmations
  bool active = false;      ///< a client is connected to it
  std::uint64_t retained_wal_bytes = 0;
  std::string confirmed_flush = {}; ///< LSN
  std::int64_t still_ms = 0;        ///< time since confirmed_flush last moved
};

/// What a node finds in PostgreSQL, the connector, Kafka and the ledger.
struct surroundings_report {
  slot_report slot = {};
  connector_report connector = {};
  std::string encoding = {}; ///< why the database's encoding isn't supported; empty: it is
  std::map<std::string, doubt_report> doubts = {};            ///< by table
  std::map<std::string, std::int64_t> open_dead_letters = {}; ///< by table
  std::map<std::string, std::int64_t> unknown_tables = {}; ///< number of records, by table without a figure
  std::string kafka_trouble = {};                          ///< why Kafka doesn't answer; empty: it does
  std::int64_t kafka_trouble_ms = 0;                       ///< duration of `kafka_trouble`
};

/// FILL's report: fills and leadership.
struct fill_report {
  bool live = false;                                  ///< the ledger's phase is live; else a fill runs
  std::string reason = {};                            ///< of the last fill
  std::string trouble = {};                           ///< why the fill can't continue
  std::vector<std::string> filling = {};              ///< the figures that fill; empty: all figures
  std::map<std::string, std::string> unreadable = {}; ///< by table: why its rows can't be read
  bool leads = false;                                 ///< this node serves shard 0
  std::uint64_t unserved_cells = 0;                   ///< cells without a node
  std::string stage = {};                             ///< the running fill's step, as text
  surroundings_report surroundings = {};
};

/// Another node, as this node sees it.
struct peer_report {
  std::string address = {};
  std::uint64_t cells = 0;  ///< cells that it serves
  std::string trouble = {}; ///< why it isn't part of the cluster
};

/// MEMBER's report: this node in the cluster.
struct member_report {
  std::string name = {}, address = {};
  std::vector<std::uint16_t> shards = {}; ///< shards that it serves
  std::uint64_t sources = 0;              ///< number of partitions that it reads
  std::int64_t claims = 0;                ///< shard claims since the node started
  std::map<std::string, peer_report> nodes = {};
  std::string trouble = {};
  double load_seconds = 0; ///< of the newest claim
};

/// AGGREGATOR's report: one cell.
struct cell_report {
  std::uint64_t rows = 0;
  bool live = false; ///< all of its figures are live
  std::uint64_t groups_bytes = 0;
  std::vector<std::uint64_t> rows_of = {}; ///< by route
};

/// A batch figure, as the ledger has it.
struct batch_report {
  std::string name = {};
  std::string state = {};        ///< waits, runs, failed
  std::string why = {};          ///< why the last attempt failed, and when the next one begins
  std::int64_t since = 0;        ///< Unix time, s: of the first failed attempt; 0: it didn't fail
  std::int64_t next = 0;         ///< Unix time, s: when it is due
  std::int64_t last_success = 0; ///< Unix time, s; 0: never
  std::string snapshot = {};     ///< when the shown result's snapshot was taken, ISO 8601
  std::uint64_t run = 0;         ///< number of the run that gave the shown result
  std::uint64_t rows = 0;        ///< of the shown result
  std::int64_t took_ms = 0;      ///< of the last attempt
  std::uint64_t missed = 0;      ///< runs that no node made
};

/// BATCH_SCHEDULER's report.
struct scheduler_report {
  bool leads = false;       ///< this node starts the runs
  std::string trouble = {}; ///< why none can be started
  std::vector<batch_report> batches = {};
};

/// A receiver of alerts outside of Redis.
struct receiver_report {
  std::string name = {};      ///< alertmanager, webhook
  std::string server = {};    ///< scheme, host and port; the rest of the URL can be secret
  std::string trouble = {};   ///< why the last attempt failed, and what to do; empty: it didn't
  std::int64_t since = 0;     ///< Unix time, s: of the first failed attempt
  std::int64_t next = 0;      ///< Unix time, s: of the next attempt, if the last one failed
  std::string position = {};  ///< ID of the newest event in alerts:stream that is confirmed
  std::uint64_t waiting = 0;  ///< events after the position
  std::int64_t lag_s = 0;     ///< age of the oldest event that waits, s
  std::uint64_t sent = 0;     ///< events confirmed since this node leads
  std::uint64_t silenced = 0; ///< events that a silence kept back since this node leads
  std::uint64_t refused =
      0;                    ///< events that the receiver refused, and were passed over, since this node leads
  std::uint64_t lost = 0;   ///< events that left alerts:stream unsent, at most, since this node leads
  std::string refusal = {}; ///< the last refused event, and the answer
};

/// ALERT_SENDER's report.
struct sender_report {
  bool leads = false; ///< this node sends
  std::vector<receiver_report> receivers = {};
};

/// RECONCILER's report: comparisons of the figures with PostgreSQL. Times are Unix time, s; 0: none.
struct reconciliation_report {
  bool leads = false;           ///< this node compares
  std::uint64_t interval_s = 0; ///< 0: it is off
  bool running = false;
  std::int64_t next = 0, ended = 0;
  std::int64_t took_s = 0;
  std::string result = {};                 ///< equal, differs, incomplete, moving, failed; empty: none yet
  std::string why = {};                    ///< why it failed
  std::vector<std::string> differing = {}; ///< figures that the last comparison found different
  std::int64_t since = 0;                  ///< when the first comparison in a row found a difference
};

/// A figure's state, from best to worst. The worst that applies counts.
enum class figure_state : std::uint8_t {
  live,
  stale,      ///< no changes come from PostgreSQL
  incomplete, ///< a table of the figure has open dead letters, or a doubt
  filling,
  failed, ///< Redis rejected a write, or lost one
};

struct figure_report {
  std::string name = {};
  figure_state state = figure_state::live;
  std::string why = {};                 ///< the reason, and what to do
  std::int64_t since = 0;               ///< Unix time, s; if the figure isn't live
  std::vector<std::string> tables = {}; ///< that it reads, as SCHEMA.TABLE
  std::uint64_t rows = 0;               ///< that it shows or aggregates, in this node's cells
};

/// One problem that the user should know.
struct trouble_report {
  std::string id = {};    ///< identifies the trouble; doesn't change while it lasts
  std::string what = {};  ///< "3 figures are incomplete"
  std::string why = {};   ///< the explanation, and what to do
  std::int64_t since = 0; ///< Unix time, s
};

/// A kind of actor, as the inspector asked it.
struct actor_report {
  std::string kind = {};
  std::uint64_t count = 1;       ///< how many of this kind the node has
  std::uint64_t silent = 0;      ///< how many didn't answer in time
  std::int64_t answered_us = -1; ///< the slowest answer, microseconds: its mailbox and what it was busy with
};

/// An actor that didn't answer in time.
struct silence_report {
  std::string who = {};
  std::int64_t since = 0; ///< Unix time, s: its last answer
};

/// A node's report, made from the reports of its actors.
struct node_report {
  std::string project = {};
  std::int64_t now = 0; ///< Unix time, s
  std::int64_t events_per_second = 0;
  std::uint64_t rows = 0;   ///< in the cells that answered
  std::uint16_t shards = 0; ///< of the project
  router_report router = {};
  writer_report writer = {};
  fill_report fill = {};
  member_report member = {};
  scheduler_report scheduler = {};
  sender_report sender = {};
  reconciliation_report reconciliation = {};
  std::vector<figure_report> figures = {};
  std::vector<trouble_report> troubles = {}; ///< worst first
  std::vector<actor_report> actors = {};
  std::vector<silence_report> silent = {}; ///< for these, the report contains their last answer
};

/// A place that a row counts for, and what Redis has there.
struct row_place_report {
  std::uint16_t figure = 0; ///< index into the plans
  std::string name = {};    ///< of the figure
  std::string key = {};     ///< empty: the row's own columns don't tell it
  std::string member = {};  ///< field or member; empty: none
  bool exists = false;      ///< Redis has the place
  std::string value = {};   ///< of a hash: all fields
  std::string note = {};    ///< Redis's error
};

/// A row as one cell has it: only the columns that figures of the entity need.
struct row_copy_report {
  std::uint16_t shard = 0;
  std::string entity = {};
  std::vector<std::string> columns = {}, values = {};
  std::vector<row_place_report> places = {};
};

/// A row as a node has it.
struct row_report {
  std::string trouble = {}; ///< why the question can't be answered, and what to ask; empty: it can
  std::string table = {};   ///< SCHEMA.TABLE
  std::uint16_t shard = 0;  ///< of the table's own cell
  std::string note = {};    ///< why the values are missing; empty: they aren't
  std::vector<row_copy_report> copies = {};
};

/// A subject of an alert.
struct alert_report {
  std::string alert = {}, subject = {};
  std::string state = {}, severity = {}; ///< pending, firing, recovering; info, warning, critical
  std::int64_t since = 0;                ///< Unix time, s: of the state
  std::vector<std::string> columns = {}; ///< name, text, name, text ...
};

} // namespace millrace
