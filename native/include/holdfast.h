/* SPDX-License-Identifier: MIT */
/*
 * The engine's public face: the words every layer shares (status, outcome,
 * phase, evidence) and the few calls by which a binding talks to the engine.
 *
 * Valid C11 and C++17. Nothing of libpq, libuv or Node appears here.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast_codes.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define HF_NODISCARD __attribute__((warn_unused_result))
#else
#define HF_NODISCARD
#endif

/* ---- vocabulary --------------------------------------------------------- */

enum hf_status {
#define HF_STATUS_ENUM(name, code, text) name,
  HF_STATUS_MAP(HF_STATUS_ENUM)
#undef HF_STATUS_ENUM
      HF_STATUS_COUNT
};

/* What became of a unit of work: says whether repeating it is safe. */
enum hf_outcome {
  HF_OUTCOME_NONE,         /* it succeeded */
  HF_OUTCOME_NOT_EXECUTED, /* provably nothing of it ran */
  HF_OUTCOME_ROLLED_BACK,  /* it ran and provably left nothing durable */
  HF_OUTCOME_AMBIGUOUS,    /* it may or may not be durable */
  HF_OUTCOME_PERMANENT     /* nothing durable; the same input fails again */
};

/* What would have to be repeated. */
enum hf_error_unit { HF_UNIT_STATEMENT, HF_UNIT_TRANSACTION };

/* How far a unit had come when it failed. */
enum hf_phase {
  HF_PHASE_LOCAL,   /* in this process, before anything was tried */
  HF_PHASE_ACQUIRE, /* waiting for a connection */
  HF_PHASE_CONNECT, /* opening a connection, authentication included */
  HF_PHASE_SEND,    /* handed to libpq, sending not finished */
  HF_PHASE_AWAIT,   /* sent, no complete answer */
  HF_PHASE_COMMIT,  /* COMMIT sent, not answered */
  HF_PHASE_BACKOFF, /* between two attempts */
  HF_PHASE_UNKNOWN  /* foreign error: nothing is known */
};

enum hf_severity {
  HF_SEVERITY_UNKNOWN,
  HF_SEVERITY_WARNING, /* a notice that preceded the end of the session */
  HF_SEVERITY_ERROR,
  HF_SEVERITY_FATAL,
  HF_SEVERITY_PANIC
};

/*
 * What the server is known to have done with a unit that was sent. Only what
 * we saw ourselves counts; UNKNOWN where nobody looked.
 */
enum hf_progress {
  HF_PROGRESS_UNKNOWN,
  HF_PROGRESS_UNPARSED, /* not accepted: no ParseComplete, or refused at Bind */
  HF_PROGRESS_PARSED,   /* accepted; how far it ran is not known */
  HF_PROGRESS_COMPLETE  /* CommandComplete came: it may be committing */
};

/* Who spoke: a server since 9.6 always sends the V field, PgBouncer never. */
enum hf_speaker { HF_SPEAKER_UNKNOWN, HF_SPEAKER_SERVER, HF_SPEAKER_POOLER };

/*
 * All that is known of a failure. Strings are borrowed for the call and may be
 * NULL. Zeroed memory is valid evidence of nothing.
 */
struct hf_evidence {
  enum hf_phase phase;
  enum hf_status status; /* HF_OK when the error is not ours */
  enum hf_severity severity;
  enum hf_speaker speaker;
  enum hf_progress progress;
  const char *sqlstate;   /* five characters */
  const char *routine;    /* of the server's C source */
  const char *code;       /* node's, a driver's or Prisma's error code */
  const char *kind;       /* of a Prisma driver adapter error */
  const char *syscall;    /* of a node error */
  const char *name;       /* of the error's class */
  const char *message;    /* judged last, anchored sentences only */
  bool in_transaction;    /* an explicit transaction was open */
  bool commit_sent;       /* and its COMMIT had left */
  bool may_commit_midway; /* CALL, DO, several statements, VACUUM, ... */
  bool nothing_sent;      /* we own the connection and sent no byte */
  bool simple;            /* it went by the simple protocol */
  bool pooled;            /* a pooler sits between us and the server */
  bool only_reads;        /* what failed reads, as a foreign error shows */
  bool known_retryable;   /* and whether repeating it is useful */
  enum hf_outcome known; /* what an error of ours says itself; NONE = nothing */
};

struct hf_classification {
  enum hf_outcome outcome;
  enum hf_error_unit unit;
  bool retryable;     /* repeating is useful; safe only if outcome says so */
  bool once;          /* the engine repeats it at most once */
  bool slow;          /* the server is short of something: back off longer */
  bool unnamed;       /* repeat with an unnamed statement */
  bool discard;       /* the connection must not be used again */
  bool connecting;    /* the breaker on connecting counts this failure */
  bool no_server;     /* only ever said before a server was reached */
  bool overload;      /* the server, or its pooler, is short of something */
  bool unknown;       /* no table has it: nothing is known of it */
  int32_t doubt;      /* of several failures, the one with most of it counts */
  const char *reason; /* static text: why, for people */
  char sqlstate[6];   /* what it was judged by; empty = by something else */
};

/*
 * Evidence as a binding hands it over: an array of numbers, by hf_fact, and
 * one of texts, by hf_evidence_text.
 */
enum hf_fact {
  HF_FACT_PHASE,
  HF_FACT_STATUS,
  HF_FACT_SEVERITY,
  HF_FACT_SPEAKER,
  HF_FACT_IN_TRANSACTION,
  HF_FACT_COMMIT_SENT,
  HF_FACT_MAY_COMMIT_MIDWAY,
  HF_FACT_NOTHING_SENT,
  HF_FACT_ONLY_READS,
  HF_FACT_KNOWN,
  HF_FACT_KNOWN_RETRYABLE,
  HF_FACT_COUNT
};

enum hf_evidence_text {
  HF_EVIDENCE_SQLSTATE,
  HF_EVIDENCE_ROUTINE,
  HF_EVIDENCE_CODE,
  HF_EVIDENCE_KIND,
  HF_EVIDENCE_SYSCALL,
  HF_EVIDENCE_NAME,
  HF_EVIDENCE_MESSAGE,
  HF_EVIDENCE_COUNT
};

/*
 * Reads evidence from its two arrays; borrows the texts, NULL = unknown.
 * Returns false, and leaves `out` undefined, when a number names no value of
 * its enum: the judge looks values up in tables.
 */
HF_NODISCARD bool hf_evidence_read(const int32_t facts[HF_FACT_COUNT],
                                   const char *const texts[HF_EVIDENCE_COUNT],
                                   struct hf_evidence *out);

