#pragma once

/// Every actor and every message of a node, one sentence per message.
///
///     Kafka -> CDC_ROUTER ~batches~> DISPATCHER ~batches~> AGGREGATOR <~collect~ REDIS_WRITER -> Redis
///                  ^------------ durable, gap ------------'
///     BATCH_SCHEDULER ~run~> BATCH_WORKER -> PostgreSQL, Redis
///     ALERT_SENDER ~run~> ALERT_COURIER -> Alertmanager, a webhook
///     FILL ~publish, sweep~> AGGREGATOR             INSPECTOR ~status~> all of them
///     the shell ~status, row~> INSPECTOR ~row~> AGGREGATOR, PLACE_READER
///     MEMBER ~homes, sources~> all of them          MEMBER <~hello~> MEMBER of each other node
///
/// Each actor answers `status` with a report (messages/reports.hpp). Send `status` with high
/// priority, so that it overtakes the batches in the mailbox.

#include "messages/caf/types.hpp"

namespace millrace {

/// The AGGREGATOR interface: owns one cell, that is, one entity's rows in one shard.
using aggregator_actor = caf::typed_actor<
    // Applies each batch once and in order. Answers its router with `gap` if a batch is missing.
    caf::reacts_to<std::vector<change_batch>>,
    // Returns what changed since the last flush, as the next numbered flush. The flush also names
    // up to this many places of the cell, which the writer compares with Redis.
    caf::replies_to<atom::collect, std::uint32_t>::with<cell_flush>,
    // The flush returned last is in Redis.
    caf::reacts_to<atom::flushed>,
    // To itself: has the writer flush if the clock has changed a figure.
    caf::reacts_to<atom::tick>,
    // Redis lost blocks of the cell's state log: rewrites all rows to a new log.
    caf::reacts_to<atom::copy>,
    // Replaces the cell's rows and positions by those of the ledger.
    caf::replies_to<atom::load, cell_ledger>::with<cell_positions>,
    // Ends a fill (go live): shows every place, except those of the named figures, which keep
    // filling. Answers once the places are in Redis.
    caf::replies_to<atom::publish, std::vector<std::string>>::with<cell_id>,
    // A read of these tables (empty: all) begins at this LSN: remembers the keys that the stream
    // removes from now on. Answers once Redis has a note of the read.
    caf::replies_to<atom::read, lsn, std::vector<std::string>>::with<cell_id>,
    // The read that began at this LSN is finished: removes the rows that neither read nor stream
    // has shown since. Answers once that is in Redis. Error: invalid_argument if the cell doesn't
    // know of the read.
    caf::replies_to<atom::sweep, lsn, std::vector<std::string>>::with<cell_id>,
    // Returns the tick of the last write to each of these places of a figure; 0 if unknown.
    caf::replies_to<atom::written, figure_id, std::vector<std::string>>::with<std::vector<std::int64_t>>,
    // Returns what the cell has of the row with this packed key.
    caf::replies_to<atom::row, table_id, std::string>::with<std::vector<row_copy_report>>,
    caf::replies_to<atom::status>::with<cell_report>>;

/// A cell's location: the actor that serves it.
struct cell_home {
  cell_id cell;
  aggregator_actor at;
};

using cell_homes = std::vector<cell_home>;

/// The DISPATCHER interface: receives a node's batches. A router sends the batches for all cells of
/// a node in one message.
using dispatcher_actor = caf::typed_actor<
    // Forwards each batch to its cell, with the router as the sender.
    caf::reacts_to<std::vector<change_batch>>,
    // Replaces the list of cells that this node serves.
    caf::reacts_to<atom::homes, cell_homes>>;

/// The INSPECTOR interface: collects the reports of a node's actors.
using inspector_actor = caf::typed_actor<
    // Returns the node's report within 1 s. The report names each actor that didn't answer.
    caf::replies_to<atom::status>::with<node_report>,
    // To itself: checks for troubles.
    caf::reacts_to<atom::tick>,
    // Returns the tick of the last write to each of these places of a figure; 0 if unknown.
    caf::replies_to<atom::written, std::string, std::vector<std::string>>::with<std::vector<std::int64_t>>,
    // Returns what the node's cells have of a table's row with this key, and what Redis has at its places.
    caf::replies_to<atom::row, std::string, std::vector<std::string>>::with<row_report>,
    // Returns the subjects of the project's alerts.
    caf::replies_to<atom::alerts>::with<std::vector<alert_report>>,
    // Sets the level from which on this node logs, unless it is empty, and logs who did so. Returns the
    // present level. Error: invalid_argument for a level that doesn't exist.
    caf::replies_to<atom::log_level, std::string, std::string>::with<std::string>>;

/// A node's announcement: protocol number, node name, the incarnation (`life`) of the ledger that
/// it serves, its cells, and its dispatcher (`door`). `takes_shards` is false if the node's role
/// excludes shards, and while the node leaves.
struct node_card {
  std::uint32_t protocol = 0;
  std::string name, life;
  cell_homes cells;
  dispatcher_actor door;
  bool takes_shards = true;
};

/// Cells, and the dispatcher of the node that serves them.
struct cells_behind {
  dispatcher_actor door;
  std::vector<cell_id> cells;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_home& x) {
  return f(caf::meta::type_name("cell_home"), x.cell, x.at);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_card& x) {
  return f(caf::meta::type_name("node_card"), x.protocol, x.name, x.life, x.cells, x.door, x.takes_shards);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cells_behind& x) {
  return f(caf::meta::type_name("cells_behind"), x.door, x.cells);
}

} // namespace millrace

