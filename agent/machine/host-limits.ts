// Every duration and maximum of the host's side, with its unit and its reason.

const second = 1000;
const minute = 60 * second;

export const hostLimits = {
  /** `config.sh` makes three attempts with up to 5 s between them and a 2,048-bit key; beyond this it hangs. */
  configureMs: 2 * minute,
  /** From the listener's start to "Listening for Jobs"; the real one takes 2-6 s, and 30 s after one failed session. */
  onlineMs: 90 * second,
  /** `config.sh remove` takes up to a minute at GitHub. */
  removeMs: 90 * second,
  /** How often a listener's log and process are looked at while its start is waited for. */
  startPollMs: 50,
  /** How often a running listener is looked at, should its end not have been told: "noticed within a second". */
  watchPollMs: 500,
  /** The pause that run-helper.sh makes after exit code 2 (retryable). */
  retryPauseMs: 5 * second,
  /** run-helper.sh waits this long for `update.finished` after exit codes 3 and 4. */
  updateMs: 30 * second,
  /** A killed process is gone within milliseconds; one in uninterruptible sleep may take this long. */
  killMs: 10 * second,
  /** For how long a job that a listener has taken may be without its worker: renewing GitHub's lock takes seconds. */
  takenJobMs: minute,
  /** Between two looks at processes that are being stopped or killed. */
  settlePollMs: 5,
  /** Root's units answer within milliseconds; killing and freezing may take seconds on a loaded machine. */
  requestMs: 30 * second,
  /** How often an answer is looked for, should its coming not have been told. */
  answerPollMs: 250,
  /** Between two keep-alives at the least: each is a process of 6 ms. The agent's unit allows 90 s. */
  keepAliveMs: 4 * second,
  /** What a registration's removal gets before power goes; what it does not manage is left to refresh. */
  lastWorkMs: 20 * second,
  /** The image's spec asks some hundred questions, most of them of systemd: seconds, on a slow machine. */
  specMs: 2 * minute,
} as const;

export const hostMaxima = {
  /** Lines of a failed command that its detail carries. */
  detailLines: 20,
  /** Characters of one line that are kept. */
  lineLength: 500,
  /** Looks at a process set until it is stopped as a whole; a fork bomb never is. */
  freezeRounds: 200,
  /** What is read of the hooks' file, which a job can write into: some thousand jobs. */
  jobsBytes: 2 ** 20,
  /**
   * What is read of a listener's log, whose descriptor its jobs can take over (pidfd_getfd(2)) and make any length: a listener writes some
   * hundred bytes a job.
   */
  logBytes: 2 ** 20,
  /** What is read of a listener's log for its last line alone. */
  lastWordsBytes: 2 ** 13,
  /** What is read of a process's command line, which is memory of its own: two paths. */
  commandLineBytes: 2 ** 13,
  /** What is read of a process's environment, its own memory too: execve(2) lets it begin with 2 MiB at the usual stack. */
  environmentBytes: 2 ** 21,
  /** Events of jobs that one look tells of: a job may make up any number, and journald drops what comes too fast, the agent's own lines with it. */
  jobEvents: 100,
  /** Characters of a value that a job may have had a hand in (job name, run). */
  untrustedText: 200,
} as const;