/* Judges evidence. Pure; never fails. */
struct hf_classification hf_classify(const struct hf_evidence *evidence);

/* Returns the user's code ("HF_DEADLINE"), "" when it comes from elsewhere. */
const char *hf_status_code(enum hf_status status);

/* Returns the default sentence of a status. */
const char *hf_status_text(enum hf_status status);

/* Returns "not_executed", "rolled_back", "ambiguous", "permanent" or "". */
const char *hf_outcome_name(enum hf_outcome outcome);

/* ---- repeating of work done outside the engine -------------------------- */

enum hf_jitter { HF_JITTER_FULL, HF_JITTER_NONE };

enum hf_growth { HF_GROWTH_EXPONENTIAL, HF_GROWTH_LINEAR };

struct hf_retry_policy {
  int32_t max_retries; /* extra attempts; default 2 */
  int32_t base_ms;     /* default 50 */
  int32_t cap_ms;      /* default 2000 */
  enum hf_jitter jitter;
  enum hf_growth growth;
  bool retry_ambiguous; /* the caller says: idempotent, or only reads */
  bool count_given;     /* the caller chose max_retries, by a preset or so */
  bool delays_given;    /* and the delays */
  bool unbudgeted;      /* the process's budget does not cut it */
  bool external;        /* the work is done by a driver, not by the engine;
                           set by hf_retry_next */
  int32_t name_retries; /* for trouble with a driver's names of statements,
                           where no count was given; default 3 */
};

/* One call's history; the caller keeps it between attempts. */
struct hf_retry_state {
  int32_t retries;    /* made so far */
  double deadline_at; /* ms on the caller's clock, 0 = none */
  bool used_once;     /* a verdict with `once` was followed */
  int32_t waits; /* of the retries, those for an unreachable server: they do
                    not count towards max_retries */
  bool partial;  /* part of the work is done, or may yet be: a repetition
                    would do it twice */
};

struct hf_verdict {
  bool again;
  bool waits;   /* the retry is one for an unreachable server */
  bool cut;     /* the budget forbade it */
  bool partial; /* it would go again, were not part of it done */
  int32_t delay_ms;
  struct hf_classification why;
  const char *refused; /* static text when !again: what forbade it */
};

/* A policy as a binding hands it over: places in an array of numbers. */
enum hf_policy {
  HF_POLICY_MAX_RETRIES,
  HF_POLICY_BASE_MS,
  HF_POLICY_CAP_MS,
  HF_POLICY_JITTER,
  HF_POLICY_GROWTH,
  HF_POLICY_RETRY_AMBIGUOUS,
  HF_POLICY_COUNT_GIVEN,
  HF_POLICY_DELAYS_GIVEN,
  HF_POLICY_UNBUDGETED,
  HF_POLICY_NAME_RETRIES,
  HF_POLICY_COUNT
};

/* Returns false when a number names no value of its enum. */
HF_NODISCARD bool hf_retry_policy_read(const int32_t words[HF_POLICY_COUNT],
                                       struct hf_retry_policy *out);

void hf_retry_policy_write(const struct hf_retry_policy *policy,
                           int32_t words[HF_POLICY_COUNT]);

/* Fills in the defaults of the retry law. */
void hf_retry_policy_init(struct hf_retry_policy *policy);

/* Presets "fast", "linear", "serverless"; returns false for another name. */
HF_NODISCARD bool hf_retry_preset(const char *name,
                                  struct hf_retry_policy *policy);

/*
 * Has a run's policy follow what the caller of a run around it chose, unless
 * its own caller chose a count or delays. Whether it may run twice is its own.
 */
void hf_retry_policy_within(struct hf_retry_policy *policy,
                            const struct hf_retry_policy *around);

/*
 * Judges a failed attempt of work done outside the engine and counts it.
 * Where no count was given, trouble with names of statements follows the
 * preset "linear"; where no delays were given either, an unreachable server is
 * waited for until the deadline. What may have been done, and everything while
 * the server is overloaded, takes a token of the process-wide budget. Safe from
 * any thread. `random` is any 32 random bits.
 */
struct hf_verdict hf_retry_next(const struct hf_retry_policy *policy,
                                struct hf_retry_state *state,
                                const struct hf_evidence *evidence,
                                double now_ms,
                                uint32_t random);

/*
 * Counts one call towards the process-wide retry budget, at a time of the
 * clock that hf_retry_next is given; 0 = unknown. Any thread.
 */
void hf_retry_count_call(double now_ms);

/* What limits the helpers, in ms. */
enum hf_retry_limit {
  /* Of what a platform leaves a function, this is for its answer: one that is
     stopped by its platform answers nobody. */
  HF_RETRY_LIMIT_ANSWER_MS = 200
};

/* Returns how many repetitions the budget has cut in this process. */
double hf_retry_cuts(void);

/* ---- what became of a COMMIT whose answer was lost ----------------------- */

/*
 * The caller queries servers and reports the results; this decides what to ask
 * next, and when, and what the answers mean. One call of hf_fate_begin, then
 * hf_fate_next until the step is one of the last three. Times are ms on the
 * caller's clock. Pure; any thread, one at a time for a struct.
 */
enum hf_fate_step {
  HF_FATE_CONNECT,     /* get a connection that was begun after the loss */
  HF_FATE_ASK,         /* who are you, and what became of the transaction? */
  HF_FATE_PAUSE,       /* let delay_ms pass */
  HF_FATE_TERMINATE,   /* end the backend if it still runs the transaction */
  HF_FATE_STANDBYS,    /* which standbys does COMMIT wait for? */
  HF_FATE_CONFIRM,     /* commit a mark as the transaction would have */
  HF_FATE_COMMITTED,   /* it is over: it is durable */
  HF_FATE_ROLLED_BACK, /* it is over: nothing of it is */
  HF_FATE_UNKNOWN      /* it is over: nobody can say, as `reason` says */
};

enum hf_fate_event {
  HF_FATE_EVENT_CONNECTED,
  HF_FATE_EVENT_ANSWERED, /* with server, timeline and status, NULL = none */
  HF_FATE_EVENT_PAUSED,
  HF_FATE_EVENT_TERMINATED,
  HF_FATE_EVENT_NAMED, /* with synchronous_standby_names */
  HF_FATE_EVENT_CONFIRMED,
  HF_FATE_EVENT_FAILED,    /* the step failed: there may be another way */
  HF_FATE_EVENT_REFUSED,   /* the same, and every further one would */
  HF_FATE_EVENT_ABANDONED, /* the caller stopped waiting */
  HF_FATE_EVENTS
};

