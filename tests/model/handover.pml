/* Hand-over: a shard moves from node to node, a partition from router to router,
 * and nobody tells anybody. One cell, one source with the records 1..N.
 *
 *   - a node claims or lets go of the shard at any time: what the groups say
 *     changes at any time and is seen at different times, so two believe that they
 *     have it, or none; a node that doesn't look again for long is a zombie;
 *   - a flush that was collected goes on when its cell is let go or its node dies:
 *     it arrives before or after the next claim, or never; one that got no answer
 *     is sent again;
 *   - a router sends to any cell that lives, or to none: its cards may be old, lost
 *     or out of order; a batch may be lost, or late, overtaken by others;
 *   - a router hears any acknowledgement and any gap that was ever right, at any time,
 *     of whatever owner; it gets and loses the partition at any time, and as many
 *     read it at once as there are;
 *   - the store goes back to what it had synced, claims too, any number of times.
 *
 * Nothing is counted down: every fault may come any number of times. What a step is
 * in the code:
 *   claim          member_state::gain, `claim` in ledger.lua: token, number, positions in one
 *   reload         redis_writer_state::reload, `claim` from the own token
 *   end_cell       member_state::lose and on_fenced, redis_writer_state::forget; or a crash
 *   collect        redis_writer_state::collect_dirty: one flush a writer is under way
 *   settle         `flush` in ledger.lua and flush.lua, then redis_writer_state::settle
 *   look           redis_writer_state::compare
 *   take           cell::offer, sequencer: apply, old or gap
 *   send, deliver, resend, on_durable, on_gap    delivery_window (`acknowledged` stands for
 *                  `durable`; a gap's answer from the window is RESEND)
 *   start, stop    cdc_router_state::take_sources: positions of the store; window close
 *
 * Checked: a flush never brings a record twice, nor leaves one out. And from every
 * state: once nothing fails any more and all nodes see the same, ROUNDS bring all
 * records into the store (a round: nodes and writers look, one progress mark and its
 * answer, the rest is read, one flush; one isn't enough), and the router that
 * stays has its window empty. By symmetry that is node 0 and router 0.
 *
 * A token is the least that nobody holds: they are only compared, and so there are
 * finitely many. What holds one that neither store nor disk has can never write again:
 * its memory is the same to all, and is left out (OUT). -DWHOLE keeps it.
 *
 * Mutants, each of which spin convicts:
 *   -DSAME_TOKEN       a claim leaves the token as it is
 *   -DTOKEN_BY_NAME    the token is the node's name
 *   -DREAD_FIRST       positions and state are read before the claim, the number in it
 *   -DKEEPS_MEMORY     a node that gets the shard back goes on with what it had
 *   -DRETRY_STALE      a stale flush goes again under the ledger's number
 *   -DFENCED_STAYS     a fenced cell isn't given up
 *   -DNO_GAP_CHECK     a cell takes a batch that doesn't follow
 *   -DREAD_STAYS       a chain is set back, but not how far the source was read
 *   -DNO_OWED          an acknowledgement that was lost isn't said again
 * and where the store goes back:
 *   -DNO_OWNER         a flush compares the number alone: who let go isn't fenced
 *   -DSTART_AT_OFFSET  chains begin at the store's positions, reading at the group's offset
 *   -DKEPT_ONLY        a gap is answered from the window, the source isn't read again
 *   -DOLD_NEWS         a gap below what was acknowledged is taken for a late one
 *   -DSILENT           no progress marks where all is acknowledged
 * No mistake is -DCHAINS_AT_OFFSET: a new router that begins chains and reading at the
 * group's offset is set back by the first gap.
 *
 * test_models.py searches it and convicts the mutants. By hand:
 *   spin -a handover.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 * Searched whole, states, no violation: the bounds below 1,089,409; with LOSS=0 and
 * ROUTERS=2 91,600, NODES=3 82,284, N=3 FOREIGN=4 110,576, LATE=0 WHOLE 766,967; with
 * LATE=0 and CHAINS_AT_OFFSET 264,281, ROUTERS=2 1,941,457 (--long).
 */
