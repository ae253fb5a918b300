#pragma once

/// Every typed handle, a sentence a message: the architecture on one page.
///
///     Kafka -> CDC_ROUTER ~batches~> DISPATCHER ~batches~> AGGREGATOR <~collect~ REDIS_WRITER -> Redis
///                  ^------------ durable, gap ------------'
///     FILL ~publish, sweep~> AGGREGATOR             INSPECTOR ~status~> all of them
///     MEMBER ~homes, sources~> all of them          MEMBER <~hello~> MEMBER of each other node
///
/// Each `status` is answered with a report (messages/reports.hpp). Who asks does so with high priority:
/// the question passes the batches that wait.

#include "messages/caf/types.hpp"

namespace millrace {

/// The AGGREGATOR interface: owns one cell, an entity's rows in one shard.
using aggregator_actor = caf::typed_actor<
    // Applies each batch once and in order, or answers the router that sent it with the gap.
    caf::reacts_to<std::vector<change_batch>>,
    // Hands out what changed since the last flush, as the next numbered one, with the next places
    // (so many at most) of a slow round over all of them, to be compared with Redis.
    caf::replies_to<atom::collect, std::uint32_t>::with<cell_flush>,
    // The flush that was handed out is in Redis.
    caf::reacts_to<atom::flushed>,
    // The cell's log in Redis isn't what was written: writes all rows again.
    caf::reacts_to<atom::copy>,
    // Starts over from what the ledger has.
    caf::replies_to<atom::load, cell_ledger>::with<cell_positions>,
    // Ends a fill: shows every place; answers once that is in Redis.
    caf::replies_to<atom::publish>::with<cell_id>,
    // A read of these tables, or of all, begins after the LSN: keys that are removed are remembered; answers
    // once that is in Redis.
    caf::replies_to<atom::read, lsn, std::vector<std::string>>::with<cell_id>,
    // The read is over: removes the rows that nothing has shown since its LSN; answers once that is in Redis.
    // An error (invalid_argument): the cell doesn't know of the read.
    caf::replies_to<atom::sweep, lsn, std::vector<std::string>>::with<cell_id>,
    // Tells the tick of the last write to each of a figure's places; 0 if unknown here.
    caf::replies_to<atom::written, figure_id, std::vector<std::string>>::with<std::vector<std::int64_t>>,
    caf::replies_to<atom::status>::with<cell_report>>;

/// Where a cell is served.
struct cell_home {
  cell_id cell;
  aggregator_actor at;
};

using cell_homes = std::vector<cell_home>;

/// The DISPATCHER interface: a node's door for changes. What a router has for
/// many cells of a node comes as one message.
using dispatcher_actor = caf::typed_actor<
    // Hands each batch on to its cell, as from the router that sent it.
    caf::reacts_to<std::vector<change_batch>>,
    // These cells are this node's, and no others.
    caf::reacts_to<atom::homes, cell_homes>>;

/// The INSPECTOR interface: gathers what people and tools ask a node.
using inspector_actor = caf::typed_actor<
    // Returns the node's report, within a second: what doesn't answer by then is named.
    caf::replies_to<atom::status>::with<node_report>,
    // To itself: looks what is wrong.
    caf::reacts_to<atom::tick>,
    // Returns the tick of the last write to each of a figure's places; 0 if unknown.
    caf::replies_to<atom::written, std::string, std::vector<std::string>>::with<std::vector<std::int64_t>>>;

/// What a node tells of itself: its protocol's number, its name, the ledger's
/// life that it serves, the cells that it has, its door for their changes, and
/// whether it takes shards: not by its role, or not any more since it leaves.
struct node_card {
  std::uint32_t protocol = 0;
  std::string name, life;
  cell_homes cells;
  dispatcher_actor door;
  bool takes_shards = true;
};

/// Some cells, and the door of the node that serves them.
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

// Append only: the numbers are the wire format.
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

/// The CDC_ROUTER interface: owns this node's Kafka partitions; decodes,
/// routes and delivers their records, and sends again what a cell lacks.
using cdc_router_actor = caf::typed_actor<
    // A cell has flushed up to these positions: credit returns.
    caf::reacts_to<atom::durable, cell_positions>,
    // A cell lacks what comes after this position.
    caf::reacts_to<atom::gap, cell_positions>,
    // Cells are served behind these doors now: all that are known.
    caf::reacts_to<atom::homes, std::vector<cells_behind>>,
    // These sources are this router's from now on, and no others; cells have this of them.
    caf::reacts_to<atom::sources, std::vector<source_id>, std::vector<cell_positions>>,
    // To itself: reads from Kafka once.
    caf::reacts_to<atom::poll>,
    // To itself, twice a second: tells every cell how far each source is.
    caf::reacts_to<atom::progress>, caf::replies_to<atom::status>::with<router_report>>;

/// The REDIS_WRITER interface: the only one that talks to Redis while records
/// flow; collects dirty cells and writes them in one atomic step.
using redis_writer_actor = caf::typed_actor<
    // The sender's cell has something to flush: at once, or when there is time.
    caf::reacts_to<atom::dirty, cell_id, bool>,
    // The cell is this node's, under this token and number.
    caf::reacts_to<atom::own, cell_home, owner_token, std::uint64_t>,
    // The cells are this node's no more; answers once nothing of theirs is under way.
    caf::replies_to<atom::release, std::vector<cell_id>>::with<bool>,
    // To itself: time to flush, or to try again.
    caf::reacts_to<atom::tick>,
    // To itself: where nothing was to flush, is the ledger still as it was left?
    caf::reacts_to<atom::poll>, caf::replies_to<atom::status>::with<writer_report>>;

/// The FILL interface: brings fills to their end, finds rows that a new
/// snapshot doesn't show, and watches connector, slot and dead letters.
using fill_actor = caf::typed_actor<
    // Cells are served there now; who leads (has the first shard) minds fills and the connector.
    caf::reacts_to<atom::homes, cell_homes, bool>,
    // To itself: looks around.
    caf::reacts_to<atom::tick>, caf::replies_to<atom::status>::with<fill_report>>;

/// The PEER interface: another node sends its announcement and gets this node's. A tool that comes in by
/// the nodes' door gets the node's inspector.
using peer_actor = caf::typed_actor<caf::replies_to<atom::hello, node_card>::with<node_card>,
                                    caf::replies_to<atom::inspector>::with<inspector_actor>>;

/// The MEMBER interface: this node among the others. Takes part in Kafka's groups,
/// claims shards and lets them go, and tells everybody where cells are served.
using member_actor = caf::typed_actor<
    // Another node introduces itself; answered with this one's card.
    caf::replies_to<atom::hello, node_card>::with<node_card>,
    // Hands out this node's inspector. An error: it has none yet.
    caf::replies_to<atom::inspector>::with<inspector_actor>,
    // This is the node's inspector.
    caf::reacts_to<atom::inspector, inspector_actor>,
    // Tells where cells are served.
    caf::replies_to<atom::homes>::with<cell_homes>,
    // To itself: looks at the groups.
    caf::reacts_to<atom::poll>,
    // To itself: looks for other nodes.
    caf::reacts_to<atom::tick>,
    // The ledger has another owner for this cell.
    caf::reacts_to<atom::fenced, cell_id>,
    // Leaves the groups; answers once the others have what was served here, or are given up on.
    caf::replies_to<atom::leave>::with<bool>,
    // Lets everything go.
    caf::replies_to<atom::release>::with<bool>, caf::replies_to<atom::status>::with<member_report>>;

} // namespace millrace