/* Of the struct; moved by the module alone. */
enum hf_fate_state {
  HF_FATE_STATE_LOST,        /* no connection to ask on */
  HF_FATE_STATE_ASKED,       /* the server was asked */
  HF_FATE_STATE_WAITING,     /* it was in progress; is asked again */
  HF_FATE_STATE_TERMINATING, /* its backend is being ended */
  HF_FATE_STATE_RETRYING,    /* asking failed; is tried again */
  HF_FATE_STATE_LISTED,      /* committed; the standbys are asked for */
  HF_FATE_STATE_CONFIRMING,  /* committed; the standbys are waited for */
  HF_FATE_STATE_COMMITTED,
  HF_FATE_STATE_ROLLED_BACK,
  HF_FATE_STATE_UNKNOWN,
  HF_FATE_STATES
};

enum { HF_FATE_SERVER_BYTES = 24, HF_FATE_TIMELINE_BYTES = 12 };

/* What the transaction said of itself before COMMIT; NULL = not known. */
struct hf_fate_identity {
  const char *xid;      /* NULL = it had written nothing */
  const char *server;   /* the system's identifier */
  const char *timeline; /* of its WAL */
  const char *waits;    /* its synchronous_commit */
};

struct hf_fate {
  enum hf_fate_state state;
  double until;    /* when asking ends */
  double asked_at; /* since when it is in progress, as far as is known */
  int32_t pauses;  /* while it is, since the last attempt to end it */
  int32_t reason;  /* why it is not known; an index of our own */
  bool waits;      /* COMMIT waited for standbys */
  bool committed;  /* the server said so */
  char server[HF_FATE_SERVER_BYTES], timeline[HF_FATE_TIMELINE_BYTES];
};

struct hf_fate_order {
  enum hf_fate_step step;
  int32_t delay_ms;   /* of HF_FATE_PAUSE */
  int32_t left_ms;    /* how long the step may take */
  const char *reason; /* static text, of HF_FATE_UNKNOWN; else NULL */
};

/* Begins; `end_ms` is when the caller wants it to be over, 0 = never. */
struct hf_fate_order hf_fate_begin(struct hf_fate *fate,
                                   const struct hf_fate_identity *identity,
                                   double now_ms,
                                   double end_ms);

/*
 * Says what comes next. The texts are those of the event, NULL where it has
 * none; borrowed for the call.
 */
struct hf_fate_order hf_fate_next(struct hf_fate *fate,
                                  enum hf_fate_event event,
                                  const char *const texts[3],
                                  double now_ms);

/* ---- the run of a retry helper ------------------------------------------ */

/* Where a run stands; docs/states.md has the diagram. */
enum hf_run_state {
  HF_RUN_NEW,      /* nothing was begun */
  HF_RUN_RUNNING,  /* the function is at work */
  HF_RUN_SETTLING, /* it failed, and calls that it began are waited for */
  HF_RUN_BACKOFF,  /* before the next attempt */
  HF_RUN_HELD,     /* before an attempt, while calls are held */
  HF_RUN_GRACE,    /* no attempt follows; this one may still say how it ended */
  HF_RUN_DONE,     /* the caller has its answer */
  HF_RUN_STATES
};

/* What happens to a run. Whatever comes too late changes nothing. */
enum hf_run_event_kind {
  HF_RUN_ON_BEGIN,
  HF_RUN_ON_SUCCESS,     /* the function succeeded */
  HF_RUN_ON_FAILURE,     /* the function failed, with evidence */
  HF_RUN_ON_CALLS_ENDED, /* none of the attempt's calls is under way now */
  HF_RUN_ON_RELEASE,     /* calls were held, and may go on */
  HF_RUN_ON_ABORT,       /* the caller's signal */
  HF_RUN_ON_TIMER,       /* what hf_run_step.due_at asked for */
  HF_RUN_EVENTS
};

/* What is to be done. */
enum hf_run_action {
  HF_RUN_DO_WAIT,    /* nothing before the next event */
  HF_RUN_DO_CALL,    /* call the function */
  HF_RUN_DO_SUCCEED, /* answer with what it returned */
  HF_RUN_DO_FAIL,    /* answer with what it failed with last */
  HF_RUN_DO_END      /* answer with the error that hf_run_step describes */
};

struct hf_run {
  enum hf_run_state state;
  enum hf_status ended; /* GRACE: HF_ABORTED or HF_DEADLINE */
  bool failed;          /* GRACE: the function has failed already */
  bool caller_deadline; /* the deadline is the caller's own: it ends the call,
                           and not only repeating */
  double due_at;        /* as the last step said */
  struct hf_retry_state history;
};

struct hf_run_event {
  enum hf_run_event_kind kind;
  uint32_t random; /* any 32 bits */
  double now_ms;
  bool aborted;         /* BEGIN: the caller's signal is aborted already */
  bool held;            /* calls of all helpers are held for a while */
  bool pending;         /* calls of the attempt are under way */
  bool wrote;           /* one of them wrote, or may have */
  bool inside;          /* one ran in a transaction that began outside */
  bool repeated;        /* what failed was repeated by something below */
  int32_t retries_left; /* what a run around leaves of its own; -1 = none is */
  int32_t names_left;   /* the same for trouble with names of statements */
  const struct hf_evidence *evidence; /* of the last failure, NULL = none */
};

struct hf_run_step {
  enum hf_run_action action;
  double due_at; /* when HF_RUN_ON_TIMER is to come; 0 = not at all */
  struct hf_verdict verdict; /* on a failure. Of DO_END only `why`: outcome,
                                unit and reason of the error to make */
  enum hf_status status;     /* DO_END: HF_ABORTED or HF_DEADLINE */
  enum hf_phase phase;       /* DO_END: LOCAL nothing was begun, BACKOFF between
                                two attempts, AWAIT during one */
};

/*
 * Reports an event to a run, and returns what to do next. The policy is the
 * run's own; a run begins as zeroed memory with its deadline. Pure but for the
 * process-wide budget; any thread, one run at a time.
 */
struct hf_run_step hf_run_next(struct hf_run *run,
                               const struct hf_retry_policy *policy,
                               const struct hf_run_event *event);

