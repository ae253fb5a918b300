#pragma once

/// What the parts of a node tell of themselves: plain data, which any tool may ask for. How a person
/// sees it is decided where it is shown (actors/inspector/report_json).

#include "messages/units.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace {

/// One partition of a change topic, as this node's router reads it.
struct partition_report {
  std::string topic = {};
  std::int32_t partition = 0;
  std::int64_t read = -1;    ///< offset of the newest record that was read
  std::int64_t durable = -1; ///< offset up to which all cells are durable
  bool paused = false;       ///< for want of credit
};

/// The router: CDC_ROUTER.
struct router_report {
  std::int64_t records = 0;             ///< read since the node started
  std::int64_t lag_ms = 0;              ///< newest: from the commit in PostgreSQL to the flush in Redis
  std::int64_t own_lag_ms = 0;          ///< of it: since the record was read from Kafka
  std::uint64_t waiting_bytes = 0;      ///< sent to cells and not acknowledged
  std::uint64_t batches_sent_again = 0; ///< since the start
  std::uint64_t seeks = 0;              ///< since the start
  std::map<std::string, std::int64_t> dead_letters = {}; ///< sent since the start, by table
  std::vector<partition_report> sources = {};
};

/// Something about the Redis server that a person should know.
struct finding_report {
  bool refuses = false;  ///< nothing can be served from there; else a warning
  std::string what = {}; ///< what it means, and what to do
};

/// The writer: REDIS_WRITER.
struct writer_report {
  std::int64_t flushes = 0, commands = 0;         ///< since the start; commands that wrote places
  std::int64_t last_flush = 0;                    ///< Unix time, s
  std::map<std::string, std::string> failed = {}; ///< figures, and why
  std::string trouble = {};                       ///< why Redis takes nothing; empty: it does
  std::int64_t trouble_since = 0;                 ///< Unix time, s
  std::vector<finding_report> findings = {};
  bool busy = false;            ///< something is to be flushed, or under way
  std::int64_t interval_ms = 0; ///< that it waits for changes to merge
};

/// A table whose rows may have changed without records.
struct doubt_report {
  std::string reason = {}, remedy = {};
  std::int64_t since = 0; ///< Unix time, s
};

/// Kafka Connect's connector, as Connect tells of it.
struct connector_report {
  std::string state = {};   ///< RUNNING, PAUSED, FAILED ..., absent, unknown; empty: nobody asks
  std::string task = {};    ///< as state; none: it has no task
  std::string trouble = {}; ///< its failure's trace in short, or why it isn't known
  std::int64_t restarts = 0;
};

/// The replication slot.
struct slot_report {
  std::string trouble = {}; ///< why it can't be read; empty: it can
  bool known = false;       ///< PostgreSQL has answered; else the next three mean nothing
  bool exists = false;      ///< it is there
  bool read = false;        ///< somebody reads it, as far as confirmations tell
  bool active = false;      ///< somebody is connected to it
  std::uint64_t retained_wal_bytes = 0;
  std::string confirmed_flush = {}; ///< LSN
  std::int64_t still_ms = 0;        ///< since it was confirmed further
};

/// What a node sees around it: PostgreSQL, the connector, Kafka, the ledger.
struct surroundings_report {
  slot_report slot = {};
  connector_report connector = {};
  std::string encoding = {};                       ///< why the database's can't be carried; empty: it can
  std::map<std::string, doubt_report> doubts = {}; ///< by table
  std::map<std::string, std::int64_t> open_dead_letters = {}; ///< by table
  std::map<std::string, std::int64_t> unknown_tables = {};    ///< records that no figure reads, by table
  std::string kafka_trouble = {};                             ///< why Kafka doesn't answer; empty: it does
  std::int64_t kafka_trouble_ms = 0;                          ///< for how long
};

/// Fills and the lead: CLUSTER.
struct fill_report {
  bool live = false;                     ///< the ledger's phase; else it is filling
  std::string reason = {};               ///< of the last fill
  std::string trouble = {};              ///< why the fill doesn't go on
  std::vector<std::string> filling = {}; ///< only these figures fill; empty: all do
  bool leads = false;                    ///< this node has the first shard
  std::uint64_t unserved_cells = 0;      ///< no node has them
  std::string stage = {};                ///< of the fill that is under way, in words
  surroundings_report surroundings = {};
};

/// Another node, as this one knows it.
struct peer_report {
  std::string address = {};
  std::uint64_t cells = 0;  ///< that it serves
  std::string trouble = {}; ///< why it isn't one of us
};

/// This node among the others: MEMBER.
struct member_report {
  std::string name = {}, address = {};
  std::vector<std::uint16_t> shards = {}; ///< that are served
  std::uint64_t sources = 0;              ///< partitions that are read
  std::int64_t claims = 0;                ///< of shards, since the start
  std::map<std::string, peer_report> nodes = {};
  std::string trouble = {};
  double load_seconds = 0; ///< of the newest claim
};

/// One cell: AGGREGATOR.
struct cell_report {
  std::uint64_t rows = 0;
  bool live = false; ///< all of its figures are
  std::uint64_t groups_bytes = 0;
};

/// The worst that is true of a figure, from best to worst.
enum class figure_state : std::uint8_t {
  live,
  stale,      ///< its source stands still
  incomplete, ///< a table of its has open dead letters, or rows that changed without records
  filling,
  failed, ///< Redis refused a write, or lost some
};

struct figure_report {
  std::string name = {};
  figure_state state = figure_state::live;
  std::string why = {};   ///< and what mends it
  std::int64_t since = 0; ///< Unix time, s; of a figure that isn't live
};

/// Something that is wrong.
struct trouble_report {
  std::string id = {};    ///< the same as long as it lasts, whatever its words
  std::string what = {};  ///< "3 figures are incomplete"
  std::string why = {};   ///< what to know and to do
  std::int64_t since = 0; ///< Unix time, s
};

/// A part of the node that didn't answer in time.
struct silence_report {
  std::string who = {};
  std::int64_t since = 0; ///< Unix time, s: when it answered last
};

/// A node, put together from what its parts tell.
struct node_report {
  std::string project = {};
  std::int64_t now = 0; ///< Unix time, s
  std::int64_t events_per_second = 0;
  std::uint64_t rows = 0; ///< in the cells that answered
  router_report router = {};
  writer_report writer = {};
  fill_report fill = {};
  member_report member = {};
  std::vector<figure_report> figures = {};
  std::vector<trouble_report> troubles = {}; ///< the worst first
  std::vector<silence_report> silent = {};   ///< what these said last is shown
};

} // namespace millrace
