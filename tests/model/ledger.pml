/* The ledger: who may write, and in what order. One shard; its records 1..N come
 * in order here (shard_protocol.pml sees to that); owners come and go.
 *
 *   - an owner may crash, or live on as a zombie while others claim the shard;
 *   - a flush may be caused by the clock: it moves no position;
 *   - a flush may get no answer and arrive late, when its owner has long read
 *     the ledger again and sent something else;
 *   - the identical flush may be sent again, its first copy still on its way or
 *     applied long ago: it counts once, the other copy is stale;
 *   - a fenced owner may claim again;
 *   - the store may restart with what it had synced: every later flush and claim
 *     is gone, also claims that owners still alive believe in.
 *
 * Every reading of the ledger writes a token that nobody ever used: claims and
 * reloads alike. A flush carries the token and its number; the store takes
 * flush n only under that token and after n - 1.
 * Mutants, each of which spin convicts:
 *   -DCOUNTED_EPOCH  the token is the store's own counter, plus one
 *   -DREUSED_TOKEN   a reload keeps its token
 *   -DNO_NUMBER      the number isn't compared (the owner alone is)
 *   -DNO_OWNER       neither is compared
 *
 * test_models.py searches it and convicts the mutants. By hand:
 *   spin -a ledger.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m100000
 */
#ifndef N
#define N 3                      /* records                                   */
#endif
#ifndef OWNERS
#define OWNERS 2                 /* incarnations, crashed or zombie           */
#endif
#ifndef CLAIMS
#define CLAIMS 3                 /* claims in all                             */
#endif
#ifndef TICKS
#define TICKS 1                  /* flushes caused by the clock               */
#endif
#ifndef LOSSES
#define LOSSES 1                 /* restarts of the store that lose a tail    */
#endif
#ifndef LATE
#define LATE 1                   /* flushes that arrive late or never         */
#endif

#ifndef AGAIN
#define AGAIN 1                  /* flushes that are sent once more, as they were */
#endif

typedef ledger { byte owner; byte flush; byte pos; byte mask };
typedef flush_on_its_way { byte owner; byte flush; byte pos; byte delta };
ledger store, synced;
flush_on_its_way late[LATE + 1];
byte claims, ticks, losses, tokens, sent, arrived, again;

inline copy(to, from) {
  to.owner = from.owner; to.flush = from.flush; to.pos = from.pos; to.mask = from.mask
}

inline load() { flush = store.flush; pos = store.pos; delta = 0 }

inline claim() {                 /* one atomic step: own it, load what is there */
#ifdef COUNTED_EPOCH
  store.owner++; token = store.owner;
#else
  tokens++; token = tokens; store.owner = token;
#endif
  load()
}

inline reload() {                /* one atomic step, refused if not the owner */
#ifdef COUNTED_EPOCH
  store.owner++; token = store.owner;
#else
#ifndef REUSED_TOKEN
  tokens++; token = tokens; store.owner = token;
#endif
#endif
  load()
}

#ifdef NO_OWNER
#define owned_by(t) (true)
#else
#define owned_by(t) (store.owner == t)
#endif
#if defined(NO_NUMBER) || defined(NO_OWNER)
#define follows(n) (true)
#else
#define follows(n) (store.flush == n)
#endif

inline accept(up_to, what, nr) {   /* the store takes a flush                   */
  assert(!(store.mask & what));                      /* nothing twice         */
  store.mask = store.mask | what; store.pos = up_to; store.flush = nr + 1;
  assert(store.mask == (2 << up_to) - 2)               /* a prefix, no gap      */
}

proctype incarnation() {
  byte token, flush, pos, delta;
end_idle:
  atomic { claims > 0 -> claims--; claim() }
  do
  :: atomic { pos < N -> pos++; delta = delta | (1 << pos) }        /* a record */
  :: atomic { delta && owned_by(token) && follows(flush) ->         /* a flush  */
       accept(pos, delta, flush); flush++; delta = 0 }
  :: atomic { delta && sent < LATE ->                               /* no answer */
       late[sent].owner = token; late[sent].flush = flush;
       late[sent].pos = pos; late[sent].delta = delta; sent++;
       if :: owned_by(token) -> reload()
          :: else -> break
       fi }
  :: atomic { delta && again > 0 && sent < LATE ->      /* no answer: the same  */
       again--;                                         /* is sent once more    */
       late[sent].owner = token; late[sent].flush = flush;
       late[sent].pos = pos; late[sent].delta = delta; sent++;
       if
       :: owned_by(token) && follows(flush) ->          /* the second is first  */
            accept(pos, delta, flush); flush++; delta = 0
       :: owned_by(token) && !follows(flush) -> reload()
       :: !owned_by(token) -> break
       fi }
  :: atomic { delta && again > 0 && owned_by(token) && follows(flush) ->
       again--;                                         /* the first was applied */
       accept(pos, delta, flush);                       /* unheard, the second  */
       if                                               /* finds it so          */
       :: owned_by(token) && follows(flush) ->
            accept(pos, delta, flush); flush++; delta = 0
       :: owned_by(token) && !follows(flush) -> reload()
       :: !owned_by(token) -> break
       fi }
  :: atomic { ticks > 0 && owned_by(token) && follows(flush) && !delta ->
       ticks--; accept(pos, 0, flush); flush++ }                    /* the clock */
  :: atomic { owned_by(token) && !follows(flush) -> reload() }      /* stale    */
  :: atomic { !owned_by(token) && claims > 0 -> claims--; claim() } /* fenced   */
  :: break                                                          /* crash    */
  od
}

proctype network() {             /* brings a late flush, or loses it          */
end_quiet:
  do
  :: atomic { arrived < sent ->
       if
       :: owned_by(late[arrived].owner) && follows(late[arrived].flush) ->
            accept(late[arrived].pos, late[arrived].delta, late[arrived].flush)
       :: true
       fi;
       arrived++ }
  od
}

proctype disk() {
  do
  :: d_step { losses > 0 -> copy(synced, store) }
  :: d_step { losses > 0 -> losses--; copy(store, synced) }
  :: losses == 0 -> break
  od
}

init { byte i; atomic { claims = CLAIMS; ticks = TICKS; losses = LOSSES;
  again = AGAIN;
  do :: i < OWNERS -> run incarnation(); i++ :: else -> break od;
  run disk(); run network() } }