/* A run with its event as a binding hands them over: places of doubles. */
enum hf_run_number {
  HF_RUN_AT_STATE,
  HF_RUN_AT_ENDED,
  HF_RUN_AT_FAILED,
  HF_RUN_AT_DUE,
  HF_RUN_AT_USED_ONCE,
  HF_RUN_AT_RETRIES,
  HF_RUN_AT_WAITS,
  /* what follows is only read */
  HF_RUN_AT_DEADLINE,
  HF_RUN_AT_CALLER_DEADLINE,
  HF_RUN_AT_EVENT,
  HF_RUN_AT_RANDOM,
  HF_RUN_AT_NOW,
  HF_RUN_AT_ABORTED,
  HF_RUN_AT_HELD,
  HF_RUN_AT_PENDING,
  HF_RUN_AT_WROTE,
  HF_RUN_AT_INSIDE,
  HF_RUN_AT_REPEATED,
  HF_RUN_AT_RETRIES_LEFT,
  HF_RUN_AT_NAMES_LEFT,
  HF_RUN_AT_COUNT
};

/* Returns false when a number is none of its enum, or no count. */
HF_NODISCARD bool hf_run_read(const double numbers[HF_RUN_AT_COUNT],
                              struct hf_run *run,
                              struct hf_run_event *event);

void hf_run_write(const struct hf_run *run, double numbers[HF_RUN_AT_COUNT]);

/* ---- texts of statements ------------------------------------------------ */

/* What a text says; bits. Lexical and conservative, as everything by text. */
enum hf_text_trait {
  HF_TEXT_READS = 1 << 0,          /* writes nothing, bar shadowed names */
  HF_TEXT_COMMITS_MIDWAY = 1 << 1, /* an error proves nothing gone */
  /* of a part of a script only */
  HF_TEXT_ALONE = 1 << 2,      /* runs in no transaction */
  HF_TEXT_CALLS = 1 << 3,      /* CALL or DO: may commit, then only alone */
  HF_TEXT_ADDS_VALUE = 1 << 4, /* ALTER TYPE ... ADD VALUE */
  HF_TEXT_CONTROLS = 1 << 5    /* BEGIN, COMMIT, SAVEPOINT and the like */
};

/* Returns the HF_TEXT_* bits of a statement's text. */
int32_t hf_text_traits(const char *text, size_t bytes);

/* A statement of a script, with the semicolon behind it. */
struct hf_text_part {
  size_t start, end;
  int32_t traits; /* HF_TEXT_* */
};

/*
 * Finds the statements of a script that are not empty. Returns how many there
 * are, of which the first `max` are described.
 */
int32_t hf_text_split(const char *text,
                      size_t bytes,
                      struct hf_text_part *parts,
                      int32_t max);

/* How a text names a parameter. */
enum hf_placeholder_kind {
  HF_PLACEHOLDER_NUMBER, /* $1 */
  HF_PLACEHOLDER_NAME    /* :name */
};

/* What a placeholder stands in: a parameter only where it is nothing. */
enum hf_within {
  HF_WITHIN_NOTHING,
  HF_WITHIN_STRING,
  HF_WITHIN_DOLLAR_QUOTES,
  HF_WITHIN_QUOTED_NAME,
  HF_WITHIN_COMMENT
};

struct hf_placeholder {
  size_t start, end; /* with its $ or : */
  enum hf_placeholder_kind kind;
  enum hf_within within;
};

enum { HF_TEXT_UNTERMINATED = -1 };

/*
 * Finds the placeholders of a text, also what would be some but for the quotes
 * or the comment around, with standard_conforming_strings on. Returns how many
 * there are, of which the first `max` are described, or HF_TEXT_UNTERMINATED
 * when a quote or a comment does not end, or there is a NUL.
 */
int32_t hf_text_placeholders(const char *text,
                             size_t bytes,
                             struct hf_placeholder *list,
                             int32_t max);

/* ---- options ------------------------------------------------------------ */

enum hf_option_kind {
  HF_OPTION_INT,
  HF_OPTION_BOOL,
  HF_OPTION_TEXT,
  HF_OPTION_ENUM
};

/* One row of the options table; the table is the only place with defaults. */
struct hf_option {
  const char *name; /* as the user writes it */
  enum hf_option_kind kind;
  double initial, min, max;
  const char *words; /* of an enum, separated by |, the first is the default */
  const char *unit;  /* "ms", "s", "bytes", "" */
};

/* Returns the table and its length. */
const struct hf_option *hf_option_table(size_t *count);

/* Whom an option concerns, where several handles are on one pool. */
enum hf_option_scope {
  HF_SCOPE_POOL,    /* all of them: what is written wins over a default */
  HF_SCOPE_SESSION, /* the connections: another value is another pool */
  HF_SCOPE_HANDLE   /* the calls of one handle */
};

/* Returns the scope of an option. */
enum hf_option_scope hf_option_scope(const char *name);

/* ---- names of secrets ---------------------------------------------------- */

enum { HF_FINGERPRINT_BYTES = 33 };

/*
 * Writes 32 hex digits that stand for a text, with a key that only this
 * process has: equal texts have equal ones, and no text can be found by them.
 * Any thread. HF_NO_MEMORY when the system has no random numbers.
 */
HF_NODISCARD enum hf_status hf_fingerprint(const char *text,
                                           size_t bytes,
                                           char out[HF_FINGERPRINT_BYTES]);

/* ---- the engine --------------------------------------------------------- */

/*
 * A port joins one JavaScript environment to the engine. All functions of a
 * port may be called from that environment's thread only, unless said.
 */
struct hf_port;

/*
 * Submission. A batch is `n_ops` operations and one text. The text holds every
 * field of every operation in order, each ended by a NUL. A parameter field
 * that is the single byte 1 is SQL NULL; one that begins with byte 1 and goes
 * on has one extra byte 1 in front.
 */