// Append only: the wire format contains the type numbers.
CAF_BEGIN_TYPE_ID_BLOCK(millrace_nodes, caf::id_block::millrace::end)
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::aggregator_actor))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::cell_home))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::cell_homes))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::node_card))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::dispatcher_actor))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::cells_behind))
CAF_ADD_TYPE_ID(millrace_nodes, (std::vector<millrace::cells_behind>))
CAF_ADD_TYPE_ID(millrace_nodes, (millrace::inspector_actor))
CAF_END_TYPE_ID_BLOCK(millrace_nodes)

namespace millrace {

/// The CDC_ROUTER interface: reads this node's sources, sends their changes to cells, and sends again
/// what a cell lacks.
using cdc_router_actor = caf::typed_actor<
    // A cell has flushed up to these positions: returns their credit.
    caf::reacts_to<atom::durable, cell_positions>,
    // A cell has a gap: sends everything after these positions again.
    caf::reacts_to<atom::gap, cell_positions>,
    // Replaces all known dispatchers and the cells that they serve.
    caf::reacts_to<atom::homes, std::vector<cells_behind>>,
    // Replaces this router's sources. The positions are those of the cells.
    caf::reacts_to<atom::sources, std::vector<source_id>, std::vector<cell_positions>>,
    // To itself: reads on once.
    caf::reacts_to<atom::poll>,
    // To itself, twice a second: sends every cell a progress batch per source.
    caf::reacts_to<atom::progress>, caf::replies_to<atom::status>::with<router_report>>;

/// The REDIS_WRITER interface: collects the changes of dirty cells, and writes them to Redis in one
/// atomic flush.
using redis_writer_actor = caf::typed_actor<
    // The sender's cell has something to flush. True: soon. False: positions only, which can wait.
    caf::reacts_to<atom::dirty, cell_id, bool>,
    // This node serves the cell, with this fencing token; the ledger is at this flush number.
    caf::reacts_to<atom::own, cell_home, owner_token, std::uint64_t>,
    // This node no longer serves these cells. Answers once no flush contains them.
    caf::replies_to<atom::release, std::vector<cell_id>>::with<bool>,
    // To itself: flushes, or repeats a flush that failed.
    caf::reacts_to<atom::tick>,
    // To itself: compares the ledger with the last flush, at once or after the running flush.
    caf::reacts_to<atom::poll>, caf::replies_to<atom::status>::with<writer_report>>;

/// The FILL interface: runs fills, rereads tables, and watches the connector, the replication slot
/// and the dead letters.
using fill_actor = caf::typed_actor<
    // These are the locations of all cells. True: this node serves shard 0 and leads, so it runs
    // fills and watches the connector.
    caf::reacts_to<atom::homes, cell_homes, bool>,
    // To itself: takes the next step of a fill, and checks the surroundings.
    caf::reacts_to<atom::tick>, caf::replies_to<atom::status>::with<fill_report>>;

/// The BATCH_WORKER interface: runs queries of batch figures, and stages their results in Redis.
using batch_worker_actor = caf::typed_actor<
    // Runs these figures in one snapshot. Answers when each has a staged result or has failed.
    caf::replies_to<atom::run, batch_order>::with<batch_outcome>>;

/// The BATCH_SCHEDULER interface: starts the runs of batch figures, and records them in the ledger.
using batch_scheduler_actor = caf::typed_actor<
    // True: this node leads, so it starts the runs. False: another node does.
    caf::reacts_to<atom::lead, bool>,
    // To itself: looks for figures that are due.
    caf::reacts_to<atom::tick>, caf::replies_to<atom::status>::with<scheduler_report>>;

/// The ALERT_COURIER interface: sends the events of alerts:stream to one receiver.
using alert_courier_actor = caf::typed_actor<
    // Sends what waits, for some seconds at most. True: this node begins to lead. Answers with what is
    // known of the receiver then.
    caf::replies_to<atom::run, bool>::with<receiver_report>>;

/// The ALERT_SENDER interface: has a courier for each receiver, which work while this node leads.
using alert_sender_actor = caf::typed_actor<
    // True: this node leads, so it sends. False: another node does.
    caf::reacts_to<atom::lead, bool>,
    // To itself: starts each courier that has ended its last round.
    caf::reacts_to<atom::tick>, caf::replies_to<atom::status>::with<sender_report>>;

/// The PLACE_READER interface: reads from Redis what a person asks for.
using place_reader_actor = caf::typed_actor<
    // Adds what Redis has at the row's places.
    caf::replies_to<atom::row, row_report>::with<row_report>,
    // Returns the subjects of all alerts. Error: why they can't be read.
    caf::replies_to<atom::alerts>::with<std::vector<alert_report>>>;

/// The PEER interface: another node sends its announcement and gets this node's. A tool gets the
/// node's inspector.
using peer_actor = caf::typed_actor<caf::replies_to<atom::hello, node_card>::with<node_card>,
                                    caf::replies_to<atom::inspector>::with<inspector_actor>>;

/// The MEMBER interface: this node in the cluster. It is a member of Kafka's consumer groups,
/// claims and releases shards, and sends the locations of cells to the other actors.
using member_actor = caf::typed_actor<
    // Another node sends its announcement; answers with this node's.
    caf::replies_to<atom::hello, node_card>::with<node_card>,
    // Returns this node's inspector. Error: the inspector hasn't started yet.
    caf::replies_to<atom::inspector>::with<inspector_actor>,
    // Sets this node's inspector.
    caf::reacts_to<atom::inspector, inspector_actor>,
    // Returns the locations of all known cells.
    caf::replies_to<atom::homes>::with<cell_homes>,
    // To itself: polls the consumer groups.
    caf::reacts_to<atom::poll>,
    // To itself: looks for other nodes in the node registry.
    caf::reacts_to<atom::tick>,
    // Another node owns this cell: its fencing token is newer.
    caf::reacts_to<atom::fenced, cell_id>,
    // Leaves the groups. Answers once other nodes serve this node's shards, or after a timeout.
    caf::replies_to<atom::leave>::with<bool>,
    // Releases all cells, and removes this node from the node registry.
    caf::replies_to<atom::release>::with<bool>, caf::replies_to<atom::status>::with<member_report>>;

} // namespace millrace