#ifndef N
#define N 2                      /* records, up to 4                          */
#endif
#ifndef FOREIGN
#define FOREIGN 0                /* mask of those that other cells get        */
#endif
#ifndef NODES
#define NODES 2                  /* or 3                                      */
#endif
#ifndef ROUTERS
#define ROUTERS 1                /* or 2                                      */
#endif
#ifndef LATE
#define LATE 1                   /* is one batch late, or lost at once        */
#endif
#ifndef LOSS
#define LOSS 1                   /* may the store go back                     */
#endif
#ifndef ROUNDS
#define ROUNDS 4
#endif

typedef ledger { byte owner; byte number; byte pos };
typedef memory { byte token; byte number; byte pos; byte delta };  /* token 0: isn't there */
typedef window { bool on; byte read; byte sent; byte front; byte ends; byte content };
typedef batch { byte to; byte prev; byte last; byte changes };      /* last 0: isn't there  */

ledger store, synced;
memory cell[NODES];              /* delta: applied, not collected             */
memory flight[NODES];            /* collected, not answered                   */
window chain[ROUTERS];           /* kept: from `front`, cut at `ends`         */
batch late;
byte durable, reached;           /* how far store and cells ever were         */
bool over;
#ifdef READ_FIRST
byte seen[NODES];
#endif
#ifdef KEEPS_MEMORY
bool known[NODES];
#endif

#define OUT 15                   /* a token that the store will never see     */
#define NOBODY NODES
#define LATER 8                  /* LATER + n: to n, but late                 */
#define NO_GAP 255
hidden byte t, a, b, i, k, rounds, what, answer;     /* of a step, set before used */

#define up_to(x) ((2 << (x)) - 1)
#define records(prev, last) (up_to(last) & ~up_to(prev))
#define there(x) (cell[x].token != 0 && cell[x].token != OUT)
#define is_ours(n) (flight[n].token != 0 && flight[n].token == cell[n].token)
#define holds(n, x) (cell[n].token == x || flight[n].token == x)
#define on_disk(x) (store.owner == x || synced.owner == x)
#if NODES > 2
#define held(x) (on_disk(x) || holds(0, x) || holds(1, x) || holds(2, x))
#else
#define held(x) (on_disk(x) || holds(0, x) || holds(1, x))
#endif

#ifdef NO_OWNER
#define owned_by(x) ((x) != OUT)
#else
#define owned_by(x) (store.owner == (x))
#endif
#define follows(x) (store.number == (x))
#define accepted(n) (owned_by(flight[n].token) && follows(flight[n].number))
#ifdef NO_GAP_CHECK
#define gap(prev, n) (false)
#else
#define gap(prev, n) (prev > cell[n].pos)
#endif
#ifdef FENCED_STAYS
#define fenced(n) skip
#else
#define fenced(n) end_cell(n)
#endif

inline keep_max(high, x) { if :: x > high -> high = x :: else fi }

inline forget_late() { late.to = 0; late.prev = 0; late.last = 0; late.changes = 0 }

inline forget_flight(n) {
  flight[n].token = 0; flight[n].number = 0; flight[n].pos = 0; flight[n].delta = 0
}

/* --- the store, and who writes to it ---------------------------------------- */

#if defined(WHOLE) || defined(SAME_TOKEN) || defined(TOKEN_BY_NAME) || defined(KEEPS_MEMORY) \
    || defined(FENCED_STAYS)
#define fade(n) skip
#else
inline fade(n) {
  if
  :: there(n) && !on_disk(cell[n].token) ->
       cell[n].token = OUT; cell[n].number = 0; cell[n].pos = 0; cell[n].delta = 0;
       if :: late.to == n -> forget_late() :: else fi
  :: else
  fi;
  if
  :: flight[n].token != 0 && !on_disk(flight[n].token) -> forget_flight(n); flight[n].token = OUT
  :: else
  fi
}
#endif

inline fade_all() {
  fade(0); fade(1);
#if NODES > 2
  fade(2)
#endif
}