enum hf_op_kind {
  HF_OP_OPEN = 1,    /* target = new pool; fields: key, then name, value, ...
                        Of a pool that is open: what was written since */
  HF_OP_QUERY,       /* target = pool; fields: sql, name if flagged, values */
  HF_OP_ACQUIRE,     /* target = pool */
  HF_OP_LEASE_QUERY, /* target = lease; fields as HF_OP_QUERY */
  HF_OP_RELEASE,     /* target = lease */
  HF_OP_ABORT,       /* id = the request to abort; with HF_FLAG_STREAM the
                        reader has left it, which is no failure */
  HF_OP_END,         /* target = pool; timeout_ms: instead of drainMillis */
  HF_OP_WARMUP,      /* target = pool; deadline_ms: how long it waits */
  HF_OP_RESET,       /* target = pool: a new generation of connections */
  HF_OP_SUSPEND,     /* target = pool: close idle connections, let calls wait */
  HF_OP_RESUME,      /* target = pool */
  HF_OP_DEALLOCATE,  /* target = pool: drop prepared statements */
  HF_OP_ANSWER,      /* id = an HF_MSG_ASK; fields: the value, or a message */
  HF_OP_INVALIDATE,  /* target = pool; fields: labels to drop; none = all */
  HF_OP_HOOK,        /* target = pool: new connections are to be prepared */
  HF_OP_FINISH,      /* target = lease; fields: COMMIT or ROLLBACK. Ends the
                        transaction and releases the lease; acquire_ms: how
                        long COMMIT may take once it is its turn. A COMMIT is
                        sent as ROLLBACK when the transaction has failed, or
                        the call was given up before; HF_FLAG_WANTS_NOTICES
                        as in HF_OP_RELEASE */
  HF_OP_LISTEN,      /* target = pool; fields: channel. Answers once it is
                        listened to. With HF_FLAG_CACHE another field, the
                        number of the pool whose cache is to be invalidated by
                        what is notified: payloads are tags, an empty one means
                        everything */
  HF_OP_UNLISTEN,    /* target = pool; fields: channel. Takes one LISTEN back */
  HF_OP_HEALTH,      /* target = pool; deadline_ms: the answer comes by then */
  HF_OP_READ,        /* id = a stream: its reader takes another portion */
  HF_OP_ONCE,        /* target = pool; fields as HF_OP_QUERY with HF_FLAG_BATCH,
                        which begins a transaction, and one more: values of the
                        last column of its last statement, a line each. When
                        that statement has given one of them, COMMIT follows,
                        else ROLLBACK. The answer is that of the statements and
                        then that of COMMIT, which may be an error; or the error
                        of a statement, after its ROLLBACK */
  HF_OP_WRITE        /* id = an HF_FLAG_COPY_IN: as many bytes for the server as
                        `portion` says, which are next in the text and no
                        field; with HF_FLAG_CLOSE the last ones */
};

/*
 * HF_FLAG_CACHE: the answer may come from the cache, and is cached. Between the
 * name, or the text, and the values come "ttl stale n": two times in ms and the
 * number of labels, as decimals with a blank between; then n labels: "k" and a
 * key, which is part of what makes two queries equal, or "t" and a tag. Times
 * say how old the answer may be, and how much older when no server is
 * reachable. Refused with HF_PARAM_INVALID where the statement does more than
 * read.
 *
 * HF_FLAG_SETTINGS: settings of the server for the transaction of the
 * statement. In front of the values come "n own", two decimals, then n names,
 * each with its value. `own` is 1 when they were given with the statement,
 * which is refused in an open transaction; where it is 0 they are not sent
 * there again.
 *
 * HF_FLAG_BATCH: several statements in one transaction, each with a result. The
 * first text is followed by how many there are; by what begins a transaction
 * that stays open, or nothing, and then they end with themselves; and by the
 * number of its values, and these. Then come the others, each with its text,
 * the number of its values, and these. Not with HF_FLAG_CACHE or HF_FLAG_NAMED.
 */
enum hf_flag {
  HF_FLAG_NAMED = 1 << 0,        /* the second field is a statement name */
  HF_FLAG_READ_ONLY = 1 << 1,    /* declared; enforced by the engine.
                                    HF_OP_HEALTH: the pool's settings ask for
                                    transactions that only read */
  HF_FLAG_IDEMPOTENT = 1 << 2,   /* declared: may run twice */
  HF_FLAG_EXACTLY_ONCE = 1 << 3, /* COMMIT: a warning makes it doubtful */
  HF_FLAG_CLOSE = 1 << 4,        /* HF_OP_RELEASE: close the connection */
  HF_FLAG_SHARED = 1 << 5,       /* HF_OP_OPEN: the registry's pool for key */
  HF_FLAG_NOTIFIED = 1 << 6,     /* HF_OP_OPEN: results are cached only while an
                                    HF_OP_LISTEN with HF_FLAG_CACHE is active */
  HF_FLAG_FAILED = 1 << 7, /* HF_OP_ANSWER: the function threw. HF_OP_RELEASE:
                              what was to prepare the connection did; answers
                              1 when a call that waited was refused for it */
  HF_FLAG_WANTS_NOTICES = 1 << 8, /* HF_OP_RELEASE: notices are still wanted */
  HF_FLAG_CALLER_DEADLINE = 1 << 9, /* also bounds the running attempt */
  HF_FLAG_EVENTS = 1 << 10,         /* HF_OP_OPEN: somebody listens to events */
  HF_FLAG_EXTENDED = 1 << 11,       /* never the simple protocol */
  HF_FLAG_PROBE = 1 << 12,     /* HF_OP_QUERY: a health probe, goes first */
  HF_FLAG_FORCE = 1 << 13,     /* HF_OP_DEALLOCATE: behind a proxy, too;
                                  HF_OP_ANSWER: the failure is permanent */
  HF_FLAG_CACHE = 1 << 14,     /* HF_OP_QUERY: see above; HF_OP_LISTEN */
  HF_FLAG_URGENT = 1 << 15,    /* HF_OP_LEASE_QUERY: a ROLLBACK that ends at
                                  once what is in its way */
  HF_FLAG_FAIL_FAST = 1 << 16, /* HF_OP_QUERY, HF_OP_ACQUIRE, HF_OP_WARMUP: a
                                  connect that fails is its answer */
  HF_FLAG_FAIL_NEW = 1 << 17,  /* the same while there never was a connection
                                  and the port is closed */
  HF_FLAG_SETTINGS = 1 << 18,  /* HF_OP_QUERY, HF_OP_LEASE_QUERY: see above */
  HF_FLAG_BATCH = 1 << 19,     /* the same */
  HF_FLAG_STREAM = 1 << 20,    /* HF_OP_QUERY, HF_OP_LEASE_QUERY: rows come in
                                  portions while it runs, HF_STREAM_AHEAD of
                                  them and one more for each HF_OP_READ */
  HF_FLAG_COPY_IN = 1 << 21,   /* the same: COPY FROM STDIN, whose data are
                                  given by HF_OP_WRITE; HF_MSG_COPY says what
                                  was taken of them */
  HF_FLAG_COPY_OUT = 1 << 22   /* the same: COPY TO STDOUT, whose data come as
                                  HF_MSG_COPY, HF_COPY_AHEAD portions and one
                                  more for each HF_OP_READ */
};

/* An operation as numbers: the places of its fields. */
enum hf_op_word {
  HF_OP_WORD_KIND,
  HF_OP_WORD_FIELDS,
  HF_OP_WORD_TARGET,
  HF_OP_WORD_ID_LOW,
  HF_OP_WORD_ID_HIGH,
  HF_OP_WORD_FLAGS,
  HF_OP_WORD_DECODE,
  HF_OP_WORD_DEADLINE_MS,
  HF_OP_WORD_ACQUIRE_MS,
  HF_OP_WORD_TIMEOUT_MS,
  HF_OP_WORD_RETRIES,
  HF_OP_WORD_PORTION,
  HF_OP_WORD_COUNT
};

