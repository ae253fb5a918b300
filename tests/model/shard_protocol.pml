/* Delivery protocol between CDC-routers and shards: an exactly-once effect in
 * the result store, no gap and no double, under
 *   - loss of any message (a broken connection),
 *   - crash and restart of a router, its old incarnation still sending,
 *   - crash of a shard, its old incarnation still running (fenced by epoch),
 *   - the store losing its newest write (the unsynced tail) at a restart.
 *
 * Ownership is coarse here (an epoch, the position compared); ledger.pml has the
 * token and the flush number.
 *
 * One source partition with the records 1..N; record i belongs to shard i % 2.
 * A batch carries at most one record here: (router, prev, last), where prev is
 * the offset up to which this router believes the shard to be complete.
 *
 * test_models.py searches it with each kind of fault alone. By hand:
 *   spin -a shard_protocol.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 *
 * Mutants, each of which spin convicts:
 *   -DNO_GAP_CHECK   a shard takes a batch that doesn't follow
 *   -DNO_COMPARE     a flush doesn't compare the store's position
 * RC, SC, RB, LO: how many router crashes, shard crashes, rollbacks, losses.
 *
 * The end of every run must find all records in both shards (checked in init).
 */
#ifndef N
#define N 3
#endif
#define S 2
#define R 2                      /* router incarnations: 0, then 1            */
#define ACK 1
#define GAP 2

byte router_crashes, shard_crashes, rollbacks, losses;

/* the store: what one atomic step of it reads and writes                     */
typedef durable_t { byte pos; byte mask; byte epoch; byte old_pos; byte old_mask };
durable_t store[S];
byte committed;                  /* the group offset in Kafka: only a hint    */
bool started[R];
bool alive[R];

chan data[S] = [1] of { byte, byte, byte };     /* router, prev, last         */
chan back[R] = [1] of { byte, byte, byte };     /* ACK or GAP, shard, pos     */

#ifdef NO_GAP_CHECK
#define gap(prev, pos) (false)
#else
#define gap(prev, pos) (prev > pos)
#endif
#ifdef NO_COMPARE
#define as_left(s) (true)
#else
#define as_left(s) (store[s].pos == durable)      /* as this shard left it     */
#endif

#define complete (store[0].pos == N && store[1].pos == N)

inline mask_up_to(s, p, m) {
  m = 0;
  if :: (s == 0) && (p >= 2) -> m = m | 4 :: else fi;
  if :: (s == 0) && (p >= 4) -> m = m | 16 :: else fi;
  if :: (s == 1) && (p >= 1) -> m = m | 2 :: else fi;
  if :: (s == 1) && (p >= 3) -> m = m | 8 :: else fi
}

/* a connection may break: the message is lost, the sender does not know      */
inline transmit(s, prev, last) {
  if
  :: data[s] ! me, prev, last
  :: losses > 0 -> losses--
  fi
}

proctype router(byte me) {
  byte next, k, s, p;
  byte sent[S]; byte acked[S];
  d_step { next = committed + 1; sent[0] = committed; sent[1] = committed; }
  do
  :: atomic { (next <= N) && nfull(data[next % 2]) ->          /* a record    */
       s = next % 2;
       if :: next > sent[s] -> transmit(s, sent[s], next); sent[s] = next
          :: else
       fi;
       next++; s = 0 }
  :: atomic { (next > N) && (!complete || rollbacks > 0) && empty(data[0]) ->    /* progress mark, */
       transmit(0, sent[0], N); sent[0] = N }                 /* sent for ever  */
  :: atomic { (next > N) && (!complete || rollbacks > 0) && empty(data[1]) ->
       transmit(1, sent[1], N); sent[1] = N }
  :: atomic { nempty(back[me]) ->
       back[me] ? k, s, p;
       if
       :: k == ACK ->
            if :: p > acked[s] -> acked[s] = p :: else fi;
            p = (acked[0] < acked[1] -> acked[0] : acked[1]);
            if :: p > committed -> committed = p :: else fi
       :: (k == GAP) && (p < sent[s]) ->
            sent[s] = p;
            if :: p < acked[s] -> acked[s] = p :: else fi;
            if :: p + 1 < next -> next = p + 1 :: else fi
       :: else
       fi;
       k = 0; s = 0; p = 0 }
  :: atomic { (me == 0) && (router_crashes > 0) ->
       router_crashes--; started[1] = true; alive[1] = true; run router(1);
       if :: true -> alive[0] = false; goto dead                /* crash      */
          :: true                                               /* zombie     */
       fi }
  :: complete && (rollbacks == 0) -> break
  od;
dead: skip
}

proctype shard(byte me; byte epoch) {
  byte pos, delta, durable, r, prev, last, m;      /* delta: since the last flush */
  d_step { pos = store[me].pos; durable = pos; }
  do
  :: atomic { nempty(data[me]) ->
       data[me] ? r, prev, last;
       if
       :: gap(prev, pos) ->                              /* a gap: say where I am */
            if :: nfull(back[r]) -> back[r] ! GAP, me, pos :: full(back[r]) fi
       :: !gap(prev, pos) && (last > pos) ->
            if :: (last % 2 == me) -> delta = delta | (1 << last)
               :: else
            fi;
            pos = last
       :: !gap(prev, pos) && (last <= pos)           /* old news              */
       fi;
       r = 0; prev = 0; last = 0 }
  :: atomic { (store[me].epoch != epoch) -> goto fenced }
  :: atomic { (store[me].epoch == epoch) && !as_left(me) ->
       pos = store[me].pos; delta = 0; durable = pos }             /* reload  */
  :: atomic { (store[me].epoch == epoch) && as_left(me) && (pos > durable) ->
       store[me].old_pos = store[me].pos; store[me].old_mask = store[me].mask;
       assert(!(store[me].mask & delta));            /* never twice           */
       store[me].pos = pos; store[me].mask = store[me].mask | delta;
       durable = pos; delta = 0;
       mask_up_to(me, pos, m);
       assert(m == store[me].mask);                  /* a prefix, no gap      */
       m = 0 }
  :: atomic { (store[me].epoch == epoch) && as_left(me) && (pos == durable) && alive[0] && nfull(back[0]) && empty(back[0]) && (committed < N) ->
       back[0] ! ACK, me, durable }
  :: atomic { (store[me].epoch == epoch) && as_left(me) && (pos == durable) && alive[1] && nfull(back[1]) && (committed < N) ->
       back[1] ! ACK, me, durable }
  :: atomic { shard_crashes > 0 ->
       shard_crashes--; store[me].epoch++; run shard(me, store[me].epoch);
       if :: true -> goto fenced                                /* crash      */
          :: true                                               /* zombie     */
       fi }
  :: complete && (rollbacks == 0) -> break
  od;
fenced: skip
}

proctype store_fault() {
  atomic {
    if
    :: (store[0].pos > 0) -> store[0].pos = store[0].old_pos; store[0].mask = store[0].old_mask
    :: (store[1].pos > 0) -> store[1].pos = store[1].old_pos; store[1].mask = store[1].old_mask
    :: true
    fi;
    rollbacks = 0 }
}

#ifndef RC
#define RC 1
#define SC 1
#define RB 1
#define LO 1
#endif
init { atomic { router_crashes = RC; shard_crashes = SC; rollbacks = RB; losses = LO;
  started[0] = true; alive[0] = true;
  run shard(0, 0); run shard(1, 0); run router(0);
  if :: rollbacks > 0 -> run store_fault() :: else fi } }
