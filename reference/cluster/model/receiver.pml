/* The receiver's half of an SA cluster: threads share one window over all sub-SAs of a cluster; sub-SAs come and go,
 * clusters end and begin, the process dies and comes back.
 *
 * The network is whoever is in between at his strongest: he has every number sealed under every key of its cluster,
 * as if each packet were copied to each path, and gives them to the receiver whenever he likes, as often as he likes.
 * The sender can make no more of it than that: sender.pml shows that a number names one packet.
 *
 * One thing must never happen, in whatever order the steps are taken:
 *
 *     replay_accepted   the receiver delivers one packet twice
 *
 * Each rule that keeps it from happening can be taken away with -DWITHOUT_..., and then it does. A step here is what
 * is indivisible in the engine too: a look at the window, a number tested and set in it. */

#define NUMBERS 4
#define WINDOW 2   /* numbers that the receiver remembers */
#define AHEAD 1    /* numbers that a mark is ahead of the top at most */
#define THREADS 2
#define KEYS 4     /* two of each cluster */
#define SECOND 2   /* the first key of the second cluster */
#define CLUSTERS 2
#define RESTARTS 2

/* Sets of numbers. */
#define has(set, n) (((set) >> (n)) & 1)
#define with(set, n) ((set) | (1 << (n)))
#define all_up_to(n) ((1 << ((n) + 1)) - 1)
#define within(set, last) ((set) & ~(last > WINDOW -> all_up_to(last - WINDOW) : 1))
#define cluster_of(k) (k < SECOND -> 0 : 1)

bool installed[KEYS];
bool second_founded;
byte restarts;

/* Windows by number: window_of() says which one a key's packets are held against. */
byte top[KEYS];
byte seen[KEYS];           /* of the last WINDOW numbers up to top */
byte top_mark[KEYS];       /* on disk: numbers up to here may have been accepted */

/* A packet between a thread's first look at the window and its decision; number 0: none. */
byte held_number[THREADS];
byte held_key[THREADS];

/* What has happened: a set of numbers for each cluster. */
byte delivered[CLUSTERS];
bool replay_accepted;

/* RULE ONE_WINDOW: for all sub-SAs of a cluster. RULE OWN_CLUSTER: the window of a key is that of its own cluster,
 * also when there is a newer one. */
#if defined(WITHOUT_ONE_WINDOW)
#define window_of(k) k
#elif defined(WITHOUT_OWN_CLUSTER)
#define window_of(k) second_founded
#else
#define window_of(k) cluster_of(k)
#endif

/* RULE TOO_OLD: what is below the window counts as seen. */
#ifdef WITHOUT_TOO_OLD
#define is_fresh(i, n) (n > top[i] || !has(seen[i], n))
#else
#define is_fresh(i, n) (n > top[i] || (n + WINDOW > top[i] && !has(seen[i], n)))
#endif

/* ---- packets ---- */

/* RULE MARK_FIRST: a number is delivered when the mark on disk is not below it. */
inline accept(i, k, n) {
#ifndef WITHOUT_MARK_FIRST
  if
  :: n > top_mark[i] -> top_mark[i] = (n + AHEAD < NUMBERS -> n + AHEAD : NUMBERS)
  :: else
  fi;
#endif
  top[i] = (n > top[i] -> n : top[i]);
  seen[i] = within(with(seen[i], n), top[i]);
  replay_accepted = has(delivered[cluster_of(k)], n);
  assert(!replay_accepted);
  delivered[cluster_of(k)] = with(delivered[cluster_of(k)], n)
}

/* RULE DECISION: it is made by the window as it is now, not as the first look saw it. */
inline decide(i, k, n) {
#ifdef WITHOUT_DECISION
  accept(i, k, n);
#else
  if
  :: is_fresh(i, n) -> accept(i, k, n)
  :: else
  fi;
#endif
}

proctype thread(byte t) {
  byte k, n;
end:
  do
  :: atomic {
       held_number[t] == 0 ->
       select(k : 0 .. KEYS - 1);
       select(n : 1 .. NUMBERS);
       if
       :: installed[k] && is_fresh(window_of(k), n) -> held_key[t] = k; held_number[t] = n
       :: else
       fi;
       k = 0; n = 0
     }
  :: d_step {
       held_number[t] != 0 ->
       decide(window_of(held_key[t]), held_key[t], held_number[t]);
       held_key[t] = 0; held_number[t] = 0
     }
  od
}

/* ---- keys ---- */

/* The first cluster begins with one sub-SA, which another joins. Sub-SAs go when an end deletes them; those of the
 * first cluster may live on a while beside the second one's. */
proctype negotiation() {
end:
  do
  :: d_step { installed[0] && !installed[1] && !second_founded -> installed[1] = true }
  :: d_step { installed[0] -> installed[0] = false }
  :: d_step { installed[1] && !installed[0] -> installed[1] = false }
  :: d_step { !second_founded -> second_founded = true; installed[SECOND] = true; installed[SECOND + 1] = true }
#ifdef WITHOUT_MARK_FIRST
  :: d_step { top_mark[0] < top[0] -> top_mark[0] = top[0] }
  :: d_step { top_mark[1] < top[1] -> top_mark[1] = top[1] }
#endif
  od
}

/* ---- restarts: what was in memory is gone ---- */

/* RULE MARK: whoever keeps its keys goes on behind its mark. */
inline restart_window(i) {
#ifdef WITHOUT_MARK
  top[i] = 0;
#else
  top[i] = top_mark[i];
#endif
  seen[i] = within(all_up_to(top[i]), top[i])
}

inline drop_held() {
  held_number[0] = 0; held_key[0] = 0;
  held_number[1] = 0; held_key[1] = 0
}

/* With the keys, from elsewhere; or without them: then only a new cluster is left. */
proctype restart() {
  byte i;
end:
  do
  :: d_step {
       restarts < RESTARTS ->
       restarts++;
       drop_held();
       for (i : 0 .. KEYS - 1) { restart_window(i) }
       i = 0
     }
  :: d_step {
       restarts < RESTARTS ->
       restarts++;
       drop_held();
       for (i : 0 .. KEYS - 1) { installed[i] = false }
       i = 0
     }
  od
}

init {
  atomic {
    installed[0] = true;
    run thread(0); run thread(1); run negotiation(); run restart()
  }
}