struct hf_op {
  int32_t kind;     /* enum hf_op_kind */
  int32_t n_fields; /* taken from the text */
  int32_t target;   /* pool or lease number */
  int32_t id_low;   /* request id: two words the engine gives back */
  int32_t id_high;
  int32_t flags;
  int32_t decode;      /* bit per HF_DECODE_*: build this type in C */
  int32_t deadline_ms; /* from now; 0 = none */
  int32_t acquire_ms;  /* waiting for a connection, from now; 0 = none */
  int32_t timeout_ms;  /* one attempt; 0 = none */
  int32_t retries;     /* extra attempts; -1 = the pool's policy */
  int32_t portion;     /* of a stream: how many rows at once, at most */
};

/* How far a stream is ahead of its reader. */
enum hf_stream {
  HF_STREAM_AHEAD = 2,      /* portions */
  HF_STREAM_ROWS = 1000,    /* of a portion where the reader says nothing */
  HF_STREAM_BYTES = 1 << 18 /* a portion ends when it has as many */
};

/* Data of COPY on their way between JavaScript and the engine. */
enum hf_copy_limit {
  HF_COPY_AHEAD = 4,       /* portions that a reader has not asked for */
  HF_COPY_BYTES = 1 << 17, /* a portion has as many, or a few more */
  HF_COPY_WINDOW = 1 << 20 /* a writer is ahead of the server by as many */
};

/* Types that the engine can build itself; bits. */
enum hf_decode {
  HF_DECODE_BOOL = 1 << 0,
  HF_DECODE_INT2 = 1 << 1,
  HF_DECODE_INT4 = 1 << 2,
  HF_DECODE_OID = 1 << 3,
  HF_DECODE_FLOAT4 = 1 << 4,
  HF_DECODE_FLOAT8 = 1 << 5,
  HF_DECODE_TIMESTAMPTZ = 1 << 6
};

/*
 * Delivery. A block is one message: `ints` begins with the header below; its
 * numbers and strings are in the block's `nums` and `chunks`.
 */
enum hf_msg_kind {
  HF_MSG_RESULT = 1,
  HF_MSG_ROW_DESCRIPTION, /* columns of results that follow, once per port */
  HF_MSG_ERROR,
  HF_MSG_LEASE,  /* a connection was acquired */
  HF_MSG_OK,     /* release, end, warm-up, ...: done; may carry values */
  HF_MSG_OPENED, /* chunk 0: options of the pool as name NUL value NUL ... */
  HF_MSG_EVENT,
  HF_MSG_ASK,    /* the engine wants a function run; answer HF_OP_ANSWER */
  HF_MSG_HEALTH, /* the answer to HF_OP_HEALTH */
  HF_MSG_COPY    /* of COPY: chunk 0, if there, are bytes from the server */
};

/* Indices into `ints`. The first six are the same for every message. */
enum hf_int {
  HF_INT_KIND,
  HF_INT_LENGTH, /* of this message in ints */
  HF_INT_ID_LOW,
  HF_INT_ID_HIGH,
  HF_INT_NUMS,   /* how many of nums are this message's */
  HF_INT_CHUNKS, /* how many chunks are this message's */
  HF_INT_HEADER,

  /*
   * HF_MSG_RESULT. Row data follow HF_RESULT_INTS, row by row: one null bitmap
   * word per 32 columns (bit set = NULL), then for each column that is not
   * NULL: text -> its length in UTF-16 units; int, bool -> the value; number,
   * time -> nothing here, the value is the next of nums.
   * Chunk 0 is the command word when HF_RESULT_COMMAND is 0. A text cell lies
   * wholly in one chunk; when it does not fit what is left of the current
   * chunk it begins the next.
   */
  HF_RESULT_FLAGS = HF_INT_HEADER, /* HF_RESULT_MORE, ..._WROTE, ... */
  HF_RESULT_ROW_DESCRIPTION,       /* 0 = no columns */
  HF_RESULT_ROWS,
  HF_RESULT_AFFECTED_LOW,  /* row count of the command tag, two words */
  HF_RESULT_AFFECTED_HIGH, /* -1 = none */
  HF_RESULT_OID,
  HF_RESULT_COMMAND, /* enum hf_command */
  HF_RESULT_ATTEMPTS,
  HF_RESULT_CONNECTION,  /* serial of the connection it ran on; 0 = cached */
  HF_RESULT_TRANSACTION, /* on a lease: I, T or E after it; else 0 */
  HF_RESULT_INTS,

  /*
   * HF_MSG_ROW_DESCRIPTION: per column five ints (table, column, type, size,
   * modifier) and one enum hf_column; chunk 0 holds the names, NUL after each.
   */
  /*
   * Numbers are never used again. HF_ROW_DESCRIPTION_ID 1 says that those known
   * so far will not be used by results still to be made; ones already made and
   * on their way may refer to them, so keep one generation.
   */
  HF_ROW_DESCRIPTION_ID = HF_INT_HEADER,
  HF_ROW_DESCRIPTION_COLUMNS,
  HF_ROW_DESCRIPTION_INTS,
  HF_ROW_DESCRIPTION_STRIDE = 6,

  /*
   * HF_MSG_ERROR. Chunk 0: fields, each a letter as in the protocol's
   * ErrorResponse (S severity, V, C sqlstate, M message, ...) or ours
   * (a address, o port, y syscall), then text, then NUL. Chunk 1, if there:
   * the fields of the cause.
   */
  HF_ERROR_STATUS = HF_INT_HEADER,
  HF_ERROR_OUTCOME,
  HF_ERROR_RETRYABLE,
  HF_ERROR_UNIT,
  HF_ERROR_PHASE,
  HF_ERROR_ATTEMPTS,
  HF_ERROR_ELAPSED_MS,
  HF_ERROR_ERRNO,
  HF_ERROR_TOTAL, /* the pool at that moment */
  HF_ERROR_BUSY,
  HF_ERROR_IDLE,
  HF_ERROR_WAITING,
  HF_ERROR_CAUSE_STATUS,
  HF_ERROR_CAUSE_ERRNO,
  HF_ERROR_TRANSACTION, /* as HF_RESULT_TRANSACTION */
  HF_ERROR_CONNECTION,  /* as HF_RESULT_CONNECTION */
  HF_ERROR_LEASED,      /* of busy ones, those that are lent to clients */
  HF_ERROR_STATEMENT,   /* which statement of a batch, from 1; 0 = none */
  HF_ERROR_INTS,

