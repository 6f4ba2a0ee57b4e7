/* The sender's half of an SA cluster, as far as its numbers go: workers take leases of one counter and seal on two
 * sub-SAs, with copies; sub-SAs are rekeyed, clusters end and begin, the process dies and comes back.
 *
 * Two things must never happen, in whatever order the steps are taken:
 *
 *     key_and_number_used_twice   a key seals two packets, or one twice, with one number: its nonce is spent
 *     number_names_two_packets    a cluster gives one number to two packets
 *
 * Each rule that keeps them from happening can be taken away with -DWITHOUT_..., and then one of them does. A step
 * here is what is indivisible in the engine too: a number taken, a packet sealed by the thread that has the sub-SA. */

#define NUMBERS 4  /* the counter's last number; 2^32 - 1 or 2^64 - 1 in truth */
#define LEASE 2    /* numbers that a worker takes at once */
#define WORKERS 2
#define KEYS 5     /* two to found each of two clusters, one for a rekey */
#define CLUSTERS 2
#define RESTARTS 2

/* Sets of numbers. */
#define has(set, n) (((set) >> (n)) & 1)
#define with(set, n) ((set) | (1 << (n)))

byte cluster;             /* the present one */
byte counter;             /* the last number taken of it */
byte mark;                /* on disk: numbers up to here may have been used */
byte key[2];              /* of the sub-SA on each path */
byte keys;                /* so many have been made */
byte lease_used[WORKERS]; /* what is left of a worker's lease: the numbers after this up to lease_last, 0: none */
byte lease_last[WORKERS];
byte copy_of[WORKERS];    /* the number whose copy is still to be sealed; 0: none */
byte copy_on[WORKERS];    /* the path that it goes on */
byte restarts;

/* What has happened. */
byte sealed[KEYS];
byte named[CLUSTERS];
bool key_and_number_used_twice, number_names_two_packets;

/* ---- numbers ---- */

/* RULE ONE_COUNTER: all sub-SAs of a cluster share it. Without, each has its own, and its own worker. */
#ifdef WITHOUT_ONE_COUNTER
byte counters[WORKERS];
#define counter_of(w) counters[w]
#define may_use(w, path) (w == path)
#else
#define counter_of(w) counter
#define may_use(w, path) true
#endif

#define wants_lease(w) (lease_last[w] == 0 && copy_of[w] == 0 && counter_of(w) < NUMBERS)
#define may_send(w) (lease_last[w] != 0 && copy_of[w] == 0)

/* RULE STOP: after the last number there is none. RULE MARK_FIRST: numbers are marked on disk before one is used. */
inline take_lease(w, last) {
  lease_used[w] = last;
  lease_last[w] = (last + LEASE < NUMBERS -> last + LEASE : NUMBERS);
  counter_of(w) = lease_last[w];
#ifdef WITHOUT_STOP
  counter = (counter == NUMBERS -> 0 : counter);
#endif
#ifndef WITHOUT_MARK_FIRST
  mark = counter_of(w)
#endif
}

inline end_lease(w) {
  lease_used[w] = 0;
  lease_last[w] = 0
}

/* A worker gives up what is left of its lease. RULE NEVER_SENT: these numbers go to nobody. */
inline abandon(w) {
#ifdef WITHOUT_NEVER_SENT
  counter = lease_used[w];
#endif
  end_lease(w)
}

/* RULE LEASES_END: with the cluster, and with the process. */
inline end_leases() {
#ifdef WITHOUT_LEASES_END
  skip
#else
  end_lease(0); copy_of[0] = 0; copy_on[0] = 0;
  end_lease(1); copy_of[1] = 0; copy_on[1] = 0
#endif
}

/* ---- packets ---- */

inline seal(path, n) {
  key_and_number_used_twice = has(sealed[key[path]], n);
  assert(!key_and_number_used_twice);
  sealed[key[path]] = with(sealed[key[path]], n)
}

/* The next packet, under the next number; it may be one that is sent twice. RULE OTHER_PATH: never on one path. */
inline send(w, path) {
  lease_used[w]++;
  seal(path, lease_used[w]);
  number_names_two_packets = has(named[cluster], lease_used[w]);
  assert(!number_names_two_packets);
  named[cluster] = with(named[cluster], lease_used[w]);
  if
  :: copy_of[w] = lease_used[w];
#ifdef WITHOUT_OTHER_PATH
     copy_on[w] = path
#else
     copy_on[w] = 1 - path
#endif
  :: skip
  fi;
  if
  :: lease_used[w] == lease_last[w] -> end_lease(w)
  :: else
  fi
}

inline send_copy(w) {
  seal(copy_on[w], copy_of[w]);
  copy_of[w] = 0;
  copy_on[w] = 0
}

/* RULE ONE_STEP: to read the counter and to move it on is one step. */
proctype worker(byte w) {
#ifdef WITHOUT_ONE_STEP
  byte read;
#endif
end:
  do
#ifdef WITHOUT_ONE_STEP
  :: wants_lease(w) -> read = counter; d_step { take_lease(w, read); read = 0 }
#else
  :: d_step { wants_lease(w) -> take_lease(w, counter_of(w)) }
#endif
  :: atomic { may_send(w) && may_use(w, 0) -> send(w, 0) }
  :: atomic { may_send(w) && may_use(w, 1) -> send(w, 1) }
  :: d_step { copy_of[w] != 0 -> send_copy(w) }
  :: d_step { may_send(w) -> abandon(w) }
  od
}

/* ---- keys ---- */

inline make_key(path) {
  key[path] = keys;
  keys++
}

inline found_cluster() {
  end_leases();
  cluster = (keys == 0 -> 0 : 1);
  counter = 0;
  mark = 0;
  make_key(0);
  make_key(1)
}

/* RULE OWN_KEY: no two sub-SAs have one key. RULE COUNTER_GOES_ON: a new sub-SA leaves the counter alone. */
inline rekey(path) {
  make_key(path);
#ifdef WITHOUT_OWN_KEY
  key[path] = key[1 - path];
#endif
#ifdef WITHOUT_COUNTER_GOES_ON
  counter = 0;
#endif
}

/* Keys are left for a second cluster while there is none. */
#define may_rekey (keys + (cluster == 0 -> 2 : 0) < KEYS)
#define may_found (cluster == 0)

/* A cluster is followed by a new one as its numbers run out, as an end wants it, or as the peer lost its keys. */
proctype negotiation() {
end:
  do
  :: d_step { may_rekey -> rekey(0) } /* paths are alike */
  :: d_step { may_found -> found_cluster() }
#ifdef WITHOUT_MARK_FIRST
  :: d_step { mark < counter -> mark = counter }
#endif
  od
}

/* The process dies, and what was in memory is gone. Where its keys are gone too, it founds a cluster with new ones:
 * see there. Where it has them from elsewhere, it goes on behind its mark. RULE MARK. */
proctype restart() {
end:
  do
  :: d_step {
       restarts < RESTARTS ->
       restarts++;
       end_leases();
#ifdef WITHOUT_MARK
       counter = 0
#else
       counter = mark
#endif
     }
  od
}

init {
  atomic { found_cluster(); run worker(0); run worker(1); run negotiation(); run restart() }
}