inline own(n) {
#if defined(SAME_TOKEN)
  t = 1;
#elif defined(TOKEN_BY_NAME)
  t = n + 1;
#else
  t = 1;
  do :: held(t) -> t++ :: else -> break od;
#endif
  store.owner = t; cell[n].token = t; cell[n].number = store.number;
  fade_all()
}

inline load(n) { cell[n].pos = store.pos; cell[n].delta = 0 }

inline claim(n) {
  own(n);
#if defined(READ_FIRST)
  cell[n].pos = seen[n]; cell[n].delta = 0
#elif defined(KEEPS_MEMORY)
  if :: !known[n] -> load(n) :: else fi;
  known[n] = true
#else
  load(n)
#endif
}

inline reload(n) {
#ifdef RETRY_STALE
  cell[n].delta = cell[n].delta | flight[n].delta;
  own(n)
#else
  own(n);
  load(n)
#endif
}

inline end_cell(n) {             /* what is on its way to it vanishes         */
  cell[n].token = 0; cell[n].number = 0;
#ifndef KEEPS_MEMORY
  cell[n].pos = 0; cell[n].delta = 0;
#endif
  if :: late.to == n -> forget_late() :: else fi
}

inline collect(n) {
  flight[n].token = cell[n].token; flight[n].number = cell[n].number;
  flight[n].pos = cell[n].pos; flight[n].delta = cell[n].delta;
  cell[n].delta = 0
}

inline accept(n) {
  assert(!(flight[n].delta & up_to(store.pos)));                     /* nothing twice */
  assert((flight[n].delta | up_to(store.pos)) == up_to(flight[n].pos)); /* no gap     */
  store.pos = flight[n].pos; store.number = flight[n].number + 1;
  keep_max(durable, store.pos)
}

inline settle(n) {               /* what is no more ours has no effect on us  */
  if
  :: accepted(n) ->
       accept(n);
       if :: is_ours(n) -> cell[n].number = store.number :: else fi
  :: !owned_by(flight[n].token) ->
       if :: is_ours(n) -> fenced(n) :: else fi
  :: else ->
       if :: is_ours(n) -> reload(n) :: else fi
  fi;
  forget_flight(n)
}

/* --- a batch arrives at a cell, is lost, or is put off ------------------------ */

inline take(n, after, until, list) {                     /* answer: the gap   */
  answer = NO_GAP;
  if
  :: n == NOBODY
  :: n >= LATER ->
       if
       :: late.last == 0 && after < until ->
            late.to = n - LATER; late.prev = after; late.last = until; late.changes = list
       :: else
       fi
  :: n < NODES ->
       if
       :: !there(n)
       :: there(n) && gap(after, n) -> answer = cell[n].pos
       :: there(n) && !gap(after, n) && until > cell[n].pos ->
            cell[n].delta = cell[n].delta | ((list | FOREIGN) & records(cell[n].pos, until));
            cell[n].pos = until;
            keep_max(reached, until)
       :: else                                           /* old               */
       fi
  fi
}

/* --- the router's window ------------------------------------------------------ */

inline forget_kept(r) { chain[r].front = 0; chain[r].ends = 0; chain[r].content = 0 }

inline send(r, home, rows) {                               /* none: a mark      */
  b = (chain[r].read > chain[r].sent -> chain[r].read : chain[r].sent);
  take(home, chain[r].sent, b, rows);
  if
  :: b > chain[r].sent ->
       if :: chain[r].ends == 0 -> chain[r].front = chain[r].sent :: else fi;
       chain[r].ends = chain[r].ends | (1 << b);
       chain[r].content = chain[r].content | rows;
       chain[r].sent = b
  :: else
  fi
}

inline deliver(r, home, x) {                               /* reads up to x     */
  what = records(chain[r].read, x) & ~up_to(chain[r].sent) & ~FOREIGN;
  chain[r].read = x;
  if :: what != 0 -> send(r, home, what) :: else fi
}

inline resend(r, home, x, y) {                             /* what ends in (x, y] */
  a = chain[r].front; i = 1;
  do
  :: i <= N && (chain[r].ends & (1 << i)) ->
       if :: i > x && i <= y -> take(home, a, i, chain[r].content & records(a, i)) :: else fi;
       a = i; i++
  :: i <= N && !(chain[r].ends & (1 << i)) -> i++
  :: i > N -> break
  od;
  a = 0
}