  /*
   * HF_MSG_HEALTH begins as HF_MSG_ERROR: with what the probe failed with, if
   * it did (HF_ERROR_STATUS), and the pool at that moment. Then the verdict.
   */
  HF_HEALTH_STATUS = HF_ERROR_INTS, /* enum hf_health_status */
  HF_HEALTH_OBSTACLE,               /* enum hf_health_obstacle */
  HF_HEALTH_ISSUES,                 /* HF_ISSUE_* */
  HF_HEALTH_WARMED,    /* 1 = as many as a warm-up opens were open at once */
  HF_HEALTH_POOLER,    /* enum hf_health_pooler */
  HF_HEALTH_ROLE,      /* enum hf_health_role */
  HF_HEALTH_BREAKER,   /* enum hf_circuit */
  HF_HEALTH_ANSWER_MS, /* how long the server took */
  HF_HEALTH_LOST,      /* connections, at work, since the last verdict */
  HF_HEALTH_INTS,

  /* HF_MSG_LEASE */
  HF_LEASE_NUMBER = HF_INT_HEADER, /* target of HF_OP_LEASE_QUERY */
  HF_LEASE_CONNECTION,             /* serial of the connection in its pool */
  HF_LEASE_PID,                    /* backend's process id */
  HF_LEASE_POOLED,                 /* 1 = behind a proxy */
  HF_LEASE_INTS,

  /* HF_MSG_COPY */
  HF_COPY_TAKEN = HF_INT_HEADER, /* so many bytes of HF_OP_WRITE went on */
  HF_COPY_INTS,

  /* HF_MSG_OK: free values, by operation */
  HF_OK_STATUS = HF_INT_HEADER, /* transaction status, health, ... */
  HF_OK_INTS,

  /* HF_MSG_OPENED */
  HF_OPENED_EXISTING = HF_INT_HEADER, /* 1 = the registry had it */
  HF_OPENED_INTS,

  /* HF_MSG_EVENT: id_low = pool, id_high = connection serial */
  HF_EVENT_KIND = HF_INT_HEADER, /* enum hf_event */
  /*
   * NOTIFY: sender's pid; CONNECT, CONNECT_FAILED: microseconds it took;
   * BREAKER: enum hf_circuit; else 0
   */
  HF_EVENT_VALUE,
  /*
   * The lease it belongs to, or 0. Of CONNECT: the one by which this
   * environment is to prepare the connection; HF_OP_RELEASE says that it did.
   */
  HF_EVENT_LEASE,
  HF_EVENT_STATUS, /* enum hf_status of the failure it reports, or HF_OK */
  HF_EVENT_ERRNO,  /* positive, 0 = none */
  HF_EVENT_PID,    /* of CONNECT: the backend's process id */
  HF_EVENT_POOLED, /* of CONNECT: 1 = behind a proxy */
  HF_EVENT_INTS,

  /*
   * HF_MSG_ASK: id = question; chunk 0 = what is asked: "password", or
   * "identity <host>\n<certificates>", the server's own first, as PEM text
   */
  HF_ASK_POOL = HF_INT_HEADER,
  HF_ASK_INTS
};

/* Bits of HF_RESULT_FLAGS. */
enum hf_result_flag {
  HF_RESULT_MORE = 1,   /* another result of this call follows */
  HF_RESULT_WROTE = 2,  /* something may be durable by now: what it wrote, or
                           what the transaction wrote that it committed */
  HF_RESULT_CACHED = 4, /* no statement was sent for this call */
  HF_RESULT_STALE = 8,  /* and the answer is older than it asked for */
  HF_RESULT_HOLDS = 16, /* it may have left something in its session */
  HF_RESULT_PART = 32   /* with MORE: a portion of a stream's rows; the rest of
                           the same result follows */
};

enum hf_column {
  HF_COLUMN_TEXT,
  HF_COLUMN_INT, /* int2, int4 */
  HF_COLUMN_BOOL,
  HF_COLUMN_FLOAT, /* float4, float8, oid */
  HF_COLUMN_TIME   /* timestamptz: ms since 1970, infinities kept */
};

/* First words of command tags. */
enum hf_command {
  HF_COMMAND_OTHER,
  HF_COMMAND_SELECT,
  HF_COMMAND_INSERT,
  HF_COMMAND_UPDATE,
  HF_COMMAND_DELETE,
  HF_COMMAND_BEGIN,
  HF_COMMAND_COMMIT,
  HF_COMMAND_ROLLBACK,
  HF_COMMAND_SET,
  HF_COMMAND_EMPTY /* the empty statement: command is null, as in pg */
};

enum hf_event {
  HF_EVENT_CONNECT,        /* a connection was opened */
  HF_EVENT_REMOVE,         /* a connection was closed */
  HF_EVENT_ERROR,          /* an idle connection died; chunk 0 = fields */
  HF_EVENT_NOTICE,         /* chunk 0 = fields */
  HF_EVENT_NOTIFY,         /* chunk 0 = channel, chunk 1 = payload */
  HF_EVENT_WARNING,        /* chunk 0 = a sentence for the log */
  HF_EVENT_LOST,           /* a leased connection died; chunk 0 = fields */
  HF_EVENT_CONNECTING,     /* a connect was begun */
  HF_EVENT_CONNECT_FAILED, /* ended without success; chunk 0 = fields */
  HF_EVENT_BREAKER,        /* opened (chunk 0 = fields) or closed */
  HF_EVENT_RESUMED         /* chunk 0 = channel: listened to again; what was
                              notified since it was lost is missed */
};

/* ---- health -------------------------------------------------------------- */

enum hf_health_status {
  HF_HEALTH_UP,       /* queries work */
  HF_HEALTH_DEGRADED, /* they do, or would if others let them */
  HF_HEALTH_DOWN      /* none works */
};

/* What keeps queries from working. */
enum hf_health_obstacle {
  HF_OBSTACLE_NONE,
  HF_OBSTACLE_ENDED,     /* the pool was ended */
  HF_OBSTACLE_SUSPENDED, /* by suspend() */
  HF_OBSTACLE_SILENT,    /* the server was asked and does not answer */
  HF_OBSTACLE_IN_USE,    /* the application has all connections */
  HF_OBSTACLE_FAILED     /* what the probe failed with says it */
};

/* What is wrong although queries work; bits, in the order of reporting. */
enum hf_health_issue {
  HF_ISSUE_QUEUE_FULL = 1 << 0,
  HF_ISSUE_QUEUE_LONG = 1 << 1, /* half of queueMax, or more */
  HF_ISSUE_ALL_LENT = 1 << 2,   /* to clients, and calls wait */
  HF_ISSUE_SLOW = 1 << 3,       /* the server took long to answer */
  HF_ISSUE_BREAKER = 1 << 4,    /* new connections cannot be opened */
  HF_ISSUE_LOST = 1 << 5,       /* connections were lost at work */
  HF_ISSUE_TAKES_NO_WRITES = 1 << 6,
  HF_ISSUE_DEMOTED = 1 << 7 /* a standby where a primary was */
};

