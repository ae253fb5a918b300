#pragma once

/// Every typed handle, a sentence a message: the architecture on one page.
///
///     Kafka -> CDC_ROUTER ~change_batch~> AGGREGATOR <~collect~ REDIS_WRITER -> Redis
///                  ^------- durable, gap ------'
///     CLUSTER ~publish, sweep~> AGGREGATOR          INSPECTOR ~status~> all of them
///
/// Each `status` is answered with JSON text of what a person wants to know.

#include "messages/caf/types.hpp"

namespace millrace {

/// The CDC_ROUTER interface: owns this node's Kafka partitions; decodes,
/// routes and delivers their records, and sends again what a cell lacks.
using cdc_router_actor = caf::typed_actor<
    // A cell has flushed up to these positions: credit returns.
    caf::reacts_to<atom::durable, cell_positions>,
    // A cell lacks what comes after this position.
    caf::reacts_to<atom::gap, cell_positions>,
    // To itself: reads from Kafka once.
    caf::reacts_to<atom::poll>,
    // To itself, twice a second: tells every cell how far each source is.
    caf::reacts_to<atom::progress>, caf::replies_to<atom::status>::with<std::string>>;

/// The AGGREGATOR interface: owns one cell, an entity's rows in one shard.
using aggregator_actor = caf::typed_actor<
    // Applies a batch once and in order, or answers its router with the gap.
    caf::reacts_to<change_batch>,
    // Hands out what changed since the last flush, as the next numbered one.
    caf::replies_to<atom::collect>::with<cell_flush>,
    // The flush that was handed out is in Redis.
    caf::reacts_to<atom::flushed>,
    // Starts over from what the ledger has.
    caf::replies_to<atom::load, cell_ledger>::with<cell_positions>,
    // Ends a fill: shows every place; answers once that is in Redis.
    caf::replies_to<atom::publish>::with<cell_id>,
    // Removes the rows, of these tables or of all, that nothing has shown since the LSN; answers once that is
    // in Redis.
    caf::replies_to<atom::sweep, lsn, std::vector<std::string>>::with<cell_id>,
    // Tells the tick of the last write to each of a figure's places; 0 if unknown here.
    caf::replies_to<atom::written, figure_id, std::vector<std::string>>::with<std::vector<std::int64_t>>,
    caf::replies_to<atom::status>::with<std::string>>;

/// The REDIS_WRITER interface: the only one that talks to Redis while records
/// flow; collects dirty cells and writes them in one atomic step.
using redis_writer_actor = caf::typed_actor<
    // The sender's cell has something to flush: at once, or when there is time.
    caf::reacts_to<atom::dirty, cell_id, bool>,
    // To itself: time to flush, or to try again.
    caf::reacts_to<atom::tick>,
    // To itself: where nothing was to flush, is the ledger still as it was left?
    caf::reacts_to<atom::poll>, caf::replies_to<atom::status>::with<std::string>>;

/// The CLUSTER interface: brings fills to their end, finds rows that a new
/// snapshot doesn't show, and watches connector, slot and dead letters.
using cluster_actor = caf::typed_actor<
    // To itself: looks around.
    caf::reacts_to<atom::tick>, caf::replies_to<atom::status>::with<std::string>>;

/// The INSPECTOR interface: gathers what people and tools ask a node.
using inspector_actor = caf::typed_actor<
    // Returns the node's whole status.
    caf::replies_to<atom::status>::with<std::string>,
    // Returns the tick of the last write to each of a figure's places; 0 if unknown.
    caf::replies_to<atom::written, std::string, std::vector<std::string>>::with<std::vector<std::int64_t>>>;

} // namespace millrace