inline on_durable(r, x) {
  i = x;
  do :: i > 0 && !(chain[r].ends & (1 << i)) -> i-- :: else -> break od;
  if
  :: i > 0 ->
       chain[r].front = i; chain[r].ends = chain[r].ends & ~up_to(i);
       chain[r].content = chain[r].content & ~up_to(i);
       if :: chain[r].ends == 0 -> forget_kept(r) :: else fi
  :: else
  fi
}

#define acknowledged(r) (chain[r].ends -> chain[r].front : chain[r].sent)
#define keeps(r, x) (chain[r].ends != 0 && chain[r].front <= x)
#ifdef OLD_NEWS
#define heeds(r, x) (x < chain[r].sent && x >= acknowledged(r))
#else
#define heeds(r, x) (x < chain[r].sent)
#endif

inline on_gap(r, x) {
  if
  :: heeds(r, x) && !keeps(r, x) ->
#ifdef KEPT_ONLY
       skip
#else
       forget_kept(r);
       chain[r].sent = x;
#ifndef READ_STAYS
       if :: x < chain[r].read -> chain[r].read = x :: else fi
#endif
#endif
  :: else
  fi
}

inline start(r) {
  chain[r].on = true;
#ifdef CHAINS_AT_OFFSET
  chain[r].sent = durable;
#else
  chain[r].sent = store.pos;
#endif
#ifdef START_AT_OFFSET
  chain[r].read = durable
#else
  chain[r].read = chain[r].sent
#endif
}

inline stop(r) { chain[r].on = false; chain[r].read = 0; chain[r].sent = 0; forget_kept(r) }

/* --- what may happen at any time ---------------------------------------------- */

#define idle(n) (there(n) && flight[n].token == 0)

proctype node(byte n) {
  do
  :: d_step { !over && cell[n].token == 0 -> claim(n) }
#ifdef READ_FIRST
  :: d_step { !over && seen[n] != store.pos -> seen[n] = store.pos }
#endif
  :: d_step { cell[n].token != 0 -> end_cell(n) }
  :: d_step { idle(n) && cell[n].delta != 0 -> collect(n) }
  :: d_step { flight[n].token != 0 -> settle(n) }
  :: d_step { flight[n].token != 0 && accepted(n) -> accept(n) }         /* no answer */
  :: d_step { flight[n].token != 0 && !is_ours(n) -> forget_flight(n) }  /* never     */
  :: d_step { cell[n].token == OUT -> fenced(n) }                        /* look      */
  :: d_step { idle(n) && !owned_by(cell[n].token) -> fenced(n) }
  :: d_step { idle(n) && owned_by(cell[n].token) && !follows(cell[n].number) -> reload(n) }
  :: over -> break
  od
}

#define TO(r, home, can) \
  :: d_step { chain[r].on && can && chain[r].read < N -> deliver(r, home, chain[r].read + 1) } \
  :: d_step { chain[r].on && can && chain[r].read + 1 < N -> deliver(r, home, chain[r].read + 2) } \
  :: d_step { chain[r].on && can && chain[r].read > chain[r].sent -> send(r, home, 0) } \
  RESEND(r, home, can, 1) RESEND(r, home, can, 2) RESEND(r, home, can, 3) RESEND(r, home, can, 4)
#define RESEND(r, home, can, x) \
  :: d_step { can && home != NOBODY && (chain[r].ends & (1 << x)) -> resend(r, home, x - 1, x) }
#define HEAR(r, x) \
  :: d_step { chain[r].on && x <= durable && chain[r].ends -> on_durable(r, x) } \
  :: d_step { chain[r].on && x <= reached && x < chain[r].sent -> on_gap(r, x) }