enum hf_health_role {
  HF_HEALTH_ROLE_UNKNOWN,
  HF_HEALTH_ROLE_PRIMARY,
  HF_HEALTH_ROLE_STANDBY
};

enum hf_health_pooler {
  HF_HEALTH_POOLER_UNKNOWN,
  HF_HEALTH_POOLER_NONE,
  HF_HEALTH_POOLER_SESSION,
  HF_HEALTH_POOLER_TRANSACTION,
  HF_HEALTH_POOLER_PROXY /* seen, and not declared */
};

/* Times that hold where the caller gives none, in ms. */
enum hf_limit {
  HF_HEALTH_TIMEOUT_MS = 2000,
  HF_WARMUP_TIMEOUT_MS = 8000,
  HF_WARMUP_SLOW_MS = 5000, /* above it is worth a warning */
  /* after an abort: until a statement of the transaction's own has failed */
  HF_STATEMENT_GRACE_MS = 20,
  HF_SELF_LOCK_MS = 5000 /* a call that may wait for ever is looked at */
};

/* A string to be, of UTF-16 units (wide) or Latin-1 bytes; or bytes. */
struct hf_chunk {
  uint32_t offset; /* into the block's bytes; even when wide */
  uint32_t length; /* in units */
  bool wide;
  bool raw; /* no string: bytes, as many as `length` */
};

struct hf_message {
  struct hf_message *next;
  int32_t *ints;
  double *nums;
  struct hf_chunk *chunks;
  char *bytes;
  uint32_t n_ints, n_nums, n_chunks;
  size_t n_bytes;
};

/* The breaker on new connections. */
enum hf_circuit {
  HF_CIRCUIT_CLOSED,   /* connect at will */
  HF_CIRCUIT_OPEN,     /* nobody connects before a given time */
  HF_CIRCUIT_HALF_OPEN /* one probe is on its way, nobody else connects */
};

/* The places of a pool's gauges, in the order of struct hf_gauges. */
enum hf_gauge {
  HF_GAUGE_TOTAL,
  HF_GAUGE_BUSY,
  HF_GAUGE_IDLE,
  HF_GAUGE_WAITING,
  HF_GAUGE_CONNECTING,
  HF_GAUGE_LEASED,
  HF_GAUGE_BREAKER,
  HF_GAUGE_PROXIED,
  HF_GAUGE_SUSPENDED,
  HF_GAUGE_WORDS
};

/* Counts of one pool, as of the engine's last turn. */
struct hf_gauges {
  int32_t total, busy, idle, waiting, connecting, leased;
  int32_t breaker;   /* enum hf_circuit */
  int32_t proxied;   /* 1 = its connections go through a pooler */
  int32_t suspended; /* 1 = calls wait for HF_OP_RESUME */
};

/* Called by the engine, on any thread: there is something to take. */
typedef void (*hf_wake_cb)(void *ctx);

/*
 * Opens a port and starts the engine with the first. `wake` must be cheap and
 * may coalesce. Returns HF_NO_MEMORY, or HF_SOCKET_ERROR when no thread could
 * be made.
 */
HF_NODISCARD enum hf_status hf_port_open(hf_wake_cb wake,
                                         void *ctx,
                                         struct hf_port **port);

/*
 * Hands a batch to the engine. Takes ownership of `ops` and `text`, both from
 * hf_buffer_alloc; they are freed whatever is returned.
 */
HF_NODISCARD enum hf_status hf_port_submit(struct hf_port *port,
                                           struct hf_op *ops,
                                           size_t n_ops,
                                           char *text,
                                           size_t text_bytes);

/* Takes all messages, in order; free each with hf_message_free. */
struct hf_message *hf_port_take(struct hf_port *port);

void hf_message_free(struct hf_message *message);

void *hf_buffer_alloc(size_t bytes);
void hf_buffer_free(void *buffer);

/*
 * Waits until the engine has begun what was handed over, so that the gauges
 * know of it: some microseconds usually, some milliseconds at most. From the
 * port's thread.
 */
void hf_port_catch_up(struct hf_port *port);

/*
 * Reads a pool's gauges. Returns false when the port has no such pool. From
 * the port's thread; never waits for the engine.
 */
HF_NODISCARD bool hf_port_gauges(struct hf_port *port,
                                 int32_t pool,
                                 struct hf_gauges *out);

/*
 * Writes the pool's statistics as numbers in the order of hf_stats_names();
 * then how often servers said a SQLSTATE that is not among the following
 * pairs, of a SQLSTATE (its five digits to base 36, 0: none) and how often.
 * Returns how many there are; writes at most `n`.
 */
size_t hf_port_stats(struct hf_port *port, int32_t pool, double *out, size_t n);

/* Returns how many numbers hf_port_stats() has. */
size_t hf_stats_value_count(void);

/* Returns the names of the statistics, NULL-terminated. */
const char *const *hf_stats_names(void);

/*
 * Writes the cumulative buckets of the pool's histograms: for each, in the
 * order of the names, how many values are below each of hf_stats_bounds().
 * Returns how many numbers there are; writes at most `n`.
 */
size_t hf_port_buckets(struct hf_port *port,
                       int32_t pool,
                       double *out,
                       size_t n);

/* Returns how many numbers hf_port_buckets() has. */
size_t hf_stats_bucket_count(void);

/* Returns the bounds of the buckets, `*n` of them, in microseconds. */
const double *hf_stats_bounds(size_t *n);

/*
 * Closes the port: its waiting requests are dropped, running ones finish
 * unread (cancelled after a second), its leases are rolled back. `closed` is
 * called once, on the engine's thread, after the last `wake`; after it the
 * engine touches neither ctx. The last port's closing stops the engine.
 */
void hf_port_close(struct hf_port *port,
                   void (*closed)(void *closed_ctx),
                   void *closed_ctx);

/* Returns libpq's version number, as PQlibVersion() gives it. */
int hf_libpq_version(void);

/* Returns whether libpq looks for PG* variables itself; a release's does not.
 */
bool hf_libpq_reads_environment(void);

/*
 * Returns the version of the OpenSSL that libpq's calls reach, as "3.5.7";
 * NULL where it cannot be seen.
 */
const char *hf_openssl_version(void);

#ifdef __cplusplus
}
#endif

#endif
