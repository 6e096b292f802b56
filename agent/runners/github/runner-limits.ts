// Durations and maxima of GitHub's runner, each with its unit and its reason.

const second = 1000;
const minute = 60 * second;

export const runnerLimits = {
  /** `config.sh` makes three attempts with up to 5 s between them and a 2,048-bit key; beyond this it hangs. */
  configureMs: 2 * minute,
  /** From the listener's start to "Listening for Jobs"; the real one takes 2-6 s, and 30 s after one failed session. */
  onlineMs: 90 * second,
  /** `config.sh remove` takes up to a minute at GitHub. */
  removeMs: 90 * second,
  /** The pause that run-helper.sh makes after exit code 2 (retryable). */
  retryPauseMs: 5 * second,
  /** run-helper.sh waits this long for `update.finished` after exit codes 3 and 4. */
  updateMs: 30 * second,
  /** For how long a job that a listener has taken may be without its worker: renewing GitHub's lock takes seconds. */
  takenJobMs: minute,
} as const;

export const runnerMaxima = {
  /** Job events that one look reports: a job may make up any number, and journald drops what comes too fast, the agent's own lines with it. */
  jobEvents: 100,
  /** Characters of a value that a job may have had a hand in (job name, run). */
  untrustedText: 200,
} as const;