proctype router(byte r) {
  do
  :: d_step { !over && !chain[r].on -> start(r) }
  :: d_step { chain[r].on -> stop(r) }
  TO(r, NOBODY, true)
  TO(r, 0, there(0)) TO(r, 1, there(1))
#if NODES > 2
  TO(r, 2, there(2))
#endif
#if LATE
  TO(r, LATER, (there(0) && late.last == 0)) TO(r, LATER + 1, (there(1) && late.last == 0))
#if NODES > 2
  TO(r, LATER + 2, (there(2) && late.last == 0))
#endif
#endif
  HEAR(r, 0) HEAR(r, 1) HEAR(r, 2) HEAR(r, 3) HEAR(r, 4)
  :: over -> break
  od
}

inline arrive() { take(late.to, late.prev, late.last, late.changes); forget_late() }

proctype network() {
  do
  :: d_step { late.last != 0 -> arrive() }
  :: d_step { late.last != 0 -> forget_late() }
  :: over -> break
  od
}

inline copy(x, y) { x.owner = y.owner; x.number = y.number; x.pos = y.pos; fade_all() }
#define same (store.owner == synced.owner && store.number == synced.number && store.pos == synced.pos)

proctype disk() {
  do
  :: d_step { !over && !same -> copy(synced, store) }
  :: d_step { !over && !same -> copy(store, synced) }
  :: over -> break
  od
}

/* --- nothing fails any more: node 0 has the shard, router 0 the partition ------ */

inline leave(n) {
  if :: cell[n].token != 0 -> end_cell(n) :: else fi;
  if :: flight[n].token != 0 -> settle(n) :: else fi
}

inline look(n) {
  if
  :: cell[n].token != 0 && !owned_by(cell[n].token) -> fenced(n)
  :: cell[n].token != 0 && owned_by(cell[n].token) && !follows(cell[n].number) -> reload(n)
  :: else
  fi
}

inline hear_answer() {           /* to a mark                                 */
  if
  :: answer != NO_GAP ->
       k = answer;
       on_gap(0, k);
       if :: keeps(0, k) -> resend(0, 0, k, N) :: else fi
  :: answer == NO_GAP && there(0) && cell[0].delta == 0 ->
#ifndef NO_OWED
       k = cell[0].pos;
       on_durable(0, k)
#else
       skip
#endif
  :: else
  fi
}

inline flush_now() {
  if
  :: there(0) && cell[0].delta != 0 ->
       collect(0);
       settle(0);
       if :: there(0) -> k = store.pos; on_durable(0, k) :: else fi
  :: else
  fi
}

inline round() {
  leave(1);
#if NODES > 2
  leave(2);
#endif
  if :: late.last != 0 -> arrive() :: else fi;
  if :: flight[0].token != 0 -> settle(0) :: else fi;
#ifdef READ_FIRST
  seen[0] = store.pos;
#endif
  if :: cell[0].token == 0 -> claim(0) :: else fi;
  look(0);
  if :: !chain[0].on -> start(0) :: else fi;
  answer = NO_GAP;
#ifdef SILENT
  if :: chain[0].ends || chain[0].read > chain[0].sent -> send(0, 0, 0) :: else fi;
#else
  send(0, 0, 0);
#endif
  hear_answer();
  if :: chain[0].read < N -> deliver(0, 0, N) :: else fi;
  flush_now()
}

inline clear() {                 /* all ends are one state                    */
  over = true;
  end_cell(0); end_cell(1); forget_flight(0); forget_flight(1);
#if NODES > 2
  end_cell(2); forget_flight(2);
#endif
  stop(0);
#if ROUTERS > 1
  stop(1);
#endif
  forget_late();
  durable = 0; reached = 0;
  store.owner = 0; store.number = 0; store.pos = 0;
  synced.owner = 0; synced.number = 0; synced.pos = 0
}

init {
  atomic {
    run node(0); run node(1);
#if NODES > 2
    run node(2);
#endif
    run router(0);
#if ROUTERS > 1
    run router(1);
#endif
#if LATE
    run network();
#endif
#if LOSS
    run disk()
#endif
  }
  d_step {
    rounds = 0;
    do :: rounds < ROUNDS -> round(); rounds++ :: else -> break od;
    assert(store.pos == N && chain[0].ends == 0);        /* all is there      */
    clear()
  }
}
