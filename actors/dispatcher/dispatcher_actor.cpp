#include "actors/dispatcher/dispatcher_actor.hpp"

#include <caf/send.hpp>

namespace millrace {

dispatcher_actor::behavior_type dispatcher_state::make_behavior() {
  return {
      [this](const std::vector<change_batch>& batches) { hand_on(batches); },
      [this](atom::homes, const cell_homes& x) {
        cells.clear();
        for (auto& home : x)
          cells[home.cell] = home.at;
      },
  };
}

/// Forwards batches. Drops one for a cell that has moved: its next owner answers the router's next
/// progress batch with the gap.
void dispatcher_state::hand_on(const std::vector<change_batch>& batches) {
  auto router = caf::actor_cast<caf::strong_actor_ptr>(self->current_sender());
  if (!router)
    return;
  std::map<cell_id, std::vector<change_batch>> of_cell;
  for (auto& batch : batches)
    of_cell[batch.cell].push_back(batch);
  for (auto& [cell, some] : of_cell)
    if (auto at = cells.find(cell); at != cells.end())
      caf::send_as(caf::actor_cast<cdc_router_actor>(router), at->second, std::move(some));
}

dispatcher_actor::behavior_type dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self) {
  return self->state.make_behavior();
}

} // namespace millrace
