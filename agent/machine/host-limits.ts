// Durations and maxima of a machine, whatever its host and its forge, each with its unit and its reason.

const second = 1000;
const minute = 60 * second;

export const hostLimits = {
  /** How often what a program is about to do is looked for: that it listens, or has written a file. */
  startPollMs: 50,
  /** How often a running listener is looked at, should the notice of its end be missed: "noticed within a second". */
  watchPollMs: 500,
  /** A killed process is gone within milliseconds; one in uninterruptible sleep may take this long. */
  killMs: 10 * second,
  /** Between two looks at processes that are being stopped or killed. */
  settlePollMs: 5,
  /** Root's units answer within milliseconds; killing and freezing may take seconds on a loaded machine. */
  requestMs: 30 * second,
  /** How often an answer is looked for, should the notice of it be missed. */
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
  /** What is read of a process's command line, which is memory of its own: two paths. */
  commandLineBytes: 2 ** 13,
  /** What is read of a process's environment, its own memory too: execve(2) lets it begin with 2 MiB at the usual stack. */
  environmentBytes: 2 ** 21,
} as const;
