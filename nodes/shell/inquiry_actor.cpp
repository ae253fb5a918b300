#include "nodes/shell/inquiry_actor.hpp"

#include "actors/member/assignment.hpp"
#include "messages/caf/in_words.hpp"
#include "nodes/node/node_network.hpp"

#include <algorithm>
#include <set>

namespace millrace::shell {

using std::chrono::steady_clock;

std::string words_for(const caf::actor_system& system, const caf::error& why, const std::string& late) {
  if (why == caf::sec::request_timeout)
    return late;
  if (why == caf::sec::request_receiver_down)
    return "the connection was closed; is it a node of another build, or one that restarts?";
  return in_words(system, why);
}

namespace {

/// Returns why a door can be silent.
std::string late_words(const known_node& node) {
  return std::string("its door doesn't answer within 1 s: it is frozen, this isn't the door of a node, or ")
         + (node.tls ? "it has no TLS" : "it has TLS, and MILLRACE_NODE_CERTIFICATE isn't set");
}

} // namespace

void reach(caf::event_based_actor* self, const known_ptr& node, const found_inspector& use,
           const told_why& failed) {
  constexpr auto door_hint =
      ". A node's door is its MILLRACE_NODE_ADDRESS; with TLS between nodes, the shell needs "
      "their MILLRACE_NODE_CERTIFICATE, _KEY and _AUTHORITY";
  auto [host, port] = split_address(node->address);
  auto ends = steady_clock::now() + door_limit;
  self->request(node->network, door_limit, caf::connect_atom::value, host, port)
      .then(
          [=](const caf::node_id&, const caf::strong_actor_ptr& at, const std::set<std::string>&) {
            if (!at)
              return failed("a program answers there that isn't a node of Millrace's");
            auto left =
                std::max<steady_clock::duration>(ends - steady_clock::now(), std::chrono::milliseconds{100});
            self->request<caf::message_priority::high>(caf::actor_cast<peer_actor>(at), left,
                                                       atom::inspector_v)
                .then(
                    [=](const inspector_actor& inspector) {
                      node->inspector = inspector;
                      use(inspector);
                    },
                    [=](caf::error& why) {
                      failed(why == caf::sec::request_timeout || why == caf::sec::request_receiver_down
                                 ? words_for(self->system(), why,
                                             "it doesn't answer within 1 s: it is frozen or starts")
                                 : "it starts: ask again in some seconds");
                    });
          },
          [=](caf::error& why) {
            failed(why == caf::sec::request_timeout
                       ? late_words(*node)
                       : "it can't be reached: " + in_words(self->system(), why) + door_hint);
          });
}

} // namespace millrace::shell
